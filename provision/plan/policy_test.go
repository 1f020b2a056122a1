package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

func netpol(name string) state.ObjectRef {
	return state.ObjectRef{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy", Namespace: "default", Name: name}
}

// there is an object of the API, with the label that bulwark gives or without.
func there(ref state.ObjectRef, labelled bool) state.HaveObject {
	labels := "{}"
	if labelled {
		labels = `{"bulwark/policy":"x"}`
	}
	return state.HaveObject{Ref: ref, JSON: []byte(`{"metadata":{"labels":` + labels + `}}`)}
}

// What bulwark made and the spec no longer wants goes, what others made stays and is
// said, and kube-proxy is given its rights back only where bulwark took them.
func TestPoliciesThatComeAndGo(t *testing.T) {
	deny, old := netpol("bulwark-default-deny"), netpol("old")
	account := state.ObjectRef{APIVersion: "v1", Kind: "ServiceAccount", Namespace: "default", Name: "default"}
	proxy := state.ObjectRef{APIVersion: "apps/v1", Kind: "DaemonSet", Namespace: "kube-system", Name: "kube-proxy"}
	fact := func(o state.Object) state.Fact { return state.Fact{ID: "cluster/object/" + o.Ref.String(), Object: &o} }
	retired := state.Fact{ID: "cluster/object/policy", Object: &state.Object{Retired: true}}
	wantDeny := fact(state.Object{Ref: deny, JSON: []byte("{}"), Policy: "default-deny"})
	wantAccount := fact(state.Object{Ref: account, JSON: []byte("{}"), Policy: "no-default-tokens", Fields: true})
	made := func(objects ...state.Object) []state.Object { return objects }
	for name, c := range map[string]struct {
		facts    []state.Fact
		status   state.APIStatus
		objects  []state.HaveObject
		policies []state.Object
		steps    []string
		problems []string
	}{
		"nothing":           {facts: []state.Fact{retired}},
		"a fresh cluster":   {facts: []state.Fact{retired, wantDeny}, status: state.NoAPI, steps: []string{"+ " + deny.String()}},
		"it is to be made":  {facts: []state.Fact{retired, wantDeny}, steps: []string{"+ " + deny.String()}},
		"ours, and another": {facts: []state.Fact{retired, wantDeny}, objects: []state.HaveObject{there(deny, true)}, steps: []string{"~ " + deny.String()}},
		"somebody else's":   {facts: []state.Fact{retired, wantDeny}, objects: []state.HaveObject{there(deny, false)}, problems: []string{"policy-object"}},
		"shared with others": {facts: []state.Fact{retired, wantAccount}, objects: []state.HaveObject{there(account, false)},
			steps: []string{"~ " + account.String()}},
		"one is retired": {facts: []state.Fact{retired, wantDeny}, objects: []state.HaveObject{there(deny, true)},
			policies: made(state.Object{Ref: old, Policy: "x"}, state.Object{Ref: deny, Policy: "default-deny"}, state.Object{Ref: account, Policy: "y", Fields: true}),
			steps:    []string{"- " + old.String(), "- " + account.String() + " fields", "~ " + deny.String()}},
		"the API is not there": {facts: []state.Fact{retired}, status: state.Unreachable, policies: made(state.Object{Ref: old, Policy: "x"})},
		"kube-proxy is as kubeadm makes it": {facts: []state.Fact{fact(state.Object{Ref: proxy, JSON: []byte("{}"), Derived: true, Policy: "p", Undo: true})},
			objects: []state.HaveObject{there(proxy, false)}},
		"kube-proxy gets its rights back": {facts: []state.Fact{fact(state.Object{Ref: proxy, JSON: []byte("{}"), Derived: true, Policy: "p", Undo: true})},
			objects: []state.HaveObject{there(proxy, true)}, steps: []string{"~ " + proxy.String()}},
		"kube-proxy loses its rights": {facts: []state.Fact{fact(state.Object{Ref: proxy, JSON: []byte("{}"), Derived: true, Policy: "p"})},
			objects: []state.HaveObject{there(proxy, false)}, steps: []string{"~ " + proxy.String()}},
	} {
		have := &state.Cluster{Nodes: map[string]*state.Node{}, API: state.API{Status: c.status, Objects: map[string]state.HaveObject{}, Policies: c.policies}}
		if c.status == "" {
			have.API.Status = state.Answering
		}
		for _, o := range c.objects {
			have.API.Objects[o.Ref.String()] = o
		}
		wants := []state.Want{{Facts: c.facts}}
		var steps, problems []string
		for _, s := range plan.Compute(&cluster.Cluster{}, wants, have, func(state.Object, state.HaveObject) bool { return true }).Steps {
			step := fmt.Sprintf("%s %s", s.Action, s.Object.Ref)
			if s.Object.JSON == nil && s.Object.Fields {
				step += " fields"
			}
			if s.ID != "cluster/object/"+s.Object.Ref.String() || s.Title == "" && s.Action == plan.Remove {
				t.Errorf("%s: %+v", name, s)
			}
			steps = append(steps, step)
		}
		for _, p := range plan.Preflight(&cluster.Cluster{}, wants, have) {
			problems = append(problems, p.Check)
			if p.Warning || !strings.Contains(p.Remedy, "kubectl delete -n default networkpolicy bulwark-default-deny") {
				t.Errorf("%s: %+v", name, p)
			}
		}
		if diff := cmp.Diff([][]string{c.steps, c.problems}, [][]string{steps, problems}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Pods that the policy of images will refuse are warned of, in the words of its mode.
func TestImagesThatWillBeRefusedAreSaid(t *testing.T) {
	have := &state.Cluster{API: state.API{RefusedImages: []state.Refused{{Namespace: "shop", Pods: []string{"Deployment web: nginx (without a digest)"}}, {Unknown: "not all"}}}}
	for mode, says := range map[string]string{cluster.ImagesEnforce: "refused when they are made again", cluster.ImagesAudit: "lets them in and warns"} {
		c := &cluster.Cluster{Policy: cluster.Policy{Images: cluster.Images{Mode: mode}}}
		got := plan.Preflight(c, nil, have)
		if len(got) != 2 || !strings.Contains(got[0].Seen, "shop: Deployment web: nginx") || !strings.Contains(got[0].Remedy, says) || !strings.Contains(got[1].Seen, "not judged: not all") ||
			slices.ContainsFunc(got, func(p plan.Problem) bool { return !p.Warning || p.Check != "image-policy" }) {
			t.Errorf("%s: %+v", mode, got)
		}
	}
	for range mostRows + 10 {
		have.API.RefusedImages = append(have.API.RefusedImages, state.Refused{Namespace: "n", Pods: []string{"p"}})
	}
	if got := plan.Preflight(&cluster.Cluster{}, nil, have); len(got) != mostRows+1 || !strings.Contains(got[mostRows].Seen, "12 more namespaces") {
		t.Errorf("%d rows: %+v", len(got), got[len(got)-1])
	}
}

// mostRows is how many namespaces are told of one by one.
const mostRows = 20
