package adopt

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// ReadEncryption reads who encrypts what from an EncryptionConfiguration, at
// its path in the API server's container. Its keys are not decoded, only told apart, and no
// error quotes the text: it holds them.
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
				rule.Keys = append(rule.Keys, keysOf(name, text)...)
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

// keysOf are a provider's keys: what they are called, and what they are told apart by.
func keysOf(provider string, text json.RawMessage) []EncryptionKey {
	var p struct {
		Keys []struct {
			Name   string `json:"name"`
			Secret string `json:"secret"`
		} `json:"keys"`
	}
	if json.Unmarshal(text, &p) != nil {
		return nil // the API server takes no such file
	}
	var out []EncryptionKey
	for _, k := range p.Keys {
		sum := sha256.Sum256([]byte(k.Secret))
		out = append(out, EncryptionKey{Provider: provider, Name: k.Name, Digest: sum[:]})
	}
	return out
}

// same says whether two keys are one: of one provider, under one name, with the same bytes.
func (k EncryptionKey) same(as EncryptionKey) bool {
	return k.Provider == as.Provider && k.Name == as.Name && bytes.Equal(k.Digest, as.Digest)
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
		if i > 0 && e != nil && !slices.EqualFunc(e.Rules, seen.Rules, EncryptionRule.same) {
			d.found.add(Finding{Kind: Refused, Setting: "encryption", Seen: "otherwise than on " + d.planes()[0].Name, Will: "the same on all",
				Consequence: "their providers, resources or keys differ, so that some API servers may not read what others write: give all the same configuration first"}, m.Name)
			return nil
		}
		seen = e
	}
	if seen == nil {
		return nil // what is not set is listed with the arguments
	}
	c := &d.c.Encryption
	c.Provider, c.KeyName = "", ""
	var keys []EncryptionKey
	for _, rule := range seen.Rules {
		keys = d.rule(rule, keys)
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

// same says whether two rules have the same keys encrypt the same.
func (r EncryptionRule) same(as EncryptionRule) bool {
	return slices.Equal(r.Resources, as.Resources) && slices.Equal(r.Providers, as.Providers) && slices.EqualFunc(r.Keys, as.Keys, EncryptionKey.same)
}

// rule takes over one rule of the configuration. keys are those of the rules before
// it, and with its own what it answers with.
func (d *describer) rule(r EncryptionRule, keys []EncryptionKey) []EncryptionKey {
	c, on := &d.c.Encryption, strings.Join(r.Resources, ", ")
	encrypts := slices.DeleteFunc(slices.Clone(r.Providers), func(p string) bool { return p == "identity" })
	if len(encrypts) == 0 {
		return keys // it says that they are not encrypted
	}
	if r.Providers[0] == "identity" {
		d.find(Weakens, "encryption", on+" are written in the clear", "encrypted", "they are encrypted again, and those that are there are rewritten")
	}
	for _, p := range encrypts {
		if p != "secretbox" && p != "aescbc" {
			d.find(Refused, "encryption.provider", p+" for "+on, "secretbox or aescbc", "objects that %s has encrypted could not be read any more: rewrite them with one of the others first", p)
			return keys
		}
	}
	if slices.ContainsFunc(r.Resources, func(name string) bool { return strings.Contains(name, "*") }) {
		d.find(Refused, "encryption.resources", on, "resources by name", "a spec names each resource: objects of those it does not name could not be read any more; name them in the configuration first")
		return keys
	}
	if c.Provider != "" && c.Provider != encrypts[0] {
		d.find(Refused, "encryption.provider", encrypts[0]+" for "+on, c.Provider, "a spec has one provider for all: rewrite the objects with one of them first")
		return keys
	}
	keys = append(keys, r.Keys...)
	other := slices.ContainsFunc(keys, func(k EncryptionKey) bool { return !k.same(keys[0]) })
	if other || len(r.Keys) != len(encrypts) { // a provider has one key, and no other, even if it is the same again
		d.find(Refused, "encryption.key_name", named(keys)+" for "+on, "one key for all",
			"objects that the others have encrypted could not be read any more: rewrite them with the first one, and take the others out of the configuration")
		return keys
	}
	c.Provider, c.KeyName = encrypts[0], keys[0].Name
	c.Resources = append(c.Resources, r.Resources...)
	return keys
}

// named are keys as people know them: by provider and name, and that there are
// several which go by one name.
func named(keys []EncryptionKey) string {
	var out []string
	for i, k := range keys {
		name := k.Provider + " " + k.Name
		before := slices.IndexFunc(keys[:i], func(b EncryptionKey) bool { return b.Provider == k.Provider && b.Name == k.Name })
		switch {
		case before < 0:
			out = append(out, name)
		case !k.same(keys[before]):
			out = append(out, "another "+name)
		}
	}
	return "keys " + strings.Join(out, ", ")
}
