package observe

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// clock reads nanoseconds since 1970, or seconds where date has no better.
func (r *reading) clock(f script.Frame) error {
	s := strings.TrimSpace(string(f.Data))
	switch n, err := strconv.ParseInt(s, 10, 64); {
	case err == nil && n > 1e17:
		r.clocks = append(r.clocks, time.Unix(0, n))
	case err == nil && n > 0 && n < 1e11:
		// Half a second is the middle of what the second can mean.
		r.clocks = append(r.clocks, time.Unix(n, int64(time.Second/2)))
	default:
		r.miss("Offset", fmt.Sprintf("date says %.40q", s))
	}
	return nil
}

// offset sets the machine's clock against ours. It read its own after what we
// saw begin and before what we saw end, which bounds from two sides how far it
// is off. Kept is the least that explains both: a machine that takes long to
// begin and not to answer, as one does that is slow to log in, has no wrong
// clock for that.
func (r *reading) offset(began, ended time.Time) {
	if len(r.clocks) != 2 {
		r.miss("Offset", "the machine does not tell the time")
		return
	}
	r.node.Clock = r.clocks[1].Unix()
	least, most := r.clocks[1].Sub(ended), r.clocks[0].Sub(began)
	switch {
	case least > 0:
		r.node.Facts.Offset = least
	case most < 0:
		r.node.Facts.Offset = most
	}
}

var (
	hostnamePattern = pattern(`^[A-Za-z0-9]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?$`)
	versionPattern  = pattern(`v?\d{1,9}\.\d{1,9}(\.\d{1,9})?[0-9A-Za-z.+~-]{0,60}`)
	pluginPattern   = pattern(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	imagePattern    = pattern(`^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,500}$`)
)

// fact takes in a frame that fills a field of state.Facts.
func (r *reading) fact(f script.Frame) error {
	facts, text := &r.node.Facts, strings.TrimSpace(string(f.Data))
	switch f.Kind {
	case "uname":
		r.uname(text)
	case "small":
		r.smallFiles(f.Data)
	case "systemd":
		digits, _, _ := strings.Cut(text, ".")
		digits, _, _ = strings.Cut(digits, "-")
		if n, err := strconv.Atoi(strings.TrimPrefix(digits, "Version=")); err == nil && n > 0 {
			facts.Systemd = n
		} else {
			r.miss("Systemd", fmt.Sprintf("its version is %.40q", text))
		}
	case "joined":
	case "space":
		return r.space(f.Data)
	case "ss":
		r.listeners(f.Data)
	case "proctcp", "proctcp6":
		r.procListeners(f.Data)
	case "addresses":
		r.addresses(f.Data)
	case "peer":
		r.peer(text)
	case "user":
		facts.User = word(text)
	case "container":
		facts.Container = text == "yes"
	case "etcdaccount":
		name, _, _ := strings.Cut(text, ":")
		facts.EtcdAccount = word(name)
	case "plugins":
		for name := range lines(f.Data) {
			if pluginPattern().MatchString(name) {
				facts.CNIPlugins = append(facts.CNIPlugins, name)
			}
		}
		slices.Sort(facts.CNIPlugins)
	case "cri":
		r.cri.socket = text == "yes"
	default:
		return r.softwareFact(f, text)
	}
	return nil
}

// softwareFact takes in what only [Ask.Software] asks for.
func (r *reading) softwareFact(f script.Frame, text string) error {
	if !r.ask.Software {
		return fmt.Errorf("a frame of kind %s, which nobody asked for", word(f.Kind))
	}
	facts := &r.node.Facts
	switch f.Kind {
	case "containerd":
		facts.Containerd = r.version("Containerd", text)
	case "runc":
		facts.Runc = r.version("Runc", text)
	case "kubelet":
		facts.Kubelet = r.version("Kubelet", text)
	case "kubeadm":
		facts.Kubeadm = r.version("Kubeadm", text)
	case "criconfig":
		r.cri.read(string(f.Data))
	case "images":
		for name := range lines(f.Data) {
			if imagePattern().MatchString(name) {
				facts.Images = append(facts.Images, name)
			}
		}
		slices.Sort(facts.Images)
		facts.Images = slices.Compact(facts.Images)
	default:
		return fmt.Errorf("a frame of kind %s, which nobody knows", word(f.Kind))
	}
	return nil
}

// version is the first version in what a program says of itself.
func (r *reading) version(field, text string) string {
	first, _, _ := strings.Cut(text, "\n")
	v := versionPattern().FindString(first)
	if v == "" {
		r.miss(field, fmt.Sprintf("its version reads %.100q", first))
	}
	return strings.TrimPrefix(v, "v")
}

// uname reads "hostname release machine".
func (r *reading) uname(text string) {
	facts, words := &r.node.Facts, strings.Fields(text)
	if len(words) != 3 || !hostnamePattern().MatchString(words[0]) {
		r.miss("Hostname", fmt.Sprintf("uname says %.200q", text))
		return
	}
	facts.Hostname, facts.Kernel, facts.Arch = words[0], word(words[1]), word(words[2])
}

// mostSwap is how many places of swap are told of.
const mostSwap = 8

// smallFiles reads "path:line" of a few files of the system.
func (r *reading) smallFiles(data []byte) {
	facts := &r.node.Facts
	for line := range lines(data) {
		p, line, _ := strings.Cut(line, ":")
		words := strings.Fields(line)
		key, value, _ := strings.Cut(line, "=")
		switch {
		case p == "/etc/machine-id":
			if facts.MachineID == "" && len(line) == 32 && strings.Trim(line, "0123456789abcdef") == "" {
				facts.MachineID = line
			}
		case p == "/etc/os-release" && key == "ID":
			facts.OS = word(strings.Trim(value, `"'`))
		case p == "/etc/os-release" && key == "VERSION_ID":
			facts.OSVersion = word(strings.Trim(value, `"'`))
		case p == "/proc/swaps" && strings.HasPrefix(line, "/") && len(facts.Swap) < mostSwap:
			facts.Swap = append(facts.Swap, word(words[0]))
		case p == "/proc/meminfo" && len(words) == 3 && words[0] == "MemTotal:":
			facts.MemoryKiB, _ = strconv.ParseInt(words[1], 10, 64)
		case p == "/sys/devices/system/cpu/online":
			facts.CPUs = countCPUs(line)
		}
	}
}

// countCPUs counts "0-3,8".
func countCPUs(list string) int {
	n := 0
	for part := range strings.SplitSeq(strings.TrimSpace(list), ",") {
		first, last, isRange := strings.Cut(part, "-")
		a, err1 := strconv.Atoi(first)
		b, err2 := strconv.Atoi(last)
		switch {
		case !isRange && err1 == nil:
			n++
		case isRange && err1 == nil && err2 == nil && a <= b && b < 1<<16:
			n += b - a + 1
		default:
			return 0
		}
	}
	return n
}

// closeFacts settles what needs more than one frame, and notes what no frame told.
func (r *reading) closeFacts() {
	facts := &r.node.Facts
	facts.CRISocket = r.cri.socket && !r.cri.disabled
	facts.SystemdCgroup, facts.SandboxImage = r.cri.systemdCgroup, word(r.cri.sandbox)
	for _, silent := range []struct {
		field string
		empty bool
	}{
		{"Hostname", facts.Hostname == ""}, {"MachineID", facts.MachineID == ""}, {"OS", facts.OS == ""},
		{"Cgroup", facts.Cgroup == 0}, {"MemoryKiB", facts.MemoryKiB == 0}, {"CPUs", facts.CPUs == 0},
		{"Free", !r.seen["joined"] && len(facts.Free) < len(spaceDirs())}, {"User", facts.User == ""},
		{"Listening", !r.seen["joined"] && !r.seen["ss"] && !r.seen["proctcp"]}, {"Addresses", len(facts.Addresses) == 0},
		{"Container", !r.seen["container"]}, {"EtcdAccount", !r.seen["etcdaccount"]}, {"CRISocket", !r.seen["cri"]},
		{"Swap", !r.seen["small"]}, {"CNIPlugins", !r.seen["plugins"]}, {"PeerAddress", !r.seen["peer"]},
	} {
		if silent.empty {
			r.miss(silent.field, "the machine does not say")
		}
	}
}
