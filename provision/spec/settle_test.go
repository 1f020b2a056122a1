package spec

import (
	"strings"
	"testing"
)

// wanted is a layer that is met by its very values alone.
func wanted(t *testing.T, id, blocks string) Layer {
	t.Helper()
	y := layer(t, id, "", blocks)
	y.Exactly = true
	return y
}

// A control that wants the very value takes a cluster nowhere below its defaults: only the
// spec's own word does.
func TestNoControlSoftens(t *testing.T) {
	for _, c := range []struct{ asks, lines, want string }{
		{"admission { pod_security = \"baseline\" }", "", `X-1 asks for exactly "baseline" (p.hcl:7), and admission.pod_security is "restricted" otherwise`},
		{"audit { max_age = 100 }", "", "X-1 asks for exactly 100 (p.hcl:7), and audit.max_age is 366 otherwise"},
		{"audit { max_age = 100 }", "audit { max_age = 100 }", ""},
		{"audit { max_age = 100 }", "waive \"X-1\" { reason = \"x\" }", ""},
		{"audit { max_age = 400 }", "", ""},
		{"audit { policy = \"everything\" }", "", ""},
		{"apiserver { args = { request-timeout = \"5m\" } }", "", ""},
		{"kubelet { config = { podPidsLimit = 100 } }", "", ""},
		{"policy {\n images {\n mode = \"enforce\"\n registries = [\"r.example.com\"]\n exempt_namespaces = [\"kube-system\"]\n }\n}", "", ""},
	} {
		got, said := read(t, "profiles = [\"p\"]\n"+c.lines, layers{wanted(t, "X-1", c.asks)})
		if (got != nil) != (c.want == "") || !strings.Contains(said, c.want) {
			t.Errorf("%s beside %q: want %q: %s", c.asks, c.lines, c.want, said)
		}
	}
}

// What has no lower end is the stricter the lower it is. Of what lies between two bounds
// nothing is stricter: who asks for one of it is told where another stays.
func TestWhatLiesBetweenBounds(t *testing.T) {
	const signing, idle = "controller_manager { args = { cluster-signing-duration = \"%\" } }", "kubelet { config = { streamingConnectionIdleTimeout = \"%\" } }"
	const ttl = "scheduler { args = { authorization-webhook-cache-authorized-ttl = \"%\" } }"
	const tokens = "controller_manager { args = { legacy-service-account-token-clean-up-period = \"%\" } }"
	const cache = "kubelet { config = { authentication = { webhook = { cacheTTL = \"%\" } } } }"
	with := func(text, value string) string { return strings.ReplaceAll(text, "%", value) }
	for _, c := range []struct {
		asks, lines, want string
		refused           bool
	}{
		{with(signing, "24h"), with(signing, "8760h"), `is "8760h" here, and X-1 asks for "24h" (p.hcl:7)`, true},
		{with(signing, "24h"), with(signing, "12h"), "", false},
		{with(signing, "24h"), "", "", false},
		{with(ttl, "5s"), with(ttl, "10s"), `X-1 asks for "5s"`, true},
		{with(tokens, "24h"), with(tokens, "48h"), `X-1 asks for "24h"`, true},
		{with(cache, "1m"), with(cache, "90s"), `X-1 asks for "1m"`, true},
		{with(cache, "1m"), with(cache, "0s"), "", false},
		{with(idle, "1m0s"), "", `X-1 asks for kubelet.config.streamingConnectionIdleTimeout = "1m0s", and it is "5m0s"`, false},
		{with(idle, "1m0s"), with(idle, "2m"), `and it is "2m"`, false},
		{with(idle, "5m"), "", "", false},
		{with(idle, "1m0s"), with(idle, "60s"), "", false},
		{with(idle, "1m0s"), "waive \"X-1\" { reason = \"x\" }", "", false},
	} {
		y := layer(t, "X-1", "", c.asks)
		y.Own = true
		got, said := read(t, "profiles = [\"p\"]\n"+c.lines, layers{y})
		if (got == nil) != c.refused || !strings.Contains(said, c.want) || c.want == "" && said != "" || c.want != "" && !c.refused && !strings.Contains(said, "exactly = true") {
			t.Errorf("%s beside %q: want %q: %s", c.asks, c.lines, c.want, said)
		}
		y.Own = false
		if got, said = read(t, "profiles = [\"p\"]\n"+c.lines, layers{y}); got != nil && said != "" {
			t.Errorf("%s of a standard: %s", c.asks, said)
		}
	}
}
