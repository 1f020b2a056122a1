package observe

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLookReadsFiles(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		canary := filepath.Join(dir, "canary")
		content := "line\n$(touch " + canary + ")\n\n"
		file, link, fifo := filepath.Join(dir, "fi le;`id`"), filepath.Join(dir, "link"), filepath.Join(dir, "fifo")
		must(t, os.WriteFile(file, []byte(content), 0o640))
		must(t, os.Chmod(file, 0o640|fs.ModeSetuid))
		must(t, os.Symlink("/etc/shadow", link))
		must(t, syscall.Mkfifo(fifo, 0o600))
		for name, content := range map[string][]byte{"empty": {}, "nul": []byte("a\x00b"), "big": make([]byte, MaxText+1), "edge": []byte(strings.Repeat("x", MaxText)), "back\\slash": []byte("b")} {
			must(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
		}
		at := func(name string) string { return filepath.Join(dir, name) }
		n, err := Node(t.Context(), h, Ask{Node: "n", Files: []AskFile{
			{Path: file, Text: true}, {Path: link, Text: true}, {Path: fifo, Text: true}, {Path: dir, Text: true}, {Path: at("empty"), Text: true}, {Path: at("nul"), Text: true},
			{Path: at("big"), Text: true}, {Path: at("edge"), Text: true}, {Path: at("back\\slash")}, {Path: at("none"), Text: true}, {Path: file + "/below"}, {Path: "/proc/1/mem"},
		}})
		must(t, err)
		for path, kind := range map[string]string{
			file: "file", link: "symlink", fifo: "other", dir: "dir", at("empty"): "file", at("none"): "absent", file + "/below": "absent", at("back\\slash"): "file",
		} {
			if f := n.Files[path]; f.Type != kind || n.Unread[path] != "" {
				t.Errorf("%+v, %s", f, n.Unread[path])
			}
		}
		if f := n.Files[file]; string(f.Text) != content || f.SHA256 != state.SHA256([]byte(content)) || f.Mode != 0o640|fs.ModeSetuid || f.Size != int64(len(content)) {
			t.Errorf("%+v", f)
		}
		if got := n.Files[link].LeadsTo; got != state.LinkDigest+state.SHA256([]byte("/etc/shadow\n")) || n.Files[link].Seen() != got {
			t.Errorf("the link leads to %q", got)
		}
		if len(n.Files[at("edge")].Text) != MaxText || n.Files[at("empty")].Text == nil || n.Files[at("back\\slash")].SHA256 != state.SHA256([]byte("b")) {
			t.Error("a file was not read whole")
		}
		for _, path := range []string{at("nul"), at("big")} {
			if n.Unread[path] == "" || n.Files[path].Text != nil || n.Files[path].SHA256 == "" {
				t.Errorf("%s: %+v", path, n.Files[path].SHA256)
			}
		}
		// What exists and cannot be read is never absent.
		if f := n.Files["/proc/1/mem"]; f.Exists() == (n.Unread["/proc/1/mem"] == "") {
			t.Errorf("%+v, %q", f, n.Unread["/proc/1/mem"])
		}
		if _, err := os.Lstat(canary); err == nil {
			t.Error("a name or content was executed")
		}
	})
}

func TestLookListsDirectories(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		good, odd, crowd := filepath.Join(dir, "good"), filepath.Join(dir, "odd"), filepath.Join(dir, "crowd")
		for _, d := range []string{good + "/sub/deeper", odd, crowd} {
			must(t, os.MkdirAll(d, 0o755))
		}
		for _, f := range []string{"a", ".hidden", "..two", "sub/b", "sub/deeper/c", "* [x] $y"} {
			must(t, os.WriteFile(filepath.Join(good, f), []byte(f), 0o600))
		}
		must(t, os.Symlink("/etc", filepath.Join(good, "link")))
		must(t, syscall.Mkfifo(filepath.Join(good, "fifo"), 0o600))
		must(t, os.WriteFile(filepath.Join(odd, "x\ny"), nil, 0o600))
		n, err := Node(t.Context(), h, Ask{Node: "n", Dirs: []string{good, filepath.Join(dir, "none"), filepath.Join(good, "link")}})
		must(t, err)
		for path, kind := range map[string]string{
			"": "dir", "/a": "file", "/.hidden": "file", "/..two": "file", "/sub": "dir", "/sub/b": "file", "/sub/deeper": "dir", "/sub/deeper/c": "", "/* [x] $y": "file",
			"/link": "symlink", "/fifo": "other", "/link/passwd": "",
		} {
			if f := n.Files[good+path]; f.Type != kind || (kind == "file" && f.SHA256 == "") {
				t.Errorf("%s: %+v", path, f)
			}
		}
		if f := n.Files[filepath.Join(dir, "none")]; f.Type != "absent" || len(n.Files) != 11 {
			t.Errorf("%+v, %d files", f, len(n.Files))
		}
		if n, err := Node(t.Context(), h, Ask{Node: "n", Dirs: []string{odd}}); err != nil || !strings.Contains(n.Unread[odd], "line break") {
			t.Errorf("%v, %v", n, err)
		}
		for i := range 2001 {
			must(t, os.WriteFile(filepath.Join(crowd, fmt.Sprint(i)), nil, 0o600))
		}
		if n, err := Node(t.Context(), h, Ask{Node: "n", Dirs: []string{crowd}}); err != nil || !strings.Contains(n.Unread[crowd], "2000") {
			t.Errorf("%v", err)
		}
	})
}

// A file that cannot be looked at is not absent: here, one in a directory that
// an ordinary user may not search.
func TestUnreadableIsNotAbsent(t *testing.T) {
	if os.Getuid() != 0 {
		scripttest.NotRun(t, "only root can become another user")
	}
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir, err := os.MkdirTemp("/var/tmp", "look")
		must(t, err)
		t.Cleanup(func() { os.RemoveAll(dir) })
		must(t, os.WriteFile(dir+"/f", []byte("x"), 0o600))
		must(t, os.WriteFile("/var/tmp/look-unreadable", []byte("x"), 0o600))
		t.Cleanup(func() { os.Remove("/var/tmp/look-unreadable") })
		other := *h
		other.Env = []string{"HOME=/", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"} // busybox's tools lie where nobody may go
		other.Argv = append([]string{"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"}, h.Argv...)
		n, err := Node(t.Context(), &other, Ask{Node: "n", Files: []AskFile{{Path: dir + "/f"}, {Path: "/var/tmp/look-unreadable"}, {Path: "/nothing"}}, Dirs: []string{dir}, Sysctls: []string{"vm.mmap_min_addr"}})
		must(t, err)
		for _, path := range []string{dir + "/f", "/var/tmp/look-unreadable", dir} {
			if n.Unread[path] == "" || n.Files[path].Type == "absent" {
				t.Errorf("%s: %+v", path, n.Files[path])
			}
		}
		if n.Files["/nothing"].Type != "absent" {
			t.Errorf("%+v", n.Files["/nothing"])
		}
	})
}

func TestLookReadsTheSystem(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		hostname, err := os.Hostname()
		must(t, err)
		for i, kv := range []string{"", "LC_ALL=tr_TR.UTF-8"} {
			own := *h
			own.Env = append(append([]string{}, h.Env...), "SSH_CONNECTION=203.0.113.7 1 10.0.0.1 22", kv)
			n, err := Node(t.Context(), &own, Ask{Node: "n", Sysctls: []string{"vm.overcommit_memory", "net.ipv4.tcp_rmem", "no.such_key"}, Software: i == 1})
			must(t, err)
			if f := n.Facts; f.Hostname != hostname || f.MemoryKiB < 1000 || f.CPUs < 1 || f.Offset.Abs() > 2*time.Second || len(f.Free) != 7 || f.Arch == "" ||
				f.Cgroup == 0 || f.User == "" || f.PeerAddress != "203.0.113.7" || f.LocalPort != 22 {
				t.Errorf("%+v", f)
			}
			if _, ok := n.Sysctls["no.such_key"]; ok || n.Unread["no.such_key"] != "" || len(strings.Fields(n.Sysctls["net.ipv4.tcp_rmem"])) != 3 || n.Sysctls["vm.overcommit_memory"] == "" {
				t.Errorf("%v, %v", n.Sysctls, n.Unread)
			}
		}
	})
}

// Whether a module can be loaded is told by the running kernel's own folder;
// files are named with dashes or with underscores, packed or not.
func TestLookTellsModulesApart(t *testing.T) {
	if os.Getuid() != 0 {
		scripttest.NotRun(t, "only root can mount a folder of modules")
	}
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "modules.builtin"), []byte("kernel/x/no-such-builtin.ko\n"), 0o600))
		must(t, os.WriteFile(filepath.Join(dir, "modules.dep"), []byte("kernel/x/no_such_packed.ko.xz: kernel/y/no-such-needed.ko\nno-such-plain.ko:\nkernel/x/no-such-gone-too.ko:\n"), 0o600))
		own := *h
		own.Argv = append([]string{"/usr/bin/unshare", "--mount", "/bin/sh", "-c",
			`mkdir -p /lib/modules && mount -t tmpfs none /lib/modules && cp -a "$0" "/lib/modules/$(/bin/uname -r)" || exit 9; exec "$@"`, dir}, h.Argv...)
		ask := Ask{Node: "n", Modules: []string{"no_such_builtin", "no-such-packed", "no_such_plain", "no_such_needed", "no_such_gone"}}
		n, err := Node(t.Context(), &own, ask)
		must(t, err)
		if want := []string{"no_such_gone", "no_such_needed"}; !slices.Equal(n.NoModules, want) || !n.Modules["no_such_builtin"] || n.Modules["no-such-packed"] {
			t.Errorf("missing are %v of %v; %v", n.NoModules, n.Modules, n.Unread)
		}
		for _, m := range ask.Modules {
			if _, known := n.Modules[m]; !known || n.Unread[m] != "" {
				t.Errorf("%s: %s", m, n.Unread[m])
			}
		}
		// What cannot be read is not missing.
		must(t, os.Remove(filepath.Join(dir, "modules.dep")))
		n, err = Node(t.Context(), &own, ask)
		must(t, err)
		if len(n.NoModules) != 0 || n.Unread["no_such_gone"] == "" || !n.Modules["no_such_builtin"] {
			t.Errorf("missing are %v of %v; %v", n.NoModules, n.Modules, n.Unread)
		}
	})
}

// The variable is dropped on the way, as sudo does, and still found.
func TestPeerIsFoundBehindSudo(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		own := *h
		own.Env = append(append([]string{}, h.Env...), "SSH_CONNECTION=2001:db8::7 1 2001:db8::1 2222")
		own.Argv = append([]string{"/bin/bash", "-c", `env -u SSH_CONNECTION "$@"; exit $?`, "bash"}, h.Argv...)
		n, err := Node(t.Context(), &own, Ask{Node: "n"})
		must(t, err)
		if n.Facts.PeerAddress != "2001:db8::7" || n.Facts.LocalPort != 2222 {
			t.Errorf("%+v", n.Facts)
		}
	})
}

// Tools that a machine lacks or that hang cost one fact, not the look.
func TestMissingToolsAreUnread(t *testing.T) {
	h := scripttest.Local(t, "dash")
	h.Shim(t, map[string]string{
		"ss": "#!/bin/sh\nexit 1\n", "ip": "#!/bin/sh\necho broken >&2\nexit 1\n", "nft": "#!/bin/sh\nexit 1\n", "getent": "#!/bin/sh\nexit 1\n", "date": "#!/bin/sh\necho yesterday\n",
		"uname": "#!/bin/sh\necho '$(reboot)'\n", "id": "#!/bin/sh\nprintf '\\033[31m'\n",
	})
	n, err := Node(t.Context(), h, Ask{Node: "n"})
	must(t, err)
	for _, name := range []string{"Addresses", "Table", "EtcdAccount", "Offset", "Hostname"} {
		if n.Unread[name] == "" {
			t.Errorf("nothing about %s", name)
		}
	}
	if n.Unread["Addresses"] != "broken" || len(n.Facts.Listening) == 0 && n.Unread["Listening"] == "" || strings.Contains(n.Facts.User, "\x1b") {
		t.Errorf("%+v", n)
	}
}

// Processes that cannot be started are a failed look, never an empty machine.
func TestNoMoreProcesses(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		own := *h
		own.Env = append([]string{}, h.Env...)
		own.Shim(t, map[string]string{"stat": "#!/bin/sh\nexit 254\n", "sha256sum": "#!/bin/sh\nexit 254\n", "grep": "#!/bin/sh\nexit 254\n", "find": "#!/bin/sh\nexit 254\n"})
		n, err := Node(t.Context(), &own, Ask{Node: "n", Files: []AskFile{{Path: "/etc/passwd"}, {Path: "/nothing"}}, Dirs: []string{"/etc/ssl"}, Sysctls: []string{"vm.swappiness"}, Modules: []string{"not_there"}})
		must(t, err)
		for _, name := range []string{"/etc/passwd", "/nothing", "/etc/ssl", "vm.swappiness", "not_there", "Free"} {
			if n.Unread[name] == "" {
				t.Errorf("nothing about %s: %+v", name, n.Files[name])
			}
		}
	})
}

func TestLookAtAMachine(t *testing.T) {
	h := scripttest.Machine(t)
	h.Shell(t, false, `cp /bin/sleep /usr/local/bin/kube-controller-manager; cp /bin/sleep /usr/local/bin/etcd; useradd --system --uid 2379 keeper
systemd-run --quiet --unit=cm /usr/local/bin/kube-controller-manager 1000 0
systemd-run --quiet --unit=e1 /usr/local/bin/etcd 1000; systemd-run --quiet --unit=e2 /usr/local/bin/etcd 2000
systemd-run --quiet --unit=pod unshare -n /usr/local/bin/kube-controller-manager 3000
nft add table inet bulwark; : >/run/owned; chown 2379:2379 /run/owned; mkdir -p /opt/cni/bin; sleep 0.5`)
	began := time.Now()
	n, err := Node(t.Context(), h, Ask{Node: "n", Files: []AskFile{{Path: "/run/owned"}}, Units: []string{"containerd.service", "no-such.service", "dbus.service"}, Software: true})
	must(t, err)
	t.Logf("it took %v; %+v", time.Since(began), n)
	for name, ok := range map[string]bool{
		"systemd": n.Facts.Systemd > 200, "container": n.Facts.Container, "account": n.Facts.EtcdAccount == "keeper", "owner": n.Files["/run/owned"].Owner == "2379:2379",
		"process": strings.Join(n.Processes["kube-controller-manager"].Args, " ") == "/usr/local/bin/kube-controller-manager 1000 0", "its start": n.Processes["kube-controller-manager"].Started >= began.Unix()-10, "two etcds": n.Unread["etcd"] != "",
		"table": strings.Contains(n.Table, "table inet bulwark"), "unit": n.Units["containerd.service"].Active == "active", "listening": slices.Contains(slices.Collect(maps.Values(n.Facts.Listening)), "containerd"),
		"no unit": n.Units["no-such.service"].Load == "not-found", "kubeadm": strings.HasPrefix(n.Facts.Kubeadm, "1."), "kubelet": strings.HasPrefix(n.Facts.Kubelet, "1."),
		"runc": n.Facts.Runc != "", "containerd": n.Facts.Containerd != "", "sandbox": n.Facts.SandboxImage != "", "images": len(n.Facts.Images) > 0, "plugins": len(n.Facts.CNIPlugins) > 0,
		"cri": n.Facts.CRISocket, "no peer": n.Facts.PeerAddress == "" && n.Unread["PeerAddress"] == "",
	} {
		if !ok {
			t.Errorf("%s", name)
		}
	}
}

// fake answers every execution by a function.
type fake func(ctx context.Context, stdin []byte) (host.Result, error)

func (f fake) Exec(ctx context.Context, _ host.Program, stdin []byte) (host.Result, error) {
	return f(ctx, stdin)
}
func (fake) Dial(context.Context, string, string) (net.Conn, error) {
	return nil, errors.ErrUnsupported
}
func (fake) Fresh(context.Context) (host.Host, error) { return nil, errors.ErrUnsupported }
func (fake) String() string                           { return "fake" }
func (fake) Close() error                             { return nil }

func TestAllKeepsMachinesApart(t *testing.T) {
	var now, most atomic.Int32
	answer := func(_ context.Context, stdin []byte) (host.Result, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(2 * time.Millisecond)
		nonce, _, _ := strings.Cut(string(stdin), "\n")
		return host.Result{Stdout: []byte(nonce + " " + script.End + " 0 0\n\n")}, nil
	}
	hosts, asks := map[string]host.Host{}, []Ask{{Node: "missing"}}
	for i := range 100 {
		name := fmt.Sprint("n", i)
		hosts[name] = fake(answer)
		if i%10 == 0 {
			hosts[name] = fake(func(context.Context, []byte) (host.Result, error) { return host.Result{}, host.ErrUnreachable })
		}
		asks = append(asks, Ask{Node: name})
	}
	nodes, failed := All(t.Context(), hosts, asks, 8)
	if len(nodes) != 90 || len(failed) != 11 || most.Load() > 8 || !errors.Is(failed["n10"], host.ErrUnreachable) || failed["missing"] == nil {
		t.Errorf("%d nodes, %d failed, %d at once", len(nodes), len(failed), most.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if nodes, failed := All(ctx, hosts, asks, 1); len(nodes)+len(failed) != 101 {
		t.Errorf("%d nodes, %d failed", len(nodes), len(failed))
	}
}

func TestOddAsksAreNeverSent(t *testing.T) {
	h := fake(func(context.Context, []byte) (host.Result, error) { panic("it was sent") })
	for _, ask := range []Ask{
		{Files: []AskFile{{Path: "etc"}}}, {Files: []AskFile{{Path: "/a\nb"}}}, {Dirs: []string{"/a/../b"}}, {Sysctls: []string{"../x"}}, {Modules: []string{"a b"}}, {Units: []string{"a\nb"}}, {Units: []string{"--all"}},
	} {
		if _, err := Node(t.Context(), h, ask); err == nil {
			t.Errorf("%+v", ask)
		}
	}
}

// A machine that answers nothing ends with its name and what to do, and so
// does one whose own helper hangs.
func TestALookThatHangsEnds(t *testing.T) {
	hangs := fake(func(ctx context.Context, _ []byte) (host.Result, error) {
		<-ctx.Done()
		return host.Result{}, context.Cause(ctx)
	})
	_, err := nodeWithin(t.Context(), hangs, Ask{Node: "w-1"}, 50*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "w-1 did not finish within 50ms") || !strings.Contains(err.Error(), "try again") {
		t.Errorf("%v", err)
	}
	h := scripttest.Local(t, "dash")
	h.Shim(t, map[string]string{
		"timeout": "#!/bin/sh\nshift\nexec /usr/bin/timeout 0.2 \"$@\"\n",
		"id":      "#!/bin/sh\nexec sleep 60\n", "systemd-detect-virt": "#!/bin/sh\nexec sleep 60\n",
	})
	began := time.Now()
	n, err := Node(t.Context(), h, Ask{Node: "n"})
	if took := time.Since(began); err != nil || took > 20*time.Second || n.Facts.User != "" {
		t.Errorf("%v after %s", err, took)
	}
}

// Without containerd's socket there is no row about images: nobody knows them.
func TestImagesOfAStoppedContainerdAreNotMissed(t *testing.T) {
	if _, err := os.Stat("/run/containerd/containerd.sock"); err == nil {
		scripttest.NotRun(t, "a containerd runs here")
	}
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		n, err := Node(t.Context(), h, Ask{Node: "n", Software: true})
		must(t, err)
		if why, unread := n.Unread["Images"]; unread || n.Facts.CRISocket {
			t.Errorf("%q, socket: %v", why, n.Facts.CRISocket)
		}
	})
}

func TestAPathThatIsAskedTwiceIsReadOnce(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		path := filepath.Join(t.TempDir(), "a")
		must(t, os.WriteFile(path, []byte("text"), 0o600))
		for _, only := range []bool{false, true} {
			n, err := Node(t.Context(), h, Ask{Node: "n", FilesOnly: only, Files: []AskFile{{Path: path}, {Path: path, Text: true}, {Path: path}}})
			must(t, err)
			if got := n.Files[path]; string(got.Text) != "text" {
				t.Errorf("files only: %v: %+v", only, got)
			}
		}
	})
}
