package spec

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

type waiveText struct {
	ID      string         `hcl:"id,label"`
	IDRange hcl.Range      `hcl:"id,label_range"`
	Reason  *hcl.Attribute `hcl:"reason,optional"`
	Expires *hcl.Attribute `hcl:"expires,optional"`
	By      *hcl.Attribute `hcl:"by,optional"`
	Nodes   *hcl.Attribute `hcl:"nodes,optional"`
	At      hcl.Range      `hcl:",def_range"`
}

// waivedAt is a waiver and where its id and its nodes were written.
type waivedAt struct {
	cluster.Waiver
	at, nodes hcl.Range
}

// waivers are those of the cluster block. Whether one has ended is not asked here: what a
// spec means does not depend on the day.
func (l *loader) waivers(t *clusterText) []waivedAt {
	var out []waivedAt
	first := map[string]hcl.Range{}
	for _, w := range t.Waives {
		if at, twice := first[w.ID]; twice {
			l.report(problem(CodeDuplicate, w.IDRange, "Waived twice", "%s is waived on line %d already. Put both into one block.", w.ID, at.Start.Line))
			continue
		}
		first[w.ID] = w.IDRange
		one := waivedAt{Waiver: l.waiver(w, t), at: w.IDRange}
		if w.Nodes != nil {
			one.nodes = w.Nodes.Range
		}
		out = append(out, one)
	}
	return out
}

func (l *loader) waiver(t *waiveText, c *clusterText) cluster.Waiver {
	w := cluster.Waiver{ID: t.ID, Origin: cluster.Origin{File: filepath.Base(t.At.Filename), Line: t.At.Start.Line}}
	reason, ok := l.str(t.Reason)
	if t.Reason == nil || ok && strings.TrimSpace(reason.value) == "" {
		l.report(problem(CodeWaiver, t.At, "Waiver without a reason", "waive %q needs reason = \"…\": the sentence that every report shows.", t.ID))
	}
	w.Reason = strings.TrimSpace(reason.value)
	if by, ok := l.str(t.By); ok {
		w.By = strings.TrimSpace(by.value)
	}
	if expires, ok := l.str(t.Expires); ok {
		w.Expires = expires.value
		if _, err := time.Parse(time.DateOnly, expires.value); err != nil {
			l.report(problem(CodeWaiver, expires.at, "Not a day", "%s is no day; write the last one on which the waiver counts, as in \"2027-06-30\".", short(expires.value)))
		}
	}
	nodes, _ := l.list(t.Nodes)
	if t.Nodes != nil && len(nodes) == 0 {
		l.report(problem(CodeWaiver, t.Nodes.Expr.Range(), "Waiver for no node", "nodes is empty; leave it out to waive %s for the whole cluster.", t.ID))
	}
	var names []string
	for _, n := range c.Nodes {
		names = append(names, n.Name)
	}
	for _, n := range nodes {
		if !slices.Contains(names, n.value) {
			l.report(problem(CodeWaiver, n.at, "Unknown node", "The spec has no node %q.%s", n.value, didYouMean(n.value, names)))
		}
		w.Nodes = append(w.Nodes, n.value)
	}
	return w
}

// known holds waivers against the controls that there are.
func (l *loader) known(waivers []waivedAt, asks Asks) []cluster.Waiver {
	var out []cluster.Waiver
	for _, w := range waivers {
		switch {
		case !slices.Contains(asks.Known, w.ID):
			l.report(problem(CodeWaiver, w.at, "Unknown control", "There is no control %q.%s `bulwark profile list --controls` names them all.", w.ID, didYouMean(w.ID, asks.Known)))
		case len(w.Nodes) > 0 && slices.Contains(asks.OfCluster, w.ID):
			l.report(problem(CodeWaiver, w.nodes, "Waiver for no node", "%s is asked of the cluster as a whole, and of no node: a waiver for nodes would waive nothing. Leave nodes out to waive it for the whole cluster.", w.ID))
		case len(asks.Controls) > 0 && !slices.Contains(asks.Controls, w.ID):
			l.report(caution(w.at, "Nothing to waive", "None of the spec's profiles has %s, so that nothing asks for it.", w.ID))
		case asks.Only != nil:
			if role, is := asks.Only(w.ID); is && l.noneIs(role, w.Nodes) {
				l.report(caution(w.nodes, "Nothing to waive", "%s is asked of nodes that are %s alone, and none of %s is one: this waiver waives nothing. Name nodes of that role, or leave nodes out to waive it for the whole cluster.", w.ID, role, strings.Join(w.Nodes, ", ")))
			}
		}
		out = append(out, w.Waiver)
	}
	return out
}

// noneIs says whether nodes are named, all of them the spec's, and none has a role.
func (l *loader) noneIs(role cluster.Role, names []string) bool {
	for _, name := range names {
		if n, ok := l.c.Node(name); !ok || n.Role == role || n.Role == "" {
			return false
		}
	}
	return len(names) > 0
}

// forSomeNodes says of a refusal that waivers for some nodes do not lift it, "" where
// there are none of these controls.
func (l *loader) forSomeNodes(by ...Layer) string {
	var some []string
	for _, w := range l.c.Waivers {
		if len(w.Nodes) > 0 && slices.ContainsFunc(by, func(y Layer) bool { return y.Control == w.ID }) {
			some = append(some, fmt.Sprintf("%s (%s)", w.ID, w.Origin))
		}
	}
	if len(some) == 0 {
		return ""
	}
	return fmt.Sprintf(" The waiver of %s is for some nodes, and a waiver for some nodes does not settle a value of the whole cluster: leave its nodes out to do without the control everywhere.", strings.Join(some, ", "))
}
