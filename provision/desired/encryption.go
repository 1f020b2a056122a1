package desired

import (
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
	"github.com/bulwark-k8s/bulwark/templates/policy"
)

// encryptionFiles are the key that all control planes share, and what is
// remembered of it. API servers take up a changed key file by themselves.
func (b *builder) encryptionFiles() error {
	e, err := encryption(b.c)
	if err != nil {
		return err
	}
	keys := b.shared(e.File.Path, e.File.Mode, e.File.Why)
	if b.n.Name == b.first {
		keys.Content, keys.Holds = e.File.Content, e.File.Holds
	}
	b.copied(keys, id(b.first, "file", keys.Path))
	b.path(e.Marker)
	return nil
}

// encryption is what the spec says of objects in etcd. The bytes of the key file
// are never compared, since they hold the key; the marker has a digest of what
// the spec said when all objects were last written, so that a change is seen.
func encryption(c *cluster.Cluster) (*state.Encryption, error) {
	text, err := policy.Encryption(c)
	if err != nil {
		return nil, err
	}
	reads, err := policy.EncryptionReads(c, nil)
	if err != nil {
		return nil, err
	}
	return &state.Encryption{
		File: state.File{Path: kubeadm.EncryptionProviderFile, Origin: state.Adopted, Mode: 0o600, Owner: root, Secret: true,
			Content: text, Holds: []string{policy.EncryptionKeyRef}, Why: "encryption.provider"},
		Reads: reads, Resources: policy.EncryptedResources(c), Prefix: policy.EncryptionPrefix(c),
		Marker: state.File{Path: "/var/lib/bulwark/encryption.spec", Origin: state.Adopted, Mode: 0o600, Owner: root, Once: true,
			Content: []byte("v1 " + state.SHA256(text) + "\n"), Why: "encryption.resources"},
	}, nil
}

// encrypted is that what is in etcd lies there as the spec says. Every API server
// must be there by then: each has to read what the others write.
func encrypted(c *cluster.Cluster) (state.Fact, error) {
	e, err := encryption(c)
	if err != nil {
		return state.Fact{}, err
	}
	f := state.Fact{ID: id(api, "encryption", "rewrite"), Title: "all objects are encrypted in etcd: " + strings.Join(e.Resources, ", "),
		Why: "encryption.resources", Encryption: e}
	for _, n := range c.ControlPlanes() {
		f.After = append(f.After, id(n.Name, "wait", "api"))
	}
	return f, nil
}
