package spec

import (
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Write is the text of a spec that means a cluster: what differs from the
// defaults, laid out as [Format] does, so that loading it gives the cluster
// again. comments are for people, above the setting whose path they are under
// (see [cluster.Cluster.Origins]); the one under "" heads the file. A CNI
// manifest is named as file("cni.yaml"), which is for the caller to put there.
// Deviations belong into an overlay and are not written.
func Write(c *cluster.Cluster, comments map[string]string) []byte {
	w := &writer{comments: comments}
	if w.comment(""); len(w.out) > 0 {
		w.out = append(w.out, '\n')
	}
	w.block("", "cluster "+literal(cty.StringVal(c.Name)), func() {
		w.set("defaults", cty.NumberIntVal(int64(c.Defaults)))
		w.set("kubernetes", cty.StringVal(strings.TrimPrefix(c.Kubernetes.String(), "v")))
		w.text("image_repository", c.ImageRepository, "")
		w.share("max_unavailable", c.MaxUnavailable, cluster.Share{Count: defaultMaxUnavailable})
		w.endpoint(c)
		w.network(c.Network)
		w.ssh(c.SSH)
		w.firewall(c.Firewall)
		w.policies(c)
		w.raw(c)
		for _, n := range c.Nodes {
			w.node(n)
		}
	})
	return hclwrite.Format(w.out)
}

// writer gathers the text of a spec; its layout is left to [hclwrite.Format].
type writer struct {
	out      []byte
	path     string // of the block that is written, with a dot behind
	comments map[string]string
}

// block writes a block, or nothing where nothing is in it.
func (w *writer) block(name, head string, body func()) {
	before, path := w.out, w.path
	w.out = nil
	if name != "" {
		w.path += name + "."
	}
	body()
	within := w.out
	w.out, w.path = before, path
	if len(within) == 0 {
		return
	}
	if name != "" {
		w.out = append(w.out, '\n')
		w.comment(path + name)
	}
	w.line(head + " {")
	w.out = append(w.out, within...)
	w.line("}")
}

// set writes an attribute of the block.
func (w *writer) set(name string, v cty.Value) {
	w.comment(w.path + name)
	w.line(name + " = " + literal(v))
}

// text writes an attribute that is not its default.
func (w *writer) text(name, value, unless string) {
	if value != unless {
		w.set(name, cty.StringVal(value))
	}
}

// number writes an attribute that is not its default.
func (w *writer) number(name string, value, unless int) {
	if value != unless {
		w.set(name, cty.NumberIntVal(int64(value)))
	}
}

// toggle writes an attribute that switches something on.
func (w *writer) toggle(name string, on bool) {
	if on {
		w.set(name, cty.True)
	}
}

// list writes a list that is not its default; an empty one is written too.
func (w *writer) list(name string, items []string) {
	values := make([]cty.Value, len(items))
	for i, s := range items {
		values[i] = cty.StringVal(s)
	}
	w.set(name, cty.TupleVal(values))
}

func (w *writer) line(s string) { w.out = append(append(w.out, s...), '\n') }

// comment writes what there is to say about a path, in harmless letters: some
// of it came from machines.
func (w *writer) comment(path string) {
	if w.comments[path] == "" {
		return
	}
	for line := range strings.SplitSeq(w.comments[path], "\n") {
		printable := func(r rune) rune {
			if unicode.IsPrint(r) {
				return r
			}
			return '?'
		}
		w.line(strings.TrimRight("# "+strings.Map(printable, line), " "))
	}
}

// literal is a value as HCL writes it.
func literal(v cty.Value) string { return string(hclwrite.TokensForValue(v).Bytes()) }
