// Package verify asks a living cluster whether it is as hardened as its
// settings say: by requests without credentials, by connections that must not
// come through, by an object that must be refused, and by etcd's own bytes. It
// reads no setting, and leaves nothing behind.
package verify

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/kube"
)

// The verdicts of a check. What could not be asked is unknown, never passed.
const (
	Pass    = "pass"
	Fail    = "fail"
	Unknown = "unknown"
)

// within is how long a connection that must not come through may take to.
const within = 3 * time.Second

// verifier gathers checks.
type verifier struct {
	c      *cluster.Cluster
	hosts  map[string]host.Host
	first  string
	client *kube.Client
	checks []*apply.Check
	// waits are checks that take their time when all is well, such as
	// connections that must not come through: they are asked side by side.
	waits sync.WaitGroup
}

// Cluster runs every check and answers with all of them, in a stable order.
func Cluster(ctx context.Context, a apply.Access) ([]apply.Check, error) {
	client, err := a.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	v := &verifier{c: a.Cluster, hosts: a.Hosts, first: a.First, client: client}
	v.ready(ctx)
	v.anonymous(ctx)
	v.kubelets(ctx)
	v.etcd(ctx)
	v.admission(ctx)
	v.encryption(ctx)
	v.waits.Wait()
	checks := make([]apply.Check, len(v.checks))
	for i, c := range v.checks {
		checks[i] = *c
	}
	return checks, ctx.Err()
}

// add records a check: it passed when ok and err is nil.
func (v *verifier) add(id, node, title, seen string, ok bool, err error) {
	c := &apply.Check{ID: id, Node: node, Title: title}
	judge(c, seen, ok, err)
	v.checks = append(v.checks, c)
}

// judge gives a check its verdict.
func judge(c *apply.Check, seen string, ok bool, err error) {
	switch {
	case err != nil:
		c.Seen, c.Verdict = err.Error(), Unknown
	case ok:
		c.Seen, c.Verdict = seen, Pass
	default:
		c.Seen, c.Verdict = seen, Fail
	}
}

// controlPlane is the one that asks others.
func (v *verifier) controlPlane() host.Host { return v.hosts[v.first] }

// ready: every node is Ready.
func (v *verifier) ready(ctx context.Context) {
	look, err := v.client.Look(ctx, kube.Ask{})
	for _, n := range v.c.Nodes {
		seen := "not registered"
		got, ok := look.Nodes[n.Name]
		if ok {
			seen = map[bool]string{true: "Ready", false: "not Ready"}[got.Ready] + ", " + got.KubeletVersion
		}
		v.add("node/ready", n.Name, "the node is Ready", seen, got.Ready, err)
	}
}

// anonymous: without credentials only the health of the API can be asked for.
func (v *verifier) anonymous(ctx context.Context) {
	for _, cp := range v.c.ControlPlanes() {
		ask := func(id, path string, want int, title string) {
			got, err := kube.Anonymous(ctx, v.hosts[cp.Name], apply.Server(v.c, cp), path, v.client.CA())
			v.add("anonymous/"+id, cp.Name, title, fmt.Sprintf("%s: %d", path, got), got == want, err)
		}
		ask("readyz", "/readyz", http.StatusOK, "health is answered without credentials")
		const refused = "nothing else is"
		ask("version", "/version", http.StatusUnauthorized, refused)
		ask("api", "/api", http.StatusUnauthorized, refused)
		ask("cluster-info", "/api/v1/namespaces/kube-public/configmaps/cluster-info", http.StatusUnauthorized, refused)
	}
}

// kubelets: they prove who they are, refuse strangers, and only control planes
// reach them.
func (v *verifier) kubelets(ctx context.Context) {
	for _, n := range v.c.Nodes {
		address := v.address(n, 10250)
		got, err := kube.Anonymous(ctx, v.controlPlane(), address, "/pods", v.client.CA())
		v.add("kubelet/anonymous", n.Name, "the kubelet proves who it is, and refuses who does not", fmt.Sprintf("/pods: %d", got),
			got == http.StatusUnauthorized, err)
	}
	for _, n := range v.c.Workers() {
		other := v.other(n)
		if other.Name == "" {
			continue
		}
		v.closed(ctx, "kubelet/closed", n, v.address(other, 10250), "the kubelet of "+other.Name+" is closed to other nodes")
	}
}

// etcdCA prints the certificate of the CA that signed etcd's own: another one
// than the cluster's.
var etcdCA = host.Program{Name: "read etcd's CA", Text: "exec cat /etc/kubernetes/pki/etcd/ca.crt\n"}

// etcd: it wants to see a certificate, and workers do not reach it.
func (v *verifier) etcd(ctx context.Context) {
	for _, cp := range v.c.ControlPlanes() {
		v.etcdOf(ctx, cp)
	}
}

func (v *verifier) etcdOf(ctx context.Context, cp cluster.Node) {
	v.later("etcd/certificate", cp.Name, "etcd refuses who has no certificate", func() (string, bool, error) {
		h := v.hosts[cp.Name]
		ca, err := h.Exec(ctx, etcdCA, nil)
		if err == nil && ca.Exit != 0 {
			err = &host.CommandError{Host: h.String(), Program: etcdCA.Name, Exit: ca.Exit, Stderr: string(ca.Stderr)}
		}
		if err != nil {
			return "", false, err
		}
		return kube.RefusesAnonymous(ctx, h, v.address(cp, 2379), ca.Stdout)
	})
	for _, n := range v.c.Workers() {
		v.closed(ctx, "etcd/closed", n, v.address(cp, 2379), "etcd is closed to workers")
	}
}

// closed: a connection from a node must not come through.
func (v *verifier) closed(ctx context.Context, id string, from cluster.Node, address, title string) {
	v.later(id, from.Name, title, func() (string, bool, error) {
		reach, err := kube.Reachable(ctx, v.hosts[from.Name], address, within)
		return fmt.Sprintf("tcp to %s: %s", address, reach), reach != kube.Open, err
	})
}

// later has its place among the checks now, and is asked beside others.
func (v *verifier) later(id, node, title string, ask func() (seen string, ok bool, err error)) {
	c := &apply.Check{ID: id, Node: node, Title: title}
	v.checks = append(v.checks, c)
	v.waits.Go(func() {
		seen, ok, err := ask()
		judge(c, seen, ok, err)
	})
}

// probed are namespaces that every cluster has, in the order in which they are
// asked about: where the first is exempt, the next is not let off by that.
var probed = [...]string{"default", "kube-public", "kube-node-lease"}

// heldTo is a namespace whose pods are held to the standard, or "" when the
// spec exempts all that can be asked about.
func heldTo(c *cluster.Cluster) string {
	for _, ns := range probed {
		if !slices.Contains(c.Admission.ExemptNamespaces, ns) {
			return ns
		}
	}
	return ""
}

// NotAsked says which checks [Cluster] leaves out, since the spec asks for what
// they would find.
func NotAsked(c *cluster.Cluster) []string {
	if heldTo(c) != "" {
		return nil
	}
	return []string{fmt.Sprintf("verification does not ask whether a privileged pod is refused: admission.exempt_namespaces (%s) exempts %s",
		c.Origin("admission.exempt_namespaces"), strings.Join(probed[:], ", "))}
}

// admission: the cluster refuses a pod that could take its node over.
func (v *verifier) admission(ctx context.Context) {
	ns := heldTo(v.c)
	if ns == "" {
		return // said by NotAsked
	}
	seen, refused, err := v.client.RefusesPrivileged(ctx, ns)
	v.add("admission/privileged", "", "a privileged pod in "+ns+" is refused", seen, refused, err)
}

func (v *verifier) address(n cluster.Node, port int) string {
	return net.JoinHostPort(n.Address.String(), strconv.Itoa(port))
}

// other is any node but n, a worker where there is one.
func (v *verifier) other(n cluster.Node) cluster.Node {
	var found cluster.Node
	for _, o := range v.c.Nodes {
		if o.Name != n.Name && (found.Name == "" || o.Role == cluster.Worker) {
			found = o
		}
	}
	return found
}
