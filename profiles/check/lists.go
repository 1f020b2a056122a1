package check

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/gocty"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// nodeDocuments are functions without a parameter that ask of one node, by their name,
// with an empty value of what they answer with.
var nodeDocuments = map[string]any{
	"pod_security": (*PodSecurity)(nil), "anonymous": (*Anonymous)(nil), "audit_rules": []AuditRule(nil), "firewall": (*Firewall)(nil),
	"admission_plugins": []string(nil), "issuers": []string(nil),
}

// clusterLists are functions without a parameter that ask of the API, and so of no node
// in particular.
var clusterLists = map[string]any{
	"namespaces": []state.Namespace(nil), "pods": []state.Pod(nil), "service_accounts": []state.ServiceAccount(nil),
	"grants": []state.Grant(nil), "network_policies": []state.NetworkPolicy(nil), "limit_ranges": []state.Namespaced(nil),
	"quotas": []state.Namespaced(nil), "admission_policies": []state.AdmissionPolicy(nil), "things": []state.Thing(nil),
	"nodes": []NodeObject(nil), "bootstrap_tokens": []Token(nil),
}

// listTypes are what both answer with.
var listTypes = func() map[string]cty.Type {
	out := map[string]cty.Type{}
	for _, all := range []map[string]any{nodeDocuments, clusterLists} {
		for name, empty := range all {
			t, err := gocty.ImpliedType(empty)
			if err != nil {
				panic(fmt.Sprintf("%s: %v", name, err)) // a type of ours, seen by every test
			}
			out[name] = t
		}
	}
	return out
}()

// asksList is a function without a parameter.
func asksList(name string, ask func(string) (cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		Type: function.StaticReturnType(listTypes[name]),
		Impl: func([]cty.Value, cty.Type) (cty.Value, error) { return ask(name) },
	})
}

var (
	entryType   = cty.List(cty.Object(map[string]cty.Type{"path": cty.String, "type": cty.String, "mode": cty.String, "owner": cty.String, "group": cty.String}))
	clusterType = cty.Object(map[string]cty.Type{
		"name": cty.String, "kubernetes": cty.Number, "endpoint": cty.String, "cni": cty.String, "enforces": cty.Bool,
		"control_planes": cty.List(cty.String), "nodes": cty.List(cty.String), "pods": cty.List(cty.String), "services": cty.List(cty.String),
		"admins": cty.List(cty.String), "balancers": cty.List(cty.String), "nodeports": cty.List(cty.String), "deviations": cty.List(cty.String), "namespaces": cty.Map(cty.String),
	})
)
