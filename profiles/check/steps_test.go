package check

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// crowd is a cluster of many pods.
func crowd(pods int) Subject {
	all := make([]state.Pod, pods)
	for i := range all {
		all[i] = state.Pod{Namespace: fmt.Sprintf("ns-%d", i%100), Name: fmt.Sprintf("p-%d", i), Labels: map[string]string{"a": "b"},
			Containers: []state.Container{{Name: "a"}, {Name: "b"}}}
	}
	have := &state.Cluster{API: state.API{Status: state.Answering, Inventory: &state.Inventory{Pods: all}}}
	return NewSubjects(Cluster{}, have).Of(cluster.Node{})
}

func asking(t *testing.T, text string) *Question {
	t.Helper()
	q, diags := parse(t, text)
	if diags.HasErrors() {
		t.Fatalf("%s: %v", text, diags)
	}
	return q
}

// A loop in a loop over all pods would run for minutes, and hold gigabytes.
func TestALoopOverEverythingInALoopEnds(t *testing.T) {
	s := crowd(10_000)
	const few = 300_000
	s.asked.most = few
	for _, text := range []string{
		`all([for a in pods() : !any([for b in pods() : a.name == b.name && a.namespace != b.namespace])])`,
		`count([for a in pods() : [for b in pods() : b]]) > 0`,
		`count(pods()) == 0 && any([for a in pods() : any([for b in pods() : a.name == b.namespace])])`, // no half decides what has no answer
	} {
		a := asking(t, text).Ask(t.Context(), s)
		last := a.Seen[len(a.Seen)-1]
		if a.Verdict != Unknown || last.What != itself || !strings.Contains(last.Unread, fmt.Sprintf("more than %d steps", few)) || !strings.Contains(last.Unread, "several controls") {
			t.Errorf("%s is %s by %+v", text, a.Verdict, last)
		}
		if a.Seen[0] != (Seen{What: "pods", Value: "10000"}) {
			t.Errorf("%s: what it rests on is lost: %+v", text, a.Seen)
		}
	}
	q, diags := ParseEvidence(expression(t, `[for a in pods() : a.name if any([for b in pods() : a.name == b.namespace])]`))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if seen := q.Show(t.Context(), s); len(seen) != 1 || !strings.Contains(seen[0].Unread, "more than") {
		t.Errorf("%+v", seen)
	}
	if a := asking(t, `all([for p in pods() : all([for c in p.containers : !c.privileged])])`).Ask(t.Context(), s); a.Verdict != True {
		t.Errorf("what is no longer than the cluster is %s: %+v", a.Verdict, a.Seen)
	}
}

func expression(t *testing.T, text string) hclsyntax.Expression {
	t.Helper()
	expr, diags := hclsyntax.ParseExpression([]byte(text), "test.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%s: %v", text, diags)
	}
	return expr
}

// Wherever in an expression a loop stands, and whatever goes through a list, it counts.
func TestEverythingCounts(t *testing.T) {
	const pods, loop = 60, `[for a in pods() : [for b in pods() : b.name]]`
	for _, text := range []string{
		`count(` + loop + `) > 0`,
		`count(union(` + loop + `...)) > 0`,
		`(` + loop + `) != []`,
		`!(` + loop + ` == [])`,
		`(count(pods()) > 0 ? ` + loop + ` : []) != []`,
		`count(` + loop + `) > 0 ? true : false`,
		`[` + loop + `][0] != []`,
		`{a = ` + loop + `}.a != []`,
		`{"${count(` + loop + `)}" = 1} != {}`,
		`"${count(` + loop + `)}" != "0"`,
		`"a ${count(` + loop + `)} b" != "0"`,
		`"%{ for n in [for a in pods() : pods() == pods()] }${n}%{ endfor }" != "0"`,
		loop + `[0] != []`,
		loop + `[count(` + loop + `) - 1] != []`,
		`[for a in [for b in pods() : b.name] : count(pods())] != []`,
		`count({for a in pods() : a.name => [for b in pods() : b.name]}) > 0`,
		`[for a in pods() : a.name if count([for b in pods() : b.name]) > 0] != []`,
		`[for a in pods() : pods()[*].name] != []`,
		`[for a in pods() : pods() == pods()] != []`,
		`[for a in pods() : count(pods())] != []`,
		`[for a in pods() : has(cluster.nodes, a.name)] != []`,
		`[for a in pods() : a.name if cluster.nodes == cluster.nodes] != []`,
		`[for a in pods() : "x" if -count([for b in pods() : b.name]) < 0] != []`,
	} {
		nodes := make([]string, pods)
		for i := range nodes {
			nodes[i] = fmt.Sprintf("10.0.0.%d/32", i)
		}
		s := NewSubjects(Cluster{Nodes: nodes}, crowd(pods).Have).Of(cluster.Node{})
		q := asking(t, text)
		if a := q.Ask(t.Context(), s); a.Verdict != True {
			t.Errorf("%s is %s: %+v", text, a.Verdict, a.Seen)
		}
		if took := MostSteps - s.asked.steps.left; took < pods*pods {
			t.Errorf("%s took %d steps, and goes through %d", text, took, pods*pods)
		}
	}
}

// Each new thing that is asked for is looked for among those before it.
func TestAskingCounts(t *testing.T) {
	s := crowd(2000)
	s.Have.Nodes = map[string]*state.Node{"": {}}
	q := asking(t, `all([for p in pods() : path("/${p.name}") == null])`)
	s = NewSubjects(Cluster{}, s.Have).Of(cluster.Node{})
	q.Ask(t.Context(), s)
	if took := MostSteps - s.asked.steps.left; took < 2000*2000/2/perStep {
		t.Errorf("it took %d steps", took)
	}
}

func TestNobodyWaits(t *testing.T) {
	s := crowd(10_000)
	q := asking(t, `all([for a in pods() : !any([for b in pods() : a.name == b.namespace])])`)
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(errors.New("the operator went home")) })
	a := q.Ask(ctx, s)
	if a.Verdict != Unknown || !strings.Contains(fmt.Sprint(a.Seen), "it was stopped: the operator went home") {
		t.Errorf("%s by %+v", a.Verdict, a.Seen)
	}
	// That somebody went home is no answer to who asks after them.
	s.asked.most = 1000
	if a := q.Ask(t.Context(), s); !strings.Contains(fmt.Sprint(a.Seen), "steps") {
		t.Errorf("asked again: %+v", a.Seen)
	}
}
