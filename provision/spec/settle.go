package spec

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

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
	if i := &l.c.Policy.Images; (i.Mode != "" || floors["policy.images.mode"] != nil) && !slices.Contains(i.ExemptNamespaces, "kube-system") {
		i.ExemptNamespaces = slices.Sorted(slices.Values(append(i.ExemptNamespaces, "kube-system"))) // as where the spec itself switches it on
	}
	for _, path := range slices.Sorted(maps.Keys(floors)) {
		l.raise(t, floors[path])
		l.notRaised(floors[path])
	}
	l.followNamespaces()
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
	if path, value, is := f.above(l.c); is {
		l.noObject(t, f, path, value)
		return
	}
	at, said := l.saidAt(f.wish)
	have, there := f.get(l.c)
	if (said || there) && !f.lacks(have) {
		return // the spec, or the default, is as strict
	}
	if !f.agree() {
		l.contradiction(t, f)
		return
	}
	if said {
		adds := f.setting.Rule == cluster.Union || f.setting.Rule == cluster.Pairs
		if stricter, ok := f.setting.Stricter(have, f.value); adds && ok && !f.lacks(stricter) {
			f.set(l.c, stricter) // nothing that the spec says is taken back
			return
		}
		l.weaker(at, f, have)
		return
	}
	value := f.value // also of one-of: the default is not what is asked for
	if stricter, ok := f.setting.Stricter(have, f.value); there && ok && !f.lacks(stricter) {
		value = stricter
	}
	if there && f.setting.Rule != cluster.OneOf && !f.setting.Meets(value, have) {
		l.softer(f, value, have)
		return
	}
	f.set(l.c, value)
	l.c.Origins[f.path] = cluster.Origin{Default: strings.Join(f.ids(), ", ")}
}

// notRaised tells who asked for a value between two bounds that another one stays: of a
// standard's own control it is known that its check takes each of them.
func (l *loader) notRaised(f *floor) {
	have, _ := f.get(l.c)
	if f.setting.Rule != cluster.Between || f.lacks(have) {
		return
	}
	for i, y := range f.by {
		if y.Own && !f.setting.Same(have, f.values[i]) {
			l.report(caution(y.At, "Not the value that is asked for", "%s asks for %s = %s, and it is %s: none of what lies between its bounds is stricter, so that what was there first stays. If the check of %s takes no other value, write exactly = true beside it.",
				y.Control, f.path, quoted(f.values[i]), quoted(have), y.Control))
		}
	}
}
