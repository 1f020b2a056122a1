// Package check asks of a node what a control asks: an expression of HCL over what
// the node has. The same expression is asked of a node that was rendered and of one
// that was looked at.
//
// An expression names node and the components, and calls functions, see [Functions].
// What is absent is null and what was not read is unknown, and an answer that rests
// on something unknown is unknown itself: it is never taken for a pass.
package check

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Question is a checked expression: every name in it is one, every argument and field
// it asks for is one of the component's, and its answer is true or false.
type Question struct {
	expr  hclsyntax.Expression
	needs Needs
	// network says that it asks for cluster.enforces, which no function tells of.
	network bool
	// alike says that of a node itself it asks for no more than its role: all else that
	// it rests on is an answer of a function.
	alike bool
	// ofCluster says that it asks for something of the variable cluster.
	ofCluster bool
}

// Needs is what has to be read of a node to answer.
func (q *Question) Needs() Needs { return q.needs }

// Range is where the question is written.
func (q *Question) Range() hcl.Range { return q.expr.Range() }

// Verdict is what an answer comes to.
type Verdict string

// The verdicts of a question.
const (
	True    Verdict = "true"
	False   Verdict = "false"
	Unknown Verdict = "unknown"
)

// Answer is what came of a question, with what it rests on.
type Answer struct {
	Verdict Verdict
	// Seen is everything that was asked for, once and in that order.
	Seen []Seen
}

// Seen is one thing that a question asked for.
type Seen struct {
	// What is named as a person would: "kube-apiserver --profiling".
	What string
	// Value is what was there, "none" where nothing was.
	Value string
	// Unread says why it is not known; Value is empty then.
	Unread string
}

// Parse checks an expression before it is ever asked. Its complaints have the line.
func Parse(expr hcl.Expression) (*Question, hcl.Diagnostics) {
	q, v, diags := rehearse(expr)
	switch {
	case diags.HasErrors():
		return nil, diags
	case v.Type() != cty.Bool && v.Type() != cty.DynamicPseudoType || v.IsNull():
		return nil, refused(expr.Range(), "Not a question", "A check is true or false, and this is %s; compare it with something.", v.Type().FriendlyName())
	case v.IsKnown() && !q.needs.asks():
		return nil, refused(expr.Range(), "Not a question", "This is always %s: it asks for nothing of a node.", answerOf(v))
	}
	if diags := constants(expr.(hclsyntax.Expression)); diags.HasErrors() {
		return nil, diags
	}
	return q, nil
}

// ParseEvidence checks an expression that shows something: text, or a list of texts.
func ParseEvidence(expr hcl.Expression) (*Question, hcl.Diagnostics) {
	q, v, diags := rehearse(expr)
	if !diags.HasErrors() && v.IsKnown() && !q.needs.asks() {
		diags = refused(expr.Range(), "Not evidence", "This asks for nothing: it would be the same of every cluster.")
	}
	return q, diags
}

// rehearse asks an expression of nothing: every function gives an unknown value of the
// type it always gives, and refuses names that are none.
func rehearse(expr hcl.Expression) (*Question, cty.Value, hcl.Diagnostics) {
	native, ok := expr.(hclsyntax.Expression)
	if !ok {
		return nil, cty.DynamicVal, refused(expr.Range(), "Not an expression", "Only HCL's native syntax is read; write the check as HCL.")
	}
	if diags := within(native); diags.HasErrors() {
		return nil, cty.DynamicVal, diags
	}
	rehearsal, alike, network, ofCluster := &nothing{}, true, false, false
	for _, v := range native.Variables() {
		ofCluster = ofCluster || v.RootName() == "cluster"
		switch {
		case v.RootName() == "node":
			rehearsal.needs.Node = true
			alike = alike && ofRole(v)
		case v.RootName() == "cluster" && asksForNetwork(v):
			network = true
			rehearsal.needs.Add(Needs{Lists: []string{"pods"}}) // what runs tells
		}
	}
	v, diags := native.Value(scope(rehearsal, cty.UnknownVal(nodeType), cty.UnknownVal(clusterType)))
	if diags.HasErrors() {
		return nil, v, explained(diags)
	}
	return &Question{counted(native), rehearsal.needs, network, alike, ofCluster}, v, nil
}

// asksForNetwork says whether a name of the variable cluster is, or may be, enforces.
func asksForNetwork(of hcl.Traversal) bool {
	if len(of) < 2 {
		return true
	}
	field, named := of[1].(hcl.TraverseAttr)
	return !named || field.Name == "enforces"
}

// ofRole says whether a name of a node is its role, or follows from it.
func ofRole(name hcl.Traversal) bool {
	if len(name) < 2 {
		return false
	}
	field, is := name[1].(hcl.TraverseAttr)
	return is && (field.Name == "role" || field.Name == "control_plane")
}

// Ask answers a question about a node. Where the context ends, the answer is unknown.
func (q *Question) Ask(ctx context.Context, s Subject) Answer { return q.about(ctx, s, false) }

// Show is what an expression of evidence comes to, a line for each of its elements.
func (q *Question) Show(ctx context.Context, s Subject) []Seen { return q.about(ctx, s, true).Seen }

// about is the answer to a question, or its evidence. What is seen is shared with other
// answers, and must not be changed.
func (q *Question) about(ctx context.Context, s Subject, shown bool) Answer {
	a := s.asked
	if a == nil {
		a = NewSubjects(s.Cluster, s.Have).Of(s.Node).asked
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	of := about{q, s.Node.Role, shown}
	if q.alike {
		if known, ok := a.judged.before(of, a); ok {
			return known
		}
	}
	v, diags, stopped := a.evaluate(ctx, q)
	seen, doubts := a.found.seen, a.found.doubts
	var out Answer
	switch {
	case stopped != nil && shown:
		out = Answer{Unknown, append(unreadOnly(append(seen, doubts...)), Seen{What: "the evidence", Unread: stopped.Error()})}
	case stopped != nil:
		out = Answer{Unknown, append(append(seen, doubts...), Seen{What: itself, Unread: stopped.Error()})}
	case shown:
		out.Seen = evidence(v, diags, append(seen, doubts...))
	default:
		out = judgement(v, diags, seen, doubts)
	}
	out.Seen = slices.Clip(out.Seen)
	if q.alike && ctx.Err() == nil {
		a.judged.keep(of, outcome{a.rests, out})
	}
	return out
}

// itself is what evidence calls a check that has no answer.
const itself = "the check itself"

// judgement is the answer that a value is.
func judgement(v cty.Value, diags hcl.Diagnostics, seen, doubts []Seen) Answer {
	if diags.HasErrors() {
		// Names were checked when it was read; what is left is a value of a kind that the
		// expression does not expect, as text where a number should be.
		d := diags[0]
		return Answer{Unknown, append(seen, Seen{What: itself, Unread: fmt.Sprintf("%s: %s", d.Summary, d.Detail)})}
	}
	verdict := answerOf(v)
	if verdict == True && len(doubts) > 0 {
		verdict = Unknown
	}
	return Answer{verdict, append(seen, doubts...)}
}

// evidence is what a value shows, a line for each of its elements.
func evidence(v cty.Value, diags hcl.Diagnostics, seen []Seen) []Seen {
	switch {
	case diags.HasErrors():
		return append(unreadOnly(seen), Seen{What: "the evidence", Unread: diags[0].Detail})
	case !v.IsWhollyKnown():
		return unreadOnly(seen)
	case v.IsNull() || !v.CanIterateElements():
		return []Seen{{What: "evidence", Value: shown(v)}}
	}
	out := []Seen{}
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		out = append(out, Seen{What: "evidence", Value: shown(e)})
	}
	if len(out) == 0 {
		out = append(out, Seen{What: "evidence", Value: "none"})
	}
	return out
}

func answerOf(v cty.Value) Verdict {
	switch {
	case !v.IsKnown() || v.IsNull() || v.Type() != cty.Bool:
		return Unknown
	case v.True():
		return True
	}
	return False
}

// nodeType is what an expression may ask of the node itself.
var nodeType = cty.Object(map[string]cty.Type{
	"name": cty.String, "role": cty.String, "control_plane": cty.Bool, "labels": cty.Map(cty.String),
})

func nodeValue(n cluster.Node) cty.Value {
	labels := cty.MapValEmpty(cty.String)
	if len(n.Labels) > 0 {
		all := map[string]cty.Value{}
		for k, v := range n.Labels {
			all[k] = cty.StringVal(v)
		}
		labels = cty.MapVal(all)
	}
	return cty.ObjectVal(map[string]cty.Value{
		"name": cty.StringVal(n.Name), "role": cty.StringVal(string(n.Role)),
		"control_plane": cty.BoolVal(n.Role == cluster.ControlPlane), "labels": labels,
	})
}

// components are the names that stand for programs.
var components = map[string]string{
	"apiserver": cluster.CompAPIServer, "controller_manager": cluster.CompControllerManager, "scheduler": cluster.CompScheduler,
	"etcd": cluster.CompEtcd, "kubelet": cluster.CompKubelet, "kube_proxy": cluster.CompKubeProxy,
}

// scope is what the names of an expression mean.
func scope(from source, node, all cty.Value) *hcl.EvalContext {
	vars := map[string]cty.Value{"node": node, "cluster": all}
	for name, component := range components {
		vars[name] = cty.StringVal(component)
	}
	return &hcl.EvalContext{Variables: vars, Functions: functions(from)}
}
