//go:build planes

package e2e_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// drifted is one way in which a living cluster comes to differ from its spec.
type drifted struct {
	what, node, plant string
	// want are the ids of the steps of the plan for it, and what each restarts.
	want []string
	// writes are paths that are written though no step is a file of that path.
	writes []string
}

const (
	// nearItsEnd stands for what is planted without a script.
	nearItsEnd     = "endSoon"
	apiServerFiles = "/etc/kubernetes/bulwark/apiserver/"
	adminKubectl   = "kubectl --kubeconfig /etc/kubernetes/admin.conf --cache-dir " + kubectlCache + " "
)

func drifts() []drifted {
	widen := adminKubectl + `patch clusterrolebinding kubeadm:get-nodes --type json -p '[{"op":"add","path":"/subjects/-","value":{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"system:unauthenticated"}}]'`
	const client = "/etc/kubernetes/pki/apiserver-kubelet-client"
	firstChain := `c=$(nft list table inet bulwark | sed -n 's/^[[:space:]]*chain \([^ ]*\) {/\1/p' | head -n 1)`
	return []drifted{
		{"a flag edited in a manifest", "cp-2", `sed -i s/--profiling=false/--profiling=true/ /etc/kubernetes/manifests/kube-apiserver.yaml
			for i in $(seq 90); do
				if tr '\0' '\n' </proc/$(pgrep -xo kube-apiserver)/cmdline 2>/dev/null | grep -q profiling=true && [ "$(curl -sk -o /dev/null -w '%{http_code}' https://127.0.0.1:6443/readyz)" = 200 ]; then exit 0; fi; sleep 1
			done; exit 1`,
			[]string{"cp-2/file/etc/kubernetes/manifests/kube-apiserver.yaml restarts kube-apiserver"}, nil},
		{"a right file that the process is older than", "cp-3", "touch " + apiServerFiles + "audit-policy.yaml; sleep 4",
			[]string{"cp-3/process/kube-apiserver restarts kube-apiserver"}, nil},
		{"the kubelet's configuration", "w-1", "sed -i 's/^podPidsLimit.*/podPidsLimit: 9999/' /var/lib/kubelet/config.yaml",
			[]string{"w-1/file/var/lib/kubelet/config.yaml restarts kubelet"}, nil},
		{"a mode", "cp-3", "chmod 0644 /etc/kubernetes/manifests/etcd.yaml", []string{"cp-3/file/etc/kubernetes/manifests/etcd.yaml"}, nil},
		{"a kernel setting at run time only", "w-1", "sysctl -qw net.ipv4.ip_forward=0", []string{"w-1/sysctl/net.ipv4.ip_forward"}, nil},
		{"a certificate near its end", "cp-2", nearItsEnd,
			[]string{"cp-2/certificate" + client + ".crt restarts kube-apiserver"}, []string{"cp-2" + client + ".crt", "cp-2" + client + ".key"}},
		{"an owner", "cp-1", "chown nobody /etc/kubernetes/admin.conf", []string{"cp-1/file/etc/kubernetes/admin.conf"}, nil},
		{"a symbolic link", "cp-1", "cd " + apiServerFiles + " && cp -p audit-policy.yaml /root/a && rm audit-policy.yaml && ln -s /root/a audit-policy.yaml",
			[]string{"cp-1/file" + apiServerFiles + "audit-policy.yaml restarts kube-apiserver"}, nil},
		{"an extra manifest", "cp-2", `printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: evil, namespace: kube-system}\nspec: {containers: [{name: e, image: nowhere.example/e:1}]}\n' >/etc/kubernetes/manifests/evil.yaml`,
			[]string{"cp-2/file/etc/kubernetes/manifests/evil.yaml"}, nil},
		{"a masked unit", "w-2", "ln -sf /dev/null /etc/systemd/system/kubelet.service && systemctl daemon-reload",
			// A mask in this place is a link where the unit's file was, and the kubelet that
			// runs is older than the file that is put back.
			[]string{"w-2/file/etc/systemd/system/kubelet.service", "w-2/unit/kubelet.service/enabled", "w-2/unit/kubelet.service", "w-2/process/kubelet restarts kubelet"}, nil},
		{"a rule added", "cp-1", firstChain + `; nft insert rule inet bulwark "$c" accept`, []string{"cp-1/table/bulwark"}, nil},
		{"a rule removed", "w-2", `set -- $(nft -a list table inet bulwark | awk '/^\tchain/ {c=$2} /^\t\t.*(drop|accept).*# handle/ && !/policy/ && !h {h=$NF; in_chain=c} END {print in_chain, h}'); nft delete rule inet bulwark "$1" handle "$2"`,
			[]string{"w-2/table/bulwark"}, nil},
		{"the table gone", "w-1", "nft delete table inet bulwark", []string{"w-1/table/bulwark"}, nil},
		{"the audit policy", "cp-3", "sed -i 's/level: .*/level: None/' " + apiServerFiles + "audit-policy.yaml",
			[]string{"cp-3/file" + apiServerFiles + "audit-policy.yaml restarts kube-apiserver"}, nil},
		{"the encryption file of one", "cp-2", "sed -i 's/secret: ./secret: A/' " + apiServerFiles + "encryption.yaml",
			[]string{"cluster/encryption/rewrite"}, []string{"cp-2" + apiServerFiles + "encryption.yaml"}},
		{"an encryption file that writes in the clear", "cp-3", `f=` + apiServerFiles + `encryption.yaml; sed -i '/identity: {}/d; s/^- providers:/&\n  - identity: {}/' $f && grep -A 1 providers: $f | grep -q identity`,
			[]string{"cluster/encryption/rewrite"}, []string{"cp-3" + apiServerFiles + "encryption.yaml"}},
		{"a binding widened", "cp-1", widen, []string{"cluster/object/rbac.authorization.k8s.io/v1/ClusterRoleBinding/kubeadm:get-nodes"}, nil},
		{"a label removed", "cp-1", adminKubectl + "label node w-1 zone-", []string{"w-1/object/labels"}, nil},
	}
}

// TestDrift plants every kind of drift on a living cluster, one after the other:
// the plan is exactly what the row says, apply writes exactly that, and the next plan
// is empty.
func TestDrift(t *testing.T) {
	c := newLabCluster(t, "cp-1", "cp-2", "cp-3", "w-1", "w-2")
	s := c.standard()
	front := newBalancer(t, netip.AddrPortFrom(c.set.Admin, 6443), c.Address("cp-1"), c.Address("cp-2"), c.Address("cp-3"))
	_ = front
	s.More = fmt.Sprintf("  endpoint {\n    host      = %q\n    balancers = [\"%s/32\"]\n  }\n", c.set.Admin, c.set.Admin)
	for i := range s.Nodes {
		if s.Nodes[i].Name == "w-1" {
			s.Nodes[i].More = `    labels = { zone = "a" }`
		}
	}
	c.write(t, s)
	if !step(t, "bootstrap", func(t *testing.T) { allPassed(t, c.Bulwark(t, "apply", "--auto-approve", "-o", "json")) }) {
		t.Fatal("there is no cluster to go on with")
	}
	for _, d := range drifts() {
		step(t, d.what, func(t *testing.T) { testDrift(t, c, d) })
	}
}

func testDrift(t *testing.T, c *labCluster, d drifted) {
	if d.plant == nearItsEnd {
		endSoon(t, c, d.node, "apiserver-kubelet-client", "ca")
	} else {
		shell(t, c, d.node, d.plant)
	}
	settled(t, c)
	before := everything(t, c)
	if got := stepsOf(t, c.Bulwark(t, "plan", "-o", "json").want(t, 0)); !slices.Equal(got, d.want) {
		t.Errorf("plan: %q, want %q", got, d.want)
	}
	c.Bulwark(t, "apply", "--auto-approve").want(t, 0)
	want := slices.Clone(d.writes)
	for _, s := range d.want {
		id, _, _ := strings.Cut(s, " ")
		if node, path, isFile := strings.Cut(id, "/file/"); isFile {
			want = append(want, node+"/"+path)
		}
	}
	slices.Sort(want)
	if got := writtenSince(before, everything(t, c)); !slices.Equal(got, want) {
		t.Errorf("apply wrote %q, want %q", got, want)
	}
	c.Bulwark(t, "plan", "--detailed-exitcode").want(t, 0)
}

// settled waits until what was planted has had its effect: all nodes are Ready, and
// every API server is.
func settled(t *testing.T, c *labCluster) {
	t.Helper()
	allReady(t, c)
	for _, n := range c.Nodes() {
		if strings.HasPrefix(n, "cp-") {
			eventually(t, 2*time.Minute, n+" is ready", func() error { return answers(c, n, "https://127.0.0.1:6443/readyz") })
		}
	}
}

// everything is what lies on the machines where bulwark and kubeadm write, with
// when it last changed in any way: lines of node, path and the rest. What bulwark
// notes of its own work is left out.
func everything(t *testing.T, c *labCluster) []string {
	var out []string
	for _, n := range c.Nodes() {
		for line := range strings.Lines(shell(t, c, n, `find /etc /usr/local /usr/lib/systemd /opt/cni/bin /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env -xdev \( -type f -o -type l \) -printf '%p %C@ %i %m %u %g\n'`)) {
			out = append(out, n+strings.TrimSpace(line))
		}
	}
	return out
}

// writtenSince are the paths, behind their node's name, that differ.
func writtenSince(before, after []string) []string {
	count := map[string]int{}
	for _, line := range before {
		count[line]--
	}
	for _, line := range after {
		count[line]++
	}
	var out []string
	for line, n := range count {
		if n != 0 {
			path, _, _ := strings.Cut(line, " ")
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// stepsOf are the steps of a plan that change something, and what each restarts.
func stepsOf(t testing.TB, o outcome) []string {
	t.Helper()
	var out []string
	for _, s := range o.JSON(t).Plan.Steps {
		line := s.ID
		if len(s.Restarts) > 0 {
			line += " restarts " + strings.Join(s.Restarts, ",")
		}
		out = append(out, line)
	}
	return out
}
