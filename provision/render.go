package provision

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
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
	first := c.ControlPlanes()[0].Name
	for at, n := range c.Nodes { // wants are in their order
		files, err := renderNode(c, n, wants[at], first)
		if err != nil {
			return nil, fmt.Errorf("node %s: %w", n.Name, err)
		}
		r.Files = append(r.Files, files...)
	}
	r.Files = append(r.Files, RenderedFile{Path: "plan.json", plan: r.Plan})
	return r, nil
}

// Write writes what is in the file.
func (f RenderedFile) Write(w io.Writer) error {
	if f.plan != nil {
		return writePlan(w, f.plan)
	}
	_, err := w.Write(f.Content)
	return err
}

// writePlan writes a plan as JSON, a line for each step, without the texts of its
// files, which lie beside it: what a thousand machines need is never in memory whole.
func writePlan(w io.Writer, p *plan.Plan) error {
	around := *p
	around.Steps = []plan.Step{}
	frame, err := encode(around)
	if err != nil {
		return err
	}
	before, behind, _ := strings.Cut(string(frame), `"steps": []`)
	out := bufio.NewWriter(w) // it keeps the first error for Flush
	_, _ = out.WriteString(before + `"steps": [`)
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	var step plan.Step // one for all: they would be made anew for each
	var file plan.FileStep
	for i, s := range p.Steps {
		if step = s; s.File != nil {
			file = *s.File
			file.Want.Content = nil
			step.File = &file
		}
		text.Reset()
		if err := e.Encode(&step); err != nil {
			return err
		}
		if i > 0 {
			_ = out.WriteByte(',')
		}
		_, _ = out.WriteString("\n    ")
		_, _ = out.Write(bytes.TrimSpace(text.Bytes()))
	}
	if len(p.Steps) > 0 {
		_, _ = out.WriteString("\n  ")
	}
	_, _ = out.WriteString("]" + behind)
	return out.Flush()
}

// renderNode is the folder of one node: its files under "files", a table of
// their modes and owners, and the arguments its components will have.
func renderNode(c *cluster.Cluster, n cluster.Node, w state.Want, first string) ([]RenderedFile, error) {
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
	for _, path := range madeByApply(w, first) {
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
func madeByApply(w state.Want, first string) []string {
	var out []string
	if slices.ContainsFunc(w.Facts, func(f state.Fact) bool { return f.Table != nil }) {
		out = append(out, state.ConfirmedTablePath)
	}
	if w.Node == first {
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
