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
