package state

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"

	"sigs.k8s.io/yaml"
)

// Encryption is every object of some resources encrypted in etcd, those too that
// were there before it was asked for.
type Encryption struct {
	// File is the EncryptionConfiguration of all API servers, whose key is a
	// reference: there is one key, which is in use.
	File File `json:"file"`
	// Reads is its text where nothing was encrypted before: API servers read what
	// is encrypted, and write in the clear until all of them can read it.
	Reads []byte `json:"reads"`
	// Resources are named as in that configuration ("secrets", "leases.coordination.k8s.io").
	Resources []string `json:"resources"`
	// Prefix stands in etcd before every object: "k8s:enc:secretbox:v1:key1:".
	Prefix string `json:"prefix"`
	// Marker is the file of a control plane that says which configuration all
	// objects were written under.
	Marker File `json:"marker"`
}

// EncryptionRule is who encrypts some resources: the first provider writes them.
type EncryptionRule struct {
	Resources []string
	// Providers are named as an EncryptionConfiguration does, "identity" among them.
	Providers []string
}

// encryptionProviders are all that an EncryptionConfiguration may name.
var encryptionProviders = []string{"aescbc", "aesgcm", "identity", "kms", "secretbox"}

// encryptedResource is a resource there, as in "secrets", "widgets.example.com" and "*.*".
var encryptedResource = regexp.MustCompile(`^[a-z0-9*.-]{1,253}$`)

var errNoEncryption = errors.New("it is no EncryptionConfiguration that can be read")

// encryptionFile is what is read of an EncryptionConfiguration, and what is kept.
type encryptionFile struct {
	Resources []encryptionResources `json:"resources"`
}

type encryptionResources struct {
	Resources []string              `json:"resources"`
	Providers []map[string]struct{} `json:"providers"`
}

// EncryptionRules reads who encrypts what from an EncryptionConfiguration, or from
// what [WithoutKeys] left of one. No key is decoded, and no error quotes the text.
func EncryptionRules(text []byte) ([]EncryptionRule, error) {
	var file encryptionFile
	if err := yaml.Unmarshal(text, &file); err != nil || len(file.Resources) == 0 {
		return nil, errNoEncryption
	}
	var out []EncryptionRule
	for _, r := range file.Resources {
		rule := EncryptionRule{Resources: r.Resources}
		for _, p := range r.Providers {
			if len(p) != 1 {
				return nil, errNoEncryption
			}
			for name := range p {
				rule.Providers = append(rule.Providers, name)
			}
		}
		// What is no name of either may be anything, a key too.
		unknown := func(name string) bool { return !slices.Contains(encryptionProviders, name) }
		odd := func(name string) bool { return !encryptedResource.MatchString(name) }
		if len(rule.Providers) == 0 || slices.ContainsFunc(rule.Providers, unknown) || slices.ContainsFunc(rule.Resources, odd) {
			return nil, errNoEncryption
		}
		out = append(out, rule)
	}
	return out, nil
}

// WithoutKeys is an EncryptionConfiguration with its resources and the names of its
// providers, and nothing else: what may be kept of one.
func WithoutKeys(text []byte) ([]byte, error) {
	rules, err := EncryptionRules(text)
	if err != nil {
		return nil, err
	}
	var file encryptionFile
	for _, rule := range rules {
		part := encryptionResources{Resources: rule.Resources}
		for _, p := range rule.Providers {
			part.Providers = append(part.Providers, map[string]struct{}{p: {}})
		}
		file.Resources = append(file.Resources, part)
	}
	return json.Marshal(file)
}
