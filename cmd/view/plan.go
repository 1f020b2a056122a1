package view

import (
	"fmt"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// Plan shows what would be done, by node, and what these machines cannot have
// as hardened as others.
func (h *Human) Plan(p *plan.Plan, notes []string) {
	for _, n := range notes {
		h.err.linef("%s %s", h.err.paint(cyan, "Note:"), n)
	}
	if p.Empty() {
		if len(p.Nodes) > 0 {
			h.out.linef("Nothing to do on %s.", strings.Join(p.Nodes, ", "))
		} else {
			h.out.linef("Nothing to do: %s is as the spec wants it.", p.Cluster)
		}
		h.planDeviations(p)
		return
	}
	h.out.linef("bulwark will do this to the cluster %s:", h.out.paint(bold, p.Cluster))
	kinds := 0
	for _, s := range p.Steps {
		kinds = max(kinds, len(Printable(string(s.Kind))))
	}
	for _, g := range byNode(p.Steps) {
		h.out.linef("")
		h.out.linef("  %s", h.out.paint(bold, g.name))
		for _, s := range g.steps {
			h.step(s, kinds)
		}
	}
	h.planDeviations(p)
	h.restarts(p)
	h.out.linef("")
	h.out.linef("%s", h.out.paint(bold, Summary(p)))
}

func (h *Human) step(s plan.Step, kinds int) {
	line := fmt.Sprintf("    %s %s  %s", h.out.paint(actionStyle(s.Action), string(s.Action)),
		pad(string(s.Kind), kinds), Printable(s.Title))
	if s.Why != "" {
		line += "  " + string(h.out.paint(dim, "("+s.Why+")"))
	}
	if len(s.Restarts) > 0 {
		line += "  " + string(h.out.paint(yellow, "restarts "+strings.Join(s.Restarts, ", ")))
	}
	if len(s.Drains) > 0 {
		line += "  " + string(h.out.paint(yellow, "drained first for "+strings.Join(s.Drains, ", ")))
	}
	h.out.linef("%s", safe(line))
	if s.Process != nil {
		h.out.linef("        runs with %s", s.Process.Seen)
	}
	if s.Renewal != nil {
		h.out.linef("        %s", Printable(s.Renewal.Seen))
	}
	h.diff("        ", difference(s))
	if !h.verbose {
		return
	}
	h.out.linef("        id %s", s.ID)
	if len(s.After) > 0 {
		h.out.linef("        after %s", strings.Join(s.After, ", "))
	}
}

func actionStyle(a plan.Action) style {
	switch a {
	case plan.Add:
		return green
	case plan.Change:
		return yellow
	case plan.Remove:
		return red
	case plan.Run:
		return cyan
	case plan.Check:
		return dim
	}
	return ""
}

// clusterGroup is the name of the steps that no node holds.
const clusterGroup = "the cluster as a whole"

// group is the steps of one node, or of the cluster as a whole.
type group struct {
	name  string
	steps []plan.Step
}

// byNode groups steps by node, nodes in the order in which the plan first
// names them and what no node holds last. Within a group the plan's order stays.
func byNode(steps []plan.Step) []group {
	var groups []group
	at := map[string]int{}
	cluster := group{name: clusterGroup}
	for _, s := range steps {
		if s.Node == "" {
			cluster.steps = append(cluster.steps, s)
			continue
		}
		i, ok := at[s.Node]
		if !ok {
			i = len(groups)
			at[s.Node] = i
			groups = append(groups, group{name: s.Node})
		}
		groups[i].steps = append(groups[i].steps, s)
	}
	if len(cluster.steps) > 0 {
		groups = append(groups, cluster)
	}
	return groups
}

// Summary is the line every plan ends with.
func Summary(p *plan.Plan) string {
	n := map[plan.Action]int{}
	for _, s := range p.Steps {
		n[s.Action]++
	}
	out := fmt.Sprintf("Plan: %d to add, %d to change, %d to remove, %d to run, %d to check",
		n[plan.Add], n[plan.Change], n[plan.Remove], n[plan.Run], n[plan.Check])
	switch r := restarts(p); r {
	case 0:
		return out + "."
	case 1:
		return out + ", 1 restart."
	default:
		return fmt.Sprintf("%s, %d restarts.", out, r)
	}
}

// restarts counts components that start again.
func restarts(p *plan.Plan) int {
	n := 0
	for _, r := range p.Restarting() {
		n += len(r.Components)
	}
	return n
}

// restarts shows which components start again because of the plan, in the order in
// which they do, and what that means for who uses them.
func (h *Human) restarts(p *plan.Plan) {
	all := p.Restarting()
	if len(all) == 0 {
		return
	}
	h.out.linef("")
	h.out.linef("%s", h.out.paint(yellow, "Restarts, control planes one after the other"))
	width := 0
	for _, r := range all {
		width = max(width, len(Printable(r.Node)))
	}
	for _, r := range all {
		h.column("  "+pad(r.Node, width)+"  ", strings.Join(r.Components, ", "), h.out)
	}
	h.out.linef("  %s", "A component is away for some seconds, an API server for up to a minute. A node whose")
	h.out.linef("  components do not come back and stay within %.0f seconds puts back what was before.", apply.GuardTime.Seconds())
}

// deviation is one row of the list of deviations, whoever it came from.
type deviation struct{ id, reason, origin string }

func (h *Human) planDeviations(p *plan.Plan) {
	var d []deviation
	for _, x := range p.Deviations {
		d = append(d, deviation{x.ID, x.Reason, x.Origin})
	}
	h.deviations(d)
}

func (h *Human) deviations(all []deviation) {
	if len(all) == 0 {
		return
	}
	ids := 0
	for _, d := range all {
		ids = max(ids, len(Printable(d.id)))
	}
	h.out.linef("")
	h.out.linef("%s", h.out.paint(yellow, "Deviations: what these machines cannot have as hardened as the defaults"))
	for _, d := range all {
		reason := d.reason
		if d.origin != "" {
			reason += " (" + d.origin + ")"
		}
		h.column("  "+pad(d.id, ids)+"  ", reason, h.out)
	}
}

// column writes text behind a first column, its further lines below its first.
func (h *Human) column(first, text string, s *Stream) {
	indent := len([]rune(first))
	width := 0
	if s.Width > 0 {
		width = s.Width - indent
	}
	for i, l := range wrap(text, width) {
		if i > 0 {
			first = strings.Repeat(" ", indent)
		}
		s.linef("%s%s", first, l)
	}
}
