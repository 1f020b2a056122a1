package plan

import (
	"slices"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const (
	// encryptionFile must be there once etcd holds encrypted data, and
	// encryptionMarker once all of it was written as a spec says, see
	// provision/desired.
	encryptionFile   = "/etc/kubernetes/bulwark/apiserver/encryption.yaml"
	encryptionMarker = "/var/lib/bulwark/encryption.spec"
)

// etcdData is there once etcd has begun.
const etcdData = "/var/lib/etcd/member"

// encryptionOf is what is wanted of objects in etcd, nil where that is not asked.
func encryptionOf(wants []state.Want) *state.Encryption {
	for _, w := range wants {
		for _, f := range w.Facts {
			if f.Encryption != nil {
				return f.Encryption
			}
		}
	}
	return nil
}

// unencrypted is what is wanted of objects in etcd where a control plane does not
// say that they lie there so, or has a key file by which its API server may write
// otherwise; nil where none does, and of a cluster that has not begun or whose API
// does not answer.
func unencrypted(c *cluster.Cluster, wants []state.Want, have *state.Cluster) *state.Encryption {
	e := encryptionOf(wants)
	if e == nil || have.API.Status != state.Answering || marked(c, e, have) && len(wrongKeyFiles(c, e, have)) == 0 {
		return nil
	}
	return e
}

// marked says whether every control plane that has data says that all objects lie
// in etcd as wanted.
func marked(c *cluster.Cluster, e *state.Encryption, have *state.Cluster) bool {
	return !slices.ContainsFunc(c.ControlPlanes(), func(n cluster.Node) bool {
		return living(have, n.Name) && digest(have, n.Name, e.Marker.Path) != state.SHA256(e.Marker.Content)
	})
}

// living says whether a control plane holds data of the cluster.
func living(have *state.Cluster, node string) bool {
	n := have.Nodes[node]
	return n != nil && n.Files[etcdData].Exists()
}

// leftToEncryption says whether a file is made, or changed, by the step that
// encrypts objects: what is made once, on a control plane that has data, and the
// key files that are there while that step is planned. A run of it that was cut
// leaves them different, and each such state can be gone on from.
func (r rules) leftToEncryption(want state.File, got state.HaveFile, n *state.Node) bool {
	switch {
	case want.Once:
		return !got.Exists() && living(r.have, n.Name)
	case r.encryption != nil && want.Path == r.encryption.File.Path:
		return got.Type == "file"
	}
	return false
}

// keyless finds clusters whose data nobody could read any more: a key is copied
// from a control plane that has it, and never made a second time. One that never
// encrypted anything gets its first.
func keyless(c *cluster.Cluster, have *state.Cluster) []Problem {
	var out []Problem
	has := slices.ContainsFunc(c.ControlPlanes(), func(n cluster.Node) bool {
		return have.Nodes[n.Name] != nil && have.Nodes[n.Name].Files[encryptionFile].Type == "file"
	})
	adopted := adoptedKeys(c, have)
	for _, n := range c.ControlPlanes() {
		got := have.Nodes[n.Name]
		if got == nil {
			continue
		}
		server, runs := got.Processes["kube-apiserver"]
		uses := argument(server.Args, "--encryption-provider-config")
		switch {
		case adopted[n.Name] != "":
		case runs && uses != "" && uses != encryptionFile:
			out = append(out, Problem{Node: n.Name, Check: "foreign-encryption", Seen: "its API server encrypts with the keys in " + uses + ", and others with " + encryptionFile,
				Remedy: "see which of the two each running API server was meant to have, and give all the same: without the other's key objects could not be read"})
		case has || !got.Files[etcdData].Exists():
		case runs && uses == "" && !got.Files[encryptionMarker].Exists():
		default:
			out = append(out, Problem{Node: n.Name, Check: "encryption-key", Seen: "etcd has data and " + encryptionFile + " is " + missing(got.Files[encryptionFile]),
				Remedy: "restore the file from a backup or another control plane; a key is never made for a cluster that has one. " +
					"If these data are left over from another cluster, `bulwark reset` this one first"})
		}
	}
	return out
}

// missing says in which way there is no file.
func missing(f state.HaveFile) string {
	if f.Exists() {
		return "a " + f.Type + " instead of a file"
	}
	return "missing"
}
