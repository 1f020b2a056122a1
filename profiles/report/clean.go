package report

import "github.com/bulwark-k8s/bulwark/provision/state"

// clean makes every text of a document printable and one line: nothing in it can feign
// a line, turn a terminal, or be a character that XML does not have.
func (d *Document) clean() {
	clean := func(all ...*string) {
		for _, s := range all {
			*s = state.Printable(*s)
		}
	}
	list := func(all []string) []string {
		var out []string
		for _, s := range all {
			out = append(out, state.Printable(s))
		}
		return out
	}
	place := func(p *Place) *Place {
		if p == nil {
			return nil
		}
		return &Place{state.Printable(p.File), p.Line}
	}
	clean(&d.FormatVersion, &d.Cluster, &d.Kubernetes, &d.Time)
	d.Profiles, d.Notes, d.Spec = list(d.Profiles), list(d.Notes), place(d.Spec)
	if d.Nodes = list(d.Nodes); d.Nodes == nil {
		d.Nodes = []string{}
	}
	for i := range d.Deviations {
		clean(&d.Deviations[i].ID, &d.Deviations[i].Reason)
	}
	for i := range d.Findings {
		f := &d.Findings[i]
		clean(&f.ID, &f.Standard, &f.Title, &f.Section, &f.Node, &f.Remedy, &f.Question)
		f.Refs, f.Notes, f.At = list(f.Refs), list(f.Notes), place(f.At)
		for j := range f.Evidence {
			e := &f.Evidence[j]
			clean(&e.What, &e.Value, &e.Unread)
		}
		if w := f.Waiver; w != nil {
			clean(&w.Reason, &w.Expires, &w.By)
		}
	}
}
