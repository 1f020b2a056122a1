package check

import (
	"encoding/json"
	"io"
	"maps"
	"slices"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// SnapshotVersion is the version of [Snapshot]'s form.
const SnapshotVersion = 1

// Snapshot is a cluster as checks see it, for who writes checks and for an audit of what
// was seen elsewhere. The same questions have the same answers of it. It holds what a
// check can ask and nothing else: of files their modes and owners, and texts only of
// those that are documents, without what no check reads of them.
type Snapshot struct {
	FormatVersion int          `json:"format_version"`
	Cluster       Cluster      `json:"cluster"`
	Nodes         []SnapshotOf `json:"nodes"`
	API           *APISnapshot `json:"api,omitempty"`
}

// SnapshotOf is one node of a [Snapshot].
type SnapshotOf struct {
	Name   string            `json:"name"`
	Role   cluster.Role      `json:"role"`
	Labels map[string]string `json:"labels,omitempty"`
	// Has is what the machine has; nil where it was not looked at.
	Has *NodeSnapshot `json:"has,omitempty"`
}

// APISnapshot is what the API has.
type APISnapshot struct {
	Status state.APIStatus `json:"status,omitempty"`
	// KubeProxy is what kube-proxy is configured by, "" where it was not read.
	KubeProxy string `json:"kube_proxy,omitempty"`
	// Nodes and Tokens are nil where nobody asked for them.
	Nodes     []NodeObject      `json:"nodes"`
	Tokens    map[string]string `json:"bootstrap_tokens"`
	Inventory *state.Inventory  `json:"inventory,omitempty"`
	Unread    map[string]string `json:"unread,omitempty"`
}

// Take is a snapshot of nodes and of what they have.
func Take(c Cluster, nodes []cluster.Node, have *state.Cluster) *Snapshot {
	out := &Snapshot{FormatVersion: SnapshotVersion, Cluster: c, Nodes: []SnapshotOf{}}
	for _, n := range nodes {
		one := SnapshotOf{Name: n.Name, Role: n.Role, Labels: n.Labels}
		if machine := have.Nodes[n.Name]; machine != nil {
			one.Has = nodeSnapshot(machine)
		}
		out.Nodes = append(out.Nodes, one)
	}
	api := have.API
	out.API = &APISnapshot{Status: api.Status, Tokens: api.Tokens, Inventory: api.Inventory, Unread: api.Unread}
	if api.Nodes != nil {
		out.API.Nodes = []NodeObject{}
	}
	for _, name := range byName(api.Nodes) {
		n := api.Nodes[name]
		out.API.Nodes = append(out.API.Nodes, NodeObject{Name: name, Labels: n.Labels, Taints: n.Taints, Kubelet: n.KubeletVersion, Ready: n.Ready})
	}
	if o, there := api.Objects[kubeProxy]; there {
		if text, err := proxyConfiguration(o.JSON); err == nil {
			out.API.KubeProxy = string(keptConfiguration(cluster.CompKubeProxy)(text))
		}
	}
	return out
}

// Write writes a snapshot as JSON.
func (s *Snapshot) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(s)
}

// argumentsOf are the arguments of a component that a check can ask for, each as it is
// written: another may hold anything.
func argumentsOf(component string, args []string) []string {
	if len(args) == 0 {
		return nil
	}
	out := []string{programOf(component)}
	for _, name := range append(knownArguments(component), gatesFlag) {
		if value, set := valueOf(component, args[1:], name); set {
			out = append(out, "--"+name+"="+value)
		}
	}
	slices.Sort(out[1:])
	return slices.Compact(out)
}

// byName are the keys of a map, sorted.
func byName[T any](of map[string]T) []string { return slices.Sorted(maps.Keys(of)) }
