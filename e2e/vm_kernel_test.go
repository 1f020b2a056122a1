//go:build vm

package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/templates/node"
)

// settings are what the kubelet refuses to start without under
// protectKernelDefaults, and what the pod network needs.
var settings = map[string]string{
	"kernel.keys.root_maxbytes": "25000000", "kernel.keys.root_maxkeys": "1000000", "kernel.panic": "10", "kernel.panic_on_oops": "1",
	"vm.overcommit_memory": "1", "vm.panic_on_oom": "0",
	"net.bridge.bridge-nf-call-iptables": "1", "net.ipv4.ip_forward": "1",
}

// others are those of them that a fresh kernel has otherwise.
var others = []string{"kernel.panic", "kernel.panic_on_oops", "vm.overcommit_memory", "net.bridge.bridge-nf-call-iptables", "net.ipv4.ip_forward"}

// kernel is what a machine's kernel has.
type kernel struct {
	settings map[string]string // "absent" where it has none of the name
	modules  []string
}

func readKernel(t *testing.T, c *vmCluster) kernel {
	t.Helper()
	var script strings.Builder
	for _, key := range append(slices.Sorted(maps.Keys(settings)), "net.netfilter.nf_conntrack_max") {
		fmt.Fprintf(&script, "echo %s $(cat /proc/sys/%s 2>/dev/null || echo absent)\n", key, strings.ReplaceAll(key, ".", "/"))
	}
	k := kernel{settings: map[string]string{}}
	text, modules, _ := strings.Cut(shell(t, c, "cp-1", script.String()+"echo --\nlsmod"), "\n--\n")
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		k.settings[key] = value
	}
	for line := range strings.Lines(modules) {
		k.modules = append(k.modules, strings.Fields(line)[0])
	}
	return k
}

// testKernel: every setting and module is in force, and it was bulwark's doing.
func testKernel(t *testing.T, c *vmCluster, before kernel) {
	if fs := shell(t, c, "cp-1", "stat -f -c %T /sys/fs/cgroup"); fs != "cgroup2fs" {
		t.Errorf("its cgroups are %s", fs)
	}
	for _, key := range others {
		if before.settings[key] == settings[key] {
			t.Errorf("%s was %s before: this machine proves nothing of it", key, settings[key])
		}
	}
	inForce(t, c)
	now := readKernel(t, c)
	var loaded []string
	for _, m := range now.modules {
		if !slices.Contains(before.modules, m) {
			loaded = append(loaded, m)
		}
	}
	if len(loaded) < 8 {
		t.Errorf("only these modules are loaded that were not before: %v", loaded)
	}
	// kube-proxy's own, for which a container is not allowed.
	if got := now.settings["net.netfilter.nf_conntrack_max"]; got != "131072" {
		t.Errorf("kube-proxy left nf_conntrack_max at %s", got)
	}
	for key, was := range before.settings {
		t.Logf("%s: %s, was %s", key, now.settings[key], was)
	}
	t.Logf("modules loaded: %v", loaded)
}

// inForce reports every setting and module that is not there.
func inForce(t *testing.T, c *vmCluster) {
	t.Helper()
	now := readKernel(t, c)
	for key, want := range settings {
		if now.settings[key] != want {
			t.Errorf("%s is %s, want %s", key, now.settings[key], want)
		}
	}
	written := shell(t, c, "cp-1", "grep -v '^#' "+node.ModulesPath)
	if len(strings.Fields(written)) < 8 {
		t.Errorf("these modules are named for the next boot: %q", written)
	}
	for m := range strings.FieldsSeq(written) {
		if !slices.Contains(now.modules, m) {
			t.Errorf("the module %s is not loaded", m)
		}
	}
}

// testKubelet asks the running kubelet, and the cgroups it made.
func testKubelet(t *testing.T, c *vmCluster) {
	var z struct {
		Config struct {
			ProtectKernelDefaults, FailCgroupV1, FailSwapOn bool
			CgroupDriver                                    string
			PodPidsLimit                                    int
			EvictionHard                                    map[string]string
		} `json:"kubeletconfig"`
	}
	if err := json.Unmarshal([]byte(mustKubectl(t, c, "", "get", "--raw", "/api/v1/nodes/cp-1/proxy/configz")), &z); err != nil {
		t.Fatal(err)
	}
	k := z.Config
	if !k.ProtectKernelDefaults || !k.FailCgroupV1 || !k.FailSwapOn || k.CgroupDriver != "systemd" || k.EvictionHard["memory.available"] == "" {
		t.Errorf("the kubelet runs with %+v", k)
	}
	if out := shell(t, c, "cp-1", "cat /proc/swaps | tail -n +2"); out != "" {
		t.Errorf("there is swap: %s", out)
	}
	limits := strings.Fields(shell(t, c, "cp-1", `cat $(find /sys/fs/cgroup/kubepods.slice -name 'kubepods-*pod*.slice' -printf '%p/pids.max\n')`))
	if len(limits) < 5 || slices.ContainsFunc(limits, func(l string) bool { return l != fmt.Sprint(k.PodPidsLimit) }) {
		t.Errorf("the pods' cgroups have these limits of processes: %v, want %d", limits, k.PodPidsLimit)
	}
}

// testWrongSysctl: the kubelet does not start on a machine that is not as it
// should be, and apply makes it so again.
func testWrongSysctl(t *testing.T, c *vmCluster) {
	const key, id = "vm.overcommit_memory", "cp-1/sysctl/vm.overcommit_memory"
	shell(t, c, "cp-1", "sysctl -w "+key+"=0; systemctl restart kubelet")
	refused := regexp.MustCompile(`invalid kernel flag: vm/overcommit_memory, expected value: 1, actual value: 0`)
	eventually(t, 3*time.Minute, "the kubelet refuses to start", func() error {
		if said := shell(t, c, "cp-1", "journalctl -u kubelet -n 40 --no-pager -o cat"); !refused.MatchString(said) {
			return errors.New(last(said))
		}
		return nil
	})
	d := c.Bulwark(t, "apply", "--auto-approve", "-o", "json").want(t, 0).JSON(t)
	if d.Result == nil || !slices.Contains(d.Result.Done, id) {
		t.Errorf("what was done: %+v", d.Result)
	}
	inForce(t, c)
	ready(t, c)
	nothingToDo(t, c)
}

// testReboot: it all comes back by itself, the firewall before the network.
func testReboot(t *testing.T, c *vmCluster) {
	const word = "c2VjcmV0" // "secret"
	mustKubectl(t, c, "apiVersion: v1\nkind: Secret\nmetadata: {name: e2e-reboot}\ndata: {word: "+word+"}\n", "create", "-f", "-")
	began := time.Now()
	if err := c.Restart(t.Context(), "cp-1"); err != nil {
		t.Fatal(err)
	}
	t.Logf("up after %v", time.Since(began).Round(time.Second))
	inForce(t, c)
	if table := shell(t, c, "cp-1", "nft list table inet bulwark"); !strings.Contains(table, "policy drop") {
		t.Errorf("the firewall is not in force: %s", table)
	}
	order := strings.Fields(shell(t, c, "cp-1", `systemctl show -P ActiveEnterTimestampMonotonic bulwark-firewall
systemctl show -P InactiveExitTimestampMonotonic lab-network`))
	if len(order) != 2 || order[0] == "0" || len(order[0]) > len(order[1]) || len(order[0]) == len(order[1]) && order[0] > order[1] {
		t.Errorf("firewall and network began at %v µs", order)
	}
	ready(t, c)
	t.Logf("Ready after %v", time.Since(began).Round(time.Second))
	if got := mustKubectl(t, c, "", "get", "secret", "e2e-reboot", "-o", "jsonpath={.data.word}"); got != word {
		t.Errorf("the Secret reads %q", got)
	}
	nothingToDo(t, c)
}

// ready waits until the node is Ready and its kubelet has said so since: in the
// API a node stays Ready for a while after its kubelet is gone.
func ready(t *testing.T, c *vmCluster) {
	t.Helper()
	began := shell(t, c, "cp-1", "date -u +%FT%TZ")
	eventually(t, 10*time.Minute, "the node is Ready", func() error {
		status, err := kubectl(t, c, "", "get", "node", "cp-1", "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].status}`)
		if err != nil {
			return err
		}
		heard, err := kubectl(t, c, "", "-n", "kube-node-lease", "get", "lease", "cp-1", "-o", "jsonpath={.spec.renewTime}")
		if err == nil && (status != "True" || heard < began) {
			err = fmt.Errorf("%q, heard of at %s, after %s", status, heard, began)
		}
		return err
	})
}

func nothingToDo(t *testing.T, c *vmCluster) {
	t.Helper()
	c.Bulwark(t, "apply", "--auto-approve").want(t, 0).says(t, "Nothing to do")
}
