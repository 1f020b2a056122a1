package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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

// ReadSnapshot reads what [Snapshot.Write] wrote, by this version of bulwark or an older one.
func ReadSnapshot(r io.Reader) (*Snapshot, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var version struct {
		FormatVersion int `json:"format_version"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return nil, fmt.Errorf("this is no snapshot: %w", err)
	}
	switch {
	case version.FormatVersion == 0:
		return nil, errors.New("this is no snapshot: it has no format_version")
	case version.FormatVersion > SnapshotVersion:
		return nil, fmt.Errorf("the snapshot has format_version %d, and this bulwark reads %d and older: use the bulwark that wrote it, or a newer one", version.FormatVersion, SnapshotVersion)
	}
	var out Snapshot
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields() // a misspelt name is no reason for a verdict
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("the snapshot cannot be read: %w", err)
	}
	named := map[string]bool{}
	for _, n := range out.Nodes {
		switch {
		case n.Name == "" || named[n.Name]:
			return nil, fmt.Errorf("the snapshot has a node %q without a name of its own", n.Name)
		case n.Role != cluster.ControlPlane && n.Role != cluster.Worker: // of another most controls would not be asked
			return nil, fmt.Errorf("the snapshot of node %s: %q is no role; a node is %s or %s", n.Name, n.Role, cluster.ControlPlane, cluster.Worker)
		}
		named[n.Name] = true
		if n.Has != nil {
			if err := n.Has.valid(); err != nil {
				return nil, fmt.Errorf("the snapshot of node %s: %w", n.Name, err)
			}
		}
	}
	return &out, nil
}

// Machines are the nodes, as a spec would have them.
func (s *Snapshot) Machines() []cluster.Node {
	var out []cluster.Node
	for _, n := range s.Nodes {
		out = append(out, cluster.Node{Name: n.Name, Role: n.Role, Labels: n.Labels})
	}
	return out
}

// Have is what nodes and API had.
func (s *Snapshot) Have() *state.Cluster {
	out := &state.Cluster{Nodes: map[string]*state.Node{}}
	for _, n := range s.Nodes {
		if n.Has != nil {
			out.Nodes[n.Name] = n.Has.node(n.Name)
		}
	}
	if s.API == nil {
		return out
	}
	out.API = state.API{Status: s.API.Status, Tokens: s.API.Tokens, Inventory: s.API.Inventory, Unread: s.API.Unread, Objects: map[string]state.HaveObject{}}
	if s.API.Nodes != nil {
		out.API.Nodes = map[string]state.NodeObject{}
	}
	for _, n := range s.API.Nodes {
		out.API.Nodes[n.Name] = state.NodeObject{Name: n.Name, Labels: n.Labels, Taints: n.Taints, KubeletVersion: n.Kubelet, Ready: n.Ready}
	}
	if s.API.KubeProxy != "" {
		if object, err := json.Marshal(map[string]any{"data": map[string]string{proxyKey: s.API.KubeProxy}}); err == nil {
			out.API.Objects[kubeProxy] = state.HaveObject{JSON: object}
		}
	}
	return out
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
