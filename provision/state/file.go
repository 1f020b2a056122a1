package state

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"slices"
	"strings"
)

// Origin says who decides the bytes of a wanted file.
type Origin string

const (
	// Written bytes are ours and fully known.
	Written Origin = "written"
	// Derived bytes are kubeadm's, made on the node from our configuration.
	Derived Origin = "derived"
	// Adopted bytes are made once and then kept: only their properties are wanted.
	Adopted Origin = "adopted"
	// Forbidden paths must not be there.
	Forbidden Origin = "forbidden"
)

// File is a constraint on one path of a node.
type File struct {
	Path   string `json:"path"`
	Origin Origin `json:"origin"`
	Mode   Mode   `json:"mode"`
	// Owner is "user:group".
	Owner string `json:"owner"`
	// Content is the text of a Written file, and of an Adopted one the text it
	// is made from when it does not exist. It may hold references, see [Ref].
	Content []byte `json:"content,omitempty"`
	// Holds are the kinds of reference that Content may hold, as in
	// "encryption-key" and "pod-cidr": those its template puts there. Any other
	// came in with a spec's text, and is refused rather than resolved.
	Holds []string `json:"-"`
	// CopyOf names another path of the same node whose bytes this file must have.
	CopyOf string `json:"copy_of,omitempty"`
	// Shared are the nodes that must all have the same bytes at this path: what
	// most of them have counts. Where none has any, those of Maker do.
	Shared []string `json:"shared,omitempty"`
	// Maker is the node of Shared that something else makes the file on.
	Maker string `json:"maker,omitempty"`
	// Secret files are never printed, diffed or read off the node.
	Secret bool `json:"secret,omitempty"`
	// Optional files are only held to mode and owner when they exist.
	Optional bool `json:"optional,omitempty"`
	// MadeBy is the fact whose step makes it: a Forbidden path on the way, a Derived
	// one as it is to be.
	MadeBy string `json:"made_by,omitempty"`
	// Tree means all that lies under the path too: of a Forbidden one, and of a
	// folder, whose owner all of it has then.
	Tree bool `json:"tree,omitempty"`
	// Unless names paths whose presence makes this one unnecessary: somebody
	// else, a package, brought the same thing.
	Unless []string `json:"unless,omitempty"`
	// Why is the setting path (see [cluster.Cluster.Origins]) or control this rests on.
	Why string `json:"why,omitempty"`
	// Restarts names the components that read the file only when they start.
	Restarts []string `json:"restarts,omitempty"`
	// Once says that the file is made while a machine becomes a control plane: on
	// one that has etcd's data something else makes it.
	Once bool `json:"once,omitempty"`
	// Feeds says that kubeadm makes other files of this one, so that it goes with them.
	Feeds bool `json:"feeds,omitempty"`
}

// Foreign is the first reference in the content that the file may not hold,
// or "".
func (f File) Foreign() string {
	for _, name := range Refs(f.Content) {
		kind, _, _ := strings.Cut(name, "/")
		if !slices.Contains(f.Holds, kind) {
			return Ref(name)
		}
	}
	return ""
}

// SHA256 is the hex digest of bytes, as a look reports it.
func SHA256(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// LinkDigest begins what stands for a symbolic link where a digest stands for a file.
const LinkDigest = "link:"

// HaveFile is what a node has at one path.
type HaveFile struct {
	Path string
	// Type is "file", "dir", "symlink", "other" or "absent".
	Type  string
	Mode  fs.FileMode
	Owner string
	Size  int64
	// Changed is when its bytes last did, in seconds since 1970 by the machine's clock.
	Changed int64
	// SHA256 is the hex digest of a regular file.
	SHA256 string
	// Masked is the hex digest of its text without keys, see [Masked], where that was
	// asked for.
	Masked string
	// LeadsTo is, of a symbolic link, [LinkDigest] and the hex digest of where it leads.
	LeadsTo string
	// Text is the content when it was asked for.
	Text []byte
	// Owners are those of all that lies under a folder, where they were asked for.
	Owners []string
}

// Seen is what a plan saw there, for apply to find again: a digest, where a link leads,
// or "" for nothing, and for what has no bytes.
func (f HaveFile) Seen() string {
	if f.Type == "symlink" {
		return f.LeadsTo
	}
	return f.SHA256
}

// Exists says whether anything is there.
func (f HaveFile) Exists() bool { return f.Type != "" && f.Type != "absent" }
