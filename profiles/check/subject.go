package check

import (
	"sync"

	"github.com/hashicorp/hcl/v2"
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
}

// NewSubjects are those of a cluster and what it has, which does not change meanwhile.
func NewSubjects(c Cluster, have *state.Cluster) *Subjects {
	network := c.enforcement(have.API)
	return &Subjects{cluster: c, have: have, value: c.value(network.is), network: network, texts: &texts{}}
}

// Of is one node as a subject, or with an empty node the cluster. It keeps everything
// that it was asked, so it should live no longer than its questions.
func (s *Subjects) Of(n cluster.Node) Subject {
	out := Subject{Node: n, Cluster: s.cluster, Have: s.have}
	f := &found{subject: out, node: s.have.Nodes[n.Name], texts: s.texts}
	out.asked = &asked{found: f, answers: map[question]answer{}, network: s.network}
	out.asked.scope = scope(out.asked, nodeValue(n), s.value)
	return out
}

// asked is what a subject was asked already. A control asks what another asked before
// in most cases: standards are about the same settings.
type asked struct {
	mu      sync.Mutex // one question at a time
	found   *found
	answers map[question]answer
	scope   *hcl.EvalContext
	network enforcement
}

// question is a function and what it was told.
type question struct{ function, a, b string }

// answer is what it said, and what that rests on.
type answer struct {
	value        cty.Value
	err          error
	seen, doubts []Seen
}

// evaluate is what an expression comes to of a subject, and what that rests on.
func (q *Question) evaluate(s Subject) (v cty.Value, diags hcl.Diagnostics, seen, doubts []Seen) {
	a := s.asked
	if a == nil {
		a = NewSubjects(s.Cluster, s.Have).Of(s.Node).asked
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.found.seen, a.found.doubts = nil, nil
	if q.network {
		a.found.saw(a.network.seen())
	}
	v, diags = q.expr.Value(a.scope)
	return v, diags, a.found.seen, a.found.doubts
}

// once asks what was not asked before, and says again what any answer rests on.
func (a *asked) once(q question, ask func() (cty.Value, error)) (cty.Value, error) {
	known, again := a.answers[q]
	if !again {
		seen, doubts := a.found.seen, a.found.doubts
		a.found.seen, a.found.doubts = nil, nil
		known.value, known.err = ask()
		known.seen, known.doubts = a.found.seen, a.found.doubts
		a.found.seen, a.found.doubts = seen, doubts
		a.answers[q] = known
	}
	for _, s := range known.seen {
		a.found.saw(s)
	}
	for _, s := range known.doubts {
		a.found.doubt(s)
	}
	return known.value, known.err
}

func (a *asked) one(function, word string, ask func(string) (cty.Value, error)) (cty.Value, error) {
	return a.once(question{function: function, a: word}, func() (cty.Value, error) { return ask(word) })
}

func (a *asked) two(function, first, second string, ask func(a, b string) (cty.Value, error)) (cty.Value, error) {
	return a.once(question{function, first, second}, func() (cty.Value, error) { return ask(first, second) })
}

func (a *asked) arg(component, name string) (cty.Value, error) {
	return a.two("arg", component, name, a.found.arg)
}

func (a *asked) config(component, field string) (cty.Value, error) {
	return a.two("config", component, field, a.found.config)
}

func (a *asked) feature(component, gate string) (cty.Value, error) {
	return a.two("feature", component, gate, a.found.feature)
}

func (a *asked) auditLevel(verb, resource string) (cty.Value, error) {
	return a.two("audit_level", verb, resource, a.found.auditLevel)
}

func (a *asked) path(path string) (cty.Value, error) { return a.one("path", path, a.found.path) }

func (a *asked) owners(path string) (cty.Value, error) { return a.one("owners", path, a.found.owners) }

func (a *asked) unit(name string) (cty.Value, error) { return a.one("unit", name, a.found.unit) }

func (a *asked) sysctl(key string) (cty.Value, error) { return a.one("sysctl", key, a.found.sysctl) }

func (a *asked) entries(path string) (cty.Value, error) {
	return a.one("entries", path, a.found.entries)
}

func (a *asked) encryptedBy(resource string) (cty.Value, error) {
	return a.one("encrypted_by", resource, a.found.encryptedBy)
}

func (a *asked) openFrom(port string) (cty.Value, error) {
	return a.one("open_from", port, a.found.openFrom)
}

func (a *asked) document(name string) (cty.Value, error) {
	return a.one("document", name, a.found.document)
}

func (a *asked) list(name string) (cty.Value, error) { return a.one("list", name, a.found.list) }

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
