// Package plan computes what must be done so that a cluster has what it should
// have, as a value: printed, compared, and the only thing package apply
// executes. It is pure: no machine, no clock, no randomness.
package plan

import (
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Plan is the steps from what is there to what is wanted.
type Plan struct {
	// Cluster is the name of the cluster.
	Cluster string `json:"cluster"`
	// Steps in an order in which they could run one by one. Steps run as soon
	// as those in After are done, and a node does one at a time.
	Steps []Step `json:"steps"`
	// Nodes are those that the plan is for where it is not for all, see [Plan.Only].
	Nodes []string `json:"nodes,omitempty"`
	// Deviations are shown with the plan: id and reason.
	Deviations []Deviation `json:"deviations,omitempty"`
}

// Deviation is what the plan shows of a [cluster.Deviation].
type Deviation struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
	Origin string `json:"origin"`
}

// Empty says that nothing is to be done.
func (p *Plan) Empty() bool { return len(p.Steps) == 0 }

// Action is what a step does to its subject; its text is its symbol.
type Action string

// The actions, as their symbols.
const (
	Add    Action = "+"
	Change Action = "~"
	Remove Action = "-"
	Run    Action = ">"
	Check  Action = "?"
)

// Kind is the closed set of things a step can be.
type Kind string

// The kinds. Exactly the payload of the kind is set in a [Step].
const (
	KindFile        Kind = "file"
	KindSysctl      Kind = "sysctl"
	KindModule      Kind = "module"
	KindUnit        Kind = "unit"
	KindTable       Kind = "table"
	KindPhase       Kind = "phase"
	KindObject      Kind = "object"
	KindApproval    Kind = "approval"
	KindWait        Kind = "wait"
	KindNode        Kind = "node"
	KindProcess     Kind = "process"
	KindEncryption  Kind = "encryption"
	KindCertificate Kind = "certificate"
	KindUncordon    Kind = "uncordon"
)

// Step is one thing to do. Its id is stable: the same fact on the same node
// has the same id in every plan.
type Step struct {
	// ID is "<node>/<kind>/<subject>", and "cluster/…" for what no node holds.
	ID string `json:"id"`
	// Node is the node it acts on; for API steps, empty.
	Node   string `json:"node,omitempty"`
	Kind   Kind   `json:"kind"`
	Action Action `json:"action"`
	// Title says in a few words what is done, for people.
	Title string `json:"title"`
	// Why is the spec line, control or default the fact rests on.
	Why string `json:"why,omitempty"`
	// After are ids of steps that must be done first.
	After []string `json:"after,omitempty"`
	// Restarts are the components of the node that start again because of it.
	// Steps of one node that have any are one change, which the node takes back by
	// itself unless all of them turn out well.
	Restarts []string `json:"restarts,omitempty"`
	// Guarded steps belong to such a change.
	Guarded bool `json:"guarded,omitempty"`
	// Drains are settings that pods may end for when they change: before the change
	// pods go elsewhere, and may come back after it.
	Drains []string `json:"drains,omitempty"`

	File       *FileStep         `json:"file,omitempty"`
	Sysctl     *state.Sysctl     `json:"sysctl,omitempty"`
	Module     *state.Module     `json:"module,omitempty"`
	Unit       *UnitStep         `json:"unit,omitempty"`
	Table      *state.Table      `json:"table,omitempty"`
	Phase      *state.Phase      `json:"phase,omitempty"`
	Object     *state.Object     `json:"object,omitempty"`
	Approval   *state.Approval   `json:"approval,omitempty"`
	Wait       *state.Wait       `json:"wait,omitempty"`
	Leave      *Leave            `json:"leave,omitempty"`
	Process    *Process          `json:"process,omitempty"`
	Encryption *state.Encryption `json:"encryption,omitempty"`
	Renewal    *Renewal          `json:"renewal,omitempty"`
	Uncordon   *Uncordon         `json:"uncordon,omitempty"`
}

// FileStep brings one path to its wanted state.
type FileStep struct {
	Want state.File `json:"want"`
	// Had is the digest the plan saw there, "" when nothing was there: apply
	// refuses to write over anything else.
	Had string `json:"had,omitempty"`
	// Before and After are the texts, for people: what the plan saw there, and
	// what it will be. They are no part of the plan.
	Before []byte `json:"-"`
	After  []byte `json:"-"`
	// CopyFrom is the node whose bytes a shared file gets.
	CopyFrom string `json:"copy_from,omitempty"`
	// Link is where a symbolic link leads that is there and goes first, by digest: see
	// [state.LinkDigest]. apply takes away no other.
	Link string `json:"link,omitempty"`
	// Attributes is true when only mode or owner differ.
	Attributes bool `json:"attributes,omitempty"`
}

// Leave takes a node out of the cluster: its pods go elsewhere, its member of
// etcd and its Node object are removed. Its machine is not touched.
type Leave struct {
	Node string `json:"node"`
	// Drain says that its kubelet lives, so that its pods can be asked to go.
	Drain bool `json:"drain,omitempty"`
	// Member is the id of its member of etcd, "" where it has none.
	Member string `json:"member,omitempty"`
}

// UnitStep acts on a systemd unit.
type UnitStep struct {
	Name string `json:"name"`
	// Verbs run in this order: "daemon-reload", "unmask", "enable", "start", "restart", "disable", "stop".
	Verbs []string `json:"verbs"`
}
