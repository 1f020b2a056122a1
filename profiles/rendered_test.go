package profiles_test

import (
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// What is rendered answers for files, folders and the firewall, and leaves open what
// only a machine can tell.
func TestWhatIsRenderedAnswers(t *testing.T) {
	type want struct{ plane, worker check.Verdict }
	const yes, no, open = check.True, check.False, check.Unknown
	for text, want := range map[string]want{
		`audit_level("get", "secrets") == "Metadata" && count(audit_rules()) > 2`:              {yes, open},
		`encrypted_by("secrets") == "secretbox" && encrypted_by("events") == "identity"`:       {yes, open},
		`pod_security().enforce == "restricted" && has(admission_plugins(), "EventRateLimit")`: {yes, open},
		`anonymous().enabled && subset(anonymous().paths, ["/healthz", "/livez", "/readyz"])`:  {yes, open},
		`count(issuers()) == 0`: {yes, open},
		`all([for e in entries("/etc/kubernetes/pki") : !ends_with(e.path, ".key") || mode_within("0600", e)])`: {yes, yes},
		`any([for e in entries("/etc/kubernetes/pki") : e.path == "/etc/kubernetes/pki/etcd/server.key"])`:      {yes, no},
		`any([for e in entries("/etc/kubernetes/pki") : e.path == "/etc/kubernetes/pki/ca.crt"])`:               {yes, yes},
		`all([for e in entries("/etc/kubernetes/manifests") : mode_within("0600", e)])`:                         {yes, open},
		`count(entries("/etc/kubernetes/manifests")) >= 4`:                                                      {yes, open},
		`count(entries("/etc/cni/net.d")) == 1 && mode_within("0600", entries("/etc/cni/net.d")[0])`:            {yes, yes},
		`any([for e in entries("/etc/kubernetes/bulwark") : owned_by("etcd:etcd", e)])`:                         {yes, no},
		`entries("/var/lib/kubelet/pki") == null`:                                                               {open, open},
		`firewall().loaded && firewall().drops`:                                                                 {yes, yes},
		`subset(open_from("tcp/6443"), union(cluster.nodes, cluster.pods, cluster.admins))`:                     {yes, no}, // a worker opens it to nobody
		`subset(open_from("tcp/22"), cluster.admins)`:                                                           {yes, yes},
		`subset(open_from("tcp/10250"), cluster.control_planes)`:                                                {yes, yes},
		`subset(open_from("tcp/10250"), cluster.admins)`:                                                        {no, no},
		`count(open_from("tcp/6443")) == 0`:                                                                     {no, yes},
	} {
		for _, example := range []string{"quickstart", "three-control-planes"} {
			c, have := rendered(t, example, 0)
			subjects := check.NewSubjects(check.ClusterOf(c), have)
			for _, n := range c.Nodes {
				is := want.worker
				if n.Role == cluster.ControlPlane {
					is = want.plane
				}
				if a := ask(t, subjects.Of(n), text); a.Verdict != is {
					t.Errorf("%s, %s: %s is %s, want %s: %+v", example, n.Name, text, a.Verdict, is, a.Seen)
				}
			}
		}
	}
}

func ask(t *testing.T, s check.Subject, text string) check.Answer {
	t.Helper()
	expr, diags := hclsyntax.ParseExpression([]byte(text), "test.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%s: %v", text, diags)
	}
	q, diags := check.Parse(expr)
	if diags.HasErrors() {
		t.Fatalf("%s: %v", text, diags)
	}
	return q.Ask(t.Context(), s)
}

// What pods are connected by from a manifest only the machines know.
func TestWhatAManifestPutsOnMachinesIsUnknown(t *testing.T) {
	c, have := rendered(t, "flannel", 0)
	of := check.ClusterOf(c)
	if of.Enforces == nil || *of.Enforces {
		t.Errorf("flannel enforces: %v", of.Enforces)
	}
	if a := ask(t, check.NewSubjects(of, have).Of(c.Nodes[0]), `count(entries("/etc/cni/net.d")) == 0`); a.Verdict != check.Unknown {
		t.Errorf("%+v", a)
	}
}
