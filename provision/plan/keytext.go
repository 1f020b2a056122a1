package plan

import (
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// maskedText is the digest of the key file that is wanted, without its key: a look
// has the same of the file that is there. It is "" where none is wanted.
func maskedText(e *state.Encryption) string {
	if e == nil {
		return ""
	}
	return state.SHA256(state.Masked(e.File.Content))
}

// wrongKeyFile is a key file that is not as wanted, on a control plane that says that
// all objects are encrypted.
type wrongKeyFile struct{ node, why string }

// wrongKeyFiles finds key files that somebody changed: by what they say beside the
// key, or by a key that is not the one of most control planes. None are while a
// control plane says that objects have yet to be encrypted as wanted: then they are
// in one of the states between.
func wrongKeyFiles(c *cluster.Cluster, e *state.Encryption, have *state.Cluster) []wrongKeyFile {
	if !marked(c, e, have) {
		return nil
	}
	masked := maskedText(e)
	var names []string
	for _, n := range c.ControlPlanes() {
		names = append(names, n.Name)
	}
	right := most(holders(have, names, encryptionFile, masked))
	var out []wrongKeyFile
	for _, name := range names {
		if !living(have, name) {
			continue
		}
		_, unread := have.Nodes[name].Unread[encryptionFile]
		switch f := have.Nodes[name].Files[encryptionFile]; {
		case f.Type != "file" || unread: // said by others
		case f.Masked != masked:
			out = append(out, wrongKeyFile{name, "does not say what the spec says"})
		case right != "" && f.SHA256 != right:
			out = append(out, wrongKeyFile{name, "has another key than on most control planes"})
		}
	}
	return out
}

// keyFilesRow says what the step that encrypts will do about key files that
// somebody changed, and where it cannot be done now stops the run.
func keyFilesRow(c *cluster.Cluster, wants []state.Want, have *state.Cluster) []Problem {
	e := encryptionOf(wants)
	if e == nil {
		return nil
	}
	var out []Problem
	for _, w := range wrongKeyFiles(c, e, have) {
		p := Problem{Node: w.node, Check: "encryption-file", Seen: encryptionFile + " " + w.why + ": its API server may write objects in the clear, or under a key that is not the cluster's",
			Remedy: "find out who changed it; the plan writes it anew with the key that is in use, and every object after it", Warning: true}
		if have.API.Status != state.Answering {
			p.Warning, p.Remedy = false, "put back the file as bulwark wrote it, with the key that is in it, from another control plane or a backup; "+
				"it cannot be written anew while the API does not answer"
		}
		out = append(out, p)
	}
	return out
}
