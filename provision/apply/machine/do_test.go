package machine

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// me is who runs the tests, as "user:group".
func me(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		t.Fatal(err)
	}
	return u.Username + ":" + g.Name
}

// one carries out one operation.
func one(t *testing.T, h *scripttest.Host, op Op) (Outcome, error) {
	t.Helper()
	outcomes, err := Do(t.Context(), h, []Op{op})
	if len(outcomes) != 1 {
		t.Fatalf("%d outcomes", len(outcomes))
	}
	return outcomes[0], err
}

// noStage fails the test when a stage was left in a directory.
func noStage(t *testing.T, dir string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, ".bulwark-new.*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// payloads are contents that a careless program would run, cut or change.
func payloads(canary string) map[string][]byte {
	big := make([]byte, 1<<20)
	rand.Read(big)
	return map[string][]byte{
		"empty":           {},
		"one byte":        {'x'},
		"no line break":   []byte("text"),
		"many at the end": []byte("text\n\n\n"),
		"shell code":      []byte("touch " + canary + "\n$(touch " + canary + ")`touch " + canary + "`;touch " + canary + " & exit 1\n"),
		"protocol":        []byte("end\nput\n" + canary + "\n0777\nroot:root\nnone\n"),
		"here document":   []byte("EOF\ntouch " + canary + "\n'\"\\\\\n"),
		"shell start":     []byte("\ntouch " + canary + "\nexec sh\n"),
		"NUL":             []byte("a\x00b\x00\n\x00"),
		"binary":          big[:65537],
		"one mebibyte":    big,
		"globs":           []byte("* ? [a-z] ~ {a,b} %s %n \\n\n"),
		"invalid UTF-8":   []byte("\xff\xfe\xc3\x28 İı\r\n"),
	}
}

func TestPutWritesExactlyTheBytes(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		canary := filepath.Join(dir, "canary")
		var ops []Op
		contents := payloads(canary)
		for name, content := range contents {
			ops = append(ops, Op{Kind: PutFile, Path: filepath.Join(dir, name), Mode: 0o640, Owner: me(t), Content: content})
		}
		outcomes, err := Do(t.Context(), h, ops)
		if err != nil {
			t.Fatal(err)
		}
		for i, op := range ops {
			got, err := os.ReadFile(op.Path)
			if err != nil || !bytes.Equal(got, op.Content) {
				t.Errorf("%s: %d bytes, %v", op.Path, len(got), err)
			}
			o := outcomes[i]
			if o.Status != Done || !o.Changed || o.Have.SHA256 != state.SHA256(op.Content) || o.Have.Mode != 0o640 ||
				o.Have.Owner != op.Owner || o.Have.Size != int64(len(op.Content)) || o.Have.Type != "file" {
				t.Errorf("%s: %+v", op.Path, o)
			}
		}
		if _, err := os.Lstat(canary); err == nil {
			t.Error("content was executed")
		}
		noStage(t, dir)
	})
}

// The second time nothing moves: not a byte, not a time, not the directory.
func TestPutOfWhatIsThereTouchesNothing(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		op := Op{Kind: PutFile, Path: filepath.Join(dir, "f"), Mode: 0o600, Owner: me(t), Content: []byte("same")}
		if _, err := one(t, h, op); err != nil {
			t.Fatal(err)
		}
		before := times(t, dir, op.Path)
		time.Sleep(20 * time.Millisecond)
		o, err := one(t, h, op) // Had is still "": what is wanted is there, so that is fine
		if err != nil || o.Status != Done || o.Changed {
			t.Fatalf("%+v, %v", o, err)
		}
		if after := times(t, dir, op.Path); before != after {
			t.Errorf("%v became %v", before, after)
		}
	})
}

func times(t *testing.T, paths ...string) (all [2]syscall.Timespec) {
	t.Helper()
	for i, p := range paths {
		var st syscall.Stat_t
		if err := syscall.Stat(p, &st); err != nil {
			t.Fatal(err)
		}
		all[i] = st.Ctim
	}
	return all
}

func TestPutComparesBeforeItReplaces(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		path := filepath.Join(dir, "f")
		if err := os.WriteFile(path, []byte("theirs"), 0o644); err != nil {
			t.Fatal(err)
		}
		op := Op{Kind: PutFile, Path: path, Mode: 0o600, Owner: me(t), Content: []byte("ours")}
		for _, had := range []string{"", state.SHA256([]byte("what the plan saw"))} {
			op.Had = had
			o, err := one(t, h, op)
			if !errors.Is(err, ErrChanged) || !errors.Is(o.Err, ErrChanged) || o.Status != Failed {
				t.Errorf("had %q: %+v, %v", had, o, err)
			}
			if got, _ := os.ReadFile(path); string(got) != "theirs" {
				t.Errorf("had %q: it is %q", had, got)
			}
		}
		op.Path, op.Had = filepath.Join(dir, "gone"), state.SHA256([]byte("theirs"))
		if _, err := one(t, h, op); !errors.Is(err, ErrChanged) {
			t.Errorf("a file that is gone: %v", err)
		}
		op.Path = path
		if o, err := one(t, h, op); err != nil || !o.Changed {
			t.Errorf("%+v, %v", o, err)
		}
		op.Content, op.Had = []byte("again"), AnyDigest
		if o, err := one(t, h, op); err != nil || !o.Changed {
			t.Errorf("%+v, %v", o, err)
		}
		noStage(t, dir)
	})
}

func TestAttributesAreMended(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		path := filepath.Join(dir, "f")
		if err := os.WriteFile(path, []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
		sub := filepath.Join(dir, "sub")
		if err := os.Mkdir(sub, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(sub, 0o777|fs.ModeSetgid); err != nil {
			t.Fatal(err)
		}
		ops := []Op{
			{Kind: PutFile, Path: path, Mode: 0o400, Owner: me(t), Content: []byte("x")},
			{Kind: SetAttributes, Path: path, Mode: 0o440, Owner: me(t)},
			{Kind: SetAttributes, Path: path, Mode: 0o440, Owner: me(t)},
			{Kind: SetAttributes, Path: sub, Mode: 0o700, Owner: me(t)},
			{Kind: MakeDir, Path: sub, Mode: 0o750, Owner: me(t)},
			{Kind: MakeDir, Path: sub, Mode: 0o750, Owner: me(t)},
			{Kind: MakeDir, Path: filepath.Join(dir, "new"), Mode: 0o711, Owner: me(t)},
		}
		outcomes, err := Do(t.Context(), h, ops)
		if err != nil {
			t.Fatal(err)
		}
		for i, changed := range []bool{true, true, false, true, true, false, true} {
			o := outcomes[i]
			if o.Changed != changed || o.Have.Mode.Perm() != ops[i].Mode || o.Have.Mode&fs.ModeSetgid != 0 {
				t.Errorf("%d: %+v", i, o)
			}
		}
		if _, err := one(t, h, Op{Kind: SetAttributes, Path: dir + "/none", Mode: 0o600, Owner: me(t)}); err == nil {
			t.Error("attributes of nothing")
		}
		if _, err := one(t, h, Op{Kind: PutFile, Path: dir + "/o", Mode: 0o600, Owner: "nobody-of-this-name:root"}); err == nil {
			t.Error("an owner that does not exist")
		}
		noStage(t, dir)
	})
}

// A folder's owner becomes that of all in it, and of nothing that a link leads to.
func TestATreeIsGivenToItsOwner(t *testing.T) {
	if os.Getuid() != 0 {
		scripttest.NotRun(t, "only root gives files away")
	}
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir, elsewhere := t.TempDir(), t.TempDir()
		deep := filepath.Join(dir, "a b", "c")
		if err := errors.Join(os.MkdirAll(deep, 0o700), os.Symlink(elsewhere, filepath.Join(dir, "link"))); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(deep, "file"), []byte("x"))
		write(t, filepath.Join(elsewhere, "other"), []byte("x"))
		op := []Op{{Kind: OwnTree, Path: dir, Owner: "2379:2379"}}
		for _, changed := range []bool{true, false} {
			out, err := Do(t.Context(), h, op)
			if err != nil || out[0].Changed != changed {
				t.Errorf("%+v, %v", out, err)
			}
		}
		for path, want := range map[string]uint32{deep: 2379, filepath.Join(deep, "file"): 2379, filepath.Join(dir, "link"): 2379, dir: 0, elsewhere: 0, filepath.Join(elsewhere, "other"): 0} {
			var st syscall.Stat_t
			if err := syscall.Lstat(path, &st); err != nil || st.Uid != want || st.Gid != want {
				t.Errorf("%s: %d:%d, %v", path, st.Uid, st.Gid, err)
			}
		}
		if _, err := Do(t.Context(), h, []Op{{Kind: OwnTree, Path: filepath.Join(deep, "file"), Owner: "root:root"}}); err == nil {
			t.Error("a file is no tree")
		}
	})
}

func TestCopyAndRemove(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
		content := []byte("a\x00b\n")
		if err := os.WriteFile(from, content, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir, "tree/a/b"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(from, filepath.Join(dir, "tree/link")); err != nil {
			t.Fatal(err)
		}
		outcomes, err := Do(t.Context(), h, []Op{
			{Kind: CopyFile, From: from, Path: to, Mode: 0o600, Owner: me(t)},
			{Kind: CopyFile, From: from, Path: to, Mode: 0o600, Owner: me(t)},
			{Kind: RemoveTree, Path: filepath.Join(dir, "tree")},
			{Kind: RemoveTree, Path: filepath.Join(dir, "tree")},
			{Kind: RemoveTree, Path: filepath.Join(dir, "tree/a")},
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, changed := range []bool{true, false, true, false, false} {
			if outcomes[i].Changed != changed {
				t.Errorf("%d: %+v", i, outcomes[i])
			}
		}
		if got, _ := os.ReadFile(to); !bytes.Equal(got, content) {
			t.Errorf("%q", got)
		}
		if _, err := os.Stat(from); err != nil {
			t.Error("a tree's link was followed")
		}
		if _, err := one(t, h, Op{Kind: Remove, Path: to, Had: state.SHA256([]byte("other"))}); !errors.Is(err, ErrChanged) {
			t.Errorf("%v", err)
		}
		if o, err := one(t, h, Op{Kind: Remove, Path: to, Had: state.SHA256(content)}); err != nil || !o.Changed {
			t.Errorf("%+v, %v", o, err)
		}
		if o, err := one(t, h, Op{Kind: Remove, Path: to}); err != nil || o.Changed {
			t.Errorf("%+v, %v", o, err)
		}
		if _, err := one(t, h, Op{Kind: Remove, Path: dir, Had: AnyDigest}); !errors.Is(err, ErrRefused) {
			t.Errorf("a directory that is not empty: %v", err)
		}
	})
}

func TestBatchStopsAtTheFirstFailure(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		put := func(name string) Op {
			return Op{Kind: PutFile, Path: filepath.Join(dir, name), Mode: 0o600, Owner: me(t), Content: bytes.Repeat([]byte("x"), 300_000)}
		}
		outcomes, err := Do(t.Context(), h, []Op{put("a"), put("missing/b"), put("c"), put("d")})
		if err == nil || !strings.Contains(err.Error(), "missing does not exist") {
			t.Errorf("%v", err)
		}
		for i, want := range []Status{Done, Failed, NotReached, NotReached} {
			if outcomes[i].Status != want {
				t.Errorf("%d: %+v", i, outcomes[i])
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "c")); err == nil {
			t.Error("it went on")
		}
	})
}

// A crash left a stage; it is gone after the next write, and never becomes the target.
func TestStaleStageIsCleaned(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		secret := filepath.Join(dir, "elsewhere")
		if err := os.WriteFile(secret, []byte("keep"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, ".bulwark-new.abcDEF"), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(secret, filepath.Join(dir, ".bulwark-new.ABCdef")); err != nil {
			t.Fatal(err)
		}
		op := Op{Kind: PutFile, Path: filepath.Join(dir, "f"), Mode: 0o600, Owner: me(t), Content: []byte("x")}
		if _, err := one(t, h, op); err != nil {
			t.Fatal(err)
		}
		noStage(t, dir)
		if got, _ := os.ReadFile(secret); string(got) != "keep" {
			t.Errorf("written through a link: %q", got)
		}
	})
}

func TestSysctlAndModule(t *testing.T) {
	if os.Getuid() != 0 {
		scripttest.NotRun(t, "only root can write sysctls")
	}
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		// In a network of its own, so that nothing of this machine changes.
		if exec.Command("unshare", "-n", "true").Run() != nil {
			scripttest.NotRun(t, "no network namespace can be made here")
		}
		own := *h
		own.Argv = append([]string{"unshare", "-n", "--"}, h.Argv...)
		own.Env = append([]string{}, h.Env...)
		outcomes, err := Do(t.Context(), &own, []Op{
			{Kind: WriteSysctl, Key: "net.ipv4.conf.all.accept_redirects", Value: "1"},
			{Kind: WriteSysctl, Key: "net.ipv4.conf.all.accept_redirects", Value: "0"},
			{Kind: WriteSysctl, Key: "net.ipv4.conf.all.accept_redirects", Value: "0"},
			{Kind: WriteSysctl, Key: "net.ipv4.ip_local_port_range", Value: "1025  60000"},
			{Kind: WriteSysctl, Key: "net.ipv4.ip_local_port_range", Value: "1025\t60000"},
			{Kind: WriteSysctl, Key: "net.ipv4.no_such", Value: "1"},
		})
		if err == nil || !strings.Contains(err.Error(), "no such setting") {
			t.Errorf("%v", err)
		}
		for i, changed := range []bool{false, true, false, true, false} {
			if i > 0 && (outcomes[i].Status != Done || outcomes[i].Changed != changed) {
				t.Errorf("%d: %+v", i, outcomes[i])
			}
		}
		if _, err := one(t, &own, Op{Kind: WriteSysctl, Key: "net.ipv4.ip_local_port_range", Value: "no numbers"}); err == nil {
			t.Error("the kernel refused it, and it counts as done")
		}
	})
}
