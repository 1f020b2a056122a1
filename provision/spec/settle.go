package spec

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// floor is what the controls of a spec's profiles ask of one setting, together.
type floor struct {
	wish
	// by are the layers that ask for it, in the order of the catalogue, and values what
	// each asks for.
	by     []Layer
	values []any
	// against is the first that asks for what the ones before it do not allow, -1 where
	// there is none.
	against int
}

// settle merges what layers ask for with what the spec says and with the defaults: the
// strictest counts. What the spec says against a control is an error, and so is what
// controls say against each other, until the spec has settled it.
func (l *loader) settle(t *clusterText, layers []Layer) {
	floors, soft := map[string]*floor{}, map[string]wish{}
	l.c.Asked = map[string][]cluster.Asked{}
	for _, y := range layers {
		waived := l.waived(y.Control)
		var wishes []wish
		if y.Body != nil {
			wishes = l.wishes(y)
		}
		if y.Softens {
			for _, w := range wishes {
				w.by = y.Control
				soft[w.path] = w
			}
			continue
		}
		all := slices.Clone(wishes)
		said := len(wishes) > 0 // all of it: a setting may be another control's too
		for _, w := range wishes {
			all = append(all, l.namespaceWishes(w)...)
			said = said && (l.says(w) || w.setting.Rule == cluster.Exempt) // of exemptions there is nothing to say
		}
		for _, w := range all {
			l.c.Asked[w.path] = append(l.c.Asked[w.path], cluster.Asked{Control: y.Control, Value: cluster.Text(w.value), Waived: waived})
		}
		if y.Settle != "" && !waived && !said {
			l.unsettled(t, y, wishes)
			continue
		}
		if waived {
			continue
		}
		for _, w := range all {
			// What is allowed is for the spec to say where a control leaves it to it: its own
			// list is no bound of that.
			if y.Settle == "" || w.setting.Rule != cluster.Beneath {
				ask(floors, y, w)
			}
		}
	}
	before := map[string]any{}
	for path, w := range soft {
		if !l.says(w) { // else the spec's own word counts
			before[path], _ = w.get(l.c)
			w.set(l.c, w.value)
			l.c.Origins[path] = cluster.Origin{Default: w.by}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(floors)) {
		l.raise(t, floors[path])
	}
	l.followNamespaces()
	if i := &l.c.Policy.Images; i.Mode != "" && !slices.Contains(i.ExemptNamespaces, "kube-system") {
		i.ExemptNamespaces = slices.Sorted(slices.Values(append(i.ExemptNamespaces, "kube-system"))) // as where the spec itself switches it on
	}
	for _, path := range slices.Sorted(maps.Keys(before)) {
		now, _ := soft[path].get(l.c)
		if !soft[path].setting.Meets(now, before[path]) {
			l.c.Softened = append(l.c.Softened, fmt.Sprintf("%s = %s, which is %s otherwise", path, cluster.Text(now), cluster.Text(before[path])))
		}
	}
}

// checkSoftened refuses a softened cluster that could be reached from anywhere: at its
// endpoint, or at a node, whose API server and kubelet listen there too.
func (l *loader) checkSoftened(t *clusterText) {
	anywhere, _ := l.boolean(t.SoftenAnywhere)
	if len(l.c.Softened) == 0 {
		return
	}
	l.report(caution(l.where("profiles", t.At), "Softer than the defaults", "A profile makes this cluster weaker than bulwark's defaults: %s.", strings.Join(l.c.Softened, "; ")))
	if anywhere {
		return
	}
	refuse := func(at hcl.Range, what string) {
		l.report(problem(CodeWeak, at, "Softened for anybody",
			"A profile softens %s, and %s is neither a loopback nor a private address. Take the profile out, or write soften_anywhere = true into the cluster block.",
			strings.Join(l.c.Softened, "; "), what))
	}
	if host, err := netip.ParseAddr(l.c.Endpoint.Host); err != nil || !atHome(host) {
		refuse(l.where("endpoint.host", l.where("profiles", t.At)), "the endpoint "+l.c.Endpoint.Host)
	}
	for _, n := range l.c.Nodes {
		if n.Address.IsValid() && !atHome(n.Address) && n.Address.String() != l.c.Endpoint.Host { // where it is the endpoint's it has been said
			refuse(l.where(nodePath(n.Name, "address"), t.At), fmt.Sprintf("the address %s of node %q", n.Address, n.Name))
			return // one is enough, of ten thousand perhaps
		}
	}
}

// atHome says whether an address is of one's own machine or network.
func atHome(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsLoopback() || a.IsPrivate()
}

// ask adds what one layer asks of a setting.
func ask(floors map[string]*floor, y Layer, w wish) {
	f := floors[w.path]
	if f == nil {
		f = &floor{wish: w, against: -1}
		floors[w.path] = f
	}
	if len(f.by) > 0 {
		stricter, ok := w.setting.Stricter(f.value, w.value)
		if !ok && f.against < 0 {
			f.against = len(f.by)
		}
		f.value = stricter
	}
	f.by, f.values = append(f.by, y), append(f.values, w.value)
}

// lacks says whether one that asks for a setting is not met by a value of it.
func (f *floor) lacks(value any) bool {
	for i := range f.by {
		if !f.met(i, value) {
			return true
		}
	}
	return false
}

// met says whether the one at i is met by a value.
func (f *floor) met(i int, value any) bool {
	return f.setting.Meets(value, f.values[i]) && (!f.by[i].Exactly || f.setting.Same(value, f.values[i]))
}

// waived says whether the whole cluster does without a control.
func (l *loader) waived(id string) bool {
	return slices.ContainsFunc(l.c.Waivers, func(w cluster.Waiver) bool { return w.ID == id && len(w.Nodes) == 0 })
}

// says tells whether the spec itself sets what a wish is about.
func (l *loader) says(w wish) bool {
	_, ok := l.saidAt(w)
	return ok
}

func (l *loader) saidAt(w wish) (hcl.Range, bool) {
	at, ok := l.at[w.path]
	if !ok && w.setting.Component != "" { // of a configuration only the outermost field has a place
		component, rest, _ := strings.Cut(w.path, ".config.")
		outermost, _, nested := strings.Cut(rest, ".")
		if at, ok = l.at[component+".config."+outermost]; ok && nested {
			ok = w.there != nil && w.there(l.c)
		}
	}
	return at, ok
}

// raise brings a setting up to what is asked of it.
func (l *loader) raise(t *clusterText, f *floor) {
	if f.against >= 0 || f.lacks(f.value) {
		l.contradiction(t, f)
		return
	}
	if at, said := l.saidAt(f.wish); said {
		have, _ := f.get(l.c)
		switch stricter, _ := f.setting.Stricter(have, f.value); {
		case !f.lacks(have):
		case f.setting.Rule == cluster.Union:
			f.set(l.c, stricter)
		default:
			l.weaker(at, f, have)
		}
		return
	}
	have, there := f.get(l.c)
	if there && !f.lacks(have) {
		return // the default is as strict
	}
	value := f.value // also of one-of: the default is not what is asked for
	if stricter, ok := f.setting.Stricter(have, f.value); there && ok && !f.lacks(stricter) {
		value = stricter
	}
	f.set(l.c, value)
	l.c.Origins[f.path] = cluster.Origin{Default: strings.Join(f.ids(), ", ")}
}

// ids are the controls that the value is from: those that asked for just that, or all
// where it is made of what each asked for.
func (f *floor) ids() []string {
	var all, exactly []string
	for i, y := range f.by {
		all = append(all, y.Control)
		if f.setting.Same(f.values[i], f.value) {
			exactly = append(exactly, y.Control)
		}
	}
	if len(exactly) > 0 {
		return exactly
	}
	return all
}

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

// contradiction refuses controls that cannot all be met, and says how each side is
// settled.
func (l *loader) contradiction(t *clusterText, f *floor) {
	sides := map[string][]string{}
	var order []string
	for i, y := range f.by {
		v := quoted(f.values[i])
		if sides[v] == nil {
			order = append(order, v)
		}
		sides[v] = append(sides[v], y.Control)
	}
	var said, blocks []string
	for _, v := range order {
		said = append(said, fmt.Sprintf("%s for %s", strings.Join(sides[v], ", "), v))
		var waive []string
		for _, other := range order {
			if other != v {
				waive = append(waive, sides[other]...)
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

// settingBlocks are ready blocks that set what is wished for.
func settingBlocks(wishes []wish) string {
	file := hclwrite.NewEmptyFile()
	for _, w := range wishes {
		if w.setting.Rule == cluster.Exempt {
			continue // what is not said is the strictest
		}
		body, parts := file.Body(), strings.Split(w.path, ".")
		if w.setting.Component != "" {
			parts = strings.SplitN(w.path, ".", 2)[:1]
		}
		for _, name := range parts[:max(len(parts)-1, 1)] {
			next := body.FirstMatchingBlock(name, nil)
			if next == nil {
				next = body.AppendNewBlock(name, nil)
			}
			body = next.Body()
		}
		if w.setting.Component == "" {
			body.SetAttributeValue(parts[len(parts)-1], valueOf(w.value))
			continue
		}
		kind, key, _ := strings.Cut(strings.TrimPrefix(w.path, w.setting.Component+"."), ".")
		body.SetAttributeValue(kind, cty.ObjectVal(map[string]cty.Value{key: valueOf(w.value)}))
	}
	return "  " + strings.ReplaceAll(strings.TrimSpace(string(file.Bytes())), "\n", "\n  ")
}

// valueOf is a setting's value as HCL writes it.
func valueOf(v any) cty.Value {
	switch v := v.(type) {
	case bool:
		return cty.BoolVal(v)
	case int64:
		return cty.NumberIntVal(v)
	case []string:
		var all []cty.Value
		for _, e := range v {
			all = append(all, cty.StringVal(e))
		}
		return cty.TupleVal(all)
	}
	return cty.StringVal(cluster.Text(v))
}

// quoted is a value as a spec has it.
func quoted(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case []string:
		var all []string
		for _, e := range v {
			all = append(all, fmt.Sprintf("%q", e))
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	return cluster.Text(v)
}

func where(at hcl.Range) string { return fmt.Sprintf("%s:%d", at.Filename, at.Start.Line) }
