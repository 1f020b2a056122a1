//go:build vm

// A virtual machine is slow without the host's help: `make e2e` builds this in.

package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

// TestVirtualMachine is what the lab's containers cannot show, since the kernel
// is not theirs: the defaults with no deviation at all, on a machine with its
// own kernel, settings, modules and cgroups, and its own reboot. It is reached
// over a forwarded port, as a user with sudo.
func TestVirtualMachine(t *testing.T) {
	lab.RequireVM(t)
	c := &vmCluster{operator: newOperator(t)}
	c.patience = 30 * time.Minute
	step(t, "boot", func(t *testing.T) { c.boot(t) })
	if c.vm == nil {
		t.FailNow()
	}
	t.Cleanup(func() {
		if err := c.vm.Close(); err != nil {
			t.Error(err)
		}
	})
	before := readKernel(t, c)
	if !step(t, "bootstrap", func(t *testing.T) { testVMBootstrap(t, c) }) {
		c.explain(t)
		t.Fatal("there is no cluster to go on with")
	}
	step(t, "the kernel is as the spec wants it", func(t *testing.T) { testKernel(t, c, before) })
	step(t, "the kubelet holds to the kernel's settings and to cgroup v2", func(t *testing.T) { testKubelet(t, c) })
	step(t, "a second apply does nothing", func(t *testing.T) { testSecondApply(t, c) })
	step(t, "a setting that went wrong is put right", func(t *testing.T) { testWrongSysctl(t, c) })
	step(t, "a reboot leaves all of it in force", func(t *testing.T) { testReboot(t, c) })
	if t.Failed() {
		c.explain(t)
	}
}

// vmCluster is the cluster on the virtual machine.
type vmCluster struct {
	*operator
	vm           *lab.VM
	spec, config string
}

var _ subject = (*vmCluster)(nil)

func (c *vmCluster) ControlPlane() string      { return "cp-1" }
func (c *vmCluster) Workers() []string         { return nil }
func (c *vmCluster) Nodes() []string           { return []string{"cp-1"} }
func (c *vmCluster) Address(string) netip.Addr { return c.vm.Address }
func (c *vmCluster) Exec(ctx context.Context, _ string, stdin io.Reader, args ...string) (string, error) {
	return c.vm.Exec(ctx, stdin, args...)
}
func (c *vmCluster) Restart(ctx context.Context, _ string) error { return c.vm.Reboot(ctx) }

// SpecFile is the file of its spec.
func (c *vmCluster) SpecFile() string { return c.spec }

// Bulwark runs a verb with no overlay: there is nothing to let this machine off.
func (c *vmCluster) Bulwark(t testing.TB, verb string, args ...string) outcome {
	t.Helper()
	return c.run(t, append([]string{verb, c.spec, "--ssh-config", c.config}, args...)...)
}

// boot starts the machine, and writes the spec of a cluster of it alone. Where
// it is reached is the SSH configuration's to say, as with any forwarded port.
func (c *vmCluster) boot(t *testing.T) {
	// The machine outlives this part of the test.
	vm, err := lab.StartVM(context.Background(), lab.VMOptions{Name: c.ControlPlane(), Dir: c.dir})
	if err != nil {
		t.Fatal(err)
	}
	c.vm = vm
	s := clusterSpec{Name: "vm", Kubernetes: "1.37.2", Admins: []string{vm.Admin.String() + "/32"},
		Nodes: []nodeSpec{{Name: vm.Name, Role: "control-plane", Address: vm.Address}}}
	c.spec = c.file(t, "cluster.hcl", s.text())
	c.config = c.file(t, "ssh_config", fmt.Sprintf("Host %v\n  HostName 127.0.0.1\n  Port %d\n  HostKeyAlias %v\n", vm.Address, vm.Port, vm.Address)+
		sshConfig(vm.Key, vm.KnownHosts))
}

// explain logs what a slow machine was doing.
func (c *vmCluster) explain(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	out, err := c.vm.Exec(ctx, nil, "sh", "-c", `uptime; systemctl --failed; crictl ps -a; dmesg | tail -n 15
journalctl -u kubelet -n 25 --no-pager -o cat | cut -c1-300
for i in $(crictl ps -aq --name '^(etcd|kube-apiserver)$'); do crictl logs --tail 8 "$i" 2>&1 | cut -c1-300; done`)
	t.Logf("%s (%v)", out, err)
}

func testVMBootstrap(t *testing.T, c *vmCluster) {
	c.onLine = func(line string, at time.Time) {
		if strings.Contains(line, `"event":"done"`) || strings.Contains(line, `"event":"failed"`) {
			t.Log(at.Format(time.TimeOnly), line)
		}
	}
	defer func() { c.onLine = nil }()
	began := time.Now()
	out := c.Bulwark(t, "apply", "--auto-approve", "-o", "json")
	first := out.JSON(t)
	if first.Plan == nil {
		t.Fatal(out)
	}
	steps := len(first.Plan.Steps)
	// On a host that has other work too, emulation is slow beyond every deadline.
	// A run that ran into one is gone on with, as its message says.
	for again := 0; out.Code == 8 && again < 3; again++ {
		t.Logf("applied in part after %v: %v", out.Took.Round(time.Second), out.JSON(t).Result.Failed)
		out = c.Bulwark(t, "apply", "--auto-approve", "-o", "json")
	}
	d := out.want(t, 0).JSON(t)
	if len(d.Result.Done) != len(d.Plan.Steps) || steps < 50 {
		t.Errorf("not all of a bootstrap of %d steps was done: %+v", steps, d.Result)
	}
	if len(d.Checks) < 7 {
		t.Errorf("only %d things were verified", len(d.Checks))
	}
	for _, check := range d.Checks {
		if check.Verdict != "pass" {
			t.Errorf("%s: %s: %s", check.ID, check.Verdict, check.Seen)
		}
	}
	t.Logf("%d steps and %d checks in %v", steps, len(d.Checks), time.Since(began).Round(time.Second))
}
