package machine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// A tree that is a mount point is emptied and stays mounted; what is mounted
// below one is not touched.
func TestATreeThatIsAMountPointIsEmptied(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		own, dir := small(t, h, "size=1m,mode=700")
		own.Argv[4] = strings.Replace(own.Argv[4], `"$@"; s=$?`,
			`mkdir -p "$0/member/snap" "$0/.hidden"; echo x >"$0/member/snap/db"; ln -s /etc "$0/link"; "$@"; s=$?; grep -c " $0 " /proc/self/mountinfo >"$0/mounts"`, 1)
		o, err := one(t, own, Op{Kind: RemoveTree, Path: dir})
		if err != nil || !o.Changed {
			t.Errorf("%+v, %v", o, err)
		}
		if got := names(t, dir+".after"); got != "mounts" {
			t.Errorf("left are %s", got)
		}
		if mounts, _ := os.ReadFile(dir + ".after/mounts"); string(mounts) != "1\n" {
			t.Errorf("it is mounted %s times", mounts)
		}

		below, dir := small(t, h, "size=1m,mode=700")
		below.Argv[4] = strings.Replace(below.Argv[4], `"$@"; s=$?`,
			`mkdir "$0/sub"; mount -t tmpfs none "$0/sub"; echo x >"$0/f"; echo x >"$0/sub/f"; "$@"; s=$?`, 1)
		if _, err := one(t, below, Op{Kind: RemoveTree, Path: dir}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), filepath.Join(dir, "sub")) {
			t.Errorf("%v", err)
		}
		if got := names(t, dir+".after") + " " + names(t, dir+".after/sub"); got != "f sub f" {
			t.Errorf("left are %s", got)
		}
	})
}

// names are the entries of a folder.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}
