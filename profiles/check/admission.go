package check

import (
	"cmp"
	"encoding/json"
	"errors"
	"path"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// admission is what is read of an AdmissionConfiguration: which plugins are told
// something, and what PodSecurity is.
type admission struct {
	Plugins []admissionPlugin `json:"plugins"`
}

type admissionPlugin struct {
	Name string `json:"name"`
	// Path is a file that has its configuration, beside the AdmissionConfiguration where
	// it does not begin with a slash.
	Path          string                    `json:"path,omitempty"`
	Configuration *podSecurityConfiguration `json:"configuration,omitempty"`
}

// podSecurityConfiguration is the same in all its versions.
type podSecurityConfiguration struct {
	Defaults struct {
		Enforce        string `json:"enforce,omitempty"`
		EnforceVersion string `json:"enforce-version,omitempty"`

		Audit string `json:"audit,omitempty"`
		Warn  string `json:"warn,omitempty"`
	} `json:"defaults"`
	Exemptions struct {
		Namespaces     []string `json:"namespaces,omitempty"`
		Usernames      []string `json:"usernames,omitempty"`
		RuntimeClasses []string `json:"runtimeClasses,omitempty"`
	} `json:"exemptions"`
}

// podSecurityPlugin is its name.
const podSecurityPlugin = "PodSecurity"

// readAdmission reads an AdmissionConfiguration. What other plugins are told is theirs,
// and is not kept.
func readAdmission(text []byte) (admission, error) {
	var file struct {
		Plugins []struct {
			Name          string          `json:"name"`
			Path          string          `json:"path"`
			Configuration json.RawMessage `json:"configuration"`
		} `json:"plugins"`
	}
	bad := errors.New("it is no AdmissionConfiguration that can be read")
	if yaml.Unmarshal(text, &file) != nil {
		return admission{}, bad
	}
	var out admission
	for _, p := range file.Plugins {
		plugin := admissionPlugin{Name: p.Name}
		if p.Name == podSecurityPlugin {
			plugin.Path = p.Path
			if len(p.Configuration) > 0 && string(p.Configuration) != "null" {
				plugin.Configuration = &podSecurityConfiguration{}
				if json.Unmarshal(p.Configuration, plugin.Configuration) != nil {
					return admission{}, bad
				}
			}
		}
		out.Plugins = append(out.Plugins, plugin)
	}
	return out, nil
}

// readPodSecurity reads a file of its own that PodSecurity is configured by.
func readPodSecurity(text []byte) (podSecurityConfiguration, error) {
	var out podSecurityConfiguration
	if yaml.Unmarshal(text, &out) != nil {
		return out, errors.New("it is no PodSecurityConfiguration that can be read")
	}
	return out, nil
}

// admissionFile is the AdmissionConfiguration that the API server is given.
func (f *found) admission() (file admission, at string, set bool, why string) {
	text, at, set, why := f.text(admissionFile)
	if why != "" || !set {
		return admission{}, at, set, why
	}
	file, err := readOnce(f.texts, "admission", text, readAdmission)
	if err != nil {
		return file, at, set, at + ": " + err.Error()
	}
	return file, at, set, ""
}

func (f *found) admissionPlugins() (value any, shown, why string) {
	file, _, set, why := f.admission()
	if why != "" || !set {
		return nil, none, why
	}
	names := []string{}
	for _, p := range file.Plugins {
		names = append(names, p.Name)
	}
	return names, orNone(names), ""
}

// podSecurityFile is the file that PodSecurity alone is configured by, "" where there is
// none or nobody can say.
func (f *found) podSecurityFile() string {
	file, at, _, _ := f.admission()
	for _, p := range file.Plugins {
		if p.Name != podSecurityPlugin || p.Path == "" || p.Configuration != nil {
			continue
		}
		if path.IsAbs(p.Path) {
			if on, err := f.onMachine(cluster.CompAPIServer, p.Path); err == nil {
				return on
			}
			return ""
		}
		return path.Join(path.Dir(at), p.Path)
	}
	return ""
}

// podSecurity is null where the plugin is told nothing: then it holds nobody to anything
// who does not ask for it by a label.
func (f *found) podSecurity() (value any, shown, why string) {
	file, at, set, why := f.admission()
	if why != "" || !set {
		return nil, none, why
	}
	disabled, _ := f.given("disable-admission-plugins")
	for name := range strings.SplitSeq(disabled, ",") {
		if strings.TrimSpace(name) == podSecurityPlugin {
			return nil, "none, the plugin is disabled", ""
		}
	}
	for _, p := range file.Plugins {
		if p.Name != podSecurityPlugin {
			continue
		}
		c := p.Configuration
		if c == nil && p.Path != "" {
			own := f.podSecurityFile()
			if own == "" {
				return nil, "", at + " does not say where on the machine " + p.Path + " lies"
			}
			text, why := f.content(own)
			if why != "" {
				return nil, "", why
			}
			read, err := readOnce(f.texts, "pod security", text, readPodSecurity)
			if err != nil {
				return nil, "", own + ": " + err.Error()
			}
			c = &read
		}
		if c == nil {
			return nil, none, ""
		}
		const open = "privileged" // what Kubernetes takes for what is not said
		out := &PodSecurity{Enforce: cmp.Or(c.Defaults.Enforce, open), Audit: cmp.Or(c.Defaults.Audit, open), Warn: cmp.Or(c.Defaults.Warn, open),
			EnforceVersion: cmp.Or(c.Defaults.EnforceVersion, latestStandard), Exempt: full(c.Exemptions.Namespaces),
			ExemptUsers: full(c.Exemptions.Usernames), ExemptRuntimes: full(c.Exemptions.RuntimeClasses)}
		return out, out.shown(), ""
	}
	return nil, none, ""
}

// latestStandard is the version of a standard that goes with Kubernetes' own.
const latestStandard = "latest"

// shown is what evidence says of it: what is unusual only where it is there.
func (p *PodSecurity) shown() string {
	enforce := p.Enforce
	if p.EnforceVersion != latestStandard {
		enforce += " of " + p.EnforceVersion
	}
	out := "enforce " + enforce + ", audit " + p.Audit + ", warn " + p.Warn + ", exempt " + orNone(p.Exempt)
	if len(p.ExemptUsers) > 0 {
		out += ", exempt users " + orNone(p.ExemptUsers)
	}
	if len(p.ExemptRuntimes) > 0 {
		out += ", exempt runtime classes " + orNone(p.ExemptRuntimes)
	}
	return out
}
