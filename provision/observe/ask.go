// Package observe looks at machines: one execution each, bounded in parallel.
// It changes nothing, and it believes nothing: what a machine says is framed,
// held against what was asked, capped, and made harmless before it is printed.
//
// What could not be read is in [state.Node.Unread] with the reason. Its keys
// are the path of a file or directory, the key of a sysctl, the name of a
// module, unit or component, the id of a run, the name of a field of
// [state.Facts], or "Table". What was asked for, is not there and is not in
// Unread, is absent.
package observe

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// Ask is what to read of one machine. Facts, the firewall table and the
// components' processes are read too, unless FilesOnly is set.
type Ask struct {
	// Node is the name the spec gives the machine.
	Node  string
	Files []AskFile
	// Dirs are directories whose entries are read too, and the entries of
	// these; each is listed like a file that was asked for, without its text.
	Dirs []string
	// Sysctls are keys with dots, Modules names, Units full names, Runs step ids.
	Sysctls, Modules, Units, Runs []string
	// Software adds what preflight needs of a fresh machine: versions, the
	// runtime's configuration and its images. It starts their programs.
	Software bool
	// FilesOnly asks for Files and Dirs and for nothing else, not even the time, which
	// costs a machine a fraction: of the answer only Files and Unread mean anything.
	FilesOnly bool
	// Again has the answer of the last look with the same ask, so that it crosses the
	// wire again only where something moved; nil where nobody will ask again. What
	// it keeps has the texts that were asked for, so it is nil where one is secret.
	Again *Memory
}

// AskFile is one path to read.
type AskFile struct {
	Path string
	// Text asks for the content too, up to [MaxText]. For a secret it is set only by
	// who uses it at once and from memory: package apply, for credentials of a
	// control plane and for what control planes share, and an import, for who
	// encrypts what.
	Text bool
	// Encrypts asks who encrypts what by an EncryptionConfiguration. It crosses the wire
	// whole and is read at once: its text becomes what [state.WithoutKeys] keeps, and
	// what was read is cleared.
	Encrypts bool
	// Masked asks for the digest of the text without its keys, see [state.Masked]. The
	// keys stay on the machine.
	Masked bool
	// Owners asks whose all is that lies under a folder, of its own file system.
	Owners bool
	// Certificate asks for what can be shown to anybody of a PEM file or of a
	// kubeconfig (PATH.conf): certificates, and never a key beside them. A link is
	// followed.
	Certificate bool
}

// MaxText is the most content that is read of one file, and maxEntries the
// most that is listed of all directories together.
const (
	MaxText    = 1 << 20
	maxEntries = 2000
)

var (
	keyPattern    = pattern(`^[a-z][a-z0-9_-]*(\.[A-Za-z0-9_/-]+)+$`)
	modulePattern = pattern(`^[a-z0-9][A-Za-z0-9_-]{0,55}$`)
	unitPattern   = pattern(`^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]{0,200}\.[a-z]+$`)
)

// encode writes the ask as look.sh reads it, but for the nonce in front, or says
// what cannot be asked.
func (a Ask) encode() ([]byte, error) {
	var b bytes.Buffer
	if a.Software {
		b.WriteString("software\n")
	}
	if a.FilesOnly {
		b.WriteString("files-only\n")
	}
	for _, f := range a.files() {
		if err := cleanPath(f.Path); err != nil {
			return nil, err
		}
		kind := "file"
		if f.Text || f.Encrypts {
			kind = "text"
		}
		fmt.Fprintf(&b, "%s %s\n", kind, f.Path)
		if f.Certificate {
			fmt.Fprintf(&b, "certificate %s\n", f.Path)
		}
		if f.Masked {
			fmt.Fprintf(&b, "masked %s\n", f.Path)
		}
		if f.Owners {
			fmt.Fprintf(&b, "owners %s\n", f.Path)
		}
	}
	for _, d := range a.Dirs {
		if err := cleanPath(d); err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "dir %s\n", d)
	}
	for _, k := range a.Sysctls {
		if !keyPattern().MatchString(k) || strings.Contains(k, "//") {
			return nil, fmt.Errorf("%q is not a sysctl key", k)
		}
		fmt.Fprintf(&b, "sysctl %s\n", script.SysctlPath(k))
	}
	for _, m := range a.Modules {
		if !modulePattern().MatchString(m) {
			return nil, fmt.Errorf("%q is not a kernel module's name", m)
		}
		name := strings.ReplaceAll(m, "-", "_")
		// Files of modules are named with either.
		fmt.Fprintf(&b, "module %s %s\n", name, strings.ReplaceAll(name, "_", "[-_]"))
	}
	for _, u := range a.Units {
		if !unitPattern().MatchString(u) {
			return nil, fmt.Errorf("%q is not a unit's full name", u)
		}
		fmt.Fprintf(&b, "unit %s\n", u)
	}
	for _, r := range a.Runs {
		fmt.Fprintf(&b, "run %s\n", script.RunUnit(r))
	}
	b.WriteString(script.End + "\n")
	return b.Bytes(), nil
}

// files are the paths to read, each once: what is asked of one several times is asked
// together.
func (a Ask) files() []AskFile {
	at := make(map[string]int, len(a.Files))
	out := make([]AskFile, 0, len(a.Files))
	for _, f := range a.Files {
		i, again := at[f.Path]
		if !again {
			at[f.Path] = len(out)
			out = append(out, f)
			continue
		}
		o := &out[i]
		o.Text, o.Masked, o.Owners, o.Certificate = o.Text || f.Text, o.Masked || f.Masked, o.Owners || f.Owners, o.Certificate || f.Certificate
		o.Encrypts = o.Encrypts || f.Encrypts
	}
	return out
}

// cleanPath refuses what is not one absolute, plain path below the root.
func cleanPath(p string) error {
	if !path.IsAbs(p) || path.Clean(p) != p || p == "/" || len(p) > 1024 || strings.ContainsAny(p, "\n\x00") {
		return fmt.Errorf("%.200q is not a clean absolute path", p)
	}
	return nil
}
