package scripttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Kept is a local machine that remembers: its /var/lib is a folder of the test's
// from one execution to the next, and its systemd only takes notes. Other files
// are those of this machine.
type Kept struct {
	*Host
	// VarLib is the folder, and Systemd where a file lies for each timer that was
	// armed, and "log" with the units that were restarted.
	VarLib, Systemd string
}

// Keep makes such a machine of a local one. options, when they are not empty,
// make its /var/lib an empty file system in memory instead, anew each time.
func Keep(t *testing.T, h *Host, options string) Kept {
	t.Helper()
	if os.Getuid() != 0 {
		NotRun(t, "only root can have a /var/lib of its own")
	}
	k := Kept{Host: &Host{Name: h.Name}, VarLib: t.TempDir(), Systemd: t.TempDir()}
	programs := t.TempDir()
	for name, text := range map[string]string{
		"systemctl": `case $1 in
show) [ -e "$at/$4" ] && echo ActiveState=active || echo ActiveState=inactive ;;
stop) rm -f "$at/$2" ;;
restart) echo "$*" >>"$at/log" ;;
esac
`,
		// Every node has it, also where this machine's busybox has not.
		"flock": `exec /usr/bin/flock "$@"
`,
		"systemd-run": `for a in "$@"; do
  case $a in --unit=*) : >"$at/${a#*=}.timer" ;; esac
done
`,
	} {
		if err := os.WriteFile(filepath.Join(programs, name), []byte("#!/bin/sh\nat="+k.Systemd+"\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	k.Argv = append([]string{"/usr/bin/unshare", "--mount", "/bin/sh", "-c", `/usr/bin/mount --bind "$1" /usr/local/sbin || exit 9
if [ -n "$2" ]; then /usr/bin/mount -t tmpfs -o "$2" none /var/lib; else /usr/bin/mount --bind "$0" /var/lib; fi || exit 9
shift 2; exec "$@"`, k.VarLib, programs, options}, h.Argv...)
	for _, kv := range h.Env {
		if path, ok := strings.CutPrefix(kv, "PATH="); ok {
			kv = "PATH=/usr/local/sbin:" + path
		}
		k.Env = append(k.Env, kv)
	}
	return k
}

// Fire does what an armed timer does, in the host's own shell; "" as boot, or "boot".
func (k Kept) Fire(t *testing.T, boot string) {
	t.Helper()
	k.Forget(t)
	k.Shell(t, true, "set -- /var/lib/bulwark/guard "+boot+"\n. /var/lib/bulwark/guard/restore\n")
}

// Forget is what a restart does to timers.
func (k Kept) Forget(t *testing.T) {
	t.Helper()
	timers, err := filepath.Glob(filepath.Join(k.Systemd, "*.timer"))
	if err != nil {
		t.Fatal(err)
	}
	for _, timer := range timers {
		if err := os.Remove(timer); err != nil {
			t.Fatal(err)
		}
	}
}

// Armed says whether any timer is.
func (k Kept) Armed(t *testing.T) bool {
	t.Helper()
	timers, err := filepath.Glob(filepath.Join(k.Systemd, "*.timer"))
	if err != nil {
		t.Fatal(err)
	}
	return len(timers) > 0
}
