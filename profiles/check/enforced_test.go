package check

import (
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// agent is a pod of a pod network, by its image.
func agent(node, image string) state.Pod {
	return state.Pod{Namespace: "net", Name: "agent-" + node, Node: node, HostNetwork: true, Containers: []state.Container{{Image: image}}}
}

// Of a living cluster what runs tells whether NetworkPolicies are enforced, and the
// manifest before. What is not known says why.
func TestWhatRunsTellsWhoEnforces(t *testing.T) {
	const calico, cilium, flannel, other = "quay.io/calico/node:v3", "quay.io/cilium/cilium:v1", "flannel/flannel:v1", "example.com/net:1"
	external := cluster.CNI{Kind: cluster.CNIExternal}
	living := func(pods ...state.Pod) state.API {
		return state.API{Status: state.Answering, Nodes: map[string]state.NodeObject{"a": {}, "b": {}}, Inventory: &state.Inventory{Pods: append([]state.Pod{}, pods...)}}
	}
	const operator, kindnet = "quay.io/tigera/operator:v1", "docker.io/kindest/kindnetd:"
	of := func(p state.Pod, phase string) state.Pod { p.Phase = phase; return p }
	passing := func(p state.Pod) state.Pod { p.Containers[0].Passing = true; return p }
	mine := agent("a", calico)
	mine.HostNetwork = false
	for name, c := range map[string]struct {
		cni  cluster.CNI
		api  state.API
		want Verdict
		says string
	}{
		"rendered, external":             {external, state.API{}, Unknown, "without --rendered"},
		"rendered, an unknown manifest":  {manifested(other), state.API{}, Unknown, "no image of the manifest"},
		"rendered, a known one":          {manifested(calico), state.API{}, True, "Calico"},
		"rendered, flannel":              {manifested(flannel), state.API{}, False, "flannel"},
		"rendered, bridge":               {cluster.CNI{Kind: cluster.CNIBridge}, state.API{}, False, "bridge"},
		"external, and Calico runs":      {external, living(agent("a", calico), agent("b", calico)), True, "Calico runs on every node"},
		"external, and flannel runs":     {external, living(agent("a", flannel), agent("b", flannel)), False, "flannel"},
		"external, and nothing known":    {external, living(agent("a", other), agent("b", other)), Unknown, "try it"},
		"another than in the manifest":   {manifested(calico), living(agent("a", flannel), agent("b", flannel)), False, "flannel"},
		"the manifest's does not run":    {manifested(calico), living(), Unknown, "no pod"},
		"on one node alone":              {manifested(calico), living(agent("a", calico)), Unknown, "not on b"},
		"an image and no agent":          {external, living(mine), Unknown, "no pod"},
		"Cilium that may be told":        {external, living(agent("a", cilium), agent("b", cilium)), Unknown, "cilium-config"},
		"Cilium as the manifest has it":  {manifested(cilium), living(agent("a", cilium), agent("b", cilium)), True, "manifest"},
		"Cilium that is off":             {also(manifested(cilium), "\n  enable-policy: never\n"), living(agent("a", cilium), agent("b", cilium)), False, "manifest"},
		"Cilium and another's manifest":  {manifested(calico), living(agent("a", cilium), agent("b", cilium)), Unknown, "cilium-config"},
		"bridge, alone":                  {cluster.CNI{Kind: cluster.CNIBridge}, living(), False, "bridge"},
		"bridge, and what enforces":      {cluster.CNI{Kind: cluster.CNIBridge}, living(agent("a", "networking/kube-network-policies"), agent("b", "networking/kube-network-policies")), True, "kube-network-policies"},
		"rendered, what installs Calico": {manifested(operator), state.API{}, True, "Calico"},
		"an operator alone":              {external, living(agent("a", operator), agent("b", operator)), Unknown, "no pod"},
		"an operator, and half of it":    {manifested(operator), living(agent("a", operator), agent("b", calico)), Unknown, "not on a"},
		"one that waits":                 {external, living(agent("a", calico), of(agent("b", calico), "Pending")), Unknown, "not on b"},
		"one that failed":                {external, living(agent("a", calico), of(agent("b", calico), "Failed")), Unknown, "not on b"},
		"one that was put off":           {external, living(of(agent("a", calico), "Succeeded"), of(agent("b", calico), "Running")), Unknown, "not on a"},
		"all that run":                   {external, living(of(agent("a", calico), "Running"), of(agent("b", calico), "Running")), True, "every node"},
		"what only prepares":             {external, living(passing(agent("a", calico)), passing(agent("b", calico))), Unknown, "no pod"},
		"kindnet that enforces":          {external, living(agent("a", kindnet+"v20241007-36f62932"), agent("b", kindnet+"v20250512@sha256:0")), True, "every node"},
		"kindnet that does not yet":      {external, living(agent("a", kindnet+"v20241007"), agent("b", kindnet+"v20240202-8f1494ea")), Unknown, "v20240202-8f1494ea"},
		"kindnet of no tag":              {external, living(agent("a", "kindest/kindnetd@sha256:0"), agent("b", kindnet+"latest")), Unknown, "v20241007 and later"},
		"rendered, kindnet":              {manifested(kindnet + "v20250512"), state.API{}, True, "kindnet"},
		"rendered, kindnet, an old one":  {manifested(kindnet + "v20230511"), state.API{}, Unknown, "v20241007 and later"},
		"an API that does not answer":    {manifested(calico), state.API{Status: state.Unreachable}, Unknown, "does not answer"},
		"pods that could not be listed":  {manifested(calico), state.API{Status: state.Answering, Unread: map[string]string{"pods": "it is forbidden"}}, Unknown, "it is forbidden"},
		"an API that nobody asked of it": {manifested(calico), state.API{Status: state.Answering}, Unknown, "not asked"},
	} {
		q, diags := parse(t, `cluster.enforces`)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		s := Subject{Node: cluster.Node{Name: "a", Role: cluster.ControlPlane}, Cluster: ClusterOf(&cluster.Cluster{Network: cluster.Network{CNI: c.cni}}), Have: &state.Cluster{API: c.api}}
		for _, of := range []Subject{s, again(t, s)} {
			a := q.Ask(t.Context(), of)
			if len(a.Seen) != 1 || a.Verdict != c.want || !strings.Contains(a.Seen[0].Value+a.Seen[0].Unread, c.says) || (c.want == Unknown) != (a.Seen[0].Unread != "") {
				t.Errorf("%s: %+v", name, a)
			}
		}
	}
}

// Who asks for it has the pods looked at.
func TestWhoEnforcesNeedsPods(t *testing.T) {
	for text, want := range map[string]int{`cluster.enforces`: 1, `cluster["enforces"]`: 1, `cluster.cni == "bridge" && node.control_plane`: 0} {
		q, diags := parse(t, text)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if got := len(q.Needs().Lists); got != want {
			t.Errorf("%s needs %v", text, q.Needs().Lists)
		}
	}
}
