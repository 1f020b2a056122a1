package script

import (
	"os"
	"os/exec"
	"testing"
)

// Of etcd's environment nothing leaves the machine but what stands for an argument, and
// nothing secret.
func TestOfEtcdsEnvironmentOnlyArgumentsAreSent(t *testing.T) {
	file := t.TempDir() + "/environ"
	const environ = "PATH=/bin\x00ETCD_AUTO_TLS=true\x00ETCD_ROOT_PASSWORD=canary\x00ETCD_NAME=\x00ETCD_LOG_OUTPUTS=a  b*\x00ETCD_AUTO=canary\x00" +
		"ETCD_NAME DATA_DIR=canary\x00ETCD_*=canary\x00ETCD_=canary\x00ETCD_DISCOVERY_PASSWORD=canary\x00ETCD_WATCH_PROGRESS_NOTIFY_INTERVAL=1m\x00ETCD_ADVERTISE_CLIENT_URLS=https://a=b\x00"
	const want = "ETCD_AUTO_TLS=true\nETCD_LOG_OUTPUTS=a  b*\nETCD_DISCOVERY_PASSWORD=not-shown\nETCD_WATCH_PROGRESS_NOTIFY_INTERVAL=1m\nETCD_ADVERTISE_CLIENT_URLS=https://a=b\n"
	if err := os.WriteFile(file, []byte(environ), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, shell := range [][]string{{"sh"}, {"dash"}, {"bash"}, {"busybox", "sh"}} {
		at, err := exec.LookPath(shell[0])
		if err != nil {
			t.Logf("NOT RUN: there is no %s here", shell[0])
			continue
		}
		cmd := exec.Command(at, append(shell[1:], "-c", lookSystem+"etcd_environment \"$1\"", "x", file)...)
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != want {
			t.Errorf("%v: %v\n%s", shell, err, out)
		}
	}
}
