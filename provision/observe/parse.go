package observe

import (
	"crypto/x509"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// reading is one answer of a machine being made into a node.
type reading struct {
	ask    Ask
	node   *state.Node
	files  map[string]AskFile
	dirs   map[string]bool
	clocks []time.Time
	// software is true for what is only read when [Ask.Software] is set.
	cri criConfig
	// processes that carry a component's name, by that name.
	processes map[string][]state.Process
	// seen holds kinds of frames that may come once.
	seen map[string]bool
}

// node makes a node out of what look.sh answered between two of our times.
// Whatever contradicts the ask makes the whole answer an error.
func node(ask Ask, frames []script.Frame, began, ended time.Time) (*state.Node, error) {
	r := newReading(ask)
	for _, f := range frames {
		if err := r.frame(f); err != nil {
			return nil, fmt.Errorf("%w: %w", script.ErrFrames, err)
		}
	}
	r.close()
	if !ask.FilesOnly {
		r.offset(began, ended)
	}
	return r.node, nil
}

func newReading(ask Ask) *reading {
	r := &reading{
		ask: ask,
		node: &state.Node{
			Name: ask.Node, Files: map[string]state.HaveFile{}, Certificates: map[string]*x509.Certificate{}, Sysctls: map[string]string{}, Modules: map[string]bool{},
			Units: map[string]state.Unit{}, Processes: map[string]state.Process{}, Runs: map[string]state.Run{}, Unread: map[string]string{},
			Facts: state.Facts{Free: map[string]int64{}, FreeInodes: map[string]int64{}, Listening: map[uint16]string{}},
		},
		files: map[string]AskFile{}, dirs: map[string]bool{}, processes: map[string][]state.Process{}, seen: map[string]bool{},
	}
	for _, f := range ask.files() {
		r.files[f.Path] = f
	}
	for _, d := range ask.Dirs {
		r.dirs[d] = true
	}
	r.node.Listed = slices.Compact(slices.Sorted(slices.Values(ask.Dirs)))
	return r
}

// maxFrame is the most that one frame may hold, in bytes. It is [MaxText], and room
// for a path; lists are much shorter. What is made of a frame takes several times
// its memory.
const maxFrame = MaxText + 64<<10

// frame takes in one frame. A kind that may come once and comes twice is an
// error, and so is a kind nobody knows.
func (r *reading) frame(f script.Frame) error {
	switch {
	case len(f.Data) <= maxFrame:
	case f.Kind == "ss", f.Kind == "proctcp", f.Kind == "proctcp6": // grow with the load
		r.miss("Listening", fmt.Sprintf("the list has %d bytes, more than the %d that are read", len(f.Data), maxFrame))
		return nil
	default:
		return fmt.Errorf("a frame of %d bytes, where %d are the most", len(f.Data), maxFrame)
	}
	switch f.Kind {
	case "clock":
		return r.clock(f)
	case "text":
		return r.text(f)
	case "link":
		return r.link(f)
	case "certificate":
		return r.certificate(f)
	case "masked":
		return r.masked(f)
	case "owners":
		return r.owners(f)
	case "process":
		return r.process(f)
	case "environment":
		return r.environment(f)
	case "run":
		return r.run(f)
	case "unread":
		return r.unread(f)
	}
	if r.seen[f.Kind] {
		return fmt.Errorf("%s twice", word(f.Kind))
	}
	r.seen[f.Kind] = true
	switch f.Kind {
	case "stat":
		return r.stat(f)
	case "absent":
		return r.absent(f)
	case "sha256":
		return r.digests(f)
	case "sysctl":
		return r.sysctls(f)
	case "modules":
		return r.modules(f)
	case "units":
		return r.units(f)
	case "table":
		r.node.Table = string(f.Data)
		return nil
	case "filters":
		r.node.OtherFirewalls = otherFirewalls(string(f.Data))
		return nil
	}
	return r.fact(f)
}

// allowed says whether a path was asked for, by itself or as an entry of a
// directory or of one of its directories.
func (r *reading) allowed(p string) bool {
	if _, ok := r.files[p]; ok || r.dirs[p] {
		return true
	}
	if cleanPath(p) != nil {
		return false
	}
	parent := path.Dir(p)
	return r.dirs[parent] || r.dirs[path.Dir(parent)]
}

// unread takes the reason why something could not be read: its name, a line
// break, the reason.
func (r *reading) unread(f script.Frame) error {
	name, why, _ := strings.Cut(string(f.Data), "\n")
	if f.Status == timedOut {
		why = "it took too long"
	}
	asked, ok := r.asked(name)
	if !ok {
		return fmt.Errorf("silence about what nobody asked for: %s", word(name))
	}
	r.miss(asked, why)
	return nil
}

// timedOut is the status with which timeout(1) ends.
const timedOut = 124

// miss notes why something is not known.
func (r *reading) miss(name, why string) {
	const longest = 500
	why = strings.TrimSpace(word(strings.TrimSpace(why)))
	if why == "" {
		why = "the machine does not say why"
	}
	if len(why) > longest {
		why = strings.ToValidUTF8(why[:longest], "") + "…"
	}
	if _, ok := r.node.Unread[name]; !ok {
		r.node.Unread[name] = why
	}
}

// asked turns a name as look.sh knows it into the name it was asked by. It is
// false for what a look cannot have missed.
func (r *reading) asked(name string) (string, bool) {
	if strings.HasPrefix(name, "/") {
		return word(name), r.allowed(name)
	}
	for _, k := range r.ask.Sysctls {
		if name == "sysctl "+script.SysctlPath(k) {
			return k, true
		}
	}
	for _, m := range r.ask.Modules {
		if name == "module "+strings.ReplaceAll(m, "-", "_") {
			return m, true
		}
	}
	for _, id := range r.ask.Runs {
		if name == script.RunUnit(id) {
			return id, true
		}
	}
	switch name {
	case allUnits, "Table", "Listening", "Addresses", "EtcdAccount", "Systemd", "Containerd", "SandboxImage", "Runc", "Kubelet", "Kubeadm", "Images":
		return name, true
	}
	return "", false
}

// allUnits is the name under which look.sh says why no unit could be read.
const allUnits = "Units"

func reason(why, otherwise string) string {
	if why != "" {
		return why
	}
	return otherwise
}

// close looks for what was asked and not answered.
func (r *reading) close() {
	const silent = "the machine says nothing about it"
	n := r.node
	for p := range r.files {
		if _, ok := n.Files[p]; !ok {
			r.miss(p, silent)
		}
	}
	for d := range r.dirs {
		if _, ok := n.Files[d]; !ok {
			r.miss(d, silent)
		}
	}
	for p, f := range n.Files {
		_, missed := n.Unread[p]
		switch asked := r.files[p]; {
		case f.Type != "file" || missed:
		case f.SHA256 == "":
			r.miss(p, "it could not be read, or changed meanwhile")
		case asked.Encrypts && f.Text == nil:
			r.miss(p, "who encrypts what by it was not read")
		case asked.Encrypts:
		case asked.Text && f.Size > MaxText:
			r.miss(p, fmt.Sprintf("it has %d bytes, more than the %d that are read", f.Size, MaxText))
		case asked.Text && state.SHA256(f.Text) != f.SHA256:
			r.miss(p, "it changed meanwhile, or holds NUL bytes")
		case asked.Masked && f.Masked == "":
			r.miss(p, "what it says beside its keys was not read")
		}
		if _, ok := n.Unread[p]; ok {
			f.Text = nil
			n.Files[p] = f
		}
	}
	r.closeCertificates()
	if r.ask.FilesOnly {
		return
	}
	for _, u := range r.ask.Units {
		if _, ok := n.Units[u]; !ok {
			r.miss(u, reason(n.Unread[allUnits], silent))
		}
	}
	delete(n.Unread, allUnits)
	for _, m := range r.ask.Modules {
		if _, ok := n.Modules[m]; !ok {
			r.miss(m, silent)
		}
	}
	if !r.seen["sysctl"] {
		for _, k := range r.ask.Sysctls {
			r.miss(k, silent)
		}
	}
	if !r.seen["table"] {
		r.miss("Table", silent)
	}
	r.closeProcesses()
	r.closeFacts()
}
