package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"

	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// NodeSnapshot is what a machine has, as far as a check can ask.
type NodeSnapshot struct {
	// Files by path, absent ones too.
	Files map[string]FileSnapshot `json:"files"`
	// Listed are folders whose entries are among the files.
	Listed  []string                `json:"listed,omitempty"`
	Units   map[string]UnitSnapshot `json:"units,omitempty"`
	Sysctls map[string]string       `json:"sysctls,omitempty"`
	// Processes are what components run with, by the component's program.
	Processes map[string]ProcessSnapshot `json:"processes,omitempty"`
	// Table is the text of the firewall's table.
	Table string `json:"table,omitempty"`
	// OtherFirewalls are chains of others that may drop what comes in; none is another thing
	// than not asked.
	OtherFirewalls []string `json:"other_firewalls,omitzero"`
	// EtcdAccount is the name of the account that etcd runs as.
	EtcdAccount string `json:"etcd_account,omitempty"`
	// Unread says why something is not known.
	Unread map[string]string `json:"unread,omitempty"`
}

// FileSnapshot is what lies at a path.
type FileSnapshot struct {
	Type  string `json:"type"`
	Mode  string `json:"mode,omitempty"`
	Owner string `json:"owner,omitempty"`
	// Owners are those of what lies under a folder; none is another thing than not asked.
	Owners []string `json:"owners,omitzero"`
	// Changed is when its bytes last did, of a document.
	Changed int64 `json:"changed,omitempty"`
	// Text is what a check reads of a document.
	Text string `json:"text,omitempty"`
}

// UnitSnapshot is a unit of systemd.
type UnitSnapshot struct {
	Load    string `json:"load"`
	Enabled string `json:"enabled,omitempty"`
	Active  string `json:"active,omitempty"`
}

// ProcessSnapshot is a running component.
type ProcessSnapshot struct {
	Args []string `json:"args"`
	// Env is what etcd takes from its environment.
	Env     []string `json:"env,omitempty"`
	Started int64    `json:"started,omitempty"`
}

// nodeSnapshot is what is kept of a machine.
func nodeSnapshot(n *state.Node) *NodeSnapshot {
	out := &NodeSnapshot{Files: map[string]FileSnapshot{}, Listed: n.Listed, Units: map[string]UnitSnapshot{}, Sysctls: n.Sysctls,
		Processes: map[string]ProcessSnapshot{}, Table: n.Table, OtherFirewalls: n.OtherFirewalls, EtcdAccount: n.Facts.EtcdAccount, Unread: map[string]string{}}
	for what, why := range n.Unread {
		out.Unread[what] = why
	}
	documents := documentsOf(n)
	for path, f := range n.Files {
		one := FileSnapshot{Type: f.Type, Owner: f.Owner, Owners: f.Owners}
		if f.Exists() {
			one.Mode = octal(f.Mode)
		}
		if keep := documents[path]; keep != nil && f.Text != nil {
			one.Changed = f.Changed
			one.Text = string(keep(f.Text))
		}
		out.Files[path] = one
	}
	for name, u := range n.Units {
		out.Units[name] = UnitSnapshot{u.Load, u.Enabled, u.Active}
	}
	for _, component := range components {
		program := programOf(component)
		if p, runs := n.Processes[program]; runs {
			out.Processes[program] = ProcessSnapshot{argumentsOf(component, p.Args), environmentOf(component, p.Env), p.Started}
		}
	}
	return out
}

// documentsOf are the files of a machine that checks read, with what is kept of each.
func documentsOf(n *state.Node) map[string]func([]byte) []byte {
	f := &found{node: n, texts: &texts{}}
	out := map[string]func([]byte) []byte{manifestOf(auditPolicyFile.component): kept(readManifest)}
	if at := f.podSecurityFile(); at != "" {
		out[at] = kept(readPodSecurity)
	}
	for file, keep := range map[file]func([]byte) []byte{
		auditPolicyFile: kept(readAuditPolicy), admissionFile: kept(readAdmission), authenticationFile: kept(readAuthentication),
		kubeletFile: keptConfiguration(cluster.CompKubelet), encryptionFile: keptKeys,
	} {
		if _, at, set, _ := f.text(file); set && (out[at] == nil || file == encryptionFile) {
			out[at] = keep // of a file that is two things, what has keys counts
		}
	}
	return out
}

// broken stands for a document that cannot be read: it cannot be read as any other either.
const broken = "{"

// kept is a text with what is read of it, and nothing else.
func kept[T any](read func([]byte) (T, error)) func([]byte) []byte {
	return func(text []byte) []byte {
		document, err := read(text)
		if err != nil {
			return []byte(broken)
		}
		out, err := json.Marshal(document)
		if err != nil {
			return []byte(broken)
		}
		return out
	}
}

// keptKeys is the same of a file that holds keys.
func keptKeys(text []byte) []byte {
	out, err := state.WithoutKeys(text)
	if err != nil {
		return []byte(broken)
	}
	return out
}

// keptConfiguration is the same of a kubelet's configuration, or of kube-proxy's: fields
// that it has, since a check can ask for no other.
func keptConfiguration(component string) func([]byte) []byte {
	return kept(func(text []byte) (map[string]any, error) {
		document, err := plainFields(text)
		maps.DeleteFunc(document, func(name string, _ any) bool { return knownField(component, name) != nil })
		return document, err
	})
}

func readManifest(text []byte) (manifest, error) {
	var m manifest
	if yaml.Unmarshal(text, &m) != nil {
		return m, errors.New("it is no manifest that can be read")
	}
	return m, nil
}

// valid says what of a snapshot cannot be read.
func (s *NodeSnapshot) valid() error {
	for _, path := range byName(s.Files) {
		f := s.Files[path]
		if _, err := fileMode(f.Mode); f.Mode != "" && err != nil {
			return fmt.Errorf("%s: %q is no mode", path, f.Mode)
		}
		if !slices.Contains([]string{"file", "dir", "symlink", "other", "absent"}, f.Type) {
			return fmt.Errorf("%s: %q is no type of file", path, f.Type)
		}
	}
	return nil
}

// node is the machine again. What it has the same as others is theirs.
func (s *NodeSnapshot) node(name string, same *same) *state.Node {
	out := &state.Node{Name: name, Files: make(map[string]state.HaveFile, len(s.Files)), Listed: same.list(s.Listed), Units: map[string]state.Unit{}, Sysctls: s.Sysctls,
		Processes: map[string]state.Process{}, Table: same.word(s.Table), OtherFirewalls: s.OtherFirewalls, Facts: state.Facts{EtcdAccount: same.word(s.EtcdAccount)}, Unread: s.Unread}
	for path, f := range s.Files {
		mode, _ := fileMode(f.Mode) // it was read before
		path = same.word(path)
		have := state.HaveFile{Path: path, Type: same.word(f.Type), Mode: mode, Owner: same.word(f.Owner), Owners: same.list(f.Owners), Changed: f.Changed, Text: same.text(f.Text)}
		if f.Type == "dir" {
			have.Mode |= fs.ModeDir
		}
		out.Files[path] = have
	}
	for name, u := range s.Units {
		name = same.word(name)
		out.Units[name] = state.Unit{Name: name, Load: same.word(u.Load), Enabled: same.word(u.Enabled), Active: same.word(u.Active)}
	}
	for name, p := range s.Processes {
		out.Processes[same.word(name)] = state.Process{Args: same.list(p.Args), Env: p.Env, Started: p.Started}
	}
	return out
}

// fileMode reads what [octal] wrote.
func fileMode(text string) (fs.FileMode, error) {
	bits, err := strconv.ParseUint(text, 8, 12)
	mode := fs.FileMode(bits & 0o777)
	if bits&0o4000 != 0 {
		mode |= fs.ModeSetuid
	}
	if bits&0o2000 != 0 {
		mode |= fs.ModeSetgid
	}
	if bits&0o1000 != 0 {
		mode |= fs.ModeSticky
	}
	return mode, err
}
