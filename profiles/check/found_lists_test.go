package check

import (
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// empty is an API of which everything was read, and that has nothing.
func empty() state.API {
	return state.API{Status: state.Answering, Nodes: map[string]state.NodeObject{}, Tokens: map[string]string{}, Inventory: &state.Inventory{
		Namespaces: []state.Namespace{}, Pods: []state.Pod{}, ServiceAccounts: []state.ServiceAccount{}, Grants: []state.Grant{},
		NetworkPolicies: []state.NetworkPolicy{}, LimitRanges: []state.Namespaced{}, Quotas: []state.Namespaced{},
		Policies: []state.AdmissionPolicy{}, Things: []state.Thing{}}}
}

// full has one of each, of which nothing but what must be is said.
func fullInventory() state.API {
	api := empty()
	api.Nodes["w-1"] = state.NodeObject{Taints: []string{"node-role.kubernetes.io/control-plane=:NoSchedule", "a=b:NoExecute"}, KubeletVersion: "v1.37.2"}
	api.Tokens["abcdef"] = "a person's"
	i := api.Inventory
	i.Namespaces = []state.Namespace{{Name: "kube-system", System: true, Labels: map[string]string{"a": "b"}}}
	i.Pods = []state.Pod{{Name: "p", Containers: []state.Container{{Name: "c", Drops: []string{"ALL"}}, {Name: "d", HostPorts: []int{80}}}}, {Name: "q"}}
	i.ServiceAccounts = []state.ServiceAccount{{Name: "default", Automount: true}}
	i.Grants = []state.Grant{{Binding: "b", Verbs: []string{"*"}, SubjectKind: "User", Subject: "mallory"}}
	i.NetworkPolicies = []state.NetworkPolicy{{Name: "n"}}
	i.LimitRanges = []state.Namespaced{{Name: "l"}}
	i.Quotas = []state.Namespaced{{Name: "q"}}
	i.Policies = []state.AdmissionPolicy{{Name: "a"}}
	i.Things = []state.Thing{{Kind: "Pod", Name: "p"}}
	return api
}

func askOf(t *testing.T, api state.API, text string) Answer {
	t.Helper()
	q, diags := parse(t, text)
	if diags.HasErrors() {
		t.Fatalf("%s: %v", text, diags)
	}
	return q.Ask(t.Context(), Subject{Node: cluster.Node{}, Have: &state.Cluster{API: api}})
}

func TestListsOfTheAPI(t *testing.T) {
	for text, want := range map[string]Verdict{
		`count(pods()) == 2`: True,
		`all([for p in pods() : count(p.host_paths) == 0 && count([for k, v in p.labels : k]) == 0])`:              True, // nil is empty, not null
		`all([for p in pods() : count(p.containers) > 0])`:                                                         False,
		`any([for p in pods() : any([for c in p.containers : has(c.drops, "ALL")])])`:                              True,
		`all([for p in pods() : all([for c in p.containers : has(c.drops, "ALL")])])`:                              False,
		`any([for p in pods() : any([for c in p.containers : any(["x" == c.name]) || count(c.host_ports) == 1])])`: True,
		`all([for n in namespaces() : n.system && n.labels["a"] == "b"])`:                                          True,
		`all([for a in service_accounts() : !a.automount])`:                                                        False,
		`any([for g in grants() : has(g.verbs, "*") && count(g.resources) == 0 && !g.builtin])`:                    True,
		`all([for n in nodes() : n.name == "w-1" && n.kubelet == "v1.37.2" && !n.ready])`:                          True,
		`all([for n in nodes() : has(n.taints, "node-role.kubernetes.io/control-plane:NoSchedule")])`:              True,
		`all([for n in nodes() : has(n.taints, "a=b:NoExecute")])`:                                                 True,
		`all([for b in bootstrap_tokens() : b.id == "abcdef" && b.description == "a person's"])`:                   True,
		`count(network_policies()) + count(limit_ranges()) + count(quotas()) == 3`:                                 True,
		`all([for a in admission_policies() : count(a.actions) == 0 && !a.owned])`:                                 True,
		`count(things()) == 0`: False,
	} {
		if a := askOf(t, fullInventory(), text); a.Verdict != want {
			t.Errorf("%s is %s, want %s; it saw %+v", text, a.Verdict, want, a.Seen)
		}
	}
}

// Each list is empty where there is nothing, and unknown with a reason where that is not
// known: an expression that holds of nothing would pass otherwise.
func TestAListThatWasNotReadIsUnknown(t *testing.T) {
	const why = "the API forbids it"
	for name := range clusterLists {
		text := `all([for x in ` + name + `() : 1 == 2])`
		if a := askOf(t, empty(), text); a.Verdict != True {
			t.Errorf("%s of nothing: %+v", text, a)
		}
		if a := askOf(t, fullInventory(), text); a.Verdict != False {
			t.Errorf("%s of something: %+v", text, a)
		}
		refused := empty()
		refused.Unread = map[string]string{name: why}
		broken := map[string]struct {
			api    state.API
			reason string
		}{
			"nothing was asked":   {state.API{Status: state.Answering}, "was not asked"},
			"others were asked":   {state.API{Status: state.Answering, Inventory: &state.Inventory{}}, "was not asked"},
			"not looked at":       {state.API{}, "was not asked"},
			"it was not read":     {refused, why},
			"it does not answer":  {state.API{Status: state.Unreachable, Nodes: empty().Nodes, Tokens: empty().Tokens, Inventory: &state.Inventory{}}, "does not answer"},
			"it starts":           {state.API{Status: state.Starting, Nodes: empty().Nodes, Tokens: empty().Tokens}, "does not answer yet"},
			"there is none":       {state.API{Status: state.NoAPI}, "there is no API"},
			"it says why it does": {state.API{Status: state.Starting, Unread: map[string]string{"api": why}}, why},
		}
		for what, b := range broken {
			a := askOf(t, b.api, text)
			if a.Verdict != Unknown || len(a.Seen) != 1 || a.Seen[0].What != strings.ReplaceAll(name, "_", " ") || !strings.Contains(a.Seen[0].Unread, b.reason) {
				t.Errorf("%s, %s: %+v", name, what, a)
			}
		}
	}
	lost := fullInventory()
	lost.Unread = map[string]string{"tokens": why} // as a look names them
	if a := askOf(t, lost, `count(bootstrap_tokens()) == 1`); a.Verdict != Unknown || a.Seen[0].Unread != why {
		t.Errorf("%+v", a)
	}
}

// Evidence says how many there are, once, however often a loop asks, and never what they are.
func TestEvidenceOfAListIsItsLength(t *testing.T) {
	a := askOf(t, fullInventory(), `all([for p in pods() : count(pods()) == 2]) && count(bootstrap_tokens()) == 1`)
	want := []Seen{{What: "pods", Value: "2"}, {What: "bootstrap tokens", Value: "1"}}
	if a.Verdict != True || len(a.Seen) != 2 || a.Seen[0] != want[0] || a.Seen[1] != want[1] {
		t.Errorf("%+v, want %+v", a, want)
	}
}

func TestNoListHasNullInIt(t *testing.T) {
	api := fullInventory()
	api.Inventory.Things = nil
	for name := range clusterLists {
		all, _ := objects(api, name)
		v, err := listValue(all, listTypes[name])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !v.Type().Equals(listTypes[name]) {
			t.Errorf("%s is %#v", name, v.Type())
		}
		_ = cty.Walk(v, func(at cty.Path, v cty.Value) (bool, error) {
			if v.IsNull() {
				t.Errorf("%s: %#v is null", name, at)
			}
			return true, nil
		})
	}
	if p := api.Inventory.Pods[1]; p.Containers != nil || p.Labels != nil {
		t.Errorf("what was looked at was written to: %+v", p)
	}
}
