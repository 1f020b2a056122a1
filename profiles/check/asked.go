package check

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// asked is what a subject was asked already. A control asks what another asked before
// in most cases: standards are about the same settings.
type asked struct {
	mu      sync.Mutex // one question at a time
	found   *found
	judged  *judged
	cluster cty.Value
	network enforcement
	answers map[question]*answer
	scope   *hcl.EvalContext // made when something is evaluated, which is seldom
	most    int              // how many steps an answer may take
	steps   steps

	rests []rest            // what the evaluation that is under way asked for
	said  map[question]bool // the same, to look it up
}

// question is a function and what it was told.
type question struct{ function, a, b string }

// answer is what it said, and what that rests on. It does not change.
type answer struct {
	value        cty.Value
	err          error
	seen, doubts []Seen
	// kept says that nodes of which it is the same share it.
	kept bool
}

// evaluate is what an expression comes to of a subject, and what that rests on.
func (a *asked) evaluate(ctx context.Context, q *Question) (v cty.Value, diags hcl.Diagnostics, stopped error) {
	if a.scope == nil {
		a.scope = scope(a, nodeValue(a.found.subject.Node), a.cluster)
		a.scope.Variables[stepsName] = cty.CapsuleVal(stepsType, &a.steps)
		a.said = map[question]bool{}
	}
	a.found.seen, a.found.doubts, a.rests = nil, nil, nil
	clear(a.said)
	a.steps = steps{ctx: ctx, most: a.most, left: a.most}
	defer func() {
		a.steps.ctx = nil
		switch r := recover().(type) {
		case nil:
		case halt:
			v, diags, stopped = cty.DynamicVal, nil, r.why
		default:
			panic(r)
		}
	}()
	if q.network {
		a.found.saw(a.network.seen())
	}
	v, diags = q.expr.Value(a.scope)
	return v, diags, a.steps.over() // also where no loop came to know of it
}

// answer asks what was not asked before. Where another node said the same, it is that
// node's answer.
func (a *asked) answer(q question) *answer {
	if known := a.answers[q]; known != nil {
		return known
	}
	ask := func() *answer {
		f := a.found
		seen, doubts := f.seen, f.doubts
		f.seen, f.doubts = nil, nil
		out := &answer{}
		out.value, out.err = f.find(q)
		out.seen, out.doubts = f.seen, f.doubts
		f.seen, f.doubts = seen, doubts
		return out
	}
	var known *answer
	if q.function == "list" { // of the API, which all nodes have the same
		known = a.judged.list(q, ask)
	} else {
		known = a.judged.same(q, ask())
	}
	a.answers[q] = known
	return known
}

// once is an answer for the evaluation that is under way. It says once what any answer
// rests on.
func (a *asked) once(function, first, second string) (cty.Value, error) {
	q := question{function, first, second}
	known := a.answer(q)
	if a.said[q] {
		return known.value, known.err
	}
	a.said[q] = true
	a.rests = append(a.rests, rest{q, known})
	a.steps.take(1 + len(a.found.seen)/perStep)
	for _, s := range known.seen {
		a.found.saw(s)
	}
	for _, s := range known.doubts {
		a.found.doubt(s)
	}
	return known.value, known.err
}

// find answers a question from what there is.
func (f *found) find(q question) (cty.Value, error) {
	switch q.function {
	case "arg":
		return f.arg(q.a, q.b)
	case "config":
		return f.config(q.a, q.b)
	case "feature":
		return f.feature(q.a, q.b)
	case "audit_level":
		return f.auditLevel(q.a, q.b)
	case "path":
		return f.path(q.a)
	case "owners":
		return f.owners(q.a)
	case "unit":
		return f.unit(q.a)
	case "sysctl":
		return f.sysctl(q.a)
	case "entries":
		return f.entries(q.a)
	case "encrypted_by":
		return f.encryptedBy(q.a)
	case "open_from":
		return f.openFrom(q.a)
	case "document":
		return f.document(q.a)
	case "list":
		return f.list(q.a)
	}
	return cty.DynamicVal, errors.New("there is no function " + fmt.Sprintf("%q", q.function))
}

func (a *asked) arg(component, name string) (cty.Value, error) { return a.once("arg", component, name) }

func (a *asked) config(component, field string) (cty.Value, error) {
	return a.once("config", component, field)
}

func (a *asked) feature(component, gate string) (cty.Value, error) {
	return a.once("feature", component, gate)
}

func (a *asked) auditLevel(verb, resource string) (cty.Value, error) {
	return a.once("audit_level", verb, resource)
}

func (a *asked) path(path string) (cty.Value, error) { return a.once("path", path, "") }

func (a *asked) owners(path string) (cty.Value, error) { return a.once("owners", path, "") }

func (a *asked) unit(name string) (cty.Value, error) { return a.once("unit", name, "") }

func (a *asked) sysctl(key string) (cty.Value, error) { return a.once("sysctl", key, "") }

func (a *asked) entries(path string) (cty.Value, error) { return a.once("entries", path, "") }

func (a *asked) encryptedBy(resource string) (cty.Value, error) {
	return a.once("encrypted_by", resource, "")
}

func (a *asked) openFrom(port string) (cty.Value, error) { return a.once("open_from", port, "") }

func (a *asked) document(name string) (cty.Value, error) { return a.once("document", name, "") }

func (a *asked) list(name string) (cty.Value, error) { return a.once("list", name, "") }
