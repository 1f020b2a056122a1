package view

import (
	"fmt"

	"github.com/bulwark-k8s/bulwark/provision"
)

// Problems is the table of preflight: every reason on every node why work
// cannot start, each with what a person does about it.
func (h *Human) Problems(all []provision.Problem) {
	if len(all) == 0 {
		return
	}
	node, check := len("NODE"), len("CHECK")
	for _, p := range all {
		node = max(node, len([]rune(Printable(p.Node))))
		check = max(check, len([]rune(Printable(p.Check))))
	}
	h.err.gap()
	h.err.linef("%s", h.err.paint(bold, fmt.Sprintf("  %s  %s  %s", pad("NODE", node), pad("CHECK", check), "WHAT WAS SEEN")))
	for _, p := range all {
		mark := h.err.paint(red, "!")
		if p.Warning {
			mark = h.err.paint(yellow, "~")
		}
		first := "  " + pad(p.Node, node) + "  " + pad(p.Check, check) + "  "
		width := 0
		if h.err.Width > 0 {
			width = h.err.Width - len([]rune(first))
		}
		for i, l := range wrap(p.Seen, width) {
			if i == 0 {
				h.err.linef("%s %s%s", mark, first[2:], l)
				continue
			}
			h.err.linef("%s%s", pad("", len([]rune(first))), l)
		}
		for i, l := range wrap(p.Remedy, width) {
			lead := "-> "
			if i > 0 {
				lead = "   "
			}
			h.err.linef("%s%s", pad("", len([]rune(first))), h.err.paint(dim, lead+l))
		}
	}
	h.err.linef("")
}
