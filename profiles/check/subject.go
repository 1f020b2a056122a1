package check

import (
	"sync"

	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Subject is what is asked about: one node of a cluster, or what a look found. One
// that [Subjects.Of] made answers faster, since it keeps what it was asked.
type Subject struct {
	// Node is the node as the spec has it.
	Node cluster.Node
	// Cluster is the cluster as the spec has it.
	Cluster Cluster
	// Have is what all nodes and the API have.
	Have *state.Cluster

	asked *asked
}

// Subjects are those of one cluster. What several nodes have the same, as most of
// their files, is read once for all of them.
type Subjects struct {
	cluster Cluster
	have    *state.Cluster
	value   cty.Value // of the variable cluster
	network enforcement
	texts   *texts
	judged  *judged
}

// NewSubjects are those of a cluster and what it has, which does not change meanwhile.
func NewSubjects(c Cluster, have *state.Cluster) *Subjects {
	network := c.enforcement(have.API)
	return &Subjects{cluster: c, have: have, value: c.value(network.is), network: network, texts: &texts{}, judged: newJudged()}
}

// Of is one node as a subject, or with an empty node the cluster. It keeps everything
// that it was asked, so it should live no longer than its questions.
func (s *Subjects) Of(n cluster.Node) Subject {
	out := Subject{Node: n, Cluster: s.cluster, Have: s.have}
	f := &found{subject: out, node: s.have.Nodes[n.Name], texts: s.texts}
	out.asked = &asked{found: f, judged: s.judged, cluster: s.value, network: s.network, most: MostSteps, answers: map[question]*answer{}}
	return out
}

// texts are documents of nodes as they were read, by kind and by text: nodes of one
// cluster have most of them the same. It is safe for concurrent use.
type texts struct {
	mu sync.Mutex
	of map[string]map[string]any
}

// readOnce is a text as a document of some kind. That it is none is kept too.
func readOnce[T any](t *texts, kind string, text []byte, read func([]byte) (T, error)) (T, error) {
	type outcome struct {
		document T
		err      error
	}
	t.mu.Lock()
	known, again := t.of[kind][string(text)].(outcome)
	t.mu.Unlock()
	if again {
		return known.document, known.err
	}
	known.document, known.err = read(text) // two at the same time come to the same
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[string]map[string]any{}
	}
	if t.of[kind] == nil {
		t.of[kind] = map[string]any{}
	}
	t.of[kind][string(text)] = known
	return known.document, known.err
}
