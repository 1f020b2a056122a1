package machine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// A component of the machine's own network is ended, by its whole name although
// the kernel has a shorter one; that of a pod, and another one, go on. In a process
// namespace of its own, so that nothing of this machine is ended.
func TestEndProcess(t *testing.T) {
	if os.Getuid() != 0 {
		scripttest.NotRun(t, "only root can make a process namespace")
	}
	sleep, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		for _, name := range []string{"kube-controller-manager", "kube-scheduler"} {
			if err := os.WriteFile(filepath.Join(dir, name), sleep, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		own := *h
		own.Argv = append([]string{"/usr/bin/unshare", "--pid", "--fork", "--mount-proc", "/bin/sh", "-c", `cd "$0"
exec 3<&0 </dev/null
(exec >/dev/null 2>&1 3<&-
./kube-controller-manager 301 & ./kube-scheduler 302 & /usr/bin/unshare -n ./kube-controller-manager 303 &)
/usr/bin/sleep 0.3
"$@" <&3; s=$?
/usr/bin/sleep 0.2
for p in /proc/[0-9]*; do /usr/bin/tr '\0' ' ' <$p/cmdline; echo; done 2>/dev/null | /usr/bin/grep '^./kube-[a-z-]* [0-9]* $' >left
exit $s`, dir}, h.Argv...)
		outcomes, err := Do(t.Context(), &own, []Op{
			{Kind: EndProcess, Key: "kube-controller-manager"}, {Kind: EndProcess, Key: "kube-apiserver"}})
		if err != nil || !outcomes[0].Changed || outcomes[1].Status != Done || outcomes[1].Changed {
			t.Errorf("%+v, %v", outcomes, err)
		}
		left, err := os.ReadFile(filepath.Join(dir, "left"))
		if got := string(left); err != nil || strings.Contains(got, "301") || !strings.Contains(got, "302") || !strings.Contains(got, "303") {
			t.Errorf("what is left: %s, %v", got, err)
		}
	})
	for _, key := range []string{"kubelet", "sshd", "etcd\n", "", "kube-"} {
		if _, err := one(t, scripttest.Local(t, "dash"), Op{Kind: EndProcess, Key: key}); err == nil || !strings.Contains(err.Error(), "not a component") {
			t.Errorf("%q: %v", key, err)
		}
	}
}
