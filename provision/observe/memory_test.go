package observe

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// counted is a host whose answers are measured.
type counted struct {
	host.Host
	bytes int
	said  []byte
}

func (c *counted) Exec(ctx context.Context, p host.Program, stdin []byte) (host.Result, error) {
	res, err := c.Host.Exec(ctx, p, stdin)
	c.bytes, c.said = len(res.Stdout), res.Stdout
	return res, err
}

// A machine on which nothing moved says so in a few bytes, and what is made of them
// is what a whole look makes; whatever moves is seen.
func TestALookThatIsAskedAgainSaysWhatMoved(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, local *scripttest.Host) {
		h := &counted{Host: local}
		dir := t.TempDir()
		file, link, gone := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "gone")
		text := strings.Repeat("line \x01\xff é\n", 500) + "\n\n"
		must(t, os.WriteFile(file, []byte(text), 0o600))
		must(t, os.Symlink(file, link))
		must(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
		ask := Ask{Node: "n", Files: []AskFile{{Path: file, Text: true}, {Path: link}, {Path: gone}}, Dirs: []string{filepath.Join(dir, "sub")},
			FilesOnly: true, Again: &Memory{}}
		look := func() *state.Node {
			t.Helper()
			n, err := Node(t.Context(), h, ask)
			must(t, err)
			n.Facts.Offset, n.Clock = 0, 0
			return n
		}
		whole := look()
		long := h.bytes
		if again := look(); h.bytes > 400 || long < len(text) || cmp.Diff(whole, again) != "" {
			t.Errorf("it answered with %d bytes, and with %d before: %s\n%q", h.bytes, long, cmp.Diff(whole, again), h.said)
		}
		if string(whole.Files[file].Text) != text {
			t.Errorf("%q", whole.Files[file].Text)
		}
		for _, c := range []struct {
			what string
			do   func() error
			seen func(*state.Node) bool
		}{
			{"a byte", func() error { return os.WriteFile(file, []byte("X"+text[1:]), 0o600) }, func(n *state.Node) bool { return n.Files[file].Text[0] == 'X' }},
			{"a mode", func() error { return os.Chmod(file, 0o640) }, func(n *state.Node) bool { return n.Files[file].Mode.Perm() == 0o640 }},
			{"a time", func() error { return os.Chtimes(file, time.Unix(1000, 0), time.Unix(1000, 0)) }, func(n *state.Node) bool { return n.Files[file].Changed == 1000 }},
			{"a line break at the end", func() error { return os.WriteFile(file, []byte(text[:len(text)-1]), 0o600) }, func(n *state.Node) bool { return len(n.Files[file].Text) == len(text)-1 }},
			{"a link that is a file now", func() error { return errors.Join(os.Remove(link), os.WriteFile(link, nil, 0o600)) }, func(n *state.Node) bool { return n.Files[link].Type == "file" }},
			{"a file that came", func() error { return os.WriteFile(gone, nil, 0o600) }, func(n *state.Node) bool { return n.Files[gone].Exists() }},
			{"one that went", func() error { return os.Remove(gone) }, func(n *state.Node) bool { return !n.Files[gone].Exists() }},
			{"an entry", func() error { return os.WriteFile(filepath.Join(dir, "sub/x"), nil, 0o600) }, func(n *state.Node) bool { return n.Files[filepath.Join(dir, "sub/x")].Exists() }},
		} {
			must(t, c.do())
			if n := look(); h.bytes <= 400 || !c.seen(n) {
				t.Errorf("%s is not seen: %d bytes, %+v", c.what, h.bytes, n.Files)
			}
			if look(); h.bytes > 400 {
				t.Errorf("after %s it answered with %d bytes", c.what, h.bytes)
			}
		}
		// Another question is answered in full, and so is the first one then.
		ask.Files = ask.Files[:1]
		if n := look(); h.bytes <= 400 || n.Files[link].Exists() {
			t.Errorf("another question was answered with %d bytes", h.bytes)
		}
	})
}

// Of a whole look nothing but the clock moves by itself; a process that comes and
// a kernel setting are seen.
func TestAWholeLookOfAMachineAtRestIsTheSame(t *testing.T) {
	h := &counted{Host: scripttest.Machine(t)}
	machine := h.Host.(*scripttest.Host)
	machine.Shell(t, false, `mkdir -p /etc/kubernetes /var/lib/kubelet; touch /etc/kubernetes/kubelet.conf /var/lib/kubelet/config.yaml`)
	ask := Ask{Node: "script-1", Sysctls: []string{"kernel.panic", "vm.overcommit_memory"}, Units: []string{"systemd-journald.service", "none.service"},
		Software: true, Again: &Memory{}}
	look := func() *state.Node {
		t.Helper()
		n, err := Node(t.Context(), h, ask)
		must(t, err)
		if len(n.Unread) > 0 {
			t.Fatalf("%v", n.Unread)
		}
		n.Facts.Offset, n.Clock = 0, 0
		return n
	}
	whole := look()
	long := h.bytes
	machine.Shell(t, false, `sleep 1; head -c 10000000 /dev/zero >/var/lib/kubelet/filler; sync`)
	again := look()
	t.Logf("whole: %d bytes, the same: %d bytes", long, h.bytes)
	if h.bytes > 400 || cmp.Diff(whole, again) != "" {
		t.Errorf("it answered with %d bytes: %s", h.bytes, cmp.Diff(whole, again))
	}
	machine.Shell(t, false, `cp "$(command -v sleep)" /tmp/kubelet && chmod 755 /tmp/kubelet && mount -o remount,exec /tmp && { setsid /tmp/kubelet 1000 </dev/null >/dev/null 2>&1 & }`)
	if n := look(); h.bytes <= 400 || n.Processes["kubelet"].PID == 0 {
		t.Errorf("a process is not seen: %d bytes, %v", h.bytes, n.Processes)
	}
	first := look().Processes["kubelet"].PID
	machine.Shell(t, false, `pid=$(pgrep -x kubelet) && kill "$pid" && sleep 0.3 && { setsid /tmp/kubelet 1000 </dev/null >/dev/null 2>&1 & }`)
	if n := look(); n.Processes["kubelet"].PID == first {
		t.Errorf("another process is not seen: %v", n.Processes)
	}
}

// What a machine says of its last answer is held against what was asked.
func TestLiesAboutTheLastAnswer(t *testing.T) {
	question := "file /etc/a\nend\n"
	frames := []script.Frame{{Kind: "stat", Data: []byte(statA)}, {Kind: "clock", Data: []byte("1")}}
	m := &Memory{}
	m.keep([]byte(question), frames)
	known := m.recall([]byte(question))
	if known.digest == "" || len(known.answer) != 1 {
		t.Fatalf("%+v", known)
	}
	same := script.Frame{Kind: script.Same, Data: []byte(known.digest)}
	clock := script.Frame{Kind: "clock", Data: []byte("2")}
	whole, err := known.whole([]script.Frame{clock, same, clock})
	if err != nil || len(whole) != 3 || whole[2].Kind != "stat" || !bytes.Equal(whole[0].Data, clock.Data) {
		t.Errorf("%v, %v", whole, err)
	}
	for what, c := range map[string]struct {
		r      recollection
		frames []script.Frame
	}{
		"nobody asked":            {recollection{}, []script.Frame{clock, same, clock}},
		"an empty digest":         {recollection{}, []script.Frame{clock, {Kind: script.Same}, clock}},
		"since another answer":    {known, []script.Frame{clock, {Kind: script.Same, Data: []byte(emptySum)}, clock}},
		"without a digest":        {known, []script.Frame{clock, {Kind: script.Same}, clock}},
		"twice":                   {known, []script.Frame{clock, same, same, clock}},
		"and something beside it": {known, []script.Frame{clock, same, {Kind: "table"}, clock}},
	} {
		if _, err := c.r.whole(c.frames); !errors.Is(err, script.ErrFrames) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, r := range map[string]recollection{
		"another question": m.recall([]byte("file /etc/b\nend\n")), "nobody remembers": (*Memory)(nil).recall([]byte(question)), "nothing yet": (&Memory{}).recall(nil),
	} {
		if r.line() != "" {
			t.Errorf("%s: %q", what, r.line())
		}
	}
}

// A machine that errs or does not say everything is asked for all of it again.
func TestAnAnswerWithAFaultIsNotRemembered(t *testing.T) {
	for what, frames := range map[string]string{
		"a lie":                 say("clock", "1700000000000000000") + say("stat", "81a4/0/0/0/0/root/root/etc/shadow") + say("clock", "1700000000000000000") + say(script.End, ""),
		"what was not read":     say("clock", "1700000000000000000") + say("unread", "/etc/a\nno") + say("clock", "1700000000000000000") + say(script.End, ""),
		"an answer that is cut": say("clock", "1700000000000000000"),
	} {
		ask := Ask{Node: "n", Files: []AskFile{{Path: "/etc/a"}}, FilesOnly: true, Again: &Memory{}}
		question, err := ask.encode()
		must(t, err)
		ask.Again.keep(question, []script.Frame{{Kind: "absent", Data: []byte("/etc/a\n")}})
		var asked []byte
		h := fake(func(_ context.Context, stdin []byte) (host.Result, error) {
			asked = stdin
			nonce, _, _ := strings.Cut(string(stdin), "\n")
			return host.Result{Stdout: []byte(strings.ReplaceAll(frames, testNonce, nonce))}, nil
		})
		_, _ = Node(t.Context(), h, ask)
		if !bytes.Contains(asked, []byte("\nsame ")) || ask.Again.recall(question).digest != "" {
			t.Errorf("%s: asked %q, and it is remembered", what, asked)
		}
	}
}

// The dry run is run each time; only its answer does not travel again.
func TestADryRunThatIsAskedAgain(t *testing.T) {
	if os.Getuid() != 0 {
		scripttest.NotRun(t, "mount namespaces are root's")
	}
	if _, err := exec.LookPath("unshare"); err != nil {
		scripttest.NotRun(t, "there is no unshare here; apt-get install util-linux")
	}
	h := &counted{Host: scripttest.Local(t, "dash")}
	dir := t.TempDir()
	source := filepath.Join(dir, "what")
	h.Host.(*scripttest.Host).Shim(t, map[string]string{"kubeadm": `cat "` + source + `" >"$KUBEADM_INIT_DRYRUN_DIR/config.yaml"; echo "printed $2"`})
	ask := Dry{Files: []DryFile{{Name: "kubeadm.yaml", Content: []byte("a")}, {Name: "admin.conf", Content: []byte("b")}}, Skip: []string{"preflight", "certs"}, Again: &Memory{}}
	derive := func() Derivation {
		t.Helper()
		d, err := Derive(t.Context(), h, ask)
		must(t, err)
		return d
	}
	must(t, os.WriteFile(source, []byte(strings.Repeat("a: b\n", 500)), 0o600))
	whole := derive()
	long := h.bytes
	if again := derive(); h.bytes > 400 || long < 2500 || cmp.Diff(whole, again) != "" || len(again.Printed) != 1 {
		t.Errorf("it answered with %d bytes, and %d before: %s", h.bytes, long, cmp.Diff(whole, again))
	}
	must(t, os.WriteFile(source, []byte(strings.Repeat("a: b\n", 499)+"a: c\n"), 0o600))
	if again := derive(); h.bytes <= 400 || !strings.HasSuffix(string(again.Files["config.yaml"]), "a: c\n") {
		t.Errorf("another answer is not seen: %d bytes", h.bytes)
	}
}
