package machine

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// What a person saves while the new file is transferred and synced stays.
func TestAnEditDuringAWriteStays(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		path, from := filepath.Join(dir, "f"), filepath.Join(dir, "from")
		write(t, from, []byte("ours"))
		h.Shim(t, map[string]string{"sync": "#!/bin/sh\nprintf edited >'" + path + "'\n"})
		for _, had := range []string{"", state.SHA256([]byte("old"))} {
			for _, op := range []Op{{Kind: PutFile, Content: []byte("ours")}, {Kind: CopyFile, From: from}} {
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
				if had != "" {
					write(t, path, []byte("old"))
				}
				op.Path, op.Mode, op.Owner, op.Had = path, 0o600, me(t), had
				if _, err := one(t, h, op); !errors.Is(err, ErrChanged) {
					t.Errorf("%s over %q: %v", op, had, err)
				}
				holds(t, path, "edited")
				noStage(t, dir)
			}
		}
	})
}

// A link that goes is the one that the plan saw: neither a file that somebody put
// there meanwhile, nor another link.
func TestALinkIsRemovedAsThePlanSawIt(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		path := filepath.Join(dir, "f")
		remove := Op{Kind: Remove, Path: path, Had: leadsTo("/etc/hostname")}
		for name, put := range map[string]func() error{
			"a file":                   func() error { return os.WriteFile(path, []byte("mended"), 0o600) },
			"a file that says as much": func() error { return os.WriteFile(path, []byte("/etc/hostname\n"), 0o600) },
			"another link":             func() error { return os.Symlink("/etc/hosts", path) },
		} {
			if err := errors.Join(os.RemoveAll(path), put()); err != nil {
				t.Fatal(err)
			}
			was := whatIs(t, path)
			for _, had := range []string{remove.Had, ""} {
				remove := remove
				remove.Had = had
				if _, err := one(t, h, remove); !errors.Is(err, ErrChanged) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if got := whatIs(t, path); got != was {
				t.Errorf("%s: it is %s", name, got)
			}
		}
		if err := errors.Join(os.Remove(path), os.Symlink("/etc/hostname", path)); err != nil {
			t.Fatal(err)
		}
		if o, err := one(t, h, remove); err != nil || !o.Changed {
			t.Errorf("%+v, %v", o, err)
		}
		if o, err := one(t, h, remove); err != nil || o.Changed {
			t.Errorf("again: %+v, %v", o, err)
		}
	})
}
