package policy

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiserverv1 "k8s.io/apiserver/pkg/apis/apiserver/v1"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// EncryptionKeyRef names the key in [Encryption]: 32 random bytes, in base64.
const EncryptionKeyRef = "encryption-key"

// Encryption is the EncryptionConfiguration (v1). The first provider writes,
// all of them read: identity comes last, for what was stored before (CIS
// 1.2.28, V-274882, NSA appendix H), and the name of the first one stands on
// the line after "providers:", where kube-bench looks for it.
//
// The key is a reference; the text never holds it until apply resolves it on
// the way to a control plane.
func Encryption(c *cluster.Cluster) ([]byte, error) {
	keyed, err := provider(c)
	if err != nil {
		return nil, err
	}
	return encryption(resources(EncryptedResources(c), keyed, identity()))
}

// EncryptionReads is what every API server of a living cluster has before the
// first one encrypts a resource that was not encrypted: it can read what is
// encrypted and still writes in the clear, since a server that does not know of
// the key yet could not read what another one wrote (kubernetes.io/docs,
// "Encrypting confidential data at rest", on several API servers). Resources in
// encrypted are so already, and go on being written as in [Encryption]; what is
// in encrypted and not in the spec is left out.
func EncryptionReads(c *cluster.Cluster, encrypted []string) ([]byte, error) {
	keyed, err := provider(c)
	if err != nil {
		return nil, err
	}
	var before, added []string
	for _, r := range EncryptedResources(c) {
		if slices.Contains(encrypted, r) {
			before = append(before, r)
		} else {
			added = append(added, r)
		}
	}
	return encryption(resources(before, keyed, identity()), resources(added, identity(), keyed))
}

// EncryptedResources are those that [Encryption] has an API server encrypt,
// sorted: the spec's, and Secrets.
func EncryptedResources(c *cluster.Cluster) []string {
	return withRequired(c.Encryption.Resources, "secrets")
}

// EncryptionPrefix is what stands in etcd before every value that [Encryption]
// has an API server write: "k8s:enc:secretbox:v1:key1:".
func EncryptionPrefix(c *cluster.Cluster) string {
	return fmt.Sprintf("k8s:enc:%s:v1:%s:", c.Encryption.Provider, c.Encryption.KeyName)
}

// encryption leaves out parts without resources: the API server refuses them.
func encryption(parts ...apiserverv1.ResourceConfiguration) ([]byte, error) {
	return encode(&apiserverv1.EncryptionConfiguration{
		TypeMeta:  metav1.TypeMeta{APIVersion: apiserverv1.SchemeGroupVersion.String(), Kind: "EncryptionConfiguration"},
		Resources: slices.DeleteFunc(parts, func(p apiserverv1.ResourceConfiguration) bool { return len(p.Resources) == 0 }),
	})
}

func resources(names []string, providers ...apiserverv1.ProviderConfiguration) apiserverv1.ResourceConfiguration {
	return apiserverv1.ResourceConfiguration{Resources: names, Providers: providers}
}

// provider is the one the spec names, with its one key.
func provider(c *cluster.Cluster) (apiserverv1.ProviderConfiguration, error) {
	keys := []apiserverv1.Key{{Name: c.Encryption.KeyName, Secret: state.Ref(EncryptionKeyRef)}}
	switch c.Encryption.Provider {
	case "secretbox":
		return apiserverv1.ProviderConfiguration{Secretbox: &apiserverv1.SecretboxConfiguration{Keys: keys}}, nil
	case "aescbc":
		return apiserverv1.ProviderConfiguration{AESCBC: &apiserverv1.AESConfiguration{Keys: keys}}, nil
	}
	return apiserverv1.ProviderConfiguration{}, fmt.Errorf("encryption provider %q is not known; use secretbox or aescbc", c.Encryption.Provider)
}

func identity() apiserverv1.ProviderConfiguration {
	return apiserverv1.ProviderConfiguration{Identity: &apiserverv1.IdentityConfiguration{}}
}
