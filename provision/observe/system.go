package observe

import (
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// components are the processes whose arguments are read, by the name the
// kernel has of them, which it cuts after 15 bytes.
func component(comm string) string {
	switch comm {
	case "kube-apiserver", "kube-scheduler", "etcd", "kubelet", "kube-proxy", "kube-vip":
		return comm
	case "kube-controller":
		return "kube-controller-manager"
	}
	return ""
}

// lines are the non-empty lines of a frame.
func lines(data []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.SplitSeq(string(data), "\n") {
			if line != "" && !yield(line) {
				return
			}
		}
	}
}

// sysctls reads "/proc/sys/a/b:value", as grep names its files. A key without
// a line that is not in Unread does not exist on this kernel.
func (r *reading) sysctls(f script.Frame) error {
	asked := map[string]string{}
	for _, k := range r.ask.Sysctls {
		asked["/proc/sys/"+script.SysctlPath(k)] = k
	}
	for line := range lines(f.Data) {
		p, value, _ := strings.Cut(line, ":")
		key, ok := asked[p]
		if !ok {
			return fmt.Errorf("a sysctl nobody asked for: %s", word(p))
		}
		if _, twice := r.node.Sysctls[key]; twice {
			r.miss(key, "it has more than one line")
			continue
		}
		r.node.Sysctls[key] = strings.Join(strings.Fields(value), " ")
	}
	return nil
}

// modules reads "name yes", "name no" and "name missing".
func (r *reading) modules(f script.Frame) error {
	for line := range lines(f.Data) {
		name, there, _ := strings.Cut(line, " ")
		known := false
		for _, m := range r.ask.Modules {
			if strings.ReplaceAll(m, "-", "_") != name {
				continue
			}
			known = true
			r.node.Modules[m] = there == "yes"
			if there == "missing" {
				r.node.NoModules = append(r.node.NoModules, m)
			}
		}
		if !known {
			return fmt.Errorf("a module nobody asked for: %s", word(name))
		}
	}
	slices.Sort(r.node.NoModules)
	return nil
}

// units reads what systemctl show prints: a block for each unit, in the order
// in which they were asked for, with an empty line in between.
func (r *reading) units(f script.Frame) error {
	// One more than were asked for is one too many, however many there are.
	blocks := strings.SplitN(strings.TrimSpace(string(f.Data)), "\n\n", len(r.ask.Units)+1)
	if len(blocks) != len(r.ask.Units) {
		return fmt.Errorf("other than the %d units that were asked for", len(r.ask.Units))
	}
	for i, name := range r.ask.Units {
		p := map[string]string{}
		for line := range lines([]byte(blocks[i])) {
			switch key, value, _ := strings.Cut(line, "="); key {
			case "Id", "Names", "LoadState", "UnitFileState", "ActiveState", "SubState", "NeedDaemonReload", "FragmentPath", "DropInPaths":
				p[key] = word(value)
			}
		}
		if p["Id"] != name && !contains(strings.Fields(p["Names"]), name) {
			return fmt.Errorf("unit %s where %s was asked for", word(p["Id"]), name)
		}
		r.node.Units[name] = state.Unit{Name: name, Load: p["LoadState"], Enabled: p["UnitFileState"], Active: p["ActiveState"], Sub: p["SubState"],
			Stale: p["NeedDaemonReload"] == "yes", Fragment: p["FragmentPath"], DropIns: strings.Fields(p["DropInPaths"])}
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

var podPattern = pattern(`^[0-9a-f_-]{32,36}$`)

// process reads a line with the name the kernel has of a process, its number,
// when it began and its pod's uid, and then its arguments as od prints bytes.
func (r *reading) process(f script.Frame) error {
	head, dump, _ := strings.Cut(string(f.Data), "\n")
	words := strings.Fields(head)
	if len(words) != 4 {
		return fmt.Errorf("%s is not what is said of a process", word(head))
	}
	name := component(words[0])
	if name == "" {
		return fmt.Errorf("a process nobody asked for: %s", word(words[0]))
	}
	pid, err := strconv.ParseUint(words[1], 10, 31)
	began, err2 := strconv.ParseInt(words[2], 10, 64)
	if err := errors.Join(err, err2); err != nil {
		return fmt.Errorf("process of %s: %w", name, err)
	}
	p := state.Process{PID: int(pid), Started: began}
	if podPattern().MatchString(words[3]) {
		p.Pod = words[3]
	}
	raw, err := hex.DecodeString(strings.Join(strings.Fields(dump), ""))
	if err != nil {
		return fmt.Errorf("arguments of %s: %w", name, err)
	}
	if len(raw) == 0 {
		return nil // it ended meanwhile
	}
	p.Args = strings.Split(strings.TrimSuffix(string(raw), "\x00"), "\x00")
	r.processes[name] = append(r.processes[name], p)
	return nil
}

// environment reads what etcd's environment says, of the process that was told of last.
func (r *reading) environment(f script.Frame) error {
	const name = "etcd"
	pid, text, _ := strings.Cut(string(f.Data), "\n")
	all := r.processes[name]
	if len(all) == 0 || strconv.Itoa(all[len(all)-1].PID) != pid {
		return fmt.Errorf("the environment of a process nobody asked for: %s", word(pid))
	}
	if f.Status != 0 {
		r.miss(name, "its environment cannot be read, which may say what its arguments do not")
		return nil
	}
	for line := range strings.Lines(text) {
		if line = word(strings.TrimSpace(line)); strings.HasPrefix(line, "ETCD_") {
			all[len(all)-1].Env = append(all[len(all)-1].Env, line)
		}
	}
	return nil
}

// closeProcesses keeps the arguments of components that run once in the
// machine's own network. A child that has yet to execute its own program has
// its parent's name and arguments; which of two that differ is the component
// nobody can say.
func (r *reading) closeProcesses() {
	for name, found := range r.processes {
		if slices.ContainsFunc(found, func(p state.Process) bool { return !slices.Equal(p.Args, found[0].Args) }) {
			r.miss(name, fmt.Sprintf("%d processes of this name run in the machine's network", len(found)))
			continue
		}
		if _, missed := r.node.Unread[name]; missed {
			continue
		}
		r.node.Processes[name] = found[0]
	}
}

// run reads what the machine knows of one transient unit.
func (r *reading) run(f script.Frame) error {
	unit, run, err := ParseRun(f.Data)
	for _, id := range r.ask.Runs {
		if script.RunUnit(id) == unit {
			if err != nil {
				r.miss(id, err.Error())
				return nil
			}
			r.node.Runs[id] = run
			return nil
		}
	}
	return fmt.Errorf("a run nobody asked for: %s", word(unit))
}

// ErrLost is a run that was started and ended without leaving a status.
var ErrLost = errors.New("it was started, and ended without leaving a status")

// maxRunOutput is the most that is kept of what a run says; our programs send
// about half of it.
const maxRunOutput = 128 << 10

// ParseRun reads what our programs say of a transient unit: its name, then
// "active", "ended STATUS" or "lost REASON", then the output so far.
func ParseRun(data []byte) (unit string, run state.Run, err error) {
	unit, rest, _ := strings.Cut(string(data), "\n")
	head, output, _ := strings.Cut(rest, "\n")
	is, value, _ := strings.Cut(head, " ")
	if len(output) > maxRunOutput {
		output = output[len(output)-maxRunOutput:]
	}
	run = state.Run{Output: Printable(strings.ToValidUTF8(output, "?"))}
	switch is {
	case "active":
		run.Active = true
		return unit, run, nil
	case "ended":
		n, err := strconv.ParseUint(value, 10, 8)
		if err != nil {
			return unit, run, fmt.Errorf("status %.20q is not a number", value)
		}
		run.Exit = int(n)
		return unit, run, nil
	case "lost":
		return unit, run, fmt.Errorf("%w (%s)", ErrLost, word(value))
	}
	return unit, run, fmt.Errorf("%w: %.40q is not what a run can be", script.ErrFrames, head)
}
