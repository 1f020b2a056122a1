package check

import (
	"strings"
	"testing"
)

// What a loop says of a list's elements is checked before there is a list.
func TestNamesInLoopsAreChecked(t *testing.T) {
	for text, want := range map[string]string{
		`all([for p in pods() : !p.host_netwrok])`:                             "host_netwrok",
		`all([for p in pods() : all([for c in p.containers : !c.privilegd])])`: "privilegd",
		`all([for r in audit_rules() : r.levle != ""])`:                        "levle",
		`pod_security().enfroce == "restricted"`:                               "enfroce",
		`all([for e in entries("etc") : true])`:                                "no path of a machine",
		`audit_level("read", "secrets") == "Metadata"`:                         "no verb",
		`encrypted_by("*") != null`:                                            "no resource",
		`subset(open_from("6443"), cluster.admins)`:                            "no port",
		`subset(open_from("tcp/6443"), cluster.admin)`:                         "admin",
	} {
		_, diags := parse(t, text)
		if !diags.HasErrors() || !strings.Contains(diags.Error(), want) {
			t.Errorf("%s: %v", text, diags)
		}
	}
}

// Of an element of which nothing is known nothing is said, and nothing is refused.
func TestFunctionsInLoopsAreRehearsed(t *testing.T) {
	for _, text := range []string{
		`all([for p in pods() : all([for c in p.containers : has(c.drops, "ALL")])])`,
		`all([for p in pods() : all([for c in p.containers : subset(c.adds, ["NET_BIND_SERVICE"])])])`,
		`all([for g in grants() : !has(union(g.verbs, ["get"]), "*")])`,
		`all([for e in entries("/etc/kubernetes/pki") : mode_within("0600", e) && owned_by("root:root", e)])`,
		`all([for n in namespaces() : starts_with(n.name, "kube-") || n.labels["a"] == "b"])`,
		`all([for p in pods() : all([for c in p.containers : at_least(c.host_ports, 1024)])])`,
		`count(union([for p in pods() : [for c in p.containers : repository(c.image)]]...)) == 1`,
	} {
		if _, diags := parse(t, text); diags.HasErrors() {
			t.Errorf("%s: %v", text, diags)
		}
	}
	if _, diags := parse(t, `all([for e in entries("/etc") : mode_within("rw", e)])`); !diags.HasErrors() || !strings.Contains(diags.Error(), "is no mode") {
		t.Errorf("%v", diags)
	}
}

// A question that asks of no node in particular is one of the cluster.
func TestWhatAQuestionIsOf(t *testing.T) {
	for text, node := range map[string]bool{
		`all([for p in pods() : p.system || !p.host_network])`:  false,
		`count(network_policies()) > 0 && cluster.enforces`:     false,
		`arg(apiserver, "profiling") == "false"`:                true,
		`node.control_plane || cluster.enforces`:                true,
		`all([for r in audit_rules() : r.level != "None"])`:     true,
		`subset(open_from("tcp/2379"), cluster.control_planes)`: true,
	} {
		q, diags := parse(t, text)
		if diags.HasErrors() {
			t.Errorf("%s: %v", text, diags)
		} else if q.Needs().Node != node {
			t.Errorf("%s is of a node: %v", text, !node)
		}
	}
}
