package spec

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// weaker refuses what the spec says where a control asks for more.
func (l *loader) weaker(at hcl.Range, f *floor, have any) {
	var asks []string
	for i, y := range f.by {
		if !f.met(i, have) {
			verb := "asks for"
			if y.Exactly {
				verb = "asks for exactly"
			} else if f.setting.Rule == cluster.Exempt {
				verb = "exempts at most"
			}
			asks = append(asks, fmt.Sprintf("%s %s %s (%s)", y.Control, verb, quoted(f.values[i]), where(y.At)))
		}
	}
	l.report(problem(CodeWeak, at, "Weaker than a profile", "%s is %s here, and %s. Write a value that is as strict, leave the line out, or waive what asks for it.%s",
		f.path, quoted(have), strings.Join(asks, ", "), l.forSomeNodes(f.by...)))
}

// softer refuses what a control would take below the default where the spec says nothing:
// that asks for less, and only the spec's own word may.
func (l *loader) softer(f *floor, value, have any) {
	var asks []string
	var at hcl.Range
	for i, y := range f.by {
		if f.met(i, have) {
			continue
		}
		verb := "asks for"
		if y.Exactly {
			verb = "asks for exactly"
		}
		if len(asks) == 0 {
			at = y.At
		}
		asks = append(asks, fmt.Sprintf("%s %s %s (%s)", y.Control, verb, quoted(f.values[i]), where(y.At)))
	}
	l.report(problem(CodeWeak, at, "Weaker than the default", "%s, and %s is %s otherwise, which is stricter: a profile asks for more and never for less. Ask for a value that is as strict, leave exactly out, waive the control, or write %s into the cluster block yourself.",
		strings.Join(asks, ", "), f.path, quoted(have), quoted(value)))
}

// noObject refuses a value where a control asks for a field below it: what a spec says is
// not taken away to put that in.
func (l *loader) noObject(t *clusterText, f *floor, path string, value any) {
	outermost := f.setting.Component + ".config." + f.fields[0]
	var asks []string
	for i, y := range f.by {
		asks = append(asks, fmt.Sprintf("%s asks for %s = %s (%s)", y.Control, f.path, quoted(f.values[i]), where(y.At)))
	}
	l.report(problem(CodeWeak, l.where(outermost, l.where("profiles", t.At)), "Not an object", "%s is %s here, which is no object, and %s. Write an object with that field, leave the line out, or waive what asks for it.%s",
		path, quoted(value), strings.Join(asks, ", "), l.forSomeNodes(f.by...)))
}

// contradiction refuses controls that cannot all be met, and says how each side is
// settled.
func (l *loader) contradiction(t *clusterText, f *floor) {
	sides := map[string][]string{}
	values := map[string]any{}
	var order []string
	for i, y := range f.by {
		v := quoted(f.values[i])
		if sides[v] == nil {
			order = append(order, v)
		}
		sides[v], values[v] = append(sides[v], y.Control), f.values[i]
	}
	var said, blocks []string
	for _, v := range order {
		said = append(said, fmt.Sprintf("%s for %s", strings.Join(sides[v], ", "), v))
		var waive []string
		for i, y := range f.by {
			if !f.met(i, values[v]) { // who is content with it needs no waiver
				waive = append(waive, y.Control)
			}
		}
		blocks = append(blocks, fmt.Sprintf("To have %s:\n%s", v, waivers(waive)))
	}
	l.report(problem(CodeSettle, l.where("profiles", t.At), "Controls contradict each other", "%s cannot be what all of them ask for: %s.%s Decide, and write one of these into the cluster block.\n%s",
		f.path, strings.Join(said, "; "), l.forSomeNodes(f.by...), strings.Join(blocks, "\n")))
}

// unsettled refuses a control that has a price, until the spec says whether it is paid.
func (l *loader) unsettled(t *clusterText, y Layer, wishes []wish) {
	var ways []string
	if len(wishes) > 0 {
		ways = append(ways, "To meet it:\n"+settingBlocks(wishes))
	}
	ways = append(ways, "To do without it:\n"+waivers([]string{y.Control}))
	l.report(problem(CodeSettle, l.where("profiles", t.At), "A control to decide on", "%s (%s) is not done without a word of yours: %s.%s Decide, and write one of these into the cluster block.\n%s",
		y.Control, y.Title, strings.TrimSuffix(y.Settle, "."), l.forSomeNodes(y), strings.Join(ways, "\n")))
}

// waivers are ready blocks.
func waivers(ids []string) string {
	var b strings.Builder
	for _, id := range ids {
		fmt.Fprintf(&b, "  waive %q {\n    reason = \"…\"\n  }\n", id)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func where(at hcl.Range) string { return fmt.Sprintf("%s:%d", at.Filename, at.Start.Line) }
