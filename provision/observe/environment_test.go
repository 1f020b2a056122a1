package observe

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/templates/node/script"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// ownProcesses says that this test sees processes of its own alone.
const ownProcesses = "BULWARK_OWN_PROCESSES"

// Of etcd's environment the look has what stands for its arguments. It is asked where no
// process of the machine is seen, none of which may be a test's.
func TestLookReadsEtcdsEnvironment(t *testing.T) {
	if os.Getuid() != 0 {
		scripttest.NotRun(t, "only root reads what others run with")
	}
	if os.Getenv(ownProcesses) == "" {
		again := exec.CommandContext(t.Context(), "unshare", "--pid", "--fork", "--kill-child", "--mount-proc",
			os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
		again.Env = append(os.Environ(), ownProcesses+"=true")
		out, err := again.CombinedOutput()
		if t.Logf("%s", out); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()+"/") {
			t.Fatalf("it did not pass among its own processes: %v", err)
		}
		return
	}
	sleep, err := exec.LookPath("sleep")
	must(t, err)
	program := t.TempDir() + "/etcd"
	text, err := os.ReadFile(sleep)
	must(t, err)
	must(t, os.WriteFile(program, text, 0o700))
	etcd := exec.CommandContext(t.Context(), program, "600")
	etcd.Args[0], etcd.Env = "etcd", []string{"PASSWORD=x", "ETCD_AUTO_TLS=true", "ETCD_NAME=", "ETCD_LOG_OUTPUTS=a b", "ETCD_ROOT_PASSWORD=x", "ETCD_AUTO=x", "ETCD_DISCOVERY_PASSWORD=x", "ETCD_NAME DATA_DIR=x"}
	must(t, etcd.Start())
	t.Cleanup(func() { _ = etcd.Process.Kill(); _ = etcd.Wait() })
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		n, err := Node(t.Context(), h, Ask{Node: "n"})
		must(t, err)
		if got := n.Processes["etcd"].Env; !slices.Equal(got, []string{"ETCD_AUTO_TLS=true", "ETCD_LOG_OUTPUTS=a b", "ETCD_DISCOVERY_PASSWORD=not-shown"}) {
			t.Errorf("%q of %v", got, n.Processes)
		}
	})
}

// What its environment may say is unknown where it could not be read.
func TestAnEnvironmentThatCannotBeRead(t *testing.T) {
	r := newReading(Ask{Node: "n"})
	must(t, r.process(script.Frame{Kind: "process", Data: []byte("etcd 8 1 -\n61 00")}))
	must(t, r.environment(script.Frame{Kind: "environment", Status: 1, Data: []byte("8\n")}))
	r.closeProcesses()
	if _, there := r.node.Processes["etcd"]; there || r.node.Unread["etcd"] == "" {
		t.Errorf("%v, %v", r.node.Processes, r.node.Unread)
	}
}
