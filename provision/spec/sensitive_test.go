package spec

import (
	"strings"
	"testing"
)

// uses are what a value may be wrong for, each with its own words.
func uses() []string {
	return []string{
		"endpoint { host = @ }", "kubernetes = @", "image_repository = \"${@}!\"", "ssh { port = @ }", "ssh { user = @ }", "ssh { bastion = @ }",
		"encryption { provider = @ }", "encryption { resources = [@] }", "encryption { key_name = @ }", "admission { exempt_namespaces = [@] }",
		"node \"y\" { role = @ }", "node \"y\" { address = @ }", "node \"y\" { labels = { a = @ } }", "node \"y\" { labels = { (@) = \"a\" } }",
		"node \"y\" { taints = [@] }", "node \"y\" { ssh_host = @ }", "node \"y\" { host_key = @ }",
		"kubernetes = parseint(@, 10)", "kubernetes = file(@)", "kubernetes = cidrhost(@, 1)", "kubernetes = {}[@]", "kubernetes = regex(\"^$\", @)",
		"kubernetes = [for x in [@] : x + 1][0]",
		"apiserver { args = { profiling = @ } }", "apiserver { args = { enable-admission-plugins = \"AlwaysAdmit,${@}\" } }",
		"apiserver { args = { disable-admission-plugins = @ } }", "apiserver { args = { (@) = 1 } }", "apiserver { args = { service-node-port-range = @ } }",
		"kubelet { config = { authorization = { mode = @ } } }", "kubelet { config = { authorization = merge({}, { mode = @ }) } }",
		"kubelet { config = { tlsCipherSuites = [@] } }", "kubelet { config = { (@) = 1 } }", "kube_proxy { config = { metricsBindAddress = @ } }",
		"network { pods = [@] }", "network { dns_domain = @ }", "network { cni_ports = [@] }",
		"network {\n cni \"manifest\" { manifest = @ }\n}",
	}
}

// A value is found by no search once it was quoted, cut or changed.
func TestASensitiveValueIsInNoDiagnostic(t *testing.T) {
	long := strings.Repeat("x", 70) + "CANARY-4711" + strings.Repeat("y", 100)
	for name, r := range map[string]struct{ value, use, canary string }{
		"as it is":            {"CANARY-4711", "var.x", "CANARY-4711"},
		"with a quote":        {"CANARY\"4711", "var.x", "CANARY"},
		"with a backslash":    {"CANARY\\4711\n", "var.x", "CANARY"},
		"longer than is said": {long, "var.x", "CANARY"},
		"in capitals":         {"canary-4711", "upper(var.x)", "CANARY-4711"},
		"a part of it":        {"a-CANARY", "split(\"-\", var.x)[1]", "CANARY"},
		"in longer text":      {"CANARY", "\"${lower(var.x)}/x\"", "canary"},
		"by a local":          {"canary-4711", "local.y", "CANARY-4711"},
		"a part with a sign":  {"canary=CANARY:No", "var.x", "CANARY"},
		"reversed":            {"YRANAC", "strrev(var.x)", "CANARY"},
		"a number":            {"4711", "tonumber(var.x)", "4711"},
		"a sum":               {"4711", "tonumber(var.x) + 1", "4712"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, use := range uses() {
				text := withVariable("sensitive = true", strings.ReplaceAll(use, "@", r.use)) + "locals {\n y = upper(var.x)\n}\n"
				_, files, diags := Load(written(t, text), Options{Vars: map[string]string{"x": r.value}})
				if said := printed(files, diags); strings.Contains(said, r.canary) {
					t.Errorf("%s:\n%s", use, said)
				}
			}
		})
	}
}

// What is wrong shows at another line than the value's.
func TestASensitiveValueIsInNoDiagnosticOfAnotherLine(t *testing.T) {
	for value, use := range map[string]string{
		"10.0.0.11":        "node \"y\" {\n role = \"worker\"\n address = var.x\n}",
		"10.96.77.0/24":    "network {\n pods = [\"10.96.0.0/16\"]\n services = [var.x]\n}",
		"2001:DB8:77::/48": "network {\n pods = [var.x]\n}",
		"10.0.0.0/13":      "network {\n pods = [var.x]\n}",
	} {
		text := withVariable("sensitive = true", use)
		_, files, diags := Load(written(t, text), Options{Vars: map[string]string{"x": value}})
		said := strings.ReplaceAll(printed(files, diags), "address = \"10.0.0.11\"", "") // the spec's own line
		if !diags.HasErrors() || strings.Contains(said, value) || strings.Contains(said, strings.ToLower(value)) {
			t.Errorf("%s:\n%s", use, said)
		}
	}
}

func TestASensitiveVariablesOwnProblemsDoNotShowIt(t *testing.T) {
	for given, declared := range map[string]string{
		"CANARY(1)":           "type = list(string)",
		"[CANARY]":            "type = list(string)",
		"[\"\\u202eCANARY\"]": "type = list(number)",
		"[CANАRY]":            "type = list(string)",
		"{ a = \"CANARY\" }":  "type = object({ b = string })",
		"CANARY":              "type = number",
	} {
		_, files, diags := Load(written(t, withVariable("sensitive = true\n"+declared, "kubernetes = var.x")), Options{Vars: map[string]string{"x": given}})
		if said := printed(files, diags); !diags.HasErrors() || strings.Contains(said, "CAN") {
			t.Errorf("%s:\n%s", given, said)
		}
	}
}

// Where one value of a map is secret, what is said of the others stays whole.
func TestProblemsBesideASensitiveValueAreSaid(t *testing.T) {
	text := withVariable("sensitive = true", "apiserver { args = {\n external-hostname = var.x\n profiling = true\n} }")
	_, files, diags := Load(written(t, text), Options{Vars: map[string]string{"x": "CANARY"}})
	if said := printed(files, diags); !strings.Contains(said, "CIS-1.2.15") {
		t.Error(said)
	}
	_, files, diags = Load(written(t, withVariable("sensitive = true", "ssh { user = var.x }")), Options{Vars: map[string]string{"x": "a b"}})
	if said := printed(files, diags); !strings.Contains(said, "Not a user") || !strings.Contains(said, "sensitive = true while you look") {
		t.Error(said)
	}
	_, files, diags = Load(written(t, withVariable("sensitive = true", "")), Options{})
	if said := printed(files, diags); !strings.Contains(said, "--var x=") {
		t.Errorf("nothing says how to give it a value:\n%s", said)
	}
}
