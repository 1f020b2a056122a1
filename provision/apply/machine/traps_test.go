package machine

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

func TestTrapsAreRefused(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		victim := filepath.Join(dir, "victim")
		must(os.WriteFile(victim, []byte("intact"), 0o644))
		must(os.Symlink(victim, filepath.Join(dir, "link")))
		must(os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "dangling")))
		must(os.Mkdir(filepath.Join(dir, "dir"), 0o755))
		must(os.Symlink(filepath.Join(dir, "dir"), filepath.Join(dir, "dirlink")))
		must(syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600))
		must(os.Mkdir(filepath.Join(dir, "open"), 0o777))
		must(os.Chmod(filepath.Join(dir, "open"), 0o777|fs.ModeSticky))
		if syscall.Mknod(filepath.Join(dir, "device"), syscall.S_IFCHR|0o600, 1<<8|3) != nil {
			t.Log("NOT RUN: devices cannot be made here")
			must(syscall.Mkfifo(filepath.Join(dir, "device"), 0o600))
		}
		for _, name := range []string{"link", "dangling", "dir", "dirlink", "fifo", "device", "dirlink/f", "victim/f", "open/f"} {
			for _, kind := range []OpKind{PutFile, CopyFile, MakeDir, SetAttributes} {
				there := name == "dir" || name == "victim/f" || strings.HasSuffix(name, "/f")
				if (kind == MakeDir || kind == SetAttributes) && there && name != "dirlink/f" {
					continue // allowed, or refused for being absent
				}
				op := Op{Kind: kind, Path: filepath.Join(dir, name), From: victim, Mode: 0o600, Owner: me(t), Content: []byte("evil"), Had: AnyDigest}
				o, err := one(t, h, op)
				if err == nil || o.Status != Failed {
					t.Errorf("%s: %+v", op, o)
				} else if name != "victim/f" && !errors.Is(err, ErrRefused) {
					t.Errorf("%s: %v", op, err)
				}
			}
		}
		for _, from := range []string{"link", "fifo", "dirlink/f", "dir"} {
			if _, err := one(t, h, Op{Kind: CopyFile, From: filepath.Join(dir, from), Path: filepath.Join(dir, "x"), Mode: 0o600, Owner: me(t)}); err == nil {
				t.Errorf("copied from %s", from)
			}
		}
		if got, _ := os.ReadFile(victim); string(got) != "intact" {
			t.Errorf("victim: %q", got)
		}
		// Removing a link takes the link, not what it points to.
		if _, err := one(t, h, Op{Kind: Remove, Path: filepath.Join(dir, "link"), Had: AnyDigest}); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(filepath.Join(dir, "link")); err == nil {
			t.Error("the link is still there")
		}
		noStage(t, dir)
		noStage(t, filepath.Join(dir, "open"))
	})
}

// A hard link to the target keeps its bytes: the name is replaced, not the file.
func TestHardLinkIsNotWrittenThrough(t *testing.T) {
	h := scripttest.Local(t, "dash")
	dir := t.TempDir()
	other, path := filepath.Join(dir, "other"), filepath.Join(dir, "f")
	if err := os.WriteFile(other, []byte("theirs"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(other, path); err != nil {
		t.Fatal(err)
	}
	if _, err := one(t, h, Op{Kind: PutFile, Path: path, Mode: 0o600, Owner: me(t), Content: []byte("ours"), Had: AnyDigest}); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(other); string(got) != "theirs" {
		t.Errorf("%q", got)
	}
}

// Nothing of where and how the program runs may change what comes out.
func TestSurroundingsDoNotMatter(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		for _, extra := range [][]string{
			{"LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8"}, {"LC_ALL=C.UTF-8", "TZ=Pacific/Kiritimati"},
			{"IFS=x", "CDPATH=/etc:/tmp", "ENV=/etc/shadow", "POSIXLY_CORRECT=1"}, {"TMPDIR=/nonexistent", "GREP_OPTIONS=-v"},
		} {
			dir := t.TempDir()
			local := *h
			local.Env = append(append([]string{}, h.Env...), extra...)
			content := []byte("Iİıi\n\x00ü")
			o, err := one(t, &local, Op{Kind: PutFile, Path: filepath.Join(dir, "Iİ ı*"), Mode: 0o644, Owner: me(t), Content: content})
			if err != nil || o.Have.SHA256 != state.SHA256(content) || o.Have.Mode != 0o644 {
				t.Errorf("%v: %+v, %v", extra, o, err)
			}
		}
		for _, umask := range []string{"000", "077", "777"} {
			dir := t.TempDir()
			local := *h
			local.Argv = append([]string{"/bin/sh", "-c", "umask " + umask + `; exec "$@"`, "sh"}, h.Argv...)
			o, err := one(t, &local, Op{Kind: PutFile, Path: filepath.Join(dir, "f"), Mode: 0o644, Owner: me(t), Content: []byte("x")})
			if err != nil || o.Have.Mode != 0o644 {
				t.Errorf("umask %s: %+v, %v", umask, o, err)
			}
		}
	})
}

// A lost connection after any number of bytes leaves the old file or the new one.
func TestCutAnywhereLeavesOldOrNew(t *testing.T) {
	h := scripttest.Local(t, "dash")
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	old, content := []byte("old"), bytes.Repeat([]byte("new content\n"), 300)
	op := Op{Kind: PutFile, Path: path, Mode: 0o600, Owner: me(t), Content: content, Had: AnyDigest}
	for n := 0; ; n += 97 {
		if err := os.WriteFile(path, old, 0o600); err != nil {
			t.Fatal(err)
		}
		short := *h
		// head stands for a connection that ends after the program and n bytes of its data.
		short.Argv = append([]string{"/bin/bash", "-c", `head -c "$1" | "${@:2}"`, "bash", itoa(len(framed(op)) - len(encode(strings.Repeat("0", 32), "", []Op{op})) + n)}, h.Argv...)
		outcomes, err := Do(t.Context(), &short, []Op{op})
		got, rerr := os.ReadFile(path)
		if rerr != nil {
			t.Fatal(rerr)
		}
		if !bytes.Equal(got, old) && !bytes.Equal(got, content) {
			t.Fatalf("after %d bytes it has %d bytes", n, len(got))
		}
		noStage(t, dir)
		if err == nil {
			if !bytes.Equal(got, content) || n == 0 {
				t.Errorf("after %d bytes: it says done", n)
			}
			return
		}
		if outcomes[0].Status == Done && !bytes.Equal(got, content) {
			t.Fatalf("after %d bytes: done, and it is not", n)
		}
	}
}

func TestOddOperationsAreNeverSent(t *testing.T) {
	h := &scripttest.Host{Name: "never", Argv: []string{"/bin/false"}}
	long := make([]byte, MaxContent+1)
	for _, op := range []Op{
		{}, {Kind: "rm"},
		{Kind: PutFile, Path: "relative", Owner: "root:root"}, {Kind: PutFile, Path: "/a/../b", Owner: "root:root"},
		{Kind: PutFile, Path: "/a\nb", Owner: "root:root"}, {Kind: PutFile, Path: "/a/", Owner: "root:root"}, {Kind: PutFile, Path: "/", Owner: "root:root"},
		{Kind: PutFile, Path: "/a", Owner: "root"}, {Kind: PutFile, Path: "/a", Owner: "-h:root"}, {Kind: PutFile, Path: "/a", Owner: "root:root\n"},
		{Kind: PutFile, Path: "/a", Owner: "root:root", Content: long}, {Kind: PutFile, Path: "/a", Owner: "root:root", Had: "yes"},
		{Kind: CopyFile, Path: "/a", Owner: "root:root"}, {Kind: RemoveTree, Path: "/etc"},
		{Kind: WriteSysctl, Key: "../../etc/passwd", Value: "x"}, {Kind: WriteSysctl, Key: "vm.x", Value: "a\nb"}, {Kind: WriteSysctl, Key: "vm.x"},
		{Kind: NeedRoom, Path: "/a/b"}, {Kind: NeedRoom, Path: "a", Bytes: 1, Files: 1}, {Kind: NeedRoom, Path: "/a/b", Bytes: -1, Files: 1},
		{Kind: LoadModule, Key: "-r"}, {Kind: LoadModule, Key: "a b"},
		{Kind: DoUnit, Value: "poweroff", Key: "a.service"}, {Kind: DoUnit, Value: "start", Key: "--now"}, {Kind: DoUnit, Value: "start", Key: "a"},
	} {
		outcomes, err := Do(t.Context(), h, []Op{op})
		var refused *OpError
		if !errors.As(err, &refused) || outcomes[0].Status != Failed {
			t.Errorf("%+v: %v", op, err)
		}
	}
}
