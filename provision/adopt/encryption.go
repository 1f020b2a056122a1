package adopt

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// ReadEncryption reads who encrypts what from an EncryptionConfiguration, at
// its path in the API server's container. Its keys are not decoded, and no error
// quotes the text: it holds them.
func ReadEncryption(path string, text []byte) (*Encryption, error) {
	var file struct {
		Resources []struct {
			Resources []string                     `json:"resources"`
			Providers []map[string]json.RawMessage `json:"providers"`
		} `json:"resources"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil || len(file.Resources) == 0 {
		return nil, errors.New(path + " is no EncryptionConfiguration that can be read")
	}
	out := &Encryption{Path: path}
	for _, r := range file.Resources {
		rule := EncryptionRule{Resources: r.Resources}
		for _, p := range r.Providers {
			for name, text := range p {
				rule.Providers = append(rule.Providers, name)
				rule.KeyNames = append(rule.KeyNames, keyNames(text)...)
			}
			if len(p) != 1 {
				return nil, errors.New(path + " has a provider that is not one of one kind")
			}
		}
		if len(rule.Providers) == 0 {
			return nil, errors.New(path + " has resources without a provider")
		}
		out.Rules = append(out.Rules, rule)
	}
	return out, nil
}

// keyNames are the names of a provider's keys, and nothing else of them.
func keyNames(provider json.RawMessage) []string {
	var p struct {
		Keys []struct {
			Name string `json:"name"`
		} `json:"keys"`
	}
	if json.Unmarshal(provider, &p) != nil {
		return nil // the API server takes no such file
	}
	var out []string
	for _, k := range p.Keys {
		out = append(out, k.Name)
	}
	return out
}

// encryption is what the API server encrypts now, by whom. Keys are no part of
// it: they stay on the control planes.
func (d *describer) encryption() error {
	var seen *Encryption
	for i, m := range d.planes() {
		e := m.Encryption
		if i > 0 && (e == nil) != (seen == nil) {
			d.found.add(Finding{Kind: Refused, Setting: "encryption", Seen: "on some control planes only", Will: "the same on all",
				Consequence: "some API servers cannot read what others write: give all the same configuration first"}, m.Name)
			return nil
		}
		seen = e
	}
	if seen == nil {
		return nil // what is not set is listed with the arguments
	}
	c := &d.c.Encryption
	c.Provider, c.KeyName = "", ""
	for _, rule := range seen.Rules {
		d.rule(rule)
	}
	if c.Provider == "" {
		c.Provider, c.KeyName = "secretbox", cluster.DefaultKeyName
	}
	if !slices.Contains(c.Resources, "secrets") {
		c.Resources = append(c.Resources, "secrets")
	}
	slices.Sort(c.Resources)
	c.Resources = slices.Compact(c.Resources)
	return nil
}

// rule takes over one rule of the configuration.
func (d *describer) rule(r EncryptionRule) {
	c, on := &d.c.Encryption, strings.Join(r.Resources, ", ")
	encrypts := slices.DeleteFunc(slices.Clone(r.Providers), func(p string) bool { return p == "identity" })
	if len(encrypts) == 0 {
		return // it says that they are not encrypted
	}
	if r.Providers[0] == "identity" {
		d.find(Weakens, "encryption", on+" are written in the clear", "encrypted", "they are encrypted again, and those that are there are rewritten")
	}
	for _, p := range encrypts {
		if p != "secretbox" && p != "aescbc" {
			d.find(Refused, "encryption.provider", p+" for "+on, "secretbox or aescbc", "objects that %s has encrypted could not be read any more: rewrite them with one of the others first", p)
			return
		}
	}
	if slices.ContainsFunc(r.Resources, func(name string) bool { return strings.Contains(name, "*") }) {
		d.find(Refused, "encryption.resources", on, "resources by name", "a spec names each resource: objects of those it does not name could not be read any more; name them in the configuration first")
		return
	}
	if c.Provider != "" && c.Provider != encrypts[0] {
		d.find(Refused, "encryption.provider", encrypts[0]+" for "+on, c.Provider, "a spec has one provider for all: rewrite the objects with one of them first")
		return
	}
	names := slices.Compact(slices.Sorted(slices.Values(r.KeyNames)))
	if len(names) != 1 || c.KeyName != "" && c.KeyName != names[0] {
		d.find(Refused, "encryption.key_name", "keys "+strings.Join(names, ", ")+" for "+on, "one key for all",
			"objects that the others have encrypted could not be read any more: rewrite them with the first one, and take the others out of the configuration")
		return
	}
	c.Provider, c.KeyName = encrypts[0], names[0]
	c.Resources = append(c.Resources, r.Resources...)
}
