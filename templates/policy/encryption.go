package policy

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiserverv1 "k8s.io/apiserver/pkg/apis/apiserver/v1"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const (
	// EncryptionKeyRef names the key in [Encryption]: 32 random bytes, in base64.
	EncryptionKeyRef = "encryption-key"
	// EncryptionKeyName is the name the first key goes by. It stands before
	// every value in etcd ("k8s:enc:secretbox:v1:key1:"), so it never changes
	// for a key that was used.
	EncryptionKeyName = "key1"
)

// Encryption is the EncryptionConfiguration (v1). The first provider writes,
// all of them read: identity comes last, for what was stored before (CIS
// 1.2.28, V-274882, NSA appendix H), and the name of the first one stands on
// the line after "providers:", where kube-bench looks for it.
//
// The key is a reference; the text never holds it until apply resolves it on
// the way to a control plane.
func Encryption(c *cluster.Cluster) ([]byte, error) {
	keys := []apiserverv1.Key{{Name: EncryptionKeyName, Secret: state.Ref(EncryptionKeyRef)}}
	var writes apiserverv1.ProviderConfiguration
	switch c.Encryption.Provider {
	case "secretbox":
		writes.Secretbox = &apiserverv1.SecretboxConfiguration{Keys: keys}
	case "aescbc":
		writes.AESCBC = &apiserverv1.AESConfiguration{Keys: keys}
	default:
		return nil, fmt.Errorf("encryption provider %q is not known; use secretbox or aescbc", c.Encryption.Provider)
	}
	return encode(&apiserverv1.EncryptionConfiguration{
		TypeMeta: metav1.TypeMeta{APIVersion: apiserverv1.SchemeGroupVersion.String(), Kind: "EncryptionConfiguration"},
		Resources: []apiserverv1.ResourceConfiguration{{
			Resources: withRequired(c.Encryption.Resources, "secrets"),
			Providers: []apiserverv1.ProviderConfiguration{writes, {Identity: &apiserverv1.IdentityConfiguration{}}},
		}},
	})
}
