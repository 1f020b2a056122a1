package machine

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// smallRun is a machine whose /run is a file system of its own with such
// options, seen by nobody else, and whose systemd and nft say yes to all.
func smallRun(t *testing.T, h *scripttest.Host, options string) *scripttest.Host {
	t.Helper()
	if os.Getuid() != 0 {
		scripttest.NotRun(t, "only root can mount a small file system")
	}
	own := *h
	own.Env = append([]string{}, h.Env...)
	own.Argv = append([]string{"/usr/bin/unshare", "--mount", "/bin/sh", "-c",
		`mount -t tmpfs -o "$0" none /run || exit 9; exec "$@"`, options}, h.Argv...)
	own.Shim(t, map[string]string{
		"nft": "#!/bin/sh\nexit 0\n",
		"systemctl": `#!/bin/sh
case $* in
*-[ab].timer) [ -e /run/armed ] && echo ActiveState=active || echo ActiveState=inactive ;;
*) echo ActiveState=inactive ;;
esac
`,
		"systemd-run": `#!/bin/sh
>/run/armed
for a in "$@"; do
  case $a in /run/bulwark/run/*) echo 0 >"$a/exit"; >"$a/began" ;; esac
done
exit 0
`,
	})
	return &own
}

// However full /run is, a table is loaded and a command started, or it is said
// what was free and what was needed.
func TestAFullRunIsSaid(t *testing.T) {
	text := []byte("table inet bulwark {\n" + strings.Repeat("# a line that takes room\n", 500) + "}\n")
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		for what, act := range map[string]func(*scripttest.Host) error{
			"table": func(h *scripttest.Host) error { return LoadTable(t.Context(), h, text, time.Minute) },
			"run": func(h *scripttest.Host) error {
				_, err := Run(t.Context(), h, "cp-1/phase/x", []string{"true"}, RunOptions{Keep: true})
				return err
			},
		} {
			said, done := 0, 0
			for _, options := range []string{"size=4k", "size=8k", "size=12k", "size=16k", "size=20k", "size=32k", "size=36k", "size=40k", "size=1m",
				"nr_inodes=1", "nr_inodes=2", "nr_inodes=3", "nr_inodes=4", "nr_inodes=5", "nr_inodes=8", "nr_inodes=100"} {
				err := act(smallRun(t, h, options+",mode=755"))
				full, isFull := errors.AsType[*DiskFullError](err)
				switch {
				case err == nil:
					done++
				case !isFull || full.Node == "" || !strings.HasPrefix(full.Path, "/run/bulwark") || full.Needed <= full.Free || full.Inodes != strings.HasPrefix(options, "nr_"):
					t.Errorf("%s with %s: %v", what, options, err)
				default:
					said++
				}
			}
			if said < 4 || done < 2 {
				t.Errorf("%s: said %d times, done %d times", what, said, done)
			}
		}
	})
}
