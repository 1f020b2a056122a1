package state

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
