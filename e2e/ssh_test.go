package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

// TestSSH is everything that is claimed of three machines reached over SSH as
// a user with sudo. Its parts build on one another: machines, then what is
// refused, then one cluster, and its end.
func TestSSH(t *testing.T) {
	c := newLabCluster(t)
	c.write(t, c.standard())

	// On machines that hold nothing yet.
	step(t, "render is the same on every machine", func(t *testing.T) { testRenderOnMachine(t, c) })
	step(t, "a list of admins without us is refused", func(t *testing.T) { testForeignAdmins(t, c) })
	step(t, "while a firewall that cuts SSH is taken away", func(t *testing.T) {
		t.Run("with bulwark alive", func(t *testing.T) { t.Parallel(); testCutAlive(t, c) })
		t.Run("with bulwark killed", func(t *testing.T) { t.Parallel(); testCutKilled(t, c) })
		t.Run("host keys are checked before anything is said", func(t *testing.T) { t.Parallel(); testHostKeys(t, c) })
	})
	step(t, "every problem is in one table", func(t *testing.T) { testPreflight(t, c) })
	c.renew(t)
	fresh := inventories(t, c)

	// One cluster.
	guard := newProber(t, c)
	secrets := newSecrets(c)
	if !step(t, "bootstrap", func(t *testing.T) { testBootstrap(t, c, guard, secrets) }) {
		t.Fatal("there is no cluster to go on with")
	}
	acceptance(t, c)
	step(t, "a living cluster is not changed in part", func(t *testing.T) { testLiving(t, c) })
	step(t, "certificates near their end are renewed", func(t *testing.T) { testCertificates(t, c) })
	step(t, "a watch sees what drifts, and repairs it where told to", func(t *testing.T) { testWatch(t, c) })
	step(t, "a spec may name the arguments that there are", func(t *testing.T) { testArguments(t, c) })
	step(t, "admins get in and others do not", func(t *testing.T) { testReach(t, c, guard) })
	step(t, "no secret is anywhere it should not be", func(t *testing.T) { testCanaries(t, c, secrets) })
	step(t, "a full disk leaves the old file", func(t *testing.T) { testFullDisk(t, c) })

	// Its end, and another one.
	step(t, "reset leaves nothing but what is listed", func(t *testing.T) { testReset(t, c, guard, fresh) })
	step(t, "apply works again, through one full disk after the other", func(t *testing.T) { testAgain(t, c, guard, secrets) })
	step(t, "strangers never got in", func(t *testing.T) { guard.check(t) })
}

// step is a part that later parts build on: it says how long it took.
func step(t *testing.T, name string, f func(*testing.T)) bool {
	began := time.Now()
	ok := t.Run(name, f)
	t.Logf("%s: %v", name, time.Since(began).Round(100*time.Millisecond))
	return ok
}

// labCluster is the cluster on the lab's machines.
type labCluster struct {
	*operator
	set      *lab.Set
	stranger *lab.Outsider
	// spec and config are the files of the standard cluster.
	spec, config string
}

var _ subject = (*labCluster)(nil)

// newLabCluster starts machines, one control plane and two workers unless others
// are named, and somebody on their network who is none of them.
func newLabCluster(t *testing.T, names ...string) *labCluster {
	t.Helper()
	if names == nil {
		names = []string{"cp-1", "w-1", "w-2"}
	}
	return newLabClusterOf(t, lab.Options{Names: names})
}

// newLabClusterOf starts machines of some kind.
func newLabClusterOf(t *testing.T, o lab.Options) *labCluster {
	t.Helper()
	lab.Require(t)
	o.Dir = t.TempDir()
	set, err := lab.Machines(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	stranger, err := set.Outsider(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &labCluster{set: set, operator: newOperator(t), stranger: stranger}
}

func (c *labCluster) ControlPlane() string { return "cp-1" }
func (c *labCluster) Workers() []string    { return []string{"w-1", "w-2"} }
func (c *labCluster) Nodes() []string {
	var out []string
	for _, m := range c.set.Machines {
		out = append(out, m.Name)
	}
	return out
}
func (c *labCluster) Address(node string) netip.Addr { return c.set.Machine(node).Address }

func (c *labCluster) Exec(ctx context.Context, node string, stdin io.Reader, args ...string) (string, error) {
	return c.set.Machine(node).Exec(ctx, stdin, args...)
}

func (c *labCluster) Restart(ctx context.Context, node string) error {
	return c.set.Machine(node).Reboot(ctx)
}

func (c *labCluster) Bulwark(t testing.TB, verb string, args ...string) outcome {
	t.Helper()
	return c.run(t, c.args(verb, args...)...)
}

// SpecFile is the file of the standard spec.
func (c *labCluster) SpecFile() string { return c.spec }

// args is a verb on the standard cluster.
func (c *labCluster) args(verb string, args ...string) []string {
	return append([]string{verb, c.spec, "--overlay", overlay(), "--ssh-config", c.config}, args...)
}

// overlay is the file of deviations of the lab's machines.
func overlay() string {
	path, err := filepath.Abs("lab/overlay.hcl")
	if err != nil {
		panic(err)
	}
	return path
}

// clusterSpec is what the specs of these tests differ in.
type clusterSpec struct {
	Name, Kubernetes string
	Admins           []string
	Nodes            []nodeSpec
	// SSH and More are lines in the ssh block, and blocks of the cluster.
	SSH, More string
	// CNI is the block of the pod network, where it is not the bridge.
	CNI string
	// Top are blocks outside of the cluster.
	Top string
}

type nodeSpec struct {
	Name, Role string
	Address    netip.Addr
	More       string
}

// standard is the cluster of the acceptance. A secret variable takes part in
// it, as one would in a user's spec.
func (c *labCluster) standard() clusterSpec {
	s := clusterSpec{Name: "lab", Kubernetes: "1.37.2", Admins: []string{c.set.Admin.String() + "/32"},
		Top: "variable \"canary\" {\n  type      = string\n  sensitive = true\n  default   = \"\"\n}\n"}
	for i, m := range c.set.Machines {
		n := nodeSpec{Name: m.Name, Role: "worker", Address: m.Address}
		if strings.HasPrefix(m.Name, "cp-") {
			n.Role = "control-plane"
		}
		if i == 0 {
			n.More = `labels = { "e2e.example/canary" = var.canary == "" ? "none" : "given" }`
		}
		s.Nodes = append(s.Nodes, n)
	}
	return s
}

// only keeps one machine, as the control plane of a cluster of its own.
func (s clusterSpec) only(name string) clusterSpec {
	for _, n := range s.Nodes {
		if n.Name == name {
			n.Role, n.More = "control-plane", ""
			s.Nodes = []nodeSpec{n}
			return s
		}
	}
	panic(name)
}

func (s clusterSpec) text() string {
	var b strings.Builder
	admins := make([]string, len(s.Admins))
	for i, a := range s.Admins {
		admins[i] = fmt.Sprintf("%q", a)
	}
	cni := s.CNI
	if cni == "" {
		cni = `cni "bridge" {}`
	}
	fmt.Fprintf(&b, "%scluster %q {\n  defaults   = 1\n  kubernetes = %q\n  network {\n    %s\n  }\n", s.Top, s.Name, s.Kubernetes, cni)
	fmt.Fprintf(&b, "  ssh {\n    user = %q\n%s\n  }\n  firewall {\n    admins = [%s]\n  }\n%s\n", lab.User, s.SSH, strings.Join(admins, ", "), s.More)
	for _, n := range s.Nodes {
		fmt.Fprintf(&b, "  node %q {\n    role    = %q\n    address = %q\n%s\n  }\n", n.Name, n.Role, n.Address, n.More)
	}
	return b.String() + "}\n"
}

// write makes the standard spec and the SSH configuration.
func (c *labCluster) write(t testing.TB, s clusterSpec) {
	t.Helper()
	c.spec = c.file(t, "cluster.hcl", s.text())
	c.config = c.file(t, "ssh_config", sshConfig(c.set.Key, c.set.KnownHosts))
}

func sshConfig(key, known string) string {
	return fmt.Sprintf("Host *\n  IdentityFile %s\n  IdentitiesOnly yes\n  UserKnownHostsFile %s\n  GlobalKnownHostsFile none\n", key, known)
}

// file writes a file of the operator's.
func (o *operator) file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(o.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// with runs apply for another spec.
func (c *labCluster) with(t testing.TB, o *operator, s clusterSpec, args ...string) outcome {
	t.Helper()
	spec := o.file(t, "cluster.hcl", s.text())
	return o.run(t, append([]string{"apply", spec, "--overlay", overlay(), "--ssh-config", c.config, "--auto-approve"}, args...)...)
}

// renew makes all machines as they were made.
func (c *labCluster) renew(t testing.TB) {
	t.Helper()
	errs := make(chan error)
	for _, m := range c.set.Machines {
		go func() { errs <- m.Renew(context.WithoutCancel(t.Context())) }()
	}
	for range c.set.Machines {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
}
