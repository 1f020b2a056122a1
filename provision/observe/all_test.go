package observe

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// A machine that cannot be reached keeps no other waiting, and its error says
// what it is.
func TestAllConnectsSideBySide(t *testing.T) {
	looked := make(chan struct{})
	refused := errors.New("refused")
	hosts := map[string]host.Host{
		"slow": host.Later("slow", func(ctx context.Context) (host.Host, error) {
			select {
			case <-looked:
				return nil, refused
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}),
		"quick": host.Later("quick", func(context.Context) (host.Host, error) {
			return hosttest.New(t, "quick").Expect("look", func([]byte) (host.Result, error) {
				close(looked)
				return host.Result{}, errors.New("looked at")
			}), nil
		}),
	}
	_, failed := All(t.Context(), hosts, []Ask{{Node: "slow"}, {Node: "quick"}}, 2)
	if err := failed["slow"]; err != refused { //nolint:errorlint // nothing is put around it
		t.Errorf("slow: %v", err)
	}
	if failed["quick"] == nil || errors.Is(failed["quick"], refused) {
		t.Errorf("quick: %v", failed["quick"])
	}
}

// Only files: they are read as ever, and nothing else is asked, missed or said.
func TestFilesOnly(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		there, none := filepath.Join(dir, "there"), filepath.Join(dir, "none")
		must(t, os.WriteFile(there, []byte("text"), 0o640))
		n, err := Node(t.Context(), h, Ask{Node: "n", FilesOnly: true, Dirs: []string{dir}, Files: []AskFile{{Path: there, Text: true}, {Path: none}}})
		must(t, err)
		if f := n.Files[there]; f.SHA256 != state.SHA256([]byte("text")) || string(f.Text) != "text" || n.Files[none].Type != "absent" || n.Files[dir].Type != "dir" {
			t.Errorf("%+v", n.Files)
		}
		if n.Table != "" || n.Facts.Kernel != "" || len(n.Unread) > 0 {
			t.Errorf("more than files: %+v, unread %v", n.Facts, n.Unread)
		}
	})
}
