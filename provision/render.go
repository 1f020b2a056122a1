package provision

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
)

// Render computes what every node will be given, without looking at any
// machine. The bytes depend on the spec alone; on kind, also on the names and
// addresses kind gave its nodes.
func Render(ctx context.Context, in Input) (*Rendered, error) {
	i, err := intended(ctx, in)
	if err != nil {
		return nil, err
	}
	c, wants := i.cluster, i.wants
	r := &Rendered{Cluster: c, Plan: plan.Compute(c, wants, &state.Cluster{}, kube.Missing)}
	for _, w := range wants {
		if w.Node == "" {
			continue
		}
		n, _ := c.Node(w.Node)
		files, err := renderNode(c, n, w)
		if err != nil {
			return nil, fmt.Errorf("node %s: %w", n.Name, err)
		}
		r.Files = append(r.Files, files...)
	}
	steps, err := encode(withoutTexts(r.Plan))
	if err != nil {
		return nil, err
	}
	r.Files = append(r.Files, RenderedFile{Path: "plan.json", Content: steps})
	return r, nil
}

// withoutTexts is a plan without the texts of its files, which lie beside it.
func withoutTexts(p *plan.Plan) *plan.Plan {
	out := *p
	out.Steps = slices.Clone(p.Steps)
	for i := range out.Steps {
		if s := &out.Steps[i]; s.File != nil {
			file := *s.File
			file.Want.Content = nil
			s.File = &file
		}
	}
	return &out
}

// renderNode is the folder of one node: its files under "files", a table of
// their modes and owners, and the arguments its components will have.
func renderNode(c *cluster.Cluster, n cluster.Node, w state.Want) ([]RenderedFile, error) {
	var out []RenderedFile
	var table bytes.Buffer
	fmt.Fprintf(&table, "# mode owner origin path\n")
	for _, f := range w.Facts {
		if f.File == nil {
			continue
		}
		row := f.File
		fmt.Fprintf(&table, "%s %s %s %s\n", row.Mode, row.Owner, row.Origin, row.Path)
		if row.Content != nil {
			out = append(out, RenderedFile{Path: n.Name + "/files" + row.Path, Content: row.Content})
		}
	}
	for _, path := range madeByApply(c, w) {
		fmt.Fprintf(&table, "%s %s at-run-time %s\n", state.Mode(0o600), "root:root", path)
	}
	arguments, err := kubeadm.Arguments(c, n)
	if err != nil {
		return nil, err
	}
	text, err := encode(arguments)
	if err != nil {
		return nil, err
	}
	out = append(out,
		RenderedFile{Path: n.Name + "/files.txt", Content: table.Bytes()},
		RenderedFile{Path: n.Name + "/arguments.json", Content: text})
	slices.SortFunc(out, func(a, b RenderedFile) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// madeByApply are files of ours that are no facts: what they say is known only
// once something was tried on the machine.
func madeByApply(c *cluster.Cluster, w state.Want) []string {
	var out []string
	if slices.ContainsFunc(w.Facts, func(f state.Fact) bool { return f.Table != nil }) {
		out = append(out, state.ConfirmedTablePath)
	}
	if w.Node == c.ControlPlanes()[0].Name {
		out = append(out, verifiedPath)
	}
	return out
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // references are written with < and >
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}
