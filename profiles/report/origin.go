package report

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// origins finds where a spec has what a control is about. Controls are asked of many
// nodes, so it keeps what it found.
type origins struct {
	cluster *cluster.Cluster
	dir     string
	known   map[string]*Place
}

// of is the first line of the spec with a setting that a control hardens; nil where
// the spec leaves all of them to their defaults.
func (o origins) of(c *profiles.Control) *Place {
	if at, ok := o.known[c.ID]; ok {
		return at
	}
	var at *Place
	for _, path := range settings(c) {
		if at = o.at(path); at != nil {
			break
		}
	}
	o.known[c.ID] = at
	return at
}

// at is where a setting is written, or the field of a configuration that it lies in:
// those have one line for all that is below them.
func (o origins) at(path string) *Place {
	for {
		if at, ok := o.cluster.Origins[path]; ok {
			return place(o.dir, at)
		}
		end := strings.LastIndexByte(path, '.')
		if end < 0 {
			return nil
		}
		path = path[:end]
	}
}

// settings are the paths of what a control hardens: by its own block, and by the
// table of hardened settings.
func settings(c *profiles.Control) []string {
	var out []string
	if c.Harden != nil {
		out = written(c.Harden, "")
	}
	for _, s := range cluster.Hardened() {
		if !slices.Contains(s.Refs, c.ID) {
			continue
		}
		kind := ".args."
		if s.Component == cluster.CompKubelet || s.Component == cluster.CompKubeProxy {
			kind = ".config."
		}
		out = append(out, s.Component+kind+s.Key)
	}
	return out
}

// written are the paths of all attributes in a block, in the order of its text.
func written(b *hclsyntax.Body, prefix string) []string {
	type part struct {
		at    int
		paths []string
	}
	var parts []part
	for name, a := range b.Attributes {
		parts = append(parts, part{a.NameRange.Start.Byte, fields(a.Expr, prefix+name)})
	}
	for _, inner := range b.Blocks {
		path := strings.Join(append([]string{prefix + inner.Type}, inner.Labels...), ".")
		parts = append(parts, part{inner.TypeRange.Start.Byte, written(inner.Body, path+".")})
	}
	slices.SortFunc(parts, func(a, b part) int { return a.at - b.at })
	var out []string
	for _, p := range parts {
		out = append(out, p.paths...)
	}
	return out
}

// fields are the paths that an attribute sets: its own, or those of an object's keys.
func fields(e hcl.Expression, path string) []string {
	pairs, diags := hcl.ExprMap(e)
	if diags.HasErrors() || len(pairs) == 0 {
		return []string{path}
	}
	var out []string
	for _, p := range pairs {
		key, diags := p.Key.Value(nil)
		if diags.HasErrors() || key.IsNull() || !key.IsKnown() || key.Type() != cty.String {
			return []string{path}
		}
		out = append(out, fields(p.Value, path+"."+key.AsString())...)
	}
	return out
}
