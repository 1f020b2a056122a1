package provision

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/report"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// asked are the controls and the nodes of an audit. A name that stands for none is an
// error: an audit of nothing would find nothing to say.
func asked(in Input, c *cluster.Cluster) ([]profiles.Control, []cluster.Node, error) {
	controls, err := profiles.Catalogue()
	if err != nil {
		return nil, nil, err
	}
	if controls, err = chosen(controls, in.Controls); err != nil {
		return nil, nil, err
	}
	if len(in.Nodes) == 0 {
		return controls, c.Nodes, nil
	}
	for _, name := range in.Nodes {
		if _, ok := c.Node(name); !ok {
			return nil, nil, fmt.Errorf("--node %s: the spec names no such node, only %s", name, strings.Join(namesOf(c), ", "))
		}
	}
	var nodes []cluster.Node
	for _, n := range c.Nodes {
		if slices.Contains(in.Nodes, n.Name) {
			nodes = append(nodes, n)
		}
	}
	// What is asked of the cluster is of none of its nodes.
	controls = slices.DeleteFunc(controls, func(c profiles.Control) bool { return !c.PerNode() })
	if len(controls) == 0 {
		return nil, nil, fmt.Errorf("--control and --node: these controls are asked of the cluster and not of nodes; leave --node out")
	}
	return controls, nodes, nil
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
		return nil, fmt.Errorf("--control %s: no control has such an id; \"bulwark audit SPEC --rendered -v\" shows all there are", patterns[i])
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
