package view

import (
	"fmt"

	"github.com/bulwark-k8s/bulwark/provision/apply"
)

// Applied says how a run of a plan ended.
func (h *Human) Applied(r apply.Result) {
	h.Finish()
	h.out.gap()
	if len(r.Failed) == 0 && len(r.NotReached) == 0 {
		h.out.linef("%s", h.out.paint(green, fmt.Sprintf("Applied: %s done.", count(len(r.Done), "step"))))
		return
	}
	h.out.linef("%s", h.out.paint(red, fmt.Sprintf("Applied in part: %d done, %d failed, %d not reached.",
		len(r.Done), len(r.Failed), len(r.NotReached))))
	for _, id := range r.Failed {
		h.out.linef("  %s %s", h.out.paint(red, h.mark("fail", h.out)), id)
	}
	names, width := r.Nodes(), 0
	for _, n := range names {
		width = max(width, len([]rune(Printable(n))))
	}
	for _, n := range names {
		on := r.On(n)
		how := fmt.Sprintf("%d of %d done", len(on.Done), len(on.Done)+len(on.Failed)+len(on.NotReached))
		if len(on.Failed) > 0 {
			how += ", failed"
		}
		h.out.linef("  %s  %s", pad(n, width), how)
	}
}

// Checks shows what was verified and what was really seen.
func (h *Human) Checks(all []apply.Check) {
	if len(all) == 0 {
		return
	}
	where, title, passed := 0, 0, 0
	for _, c := range all {
		where = max(where, len([]rune(Printable(c.Node))))
		title = max(title, len([]rune(Printable(c.Title))))
		if c.Verdict == "pass" {
			passed++
		}
	}
	h.out.gap()
	h.out.linef("%s", h.out.paint(bold, "Verified, by asking the cluster:"))
	for _, c := range all {
		first := fmt.Sprintf("%s  ", pad(c.Title, title))
		if where > 0 {
			first = fmt.Sprintf("%s  %s", pad(c.Node, where), first)
		}
		h.out.linef("  %s %s%s", h.out.paint(verdictStyle(c.Verdict), pad(h.mark(c.Verdict, h.out), 4)), first, h.out.paint(dim, c.Seen))
	}
	h.out.linef("")
	h.out.linef("%d of %s passed.", passed, count(len(all), "check"))
}

// mark is the sign of a verdict, a word where symbols cannot be shown.
func (h *Human) mark(verdict string, s *Stream) string {
	sign := map[string]string{"pass": "✓", "fail": "✗", "unknown": "?", "waived": "~", "needs review": "!", "not applicable": "-"}
	word := map[string]string{"pass": "ok", "fail": "FAIL", "unknown": "?", "waived": "~", "needs review": "!", "not applicable": "-"}
	if s.Unicode {
		word = sign
	}
	if m, ok := word[verdict]; ok {
		return m
	}
	return "?"
}

func verdictStyle(v string) style {
	switch v {
	case "pass":
		return green
	case "fail":
		return red
	}
	return yellow
}
