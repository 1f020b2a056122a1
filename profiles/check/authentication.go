package check

import (
	"errors"
	"strconv"

	"sigs.k8s.io/yaml"
)

// authentication is what is read of an AuthenticationConfiguration.
type authentication struct {
	JWT []struct {
		Issuer struct {
			URL string `json:"url"`
		} `json:"issuer"`
	} `json:"jwt"`
	Anonymous *struct {
		Enabled    bool `json:"enabled"`
		Conditions []struct {
			Path string `json:"path"`
		} `json:"conditions,omitempty"`
	} `json:"anonymous,omitempty"`
}

func readAuthentication(text []byte) (authentication, error) {
	var out authentication
	if yaml.Unmarshal(text, &out) != nil {
		return out, errors.New("it is no AuthenticationConfiguration that can be read")
	}
	return out, nil
}

func (f *found) authentication() (file authentication, set bool, why string) {
	text, at, set, why := f.text(authenticationFile)
	if why != "" || !set {
		return authentication{}, set, why
	}
	file, err := readOnce(f.texts, "authentication", text, readAuthentication)
	if err != nil {
		return file, set, at + ": " + err.Error()
	}
	return file, set, ""
}

// anonymous is by the file where that says something, else by the argument; the API
// server refuses both. Where neither says anything, Kubernetes lets them in everywhere.
func (f *found) anonymous() (value any, shown, why string) {
	file, set, why := f.authentication()
	if why != "" {
		return nil, "", why
	}
	out := &Anonymous{Enabled: true, Paths: []string{}}
	flag, _ := f.given("anonymous-auth")
	if set && flag == "" {
		// Issuers are read again when the file changes, and this part of it is not.
		_, at, _, _ := f.text(authenticationFile)
		f.readAtStart(authenticationFile.component, at)
	}
	switch on, err := strconv.ParseBool(flag); {
	case file.Anonymous != nil:
		out.Enabled = file.Anonymous.Enabled
		for _, c := range file.Anonymous.Conditions {
			out.Paths = append(out.Paths, c.Path)
		}
	case flag != "" && err != nil:
		return nil, "", "--anonymous-auth is neither true nor false"
	case flag != "":
		out.Enabled = on
	}
	switch {
	case !out.Enabled:
		return out, "refused", ""
	case len(out.Paths) == 0:
		return out, "let in, on every path", ""
	}
	return out, "let in, on " + orNone(out.Paths), ""
}

// issuers are those of tokens that are no service account's.
func (f *found) issuers() (value any, shown, why string) {
	file, set, why := f.authentication()
	if why != "" {
		return nil, "", why
	}
	urls := []string{}
	for _, j := range file.JWT {
		urls = append(urls, j.Issuer.URL)
	}
	if url, _ := f.given("oidc-issuer-url"); url != "" {
		urls, set = append(urls, url), true
	}
	if !set {
		return nil, none, ""
	}
	return urls, orNone(urls), ""
}
