package machine

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// small gives the host's programs a file system of their own that is nearly
// full, in a mount namespace that nobody else sees.
func small(t *testing.T, h *scripttest.Host, options string) (*scripttest.Host, string) {
	t.Helper()
	if os.Getuid() != 0 {
		scripttest.NotRun(t, "only root can mount a small file system")
	}
	dir := t.TempDir()
	own := *h
	own.Env = append([]string{}, h.Env...)
	own.Argv = append([]string{"/usr/bin/unshare", "--mount", "/bin/sh", "-c",
		`mount -t tmpfs -o "$1" none "$2" && { [ ! -e "$2.before" ] || cp -a "$2.before/." "$2/"; } || exit 9; shift 2; "$@"; s=$?; cp -a "$0/." "$0.after/"; exit $s`,
		dir, options, dir}, h.Argv...)
	if err := os.Mkdir(dir+".after", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir+".before", 0o755); err != nil {
		t.Fatal(err)
	}
	return &own, dir
}

func TestFullDiskKeepsTheOldFile(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		own, dir := small(t, h, "size=64k,mode=755")
		if err := os.WriteFile(dir+".before/f", []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "f")
		o, err := one(t, own, Op{Kind: PutFile, Path: path, Mode: 0o600, Owner: me(t), Content: make([]byte, 100_000), Had: AnyDigest})
		fullAt(t, o, err, path)
		intact(t, dir+".after")
	})
}

// The space is gone between the question and the write.
func TestDiskThatFillsDuringTheWrite(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		own, dir := small(t, h, "size=64k,mode=755")
		own.Shim(t, map[string]string{"stat": `#!/bin/bash
[ "$1" = -f ] && [ ! -e "$0.lied" ] && { : >"$0.lied"; echo 1000000 4096 1000 1000; exit 0; }
exec /usr/bin/stat "$@"
`})
		if err := os.WriteFile(dir+".before/f", []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "f")
		o, err := one(t, own, Op{Kind: PutFile, Path: path, Mode: 0o600, Owner: me(t), Content: make([]byte, 100_000), Had: AnyDigest})
		fullAt(t, o, err, path)
		intact(t, dir+".after")
	})
}

func TestNoInodesLeft(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		own, dir := small(t, h, "size=1m,nr_inodes=2,mode=755")
		if err := os.WriteFile(dir+".before/f", []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "f")
		o, err := one(t, own, Op{Kind: PutFile, Path: path, Mode: 0o600, Owner: me(t), Content: []byte("new"), Had: AnyDigest})
		if e := fullAt(t, o, err, path); e != nil && !e.Inodes {
			t.Errorf("%+v", e)
		}
		intact(t, dir+".after")
		o, err = one(t, own, Op{Kind: MakeDir, Path: filepath.Join(dir, "d"), Mode: 0o700, Owner: me(t)})
		fullAt(t, o, err, filepath.Join(dir, "d"))
	})
}

// Room is asked for where a file will be, also where its folders are not there
// yet, and asking changes nothing.
func TestRoomIsAskedForBeforehand(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		own, dir := small(t, h, "size=64k,nr_inodes=10,mode=755")
		for _, below := range []string{"f", "a/b/f"} {
			path := filepath.Join(dir, below)
			if o, err := one(t, own, Op{Kind: NeedRoom, Path: path, Bytes: 32 << 10, Files: 2}); err != nil || o.Status != Done || o.Changed {
				t.Errorf("%+v, %v", o, err)
			}
			o, err := one(t, own, Op{Kind: NeedRoom, Path: path, Bytes: 64 << 10, Files: 2})
			if e := fullAt(t, o, err, path); e != nil && (e.Inodes || e.Needed < 64<<10) {
				t.Errorf("%+v", e)
			}
			o, err = one(t, own, Op{Kind: NeedRoom, Path: path, Bytes: 1 << 10, Files: 20})
			if e := fullAt(t, o, err, path); e != nil && (!e.Inodes || e.Needed != 20) {
				t.Errorf("%+v", e)
			}
		}
		if left, err := os.ReadDir(dir + ".after"); err != nil || len(left) != 0 {
			t.Errorf("%v, %v", left, err)
		}
	})
}

func TestReadOnlyDiskIsNamed(t *testing.T) {
	h := scripttest.Local(t, "dash")
	own, dir := small(t, h, "size=64k,mode=755,ro")
	_, err := one(t, own, Op{Kind: PutFile, Path: filepath.Join(dir, "f"), Mode: 0o600, Owner: me(t), Content: []byte("new")})
	if err == nil || !strings.Contains(err.Error(), "ead-only") {
		t.Errorf("%v", err)
	}
}

func fullAt(t *testing.T, o Outcome, err error, path string) *DiskFullError {
	t.Helper()
	var full *DiskFullError
	if o.Status != Failed || !errors.As(err, &full) {
		t.Errorf("%+v, %v", o, err)
		return nil
	}
	if full.Path != path || full.Node == "" || full.Needed <= full.Free || !strings.Contains(err.Error(), path) {
		t.Errorf("%+v", full)
	}
	return full
}

func intact(t *testing.T, dir string) {
	t.Helper()
	if got, err := os.ReadFile(filepath.Join(dir, "f")); err != nil || string(got) != "old" {
		t.Errorf("%q, %v", got, err)
	}
	noStage(t, dir)
}

// Whichever program of the machine fails, the old file stays and no stage does.
func TestEveryToolMayFail(t *testing.T) {
	h := scripttest.Local(t, "dash")
	tools := []string{"stat", "sha256sum", "mktemp", "dd", "chown", "chmod", "mv"}
	for _, tool := range tools {
		for after := range 4 {
			dir := t.TempDir()
			path := filepath.Join(dir, "f")
			if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			own := *h
			own.Env = append([]string{}, h.Env...)
			// It fails at its call number after+1, and says nothing useful.
			own.Shim(t, map[string]string{tool: `#!/bin/bash
n=$(cat "$0.n" 2>/dev/null || echo 0)
echo $((n + 1)) >"$0.n"
[ "$n" != ` + itoa(after) + ` ] || { echo boom >&2; exit 1; }
exec /usr/bin/` + tool + ` "$@"
`})
			content := bytes.Repeat([]byte("new"), 1000)
			o, err := one(t, &own, Op{Kind: PutFile, Path: path, Mode: 0o600, Owner: me(t), Content: content, Had: AnyDigest})
			got, _ := os.ReadFile(path)
			switch {
			case err == nil && !bytes.Equal(got, content):
				t.Errorf("%s at call %d: done, and it is not", tool, after+1)
			case err != nil && (o.Status == Done || (string(got) != "old" && !bytes.Equal(got, content))):
				t.Errorf("%s at call %d: %+v, %d bytes", tool, after+1, o, len(got))
			}
			noStage(t, dir)
		}
	}
}
