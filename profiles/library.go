package profiles

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Library is every control and profile that there is to choose from: bulwark's, and those
// that a spec brings.
type Library struct {
	controls []Control
	// shipped is how many of controls are bulwark's: only those are a standard's, whatever
	// ids others give their own.
	shipped  int
	at       map[string]int
	profiles map[string]Profile
}

// shipped is what bulwark brings, read once.
var shipped = sync.OnceValues(func() (*Library, error) {
	controls, err := Catalogue()
	if err != nil {
		return nil, err
	}
	l := &Library{at: map[string]int{}, profiles: map[string]Profile{}}
	for _, c := range controls {
		l.at[c.ID] = len(l.controls)
		l.controls = append(l.controls, c)
	}
	l.shipped = len(l.controls)
	text, err := data.ReadFile("profiles.hcl")
	if err != nil {
		return nil, err
	}
	body, diags := parse("profiles.hcl", text)
	if diags.HasErrors() {
		return nil, diags
	}
	for _, b := range body.Blocks {
		p, more := profileFrom(b.Labels[0], b.LabelRanges[0], b.DefRange(), b.Body, text)
		if diags = append(diags, more...); !diags.HasErrors() {
			diags = append(diags, l.add(p)...)
		}
	}
	if diags.HasErrors() {
		return nil, diags
	}
	return l, nil
})

// Shipped is the library that bulwark brings.
func Shipped() (*Library, error) { return shipped() }

// Own is a profile block of somebody's, as it was written.
type Own struct {
	Name          string
	NameRange, At hcl.Range
	Body          *hclsyntax.Body
	// File is the text that it stands in.
	File []byte
}

// With is a library that has further profiles, with all that is wrong with them.
func (l *Library) With(own []Own) (*Library, hcl.Diagnostics) {
	if len(own) == 0 {
		return l, nil
	}
	out := &Library{slices.Clone(l.controls), l.shipped, maps.Clone(l.at), maps.Clone(l.profiles)}
	var diags hcl.Diagnostics
	for _, o := range own {
		p, more := profileFrom(o.Name, o.NameRange, o.At, o.Body, o.File)
		if p.Softens != nil {
			more = append(more, problem(o.At, "Profile that softens", "%s has soften { … }, and only bulwark's own dev has one: a profile asks for more and never for less. Waive a control instead.", p.Name)...)
		}
		if diags = append(diags, more...); more.HasErrors() {
			continue
		}
		diags = append(diags, out.add(p)...)
	}
	// Profiles may name each other, so what they name is looked for when all are there.
	for _, o := range own {
		if p, ok := out.profiles[o.Name]; ok && !diags.HasErrors() {
			diags = append(diags, out.names(p)...)
		}
	}
	return out, diags
}

// add puts a profile and its own controls into a library.
func (l *Library) add(p Profile) hcl.Diagnostics {
	if p.Name == "all" {
		return problem(p.Range, "Not a name", "\"all\" stands for every control; give the profile another name.")
	}
	if first, twice := l.profiles[p.Name]; twice {
		return problem(p.Range, "Profile twice", "A profile %q is there already, at %s; give this one another name.", p.Name, first.Range)
	}
	var diags hcl.Diagnostics
	for _, c := range p.Own {
		if i, twice := l.at[c.ID]; twice {
			diags = append(diags, problem(c.Range, "Control twice", "%s is at %s too; an id is of one control.", c.ID, l.controls[i].Range)...)
			continue
		}
		l.at[c.ID] = len(l.controls)
		l.controls = append(l.controls, c)
	}
	l.profiles[p.Name] = p
	return diags
}

// names checks what a profile refers to.
func (l *Library) names(p Profile) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, e := range p.Extends {
		if _, ok := l.profiles[e]; !ok {
			diags = append(diags, problem(p.Range, "Unknown profile", "%s extends %q, which is no profile.", p.Name, e)...)
		}
	}
	for _, id := range slices.Concat(p.Controls, p.Without) {
		if _, ok := l.at[id]; !ok {
			diags = append(diags, problem(p.Range, "Unknown control", "%s has %q, which is no control.", p.Name, id)...)
		}
	}
	for _, w := range p.Waivers {
		if _, ok := l.at[w.ID]; !ok {
			diags = append(diags, problem(p.Range, "Unknown control", "%s waives %q, which is no control.", p.Name, w.ID)...)
		}
	}
	for _, s := range p.Standards {
		if !slices.ContainsFunc(l.controls, func(c Control) bool { return c.Standard() == s }) {
			diags = append(diags, problem(p.Range, "Unknown standard", "%s has the standard %q, of which no control is known.", p.Name, s)...)
		}
	}
	return diags
}

// Selection is what some profiles come to.
type Selection struct {
	// Controls are in the order of the library.
	Controls []Control
	// Profiles are those that were named, and those that they extend.
	Profiles []Profile
	Waivers  []cluster.Waiver
	// Softening are the profiles that soften something.
	Softening []Profile
	// Unknown are names that no profile has.
	Unknown []string
}

// Select is what profiles hold, with those that they extend.
func (l *Library) Select(names []string) Selection {
	var out Selection
	chosen := map[int]bool{}
	for _, name := range names {
		maps.Copy(chosen, l.holds(name, &out, map[string]bool{}))
	}
	for _, i := range slices.Sorted(maps.Keys(chosen)) {
		out.Controls = append(out.Controls, l.controls[i])
	}
	return out
}

// holds are the places of the controls that a profile has; what else it has goes into a
// selection. seen are profiles on the way, which may extend each other in a ring.
func (l *Library) holds(name string, into *Selection, seen map[string]bool) map[int]bool {
	out := map[int]bool{}
	if seen[name] {
		return out
	}
	seen[name] = true
	defer delete(seen, name) // only a ring is cut: two that extend the same both have it
	p, ok := l.profiles[name]
	if !ok {
		into.Unknown = append(into.Unknown, name)
		return out
	}
	for _, e := range p.Extends {
		maps.Copy(out, l.holds(e, into, seen))
	}
	for i, c := range l.controls {
		if i < l.shipped && slices.Contains(p.Standards, c.Standard()) && (p.Level == 0 || c.Level <= p.Level) {
			out[i] = true
		}
	}
	for _, id := range p.Controls {
		out[l.at[id]] = true
	}
	for _, c := range p.Own {
		out[l.at[c.ID]] = true
	}
	for _, id := range p.Without {
		delete(out, l.at[id])
	}
	if !slices.ContainsFunc(into.Profiles, func(o Profile) bool { return o.Name == name }) {
		into.Profiles = append(into.Profiles, p)
		into.Waivers = append(into.Waivers, p.Waivers...)
		if p.Softens != nil {
			into.Softening = append(into.Softening, p)
		}
	}
	return out
}

// Controls are all of a library.
func (l *Library) Controls() []Control { return l.controls }

// Control finds one by its id.
func (l *Library) Control(id string) (Control, bool) {
	i, ok := l.at[id]
	if !ok {
		return Control{}, false
	}
	return l.controls[i], true
}

// Ships says whether a control is one of bulwark's, and not a spec's own.
func (l *Library) Ships(id string) bool {
	i, ok := l.at[id]
	return ok && i < l.shipped
}

// Profile finds one by its name.
func (l *Library) Profile(name string) (Profile, bool) {
	p, ok := l.profiles[name]
	return p, ok
}

// Profiles are all of a library, by name.
func (l *Library) Profiles() []Profile {
	return slices.SortedFunc(maps.Values(l.profiles), func(a, b Profile) int { return cmp.Compare(a.Name, b.Name) })
}
