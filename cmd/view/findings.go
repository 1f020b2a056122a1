package view

import (
	"strings"

	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/adopt"
)

// Findings shows what the spec of a cluster that somebody else made does not
// keep: what is there, what bulwark makes of it, and what that means.
func (h *Human) Findings(all []provision.Finding) {
	var last adopt.Kind
	for _, f := range all {
		if f.Kind != last {
			last = f.Kind
			h.out.gap()
			h.out.linef("%s", h.out.paint(bold, heading(f.Kind)))
		}
		on, refs := "", ""
		if len(f.Nodes) > 0 {
			on = " on " + strings.Join(f.Nodes, ", ")
		}
		if len(f.Refs) > 0 {
			refs = " (" + strings.Join(f.Refs, ", ") + ")"
		}
		h.out.linef("  %s%s%s", h.out.paint(colorOf(f.Kind), f.Setting), on, h.out.paint(dim, refs))
		const indent = "      "
		for _, l := range wrap(f.Seen+" -> "+f.Will, h.out.Width-len(indent)) {
			h.out.linef("%s%s", indent, l)
		}
		for _, l := range wrap(f.Consequence, h.out.Width-len(indent)) {
			h.out.linef("%s%s", indent, h.out.paint(dim, l))
		}
	}
}

func colorOf(k adopt.Kind) style {
	switch k {
	case adopt.Refused, adopt.LeftOut:
		return red
	case adopt.Decide:
		return yellow
	case adopt.Weakens, adopt.Changes:
	}
	return green
}

// heading says what findings of a kind have in common.
func heading(k adopt.Kind) string {
	switch k {
	case adopt.Refused:
		return "No spec can say this:"
	case adopt.Decide:
		return "For you to decide, in the spec:"
	case adopt.LeftOut:
		return "Without a word in the spec, apply takes it away:"
	case adopt.Weakens:
		return "Weaker than bulwark's defaults, apply sets it:"
	case adopt.Changes:
		return "Otherwise than bulwark has it, apply sets it:"
	}
	return string(k)
}
