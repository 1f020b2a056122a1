package cluster

import (
	"slices"
	"strings"
	"testing"
)

func TestASettingIsExplained(t *testing.T) {
	c := &Cluster{Audit: Audit{MaxAge: 1825}, APIServer: Component{Args: map[string]string{"event-ttl": "2h"}},
		Policy:  Policy{Namespaces: []ManagedNamespace{{Name: "shop.a", PodSecurity: "baseline"}}},
		Kubelet: Config{"maxPods": int64(60), "evictionHard": map[string]any{"nodefs.available": "5%", "deep": map[string]any{"er": true}}},
		Origins: map[string]Origin{"audit.max_age": {Default: "NSA-AL-3"}, "apiserver.args.event-ttl": {File: "cluster.hcl", Line: 3}},
		Asked:   map[string][]Asked{"audit.max_age": {{Control: "NSA-AL-3", Value: "1825"}}}}
	for path, want := range map[string]struct{ value, origin, rule string }{
		"audit.max_age":                        {"1825", "NSA-AL-3", "highest"},
		"apiserver.args.event-ttl":             {"2h", "cluster.hcl:3", "no table"},
		"apiserver.args.profiling":             {"false", "default", "false counts"},
		"policy.namespace.shop.a.pod_security": {"baseline", "default", "the strictest"},
		"apiserver.args.audit-log-path":        {"", "default", "one value, which bulwark"},
		"kubelet.config.maxPods":               {"60", "default", "no table"},
		"kubelet.config.evictionHard.deep.er":  {"true", "default", "no table"},
		"kubelet.config.protectKernelDefaults": {"true", "default", "true counts"},
	} {
		e, ok := c.Explain(path)
		if !ok || e.Value != want.value || e.Origin != want.origin || !strings.Contains(e.Rule, want.rule) {
			t.Errorf("%s: %v %+v", path, ok, e)
		}
	}
	if e, _ := c.Explain("audit.max_age"); len(e.Asked) != 1 {
		t.Errorf("%+v", e)
	}
	for _, path := range []string{"", "audit", "audit.max_aeg", "apiserver", "apiserver.args", "apiserver.args.", "apiserver.config.profiling", "kubelet.args.maxPods", "kubelet.config.nothing", "nobody.args.x", "kubelet.config.maxPods.x", "policy.namespace.shop.a", "policy.namespace.nobody.pod_security"} {
		if e, ok := c.Explain(path); ok {
			t.Errorf("%q is explained: %+v", path, e)
		}
	}
	if all := Explainable(); !slices.Contains(all, "audit.max_age") || !slices.Contains(all, "kubelet.config.seccompDefault") || !slices.Contains(all, "apiserver.args.profiling") {
		t.Error(all)
	}
}
