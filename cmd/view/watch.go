package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision"
)

// Looked shows what a pass of a watch found, before anything is repaired.
func (h *Human) Looked(p provision.Pass) {
	h.out.gap()
	h.out.linef("%s  %s: %s", h.out.paint(dim, p.Began.UTC().Format(time.RFC3339)), h.out.paint(bold, p.Cluster), found(p))
	kinds := 0
	for _, s := range p.Drift {
		kinds = max(kinds, len(Printable(string(s.Kind))))
	}
	for _, g := range byNode(p.Drift) {
		h.out.linef("  %s", h.out.paint(bold, g.name))
		for _, s := range g.steps {
			h.step(s, kinds)
		}
	}
	for _, x := range p.Problems {
		mark := h.out.paint(red, "!")
		if x.Warning {
			mark = h.out.paint(yellow, "~")
		}
		h.out.linef("  %s %s %s: %s", mark, x.Node, x.Check, x.Seen)
		h.out.linef("      -> %s", x.Remedy)
	}
	for _, n := range p.Notes {
		h.err.linef("%s %s", h.err.paint(cyan, "Note:"), n)
	}
}

// found is a look in a few words.
func found(p provision.Pass) string {
	words := []string{"no drift"}
	if len(p.Drift) > 0 {
		words[0] = count(len(p.Drift), "drifted step")
	}
	if n := len(p.NotReached); n > 0 {
		words = append(words, count(n, "node")+" not reached")
	}
	if p.Unread > 0 {
		words = append(words, count(p.Unread, "thing")+" not read")
	}
	if !p.API {
		words = append(words, "the API not read")
	}
	if !p.Complete() && len(p.Drift) == 0 {
		words[0] += " in what was read"
	}
	return strings.Join(words, ", ")
}

// Passed shows what a pass of a watch came to.
func (h *Human) Passed(p provision.Pass) {
	h.Finish()
	switch p.Repair.Outcome {
	case provision.RepairDone:
		h.out.linef("  %s", h.out.paint(green, "Repaired: "+count(len(p.Repair.Result.Done), "step")+" done."))
	case provision.RepairFailed:
		r := p.Repair.Result
		h.out.linef("  %s %s", h.out.paint(red, fmt.Sprintf("Repaired in part: %d done, %d failed, %d not reached:", len(r.Done), len(r.Failed), len(r.NotReached))), p.Repair.Err)
	case provision.RepairRefused:
		h.out.linef("  %s %s.", h.out.paint(yellow, "Only reported:"), p.Repair.Why)
	case provision.RepairBegun:
	}
	for _, c := range p.Checks {
		if c.Verdict != "pass" {
			h.out.linef("  %s %s %s: %s", h.out.paint(red, "check "+c.ID), c.Node, c.Title, c.Seen)
		}
	}
	if p.Err != nil {
		h.out.linef("%s  %s", h.out.paint(dim, p.Began.UTC().Format(time.RFC3339)), headline(p.Err))
		if len(refusals(p.Err)) > 0 {
			h.out.linef("      -> bulwark validate shows what is wrong, and where")
		}
	}
	h.out.linef("  state %s, look %s", h.out.paint(stateStyle(p.State()), string(p.State())), duration(p.Looked.Sub(p.Began)))
}

func stateStyle(s provision.State) style {
	switch s {
	case provision.InSync:
		return green
	case provision.Drifted, provision.Troubled:
		return red
	case provision.Unknown:
		return yellow
	}
	return ""
}
