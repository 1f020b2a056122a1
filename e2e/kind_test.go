package e2e_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host/kind"
)

// TestKind is the claims that hold on kind too, of the same spec.
func TestKind(t *testing.T) {
	lab.Require(t)
	image, err := lab.Image(t.Context(), "node")
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, 3)
	rand.Read(raw)
	c := &kindCluster{operator: newOperator(t), name: "e2e-" + hex.EncodeToString(raw)}
	c.spec = c.file(t, "cluster.hcl", c.text())

	// Made bare, so that two things can be taken away before bulwark sees the
	// nodes: kind's own configuration, of which nothing may be used, and the
	// bridge plugin, which the node images that kind publishes do not have.
	nodes := &cluster.Cluster{Name: c.name, Nodes: []cluster.Node{
		{Name: "cp-1", Role: cluster.ControlPlane}, {Name: "w-1", Role: cluster.Worker}, {Name: "w-2", Role: cluster.Worker}}}
	t.Cleanup(func() {
		if err := kind.Delete(context.Background(), nodes, nil); err != nil {
			t.Error(err)
		}
	})
	if err := kind.Create(t.Context(), nodes, image, nil); err != nil {
		t.Fatal(err)
	}
	for _, n := range append([]string{c.ControlPlane()}, c.Workers()...) {
		shell(t, c, n, "rm /kind/kubeadm.conf /opt/cni/bin/bridge")
	}
	if !step(t, "bootstrap", func(t *testing.T) {
		c.run(t, "kind", "create", c.spec, "--image", image, "--auto-approve").want(t, 0).says(t, "Deviations", "kind-kernel", "kind-ptp", "checks passed")
	}) {
		t.Fatal("there is no cluster to go on with")
	}
	acceptance(t, c)
	step(t, "delete leaves no container", func(t *testing.T) {
		c.run(t, "kind", "delete", c.spec).want(t, 0)
		out, err := exec.CommandContext(t.Context(), "docker", "ps", "-aq", "--filter", "label=io.x-k8s.kind.cluster="+c.name).CombinedOutput()
		if err != nil || len(bytes.TrimSpace(out)) != 0 {
			t.Errorf("left over: %s (%v)", out, err)
		}
	})
}

// kindCluster is the cluster on kind's nodes.
type kindCluster struct {
	*operator
	name, spec string
}

var _ subject = (*kindCluster)(nil)

// text is the spec of three machines that kind stands in for.
func (c *kindCluster) text() string {
	s := clusterSpec{Name: c.name, Kubernetes: "1.37.2", Admins: []string{"192.0.2.0/24"}}
	for i, name := range []string{"cp-1", "w-1", "w-2"} {
		role := "worker"
		if i == 0 {
			role = "control-plane"
		}
		s.Nodes = append(s.Nodes, nodeSpec{Name: name, Role: role, Address: netip.AddrFrom4([4]byte{198, 51, 100, byte(11 + i)})})
	}
	return s.text()
}

func (c *kindCluster) ControlPlane() string { return c.name + "-control-plane" }
func (c *kindCluster) Workers() []string    { return []string{c.name + "-worker", c.name + "-worker2"} }
func (c *kindCluster) Nodes() []string      { return append([]string{c.ControlPlane()}, c.Workers()...) }

func (c *kindCluster) Address(node string) netip.Addr {
	out, err := exec.Command("docker", "inspect", "--format", "{{.NetworkSettings.Networks.kind.IPAddress}}", node).Output()
	if err != nil {
		panic(fmt.Sprintf("address of %s: %v", node, err))
	}
	return netip.MustParseAddr(strings.TrimSpace(string(out)))
}

func (c *kindCluster) Exec(ctx context.Context, node string, stdin io.Reader, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker", append([]string{"exec", "-i", node}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s: %w: %s", node, err, stderr.String())
	}
	return stdout.String(), nil
}

func (c *kindCluster) Restart(ctx context.Context, node string) error {
	if out, err := exec.CommandContext(ctx, "docker", "restart", "-t", "20", node).CombinedOutput(); err != nil {
		return fmt.Errorf("restart %s: %w: %s", node, err, out)
	}
	end := time.Now().Add(time.Minute)
	for time.Now().Before(end) {
		out, _ := c.Exec(ctx, node, nil, "systemctl", "is-system-running")
		if state := strings.TrimSpace(out); state == "running" || state == "degraded" {
			return nil
		}
		time.Sleep(500 * time.Millisecond)
	}
	return fmt.Errorf("%s: systemd is not up after a minute", node)
}

// SpecFile is the file of the spec that kind stands in for.
func (c *kindCluster) SpecFile() string { return c.spec }

func (c *kindCluster) Bulwark(t testing.TB, verb string, args ...string) outcome {
	t.Helper()
	return c.run(t, append([]string{verb, c.spec, "--on", "kind"}, args...)...)
}
