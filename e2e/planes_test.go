//go:build planes

// These take twelve minutes and five machines: `make e2e` builds them in.

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestControlPlanes is three control planes and two workers behind a load
// balancer: how they come about, and who bears whose loss.
func TestControlPlanes(t *testing.T) {
	c := newLabCluster(t, "cp-1", "cp-2", "cp-3", "w-1", "w-2")
	s := c.standard()
	front := newBalancer(t, netip.AddrPortFrom(c.set.Admin, 6443), c.Address("cp-1"), c.Address("cp-2"), c.Address("cp-3"))
	s.More = fmt.Sprintf("  endpoint {\n    host      = %q\n    balancers = [\"%s/32\"]\n  }\n", c.set.Admin, c.set.Admin)
	c.write(t, s)
	if !step(t, "bootstrap", func(t *testing.T) { allPassed(t, c.Bulwark(t, "apply", "--auto-approve", "-o", "json")) }) {
		t.Fatal("there is no cluster to go on with")
	}
	step(t, "nodes are ready and pods reach services", func(t *testing.T) { testPods(t, c) })
	step(t, "etcd has three voters", func(t *testing.T) { testVoters(t, c, "cp-1", "cp-2", "cp-3") })
	step(t, "a second apply does nothing", func(t *testing.T) { testSecondApply(t, c) })
	step(t, "plan shows what changed and changes nothing", func(t *testing.T) { testPlan(t, c) })
	step(t, "a member that lives stays while another one does not", func(t *testing.T) { testQuorum(t, c, s) })
	step(t, "nodes leave, dead or alive, and nobody else is written to", func(t *testing.T) { testLeave(t, c, s) })
	step(t, "a control plane and a worker are added, and nobody else is written to", func(t *testing.T) { testAdd(t, c, s, "cp-3", "w-2") })
	step(t, "the first control plane dies and is replaced", func(t *testing.T) { testFirstDies(t, c, s) })
	if front.taken.Load() == 0 {
		t.Error("nothing came through the load balancer")
	}
}

// TestVirtualAddress is three control planes that hold the endpoint's address
// among themselves.
func TestVirtualAddress(t *testing.T) {
	c := newLabCluster(t, "cp-1", "cp-2", "cp-3", "w-1", "w-2")
	vip := c.set.Free()
	s := c.standard()
	s.More = fmt.Sprintf("  endpoint {\n    vip = %q\n  }\n", vip)
	c.write(t, s)
	if !step(t, "bootstrap", func(t *testing.T) { allPassed(t, c.Bulwark(t, "apply", "--auto-approve", "-o", "json")) }) {
		t.Fatal("there is no cluster to go on with")
	}
	planes := []string{"cp-1", "cp-2", "cp-3"}
	step(t, "etcd has three voters", func(t *testing.T) { testVoters(t, c, planes...) })
	step(t, "nodes are ready and pods reach services", func(t *testing.T) { testPods(t, c) })
	step(t, "the address outlives who holds it", func(t *testing.T) { testFailover(t, c, vip, planes) })
	step(t, "kube-vip may take its lease and nothing else", func(t *testing.T) { testLeaseOnly(t, c) })
	step(t, "a second apply does nothing", func(t *testing.T) { testSecondApply(t, c) })
	step(t, "nobody has the address after a reset", func(t *testing.T) {
		c.Bulwark(t, "reset", "--auto-approve").want(t, 0)
		if had := holders(t, c, vip, planes); len(had) > 0 {
			t.Errorf("%v hold %v", had, vip)
		}
	})
}

// holders are the control planes that have an address.
func holders(t testing.TB, c *labCluster, vip netip.Addr, planes []string) []string {
	t.Helper()
	var out []string
	for _, n := range planes {
		if strings.Contains(shell(t, c, n, "ip -o address show"), " "+vip.String()+"/") {
			out = append(out, n)
		}
	}
	return out
}

// testFailover restarts the control plane that holds the address.
func testFailover(t *testing.T, c *labCluster, vip netip.Addr, planes []string) {
	had := holders(t, c, vip, planes)
	if len(had) != 1 {
		t.Fatalf("%v hold %v", had, vip)
	}
	ready := "https://" + netip.AddrPortFrom(vip, 6443).String() + "/readyz"
	if got := status(t, c, "w-1", ready); got != "200" {
		t.Errorf("%s: %s", ready, got)
	}
	began := time.Now()
	if err := c.Restart(t.Context(), had[0]); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the address answers from another machine", func() error { return answers(c, "w-1", ready) })
	t.Logf("%s restarted; the address answered %v later", had[0], time.Since(began).Round(100*time.Millisecond))
	eventually(t, 3*time.Minute, "every API server answers again", func() error {
		var errs []error
		for _, n := range planes {
			errs = append(errs, answers(c, n, "https://127.0.0.1:6443/readyz"))
		}
		return errors.Join(errs...)
	})
	allReady(t, c)
	mustKubectl(t, c, "", "-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=120s")
	if now := holders(t, c, vip, planes); len(now) != 1 {
		t.Errorf("%v hold %v", now, vip)
	}
}

// answers says why a path is not answered with 200 on a node.
func answers(c *labCluster, node, url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	got, err := c.Exec(ctx, node, nil, "curl", "-sk", "--max-time", "5", "-o", "/dev/null", "-w", "%{http_code}", url)
	if err == nil && got != "200" {
		err = fmt.Errorf("%s: %s", node, got)
	}
	return err
}

// testLeaseOnly asks the API by kube-vip's own kubeconfig.
func testLeaseOnly(t *testing.T, c *labCluster) {
	can := func(args string) string {
		return shell(t, c, "cp-2", "kubectl --kubeconfig /etc/kubernetes/bulwark/kube-vip.conf --server https://127.0.0.1:6443 --cache-dir "+kubectlCache+" auth can-i "+args+" || true")
	}
	for args, want := range map[string]string{
		"update leases.coordination.k8s.io/bulwark-vip -n kube-system": "yes", "create leases.coordination.k8s.io -n kube-system": "yes",
		"get secrets -n kube-system": "no", "list nodes": "no", "list pods -n kube-system": "no",
		"update leases.coordination.k8s.io/kube-controller-manager -n kube-system": "no", "create leases.coordination.k8s.io -n kube-node-lease": "no",
	} {
		if got := can(args); !strings.HasPrefix(got, want) && !strings.HasSuffix(got, want) {
			t.Errorf("%s: %q, want %s", args, got, want)
		}
	}
}

// testPlan: what somebody did to a file is shown, with its text, and stays until
// apply puts it right.
func testPlan(t *testing.T, c *labCluster) {
	const path, id = "/etc/bulwark/firewall.nft", "w-1/file/etc/bulwark/firewall.nft"
	shell(t, c, "w-1", "echo '# somebody was here' >>"+path)
	before := shell(t, c, "w-1", kept)
	for range 2 {
		out := c.Bulwark(t, "plan", "--detailed-exitcode", "-o", "json").want(t, 2)
		d := out.JSON(t)
		if d.Plan == nil || len(d.Plan.Steps) != 1 || d.Plan.Steps[0].ID != id || !strings.Contains(fmt.Sprint(d.Plan.Steps[0].Detail["diff"]), "-# somebody was here") {
			t.Errorf("the plan is %+v", d.Plan)
		}
	}
	c.Bulwark(t, "plan").want(t, 0).says(t, "-# somebody was here", "Plan: 0 to add, 1 to change")
	c.Bulwark(t, "plan", "--node", "w-1").want(t, 0).says(t, "-# somebody was here")
	c.Bulwark(t, "plan", "--node", "w-2", "--detailed-exitcode").want(t, 0).says(t, "Nothing to do on w-2", "steps that --node leaves out: 1")
	if diff := difference(before, shell(t, c, "w-1", kept)); diff != "" {
		t.Errorf("plan moved:\n%s", diff)
	}
	// A saved plan is that plan or none.
	saved := filepath.Join(c.dir, "some.plan")
	c.Bulwark(t, "plan", "--out", saved).want(t, 0)
	shell(t, c, "w-2", "chmod 0644 "+path)
	c.run(t, "apply", saved, "--ssh-config", c.config).want(t, 7).says(t, "w-2 moved since")
	shell(t, c, "w-2", "chmod 0600 "+path)
	if d := c.run(t, "apply", saved, "-o", "json").want(t, 0).JSON(t); fmt.Sprint(d.Result.Done) != "["+id+"]" {
		t.Errorf("apply did %v", d.Result.Done)
	}
	c.run(t, "apply", saved).want(t, 7)
	c.Bulwark(t, "plan", "--detailed-exitcode").want(t, 0).says(t, "Nothing to do")
}

// without is a spec that does not name some nodes.
func (s clusterSpec) without(names ...string) clusterSpec {
	s.Nodes = slices.DeleteFunc(slices.Clone(s.Nodes), func(n nodeSpec) bool { return slices.Contains(names, n.Name) })
	return s
}

// movable is what changes on a node when another one comes or goes: files that
// name it (who may reach whom, and the routes to pods), the unit that sets those
// routes, and pods that move.
var movable = regexp.MustCompile(`(?m)^[-+] (/etc/bulwark/(firewall\.nft|routes\.batch)|/var/lib/bulwark/(firewall\.confirmed|verified|journal)|/var/lib/bulwark|/etc/bulwark|container [0-9a-f]* [^ ]* main)( .*)?\n?`)

// routesUnit is the one unit that is started again when a node comes or goes.
var routesUnit = regexp.MustCompile(`(?m)^(Id=bulwark-routes\.service\n)InvocationID=.*`)

// pinned is what kept says but for the start of that unit.
func pinned(text string) string { return routesUnit.ReplaceAllString(text, "$1") }

// untouched runs f, and reports everything that moved on nodes meanwhile but for
// what names other nodes.
func untouched(t *testing.T, c *labCluster, names []string, f func()) {
	t.Helper()
	before := map[string]string{}
	for _, n := range names {
		before[n] = shell(t, c, n, kept)
	}
	f()
	for _, n := range names {
		if diff := movable.ReplaceAllString(difference(pinned(before[n]), pinned(shell(t, c, n, kept))), ""); strings.TrimSpace(diff) != "" {
			t.Errorf("%s: it moved:\n%s", n, diff)
		}
	}
}

// testLeave: a control plane that is dead and a worker that lives leave the spec.
func testLeave(t *testing.T, c *labCluster, s clusterSpec) {
	if err := c.set.Machine("cp-3").PowerOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustKubectl(t, c, "", "wait", "--for=condition=Ready=Unknown", "--timeout=120s", "node/cp-3")
	create(t, c, deployment("e2e-moves", 2)) // one of its pods has to move
	mustKubectl(t, c, "", "rollout", "status", "deployment/e2e-moves", "--timeout=60s")
	c.write(t, s.without("cp-3", "w-2"))
	c.Bulwark(t, "plan").want(t, 0).says(t, "cp-3, w-2", "--remove takes them out")
	before := members(t, c, "cp-1")
	untouched(t, c, []string{"cp-1", "cp-2", "w-1"}, func() {
		out := c.Bulwark(t, "apply", "--remove", "--auto-approve", "-o", "json").want(t, 0)
		if d := out.JSON(t); !slices.Contains(d.Result.Done, "cluster/node/cp-3") || !slices.Contains(d.Result.Done, "cluster/node/w-2") {
			t.Errorf("done was %v", d.Result.Done)
		}
	})
	var left []string
	for _, m := range members(t, c, "cp-1") {
		left = append(left, m.id)
	}
	for _, m := range before {
		if was := m.name == "cp-3"; was == slices.Contains(left, m.id) {
			t.Errorf("of %+v the members %v are left", before, left)
		}
	}
	if got := mustKubectl(t, c, "", "get", "nodes", "-o", "jsonpath={.items[*].metadata.name}"); got != "cp-1 cp-2 w-1" {
		t.Errorf("the nodes are %s", got)
	}
	mustKubectl(t, c, "", "rollout", "status", "deployment/e2e-moves", "--timeout=60s")
}

// testQuorum: a member that lives may not go while another one does not.
func testQuorum(t *testing.T, c *labCluster, s clusterSpec) {
	shell(t, c, "cp-3", "mv /etc/kubernetes/manifests/etcd.yaml /root/ && until [ -z \"$(crictl ps -q --name '^etcd$')\" ]; do sleep 1; done")
	c.write(t, s.without("cp-2"))
	c.Bulwark(t, "plan", "--remove").want(t, 1).says(t, "quorum", "of the 2 voting members of etcd that would be left without cp-2 1 live")
	c.write(t, s)
	shell(t, c, "cp-3", "mv /root/etcd.yaml /etc/kubernetes/manifests/")
	eventually(t, 2*time.Minute, "cp-3 is back", func() error { return answers(c, "cp-3", "https://127.0.0.1:6443/readyz") })
}

// deployment is some pods that may run anywhere.
func deployment(name string, replicas int) string {
	return fmt.Sprintf(`---
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s}
spec:
  replicas: %[2]d
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 0
      securityContext: {runAsNonRoot: true, runAsUser: 65534, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: main
        image: localhost/busybox:lab
        imagePullPolicy: Never
        command: [sleep, "3600"]
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`, name, replicas)
}

// testAdd: machines that were made anew join.
func testAdd(t *testing.T, c *labCluster, s clusterSpec, names ...string) {
	var stay []string
	for _, n := range s.Nodes {
		if !slices.Contains(names, n.Name) {
			stay = append(stay, n.Name)
		}
	}
	for _, n := range names {
		if err := c.set.Machine(n).Renew(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	c.write(t, s)
	untouched(t, c, stay, func() { c.Bulwark(t, "apply", "--auto-approve").want(t, 0) })
	testVoters(t, c, "cp-1", "cp-2", "cp-3")
	allReady(t, c)
}

// testFirstDies: the control plane that made the cluster is gone for good, and a
// new machine takes its name and address.
func testFirstDies(t *testing.T, c *labCluster, s clusterSpec) {
	key := func(n string) string {
		return shell(t, c, n, "sha256sum </etc/kubernetes/bulwark/apiserver/encryption.yaml; sha256sum </etc/kubernetes/pki/ca.key; sha256sum </etc/kubernetes/pki/sa.key")
	}
	had := key("cp-2")
	if err := c.set.Machine("cp-1").PowerOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.write(t, s.without("cp-1"))
	eventually(t, 2*time.Minute, "the cluster does without", func() error {
		if out := c.Bulwark(t, "apply", "--remove", "--auto-approve"); out.Code != 0 {
			return fmt.Errorf("%v", out)
		}
		return nil
	})
	testAdd(t, c, s, "cp-1")
	if now := key("cp-1"); now != had {
		t.Errorf("its keys are %s, and were %s", now, had)
	}
}

// etcdMember is one of etcd's, as etcdctl prints it.
type etcdMember struct{ id, name, status, learner string }

// members are etcd's, asked of one control plane.
func members(t testing.TB, c *labCluster, node string) []etcdMember {
	t.Helper()
	var out []etcdMember
	for line := range strings.Lines(shell(t, c, node, etcdctl+" member list")) {
		f := strings.Split(strings.TrimSpace(line), ", ")
		if len(f) != 6 {
			t.Fatalf("a member is %q", line)
		}
		out = append(out, etcdMember{id: f[0], status: f[1], name: f[2], learner: f[5]})
	}
	return out
}

// etcdctl is the program with what it has to be told, run in etcd's container.
const etcdctl = `crictl exec "$(crictl ps --name '^etcd$' -q)" etcdctl --endpoints=https://127.0.0.1:2379 \
  --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key`

func testVoters(t *testing.T, c *labCluster, names ...string) {
	var got []string
	for _, m := range members(t, c, names[0]) {
		if m.status != "started" || m.learner != "false" {
			t.Errorf("member %+v", m)
		}
		got = append(got, m.name)
	}
	if diff := difference(strings.Join(names, "\n"), strings.Join(got, "\n")); diff != "" {
		t.Errorf("etcd's members:\n%s", diff)
	}
	for _, n := range names {
		if got := status(t, c, n, "https://127.0.0.1:6443/readyz"); got != "200" {
			t.Errorf("the API server of %s answers %s", n, got)
		}
	}
}

// balancer stands in front of API servers, as a load balancer of layer 4 does.
type balancer struct {
	taken atomic.Int64
}

// newBalancer listens at an address of this machine, and connects each client to
// the next of the backends that takes it.
func newBalancer(t testing.TB, at netip.AddrPort, backends ...netip.Addr) *balancer {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b := &balancer{}
	t.Cleanup(func() { cancel(); _ = l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				go b.carry(ctx, client, at.Port(), backends)
			}
		}
	}()
	return b
}

func (b *balancer) carry(ctx context.Context, client net.Conn, port uint16, backends []netip.Addr) {
	defer func() { _ = client.Close() }()
	first := int(b.taken.Add(1))
	d := net.Dialer{Timeout: time.Second}
	for i := range backends {
		server, err := d.DialContext(ctx, "tcp", netip.AddrPortFrom(backends[(first+i)%len(backends)], port).String())
		if err != nil {
			continue
		}
		defer func() { _ = server.Close() }()
		go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
		_, _ = io.Copy(client, server)
		return
	}
}
