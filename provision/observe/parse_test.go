package observe

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

const testNonce = "0123456789abcdef0123456789abcdef"

func say(kind string, data string) string {
	return fmt.Sprintf("%s %s 0 %d\n%s\n", testNonce, kind, len(data), data)
}

func testAsk() Ask {
	return Ask{
		Node: "n", Files: []AskFile{{Path: "/etc/a", Text: true}, {Path: "/etc/b"}}, Dirs: []string{"/etc/d"},
		Sysctls: []string{"vm.x"}, Modules: []string{"br_netfilter"}, Units: []string{"a.service", "b.service"}, Runs: []string{"id"},
	}
}

// parse reads what a machine printed.
func parse(ask Ask, nonce string, out []byte, began, ended time.Time) (*state.Node, error) {
	frames, err := script.Frames(out, nonce)
	if err != nil {
		return nil, err
	}
	return node(ask, frames, began, ended)
}

func read(t *testing.T, frames ...string) (*state.Node, error) {
	t.Helper()
	now := time.Now()
	return parse(testAsk(), testNonce, []byte(strings.Join(frames, "")+say(script.End, "")), now, now)
}

const (
	emptySum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	statA    = "81a4/0/0/0/0/root/root/etc/a"
)

func TestLiesMakeTheAnswerAnError(t *testing.T) {
	for name, frame := range map[string]string{
		"a path nobody asked for":          say("stat", "81a4/0/0/0/0/root/root/etc/shadow"),
		"a path that climbs out":           say("stat", "81a4/0/0/0/0/root/root/etc/d/../shadow"),
		"too deep in a directory":          say("stat", "81a4/0/0/0/0/root/root/etc/d/1/2/3"),
		"absent and not asked":             say("absent", "/etc/shadow"),
		"absent and there":                 say("stat", statA) + say("absent", "/etc/a"),
		"twice":                            say("stat", statA+"\n"+statA),
		"a frame twice":                    say("stat", "") + say("stat", ""),
		"two digests":                      say("stat", statA) + say("sha256", emptySum+"  /etc/a\n"+emptySum+"  /etc/a"),
		"no digest":                        say("stat", statA) + say("sha256", strings.Repeat("z", 64)+"  /etc/a"),
		"a short digest":                   say("sha256", "abc  /etc/a"),
		"negative size":                    say("stat", "81a4/-5/0/0/0/root/root/etc/a"),
		"no stat at all":                   say("stat", "hello"),
		"content nobody asked for":         say("text", "/etc/b\nsecret"),
		"content of a stranger":            say("text", "/etc/shadow\nsecret"),
		"content twice":                    say("stat", statA) + say("text", "/etc/a\n") + say("text", "/etc/a\n"),
		"a sysctl nobody asked for":        say("sysctl", "/proc/sys/kernel/core_pattern:x"),
		"a module nobody asked for":        say("modules", "evil yes"),
		"too few units":                    say("units", "Id=a.service\nLoadState=loaded"),
		"another unit":                     say("units", "Id=a.service\n\nId=c.service"),
		"a run nobody asked for":           say("run", "bulwark-x\nended 0\n"),
		"a process nobody asked for":       say("process", "evil 1 1 -\n61"),
		"an environment of nobody's":       say("environment", "8\nETCD_NAME=a"),
		"a process that is no hex":         say("process", "etcd 1 1 -\nzz"),
		"the space of a stranger":          say("space", "ef53 1 1 1 1 /root"),
		"a kind nobody knows":              say("surprise", "x"),
		"software without having been ask": say("images", "x"),
		"an unread stranger":               say("unread", "/etc/shadow\nwhy"),
		"unread, and no name of ours":      say("unread", "\x1b[2J\nwhy"),
		"more than a frame holds":          say("user", strings.Repeat("x", maxFrame+1)),
	} {
		if n, err := read(t, frame); !errors.Is(err, script.ErrFrames) {
			t.Errorf("%s: %+v, %v", name, n, err)
		}
	}
}

// What the machine does not tell is unread, never absent.
func TestSilenceIsUnread(t *testing.T) {
	n, err := read(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"/etc/a", "/etc/b", "/etc/d", "vm.x", "br_netfilter", "a.service", "b.service", "Table", "Hostname", "MachineID", "OS", "Cgroup",
		"Offset", "Free", "Listening", "Addresses", "Container", "EtcdAccount", "CRISocket", "Swap", "CNIPlugins", "PeerAddress", "User",
	} {
		if n.Unread[name] == "" {
			t.Errorf("nothing about %s", name)
		}
	}
	if len(n.Files) != 0 {
		t.Errorf("%v", n.Files)
	}
}

func TestFilesThatMovedAreUnread(t *testing.T) {
	for name, frames := range map[string][]string{
		"no digest":     {say("stat", statA), say("text", "/etc/a\n")},
		"other content": {say("stat", statA), say("sha256", emptySum+"  /etc/a"), say("text", "/etc/a\nmore")},
		"no content":    {say("stat", "81a4/5/0/0/0/root/root/etc/a"), say("sha256", strings.Repeat("a", 64)+"  /etc/a")},
		"too big":       {say("stat", "81a4/1048577/0/0/0/root/root/etc/a"), say("sha256", emptySum+"  /etc/a"), say("text", "/etc/a\n")},
		"unreadable":    {say("stat", statA), say("sha256", emptySum+"  /etc/a"), say("text", "/etc/a\n"), say("unread", "/etc/a\nInput/output error")},
	} {
		n, err := read(t, frames...)
		if err != nil || n.Unread["/etc/a"] == "" || n.Files["/etc/a"].Text != nil {
			t.Errorf("%s: %+v, %v", name, n, err)
		}
	}
	n, err := read(t, say("stat", statA), say("sha256", emptySum+"  /etc/a"), say("text", "/etc/a\n"))
	if err != nil || n.Unread["/etc/a"] != "" || n.Files["/etc/a"].Text == nil || n.Files["/etc/a"].SHA256 != emptySum {
		t.Errorf("%+v, %v", n, err)
	}
}

func TestOffsetIsTheLeastThatExplainsBothClocks(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	after := func(seconds ...int) (out []time.Time) {
		for _, s := range seconds {
			out = append(out, began.Add(time.Duration(s)*time.Second))
		}
		return out
	}
	for _, c := range []struct {
		what             string
		first, last, all int // when the machine read its clock by that clock, and what the look took
		want             time.Duration
	}{
		{"right, and quick", 0, 0, 0, 0},
		{"right, and slow to begin", 20, 21, 21, 0},
		{"right, and slow to answer", 0, 1, 21, 0},
		{"an hour behind", -3600, -3599, 2, -3600 * time.Second},
		{"an hour ahead", 3601, 3602, 2, 3600 * time.Second},
		{"behind, and slow to begin", -3580, -3579, 21, -3580 * time.Second},
	} {
		r := newReading(testAsk())
		r.clocks = after(c.first, c.last)
		r.offset(began, after(c.all)[0])
		if got := r.node.Facts.Offset; got != c.want {
			t.Errorf("%s: %v off, want %v", c.what, got, c.want)
		}
	}
}

func TestParseStat(t *testing.T) {
	for line, want := range map[string]state.HaveFile{
		"81a4/12/0/0/0/root/root/etc/x y":       {Path: "/etc/x y", Type: "file", Mode: 0o644, Owner: "root:root", Size: 12},
		"8180/1/0/2379/2379/UNKNOWN/UNKNOWN/e":  {Path: "/e", Type: "file", Mode: 0o600, Owner: "2379:2379", Size: 1},
		"8180/1/0/2379/0/etcd/root/e":           {Path: "/e", Type: "file", Mode: 0o600, Owner: "2379:root", Size: 1},
		"8180/1/0/1001/1001/UNKNOWN/someone/e":  {Path: "/e", Type: "file", Mode: 0o600, Owner: "1001:someone", Size: 1},
		"8180/1/0/1001/1001/e\x1b[31m/someone/": {},
	} {
		got, err := ParseStat(line)
		if want.Path == "" {
			if err == nil {
				t.Errorf("%q: %+v", line, got)
			}
			continue
		}
		if err != nil || got.Path != want.Path || got.Type != want.Type || got.Mode != want.Mode || got.Owner != want.Owner || got.Size != want.Size {
			t.Errorf("%q: %+v, %v", line, got, err)
		}
	}
	for raw, kind := range map[string]string{"41ed": "dir", "a1ff": "symlink", "1180": "other", "21b6": "other", "89ed": "file"} {
		if got, err := ParseStat(raw + "/0/0/0/0/root/root/p"); err != nil || got.Type != kind {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
}

func TestAModuleThatTheKernelLacksIsNamed(t *testing.T) {
	for word, missing := range map[string]int{"yes": 0, "no": 0, "missing": 1} {
		n, err := read(t, say("modules", "br_netfilter "+word))
		if err != nil || len(n.NoModules) != missing || n.Modules["br_netfilter"] != (word == "yes") || n.Unread["br_netfilter"] != "" {
			t.Errorf("%s: %v, %v, %v", word, n.Modules, n.NoModules, err)
		}
	}
}

func TestFactsAreRead(t *testing.T) {
	n, err := read(t,
		say("peer", "203.0.113.7 50000 10.0.0.11 2222"), say("ss", "LISTEN 0 128 [::]:6443 [::]:* users:((\"kube-apiserver\",pid=1,fd=3))\nLISTEN 0 1 0.0.0.0:22 0.0.0.0:*\n"),
		say("addresses", "1: lo    inet 127.0.0.1/8 scope host lo\n2: eth0    inet 10.0.0.11/24 brd 10.0.0.255 scope global eth0\n2: eth0    inet6 fe80::1/64 scope link"),
		say("small", "/etc/os-release:ID=\"debian\"\n/etc/os-release:VERSION_ID='12'\n/proc/swaps:Filename Type\n/proc/swaps:/dev/sda2 partition 1 0 -2\n/proc/meminfo:MemTotal:  1024 kB\n/sys/devices/system/cpu/online:0-3,8"),
		say("space", "63677270 0 4096 0 0 /sys/fs/cgroup\nef53 10 4096 7 100 /var\n9123683e 10 4096 0 0 /etc"), say("uname", "cp-1 6.1.0 x86_64"), say("systemd", "Version=252.38-1~deb12u1"),
		say("process", "kube-controller 7 1700000000 0123456789abcdef0123456789abcdef\n61 00 2d 2d 62 0a 00"), say("process", "etcd 8 1 -\n61 00"), say("process", "etcd 9 1 -\n62 00"), say("process", "kubelet 10 1 -\n61 00"), say("process", "kubelet 10 1 -\n61 00"), say("etcdaccount", "etcd:x:2379:2379::/:/bin/false"),
		say("run", script.RunUnit("id")+"\nended 3\nout\x1b[0m"), say("modules", "br_netfilter no"), say("sysctl", "/proc/sys/vm/x:1\t2 3"),
		say("units", "Id=a.service\nLoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nNeedDaemonReload=yes\nFragmentPath=/etc/a.service\nDropInPaths=/etc/a.d/1.conf /etc/a.d/2.conf\n\nId=x.service\nNames=x.service b.service\nLoadState=loaded\nNeedDaemonReload=no\nFragmentPath=\nDropInPaths="),
	)
	if err != nil {
		t.Fatal(err)
	}
	f := n.Facts
	for name, ok := range map[string]bool{
		"peer": f.PeerAddress == "203.0.113.7" && f.LocalPort == 2222, "listening": f.Listening[6443] == "kube-apiserver" && f.Listening[22] == "unknown",
		"addresses": strings.Join(f.Addresses, " ") == "10.0.0.11 fe80::1", "os": f.OS == "debian" && f.OSVersion == "12", "swap": len(f.Swap) == 1 && f.Swap[0] == "/dev/sda2",
		"memory": f.MemoryKiB == 1024, "cpus": f.CPUs == 5, "cgroup": f.Cgroup == 2, "space": f.Free["/var"] == 40960 && f.FreeInodes["/var"] == 7,
		"systemd": f.Systemd == 252, "hostname": f.Hostname == "cp-1", "account": f.EtcdAccount == "etcd",
		"process": fmt.Sprintf("%q", n.Processes["kube-controller-manager"].Args) == `["a" "--b\n"]`, "pod": n.Processes["kube-controller-manager"].Pod == "0123456789abcdef0123456789abcdef",
		"began": n.Processes["kube-controller-manager"].Started == 1700000000 && n.Processes["kube-controller-manager"].PID == 7, "no pod": n.Processes["kubelet"].Pod == "",
		"a fork": len(n.Processes["kubelet"].Args) == 1, "two processes": n.Unread["etcd"] != "" && n.Processes["etcd"].Args == nil,
		"run": n.Runs["id"].Exit == 3 && n.Runs["id"].Output == `out\x1b[0m`, "module": !n.Modules["br_netfilter"] && n.Unread["br_netfilter"] == "",
		"sysctl": n.Sysctls["vm.x"] == "1 2 3", "unit": n.Units["a.service"].Active == "active" && n.Units["a.service"].Stale && !n.Units["b.service"].Stale && n.Units["a.service"].Fragment == "/etc/a.service" &&
			len(n.Units["a.service"].DropIns) == 2 && len(n.Units["b.service"].DropIns) == 0 && n.Units["b.service"].Load == "loaded",
	} {
		if !ok {
			t.Errorf("%s: %+v", name, n)
		}
	}
	if _, ok := f.FreeInodes["/etc"]; ok {
		t.Error("a file system that counts no inodes has none free")
	}
}

func TestContainerdConfiguration(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want criConfig
	}{
		"version 2": {"version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\n  sandbox_image = \"registry.k8s.io/pause:3.10\"\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc.options]\n  SystemdCgroup = true\n",
			criConfig{sandbox: "registry.k8s.io/pause:3.10", systemdCgroup: true}},
		"version 3": {"version = 3\ndisabled_plugins = []\n[plugins.'io.containerd.cri.v1.images'.pinned_images]\n  sandbox = 'p:1'\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]\n  SystemdCgroup = false\n",
			criConfig{sandbox: "p:1"}},
		"docker's":      {"disabled_plugins = [\"cri\"]\n", criConfig{disabled: true}},
		"several lines": {"disabled_plugins = [\n \"btrfs\",\n \"io.containerd.grpc.v1.cri\",\n]\n", criConfig{disabled: true}},
	} {
		var got criConfig
		if got.read(c.text); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain ü 日本\n\t":       "plain ü 日本\n\t",
		"\x1b[31mred\r\x07":    `\x1b[31mred\x0d\x07`,
		"\u009b31m":            `\u009b31m`,
		"a\u202eb\u2066c":      `a\u202eb\u2066c`,
		"\xff\xc3(":            `\xff\xc3(`,
		"\u200bx\ufeff":        `\u200bx\ufeff`,
		"nul\x00del\x7f":       `nul\x00del\x7f`,
		"line\u2028para\u2029": `line\u2028para\u2029`,
	} {
		if got := Printable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := Printable("a" + strings.Repeat("\u0301", 1000)); strings.Count(got, "\u0301") > maxMarks {
		t.Errorf("%d combining marks", strings.Count(got, "\u0301"))
	}
}

func harmless(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
	})
}

func FuzzPrintable(f *testing.F) {
	f.Add("\x1b]0;x\x07\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		if got := Printable(s); !harmless(got) {
			t.Errorf("%q: %q", s, got)
		}
	})
}

// Whatever a machine says, nothing is read that was not asked for, and nothing
// that is shown can move a terminal.
func FuzzParse(f *testing.F) {
	f.Add([]byte(say("stat", statA) + say("sha256", emptySum+"  /etc/a") + say("text", "/etc/a\n") + say(script.End, "")))
	f.Add([]byte("noise\n" + say("units", "Id=a.service\n\nId=b.service") + say("process", "etcd 8 1 -\n61 00") + say(script.End, "")))
	f.Add([]byte(say("space", "63677270 1 1 1 1 /sys/fs/cgroup") + say("uname", "h k m") + say("peer", "::1 1 ::1 22") + say(script.End, "")))
	f.Add([]byte(say("stat", "41c0/0/0/0/0/root/root/etc/d\n81a4/0/0/0/0/\x1b/\u202e/etc/d/x") + say("run", "x\nended 300\n") + say(script.End, "")))
	f.Add([]byte(testNonce + " stat 0 99999\n"))
	f.Fuzz(believable)
}

// The same where the frames are whole and only what they say is made up.
func FuzzFrames(f *testing.F) {
	for _, kind := range []string{"stat", "sha256", "absent", "sysctl", "modules", "units", "table", "filters", "process", "environment", "run", "unread", "space", "ss", "proctcp",
		"addresses", "peer", "uname", "small", "systemd", "clock", "criconfig", "images", "kubelet", "plugins", "etcdaccount"} {
		f.Add(statA, kind, "a b c d\n/etc/a: 1=2\n")
	}
	f.Add(statA, "sha256", emptySum+"  /etc/a")
	f.Add("41c0/0/0/0/0/root/root/etc/d\n81a4/0/0/0/0/\x1b/\u202e/etc/d/x", "text", "/etc/a\n\x00")
	f.Add(statA, "criconfig", "disabled_plugins = [\n\"cri\"]\nsandbox_image='\x1b'")
	f.Fuzz(func(t *testing.T, stat, kind, data string) {
		believable(t, []byte(say("stat", stat)+say(strings.ReplaceAll(kind, " ", ""), data)+say(script.End, "")))
	})
}

// believable holds an answer against what must be true whatever it says.
func believable(t *testing.T, out []byte) {
	t.Helper()
	ask := testAsk()
	ask.Software = true
	now := time.Now()
	n, err := parse(ask, testNonce, out, now, now)
	if err != nil {
		return
	}
	for p, file := range n.Files {
		if p != "/etc/a" && p != "/etc/b" && p != "/etc/d" && !strings.HasPrefix(p, "/etc/d/") || strings.Contains(p, "..") && cleanPath(p) != nil {
			t.Errorf("%q was not asked for", p)
		}
		if file.Path != p || !harmless(file.Owner) || (file.Text != nil && state.SHA256(file.Text) != file.SHA256) {
			t.Errorf("%+v", file)
		}
	}
	for _, p := range []string{"/etc/a", "/etc/b", "/etc/d"} {
		if _, ok := n.Files[p]; !ok && n.Unread[p] == "" {
			t.Errorf("%s is neither read nor unread", p)
		}
	}
	for name, why := range n.Unread {
		if !harmless(why) || why == "" || len(why) > 2000 {
			t.Errorf("%q: %q", name, why)
		}
	}
	facts := n.Facts
	for _, s := range append([]string{facts.Hostname, facts.OS, facts.OSVersion, facts.Arch, facts.Kernel, facts.User, facts.Containerd, facts.SandboxImage, facts.EtcdAccount, facts.PeerAddress}, facts.Images...) {
		if !harmless(s) {
			t.Errorf("%q", s)
		}
	}
}

// A machine is not given the memory for words that no machine has.
func TestWordsAreShort(t *testing.T) {
	long := strings.Repeat("\x00", 1<<20)
	for _, frames := range [][]string{
		{say("user", long)}, {say("small", "/etc/os-release:ID="+long)}, {say("uname", "a "+long+" b")}, {say("unread", "Systemd\n"+long)},
		{say("etcdaccount", long+":")}, {say("small", strings.Repeat("/proc/swaps:/x\n", 50_000))}, {say("addresses", strings.Repeat("1: x inet 192.0.2.1/24\n", 40_000))},
		{say("ss", strings.Repeat("x", maxFrame+1))}, {say("units", "Id=a.service\nActiveState="+long[:maxFrame/2]+"\n\nId=b.service")},
	} {
		n, err := read(t, frames...)
		if err != nil {
			t.Errorf("%.60q: %v", frames, err)
			continue
		}
		if size := len(fmt.Sprint(n)); size > 64<<10 {
			t.Errorf("%.60q became %d bytes", frames, size)
		}
	}
	if _, err := read(t, say("absent", "/etc/d/"+long)); err == nil || len(err.Error()) > 8<<10 {
		t.Errorf("%.100v", err)
	}
}
