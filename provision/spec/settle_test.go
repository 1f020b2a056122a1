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

// Controls contradict each other where no value meets all of them, and not where the first
// one that is tried does not.
func TestOnlyWhatNothingMeetsIsAContradiction(t *testing.T) {
	const timeout, gates = "apiserver { args = { request-timeout = \"%\" } }", "apiserver { args = { feature-gates = \"%\" } }"
	with := func(text, value string) string { return strings.ReplaceAll(text, "%", value) }
	one := func(text, value string) Layer { return layer(t, "X-1", "", with(text, value)) }
	two := func(text, value string) Layer { return wanted(t, "X-2", with(text, value)) }
	gate := func(id, value string) Layer { return layer(t, id, "", with(gates, value)) }
	for _, c := range []struct {
		of               layers
		lines, key, want string
		refused          string
	}{
		{layers{one(timeout, "60s"), two(timeout, "5m")}, "", "request-timeout", "5m", ""},
		{layers{two(timeout, "5m"), one(timeout, "60s")}, "", "request-timeout", "5m", ""},
		{layers{one(timeout, "60s"), two(timeout, "5m")}, with(timeout, "300s"), "request-timeout", "300s", ""},
		{layers{one(timeout, "60s"), two(timeout, "5m")}, with(timeout, "2m"), "", "", `X-2 asks for exactly "5m"`},
		{layers{wanted(t, "X-1", with(timeout, "60s")), two(timeout, "5m")}, "", "", "", "cannot be what all of them ask for"},
		{layers{gate("X-1", "Foo=true"), gate("X-2", "Bar=true")}, "", "feature-gates", "Foo=true,Bar=true", ""},
		{layers{gate("X-1", "Foo=true"), gate("X-2", "Bar=true")}, with(gates, "Bar=true,Foo=true"), "feature-gates", "Bar=true,Foo=true", ""},
		{layers{gate("X-1", "Foo=true"), gate("X-2", "Bar=true")}, with(gates, "Bar=true"), "feature-gates", "Bar=true,Foo=true", ""},
		{layers{gate("X-1", "Foo=true"), gate("X-2", "Bar=true")}, with(gates, "Foo=false"), "", "", `is "Foo=false" here, and X-1 asks for "Foo=true"`},
		{layers{gate("X-1", "Foo=true"), gate("X-2", "Foo=true,Bar=true")}, "", "feature-gates", "Foo=true,Bar=true", ""},
		{layers{gate("X-1", "Foo=true"), gate("X-2", "Foo=false")}, "", "", "", "X-1 for \"Foo=true\"; X-2 for \"Foo=false\""},
		{layers{gate("X-1", "Foo=true"), gate("X-2", "Foo=false"), gate("X-3", "Bar=true")}, "", "", "", "cannot be what all of them ask for"},
	} {
		got, said := read(t, "profiles = [\"p\"]\n"+c.lines, c.of)
		if (got == nil) != (c.refused != "") || !strings.Contains(said, c.refused) || got != nil && got.APIServer.Args[c.key] != c.want {
			t.Errorf("%v beside %q: want %q%q: %s", c.of[1].Control, c.lines, c.want, c.refused, said)
		}
	}
}

// What adds up is too much for a control that wants the very list.
func TestTheVeryListIsNoMoreThanIt(t *testing.T) {
	secrets := wanted(t, "X-1", "encryption { resources = [\"secrets\"] }")
	both := wanted(t, "X-1", "encryption { resources = [\"configmaps\", \"secrets\"] }")
	for _, c := range []struct {
		of    Layer
		lines string
		want  string
	}{
		{secrets, "", ""},
		{secrets, "encryption { resources = [\"secrets\"] }", ""},
		{secrets, "encryption { resources = [\"secrets\", \"configmaps\"] }", `is ["configmaps", "secrets"] here, and X-1 asks for exactly ["secrets"]`},
		{both, "encryption { resources = [\"secrets\"] }", ""},
	} {
		got, said := read(t, "profiles = [\"p\"]\n"+c.lines, layers{c.of})
		if (got == nil) != (c.want != "") || !strings.Contains(said, c.want) {
			t.Errorf("%q: want %q: %s", c.lines, c.want, said)
		}
	}
}

// A field below one that holds no object is not put in by taking that one away.
func TestAFieldBelowWhatIsNoObject(t *testing.T) {
	swap := layer(t, "X-1", "", "kubelet { config = { memorySwap = { swapBehavior = \"NoSwap\" } } }")
	for _, c := range []struct {
		of          layers
		lines, want string
	}{
		{layers{swap}, `kubelet { config = { memorySwap = "x" } }`, `kubelet.config.memorySwap is "x" here, which is no object, and X-1 asks for kubelet.config.memorySwap.swapBehavior = "NoSwap" (p.hcl:7)`},
		{layers{swap}, `kubelet { config = { memorySwap = ["x"] } }`, `kubelet.config.memorySwap is ["x"] here`},
		{layers{layer(t, "X-2", "", "kubelet { config = { memorySwap = \"y\" } }"), swap}, "", `kubelet.config.memorySwap is "y" here`},
		{layers{swap}, `kubelet { config = { memorySwap = {} } }`, ""},
		{layers{swap}, `kubelet { config = { memorySwap = "x" } }` + "\nwaive \"X-1\" { reason = \"x\" }", ""},
	} {
		got, said := read(t, "profiles = [\"p\"]\n"+c.lines, c.of)
		if (got == nil) != (c.want != "") || !strings.Contains(said, c.want) {
			t.Errorf("%q: want %q: %s", c.lines, c.want, said)
		}
		if inner := got != nil && !strings.Contains(c.lines, "waive"); inner {
			if m, _ := got.Kubelet["memorySwap"].(map[string]any); m["swapBehavior"] != "NoSwap" {
				t.Errorf("%q: %v", c.lines, got.Kubelet)
			}
		}
	}
}

// A way out of a contradiction waives no control that is met on it.
func TestNoMoreIsWaivedThanHasToBe(t *testing.T) {
	ask := func(id, n string) Layer { return layer(t, id, "", "kubelet { config = { podPidsLimit = "+n+" } }") }
	_, said := read(t, "profiles = [\"p\"]", layers{wanted(t, "X-1", "kubelet { config = { podPidsLimit = 1000 } }"), ask("X-2", "100"), ask("X-3", "2000")})
	_, first, _ := strings.Cut(said, "To have 1000:")
	if first, _, _ = strings.Cut(first, "To have"); !strings.Contains(first, `waive "X-2"`) || strings.Contains(first, `waive "X-3"`) {
		t.Error(said)
	}
}
