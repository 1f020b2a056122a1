package provision

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/report"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/spec"
)

// question is what an audit asks, and of whom.
type question struct {
	profiles []string
	controls []profiles.Control
	nodes    []cluster.Node
	// notes say which profiles were written for older releases.
	notes []string
}

// everyControl stands for all profiles that there are.
const everyControl = "all"

// asked is what an audit of a spec asks: the profiles it is told, else those of the spec,
// else what the defaults do.
func asked(in Input, l *Loaded, c *cluster.Cluster) (question, error) {
	said := c.Profiles
	if len(said) == 0 {
		said = []string{"baseline"}
	}
	q, err := questions(in, l.reading.Own, said, c.Kubernetes)
	if err != nil {
		return q, err
	}
	return q.among(c, in.Nodes)
}

// questions are the controls that an audit asks: of the profiles it is told, else of those
// said before. A name that stands for none is an error: an audit of nothing would find
// nothing to say.
func questions(in Input, own []spec.OwnProfile, said []string, version cluster.Version) (question, error) {
	all, diags := library(own)
	if diags.HasErrors() {
		return question{}, diags
	}
	q := question{profiles: in.Profiles}
	switch {
	case len(q.profiles) > 0:
	case len(in.Controls) > 0:
		q.profiles = []string{everyControl} // who names controls means them wherever they are
	default:
		q.profiles = said
	}
	if slices.Contains(q.profiles, everyControl) {
		q.controls = all.Controls()
	} else {
		selected := all.Select(q.profiles)
		if len(selected.Unknown) > 0 {
			var names []string
			for _, p := range all.Profiles() {
				names = append(names, p.Name)
			}
			return question{}, &UnknownError{"profile", selected.Unknown[0], spec.Nearest(selected.Unknown[0], names)}
		}
		q.controls = selected.Controls
		for _, p := range selected.Profiles {
			if p.Older(version) {
				q.notes = append(q.notes, fmt.Sprintf("profile %s was written for Kubernetes %s, and this is %s: what changed since is said beside its controls", p.Name, p.Kubernetes, version))
			}
		}
	}
	var err error
	q.controls, err = chosen(q.controls, in.Controls)
	return q, err
}

// among is a question of the nodes of a cluster, or of some of them.
func (q question) among(c *cluster.Cluster, names []string) (question, error) {
	q.nodes = c.Nodes
	if len(names) == 0 {
		return q, nil
	}
	return q.of(names, c)
}

// deviation is what keeps these machines from a control: nil unless all that it hardens
// of a component is a field that one of them overrides.
func deviation(c *profiles.Control, all []cluster.Deviation) *cluster.Deviation {
	var found *cluster.Deviation
	if len(all) == 0 {
		return nil
	}
	for _, path := range c.Settings() {
		i := slices.IndexFunc(all, func(d cluster.Deviation) bool {
			return slices.Contains(leaves(cluster.CompKubelet+".config", d.Kubelet), path) || slices.Contains(leaves(cluster.CompKubeProxy+".config", d.KubeProxy), path)
		})
		if i < 0 {
			return nil
		}
		found = &all[i]
	}
	return found
}

// leaves are the paths of all fields of a configuration.
func leaves(prefix string, fields map[string]any) []string {
	var out []string
	for name, v := range fields {
		if inner, ok := v.(map[string]any); ok && len(inner) > 0 {
			out = append(out, leaves(prefix+"."+name, inner)...)
			continue
		}
		out = append(out, prefix+"."+name)
	}
	return out
}

// of is a question of some nodes alone: what is asked of the cluster is of none of them.
func (q question) of(names []string, c *cluster.Cluster) (question, error) {
	var err error
	if q.nodes, err = named(names, c); err != nil {
		return q, err
	}
	q.controls = slices.DeleteFunc(slices.Clone(q.controls), func(c profiles.Control) bool { return !c.PerNode() })
	if len(q.controls) == 0 {
		return q, fmt.Errorf("--control and --node: these controls are asked of the cluster and not of nodes; leave --node out")
	}
	return q, nil
}

// named are the nodes of a cluster that have one of these names, all where there is none.
func named(names []string, c *cluster.Cluster) ([]cluster.Node, error) {
	if len(names) == 0 {
		return c.Nodes, nil
	}
	for _, name := range names {
		if _, ok := c.Node(name); !ok {
			return nil, fmt.Errorf("--node %s: there is no such node, only %s", name, strings.Join(namesOf(c), ", "))
		}
	}
	var out []cluster.Node
	for _, n := range c.Nodes {
		if slices.Contains(names, n.Name) {
			out = append(out, n)
		}
	}
	return out, nil
}

// waive marks what a spec does without. A waiver that has ended waives nothing, and is
// shown beside what it waived.
func waive(findings []profiles.Finding, c *cluster.Cluster, now time.Time) []profiles.Finding {
	for i := range findings {
		f := &findings[i]
		if d := deviation(f.Control, c.Deviations); d != nil && f.Verdict == profiles.Fail {
			f.Verdict, f.Waiver = profiles.Waived, &profiles.Waiver{Reason: d.Reason, By: "deviation " + d.ID}
		}
		for _, w := range c.Waivers {
			if w.ID != f.Control.ID || !w.About(f.Node) || f.Verdict == profiles.Pass || f.Verdict == profiles.NotApplicable {
				continue
			}
			if over := w.Over(now); f.Waiver == nil || f.Waiver.Expired && !over { // one that counts goes before one that has ended
				f.Waiver = &profiles.Waiver{Reason: w.Reason, Expires: w.Expires, By: w.By, Expired: over}
			}
		}
		switch {
		case f.Waiver == nil || f.Verdict == profiles.Unknown: // what is not known stays so, with what is waived beside it
		case !f.Waiver.Expired:
			f.Verdict = profiles.Waived
		case f.Verdict == profiles.Review:
			f.Verdict = profiles.Fail // what was put off is due
		}
	}
	return findings
}

// chosen are the controls whose id is one of the patterns, in capitals or not.
func chosen(all []profiles.Control, patterns []string) ([]profiles.Control, error) {
	if len(patterns) == 0 {
		return all, nil
	}
	used := make([]bool, len(patterns))
	var out []profiles.Control
	for _, c := range all {
		is := false
		for i, p := range patterns {
			match, err := path.Match(strings.ToLower(p), strings.ToLower(c.ID))
			if err != nil {
				return nil, fmt.Errorf("--control %s: that is no pattern; write an id, with * for any letters", p)
			}
			used[i], is = used[i] || match, is || match
		}
		if is {
			out = append(out, c)
		}
	}
	if i := slices.Index(used, false); i >= 0 {
		return nil, fmt.Errorf("--control %s: no control has such an id; \"bulwark profile list --controls\" names all there are", patterns[i])
	}
	return out, nil
}

func namesOf(c *cluster.Cluster) []string {
	var out []string
	for _, n := range c.Nodes {
		out = append(out, n.Name)
	}
	return out
}

// dir is the folder that the files of a spec lie in, as its reader named it.
func (l *Loaded) dir() string {
	for name := range l.Files {
		if filepath.Base(name) == l.Cluster.Origin("name").File {
			return filepath.Dir(name)
		}
	}
	return ""
}

// CompareAudits says what changed between two documents of an audit; the names are for
// errors.
func CompareAudits(oldName string, older []byte, newName string, newer []byte) (*report.Diff, error) {
	before, err := report.Read(oldName, older)
	if err != nil {
		return nil, err
	}
	after, err := report.Read(newName, newer)
	if err != nil {
		return nil, err
	}
	return report.Compare(before, after), nil
}
