package profiles

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/bulwark-k8s/bulwark/profiles/check"
)

//go:embed profiles.hcl cis/*.hcl stig/*.hcl nsa/*.hcl pci/*.hcl
var data embed.FS

// Catalogue are all controls that bulwark knows, in the order of their standards. Its
// data is checked by a test, so that an error here is one of the build.
func Catalogue() ([]Control, error) {
	var out []Control
	err := fs.WalkDir(data, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == "profiles.hcl" {
			return err
		}
		text, err := data.ReadFile(name)
		if err != nil {
			return err
		}
		controls, diags := Load(name, text)
		if diags.HasErrors() {
			return diags
		}
		out = append(out, controls...)
		return nil
	})
	return out, err
}

// Load reads the controls of one file. All that is wrong in it is said at once.
func Load(name string, text []byte) ([]Control, hcl.Diagnostics) {
	body, diags := parse(name, text)
	if diags.HasErrors() {
		return nil, diags
	}
	for _, a := range body.Attributes {
		diags = append(diags, problem(a.NameRange, "Unknown argument", "%q stands outside of a control.", a.Name)...)
	}
	var out []Control
	seen := map[string]hcl.Range{}
	for _, b := range body.Blocks {
		if b.Type != "control" || len(b.Labels) != 1 {
			diags = append(diags, problem(b.DefRange(), "Unknown block", "A profile holds blocks such as control \"ACME-1\" { … }.")...)
			continue
		}
		c, more := control(b, text)
		if first, twice := seen[c.ID]; twice {
			more = append(more, problem(b.DefRange(), "Control twice", "%s is at %s too; an id is of one control.", c.ID, first)...)
		}
		seen[c.ID] = b.DefRange()
		diags = append(diags, more...)
		out = append(out, c)
	}
	return out, diags
}

func parse(name string, text []byte) (*hclsyntax.Body, hcl.Diagnostics) {
	file, diags := hclparse.NewParser().ParseHCL(text, name)
	if diags.HasErrors() {
		return nil, diags
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return nil, problem(file.Body.MissingItemRange(), "Not a profile", "Only HCL's native syntax is read.")
	}
	return body, nil
}

// oneRelease is a release of Kubernetes.
var oneRelease = regexp.MustCompile(`^[0-9]+\.[0-9]+$`)

// namePattern is the name of a profile.
var namePattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// idPattern is a standard in capitals and what it numbers its rule by.
var idPattern = regexp.MustCompile(`^[A-Z][A-Z0-9]*(-[A-Za-z0-9.]+)+$`)

// control reads one block of a file's text.
func control(b *hclsyntax.Block, file []byte) (Control, hcl.Diagnostics) {
	c := Control{ID: b.Labels[0], Range: b.DefRange()}
	if all := b.Range(); all.CanSliceBytes(file) {
		c.Text = string(all.SliceBytes(file))
	}
	var diags hcl.Diagnostics
	if !idPattern.MatchString(c.ID) {
		diags = append(diags, problem(b.LabelRanges[0], "Not an id", "%q is no id of a control; write the standard and its number, as in \"ACME-1.2\".", c.ID)...)
	}
	diags = append(diags, arguments("A control", b.Body, map[string]func(hcl.Expression) hcl.Diagnostics{
		"title": text(&c.Title), "section": text(&c.Section), "remedy": text(&c.Remedy), "rule": text(&c.Rule),
		"retired": text(&c.Retired), "question": text(&c.Question), "settle": text(&c.Settle),
		"level": number(&c.Level), "cat": number(&c.Cat),
		"scored":  plain(cty.Bool, func(v cty.Value) { c.Scored = v.True() }),
		"exactly": plain(cty.Bool, func(v cty.Value) { c.Exactly = v.True() }),
		"refs":    plain(cty.List(cty.String), func(v cty.Value) { c.Refs = listOf(v) }),
		"changed": plain(cty.Map(cty.String), func(v cty.Value) { c.Changed = texts(v) }),
		"applies": question(&c.Applies), "check": question(&c.Check),
		"evidence": evidence(&c.Evidence),
	})...)
	for _, inner := range b.Body.Blocks {
		switch {
		case inner.Type != "harden" || len(inner.Labels) > 0:
			diags = append(diags, problem(inner.DefRange(), "Unknown block", "A control has no block %q.", inner.Type)...)
		case c.Harden != nil:
			diags = append(diags, problem(inner.DefRange(), "Block twice", "%s has its harden block already.", c.ID)...)
		default:
			c.Harden = inner.Body
		}
	}
	return c, append(diags, whole(c, b)...)
}

// whole says what a control lacks.
func whole(c Control, b *hclsyntax.Block) hcl.Diagnostics {
	var diags hcl.Diagnostics
	has := func(name string) bool {
		return b.Body.Attributes[name] != nil && (name != "title" || c.Title != "") && (name != "remedy" || c.Remedy != "") && (name != "question" || c.Question != "")
	}
	for release := range c.Changed {
		if !oneRelease.MatchString(release) {
			diags = append(diags, problem(b.Body.Attributes["changed"].Expr.Range(), "Not a release", "%q is no release of Kubernetes; write it as in \"1.34\".", release)...)
		}
	}
	lacks := func(name, why string) {
		diags = append(diags, problem(b.DefRange(), "Missing argument", "%s has no %s%s.", c.ID, name, why)...)
	}
	if !has("title") {
		lacks("title", "")
	}
	if c.Exactly && (c.Harden == nil || !sets(c.Harden)) {
		diags = append(diags, problem(b.Body.Attributes["exactly"].NameRange, "Exactly nothing", "%s is met by the very values that it hardens alone, and hardens none. Write them into harden { … }, or take exactly out.", c.ID)...)
	}
	if has("retired") {
		return diags
	}
	switch {
	case has("check") && has("question"):
		diags = append(diags, problem(b.DefRange(), "Check and question", "%s has both; what a check decides is no question for a person.", c.ID)...)
	case has("check"):
		if !has("remedy") {
			lacks("remedy", "")
		}
	case !has("question"):
		lacks("check", ", and no question for a person")
	}
	return diags
}

func keysOf(all hclsyntax.Attributes) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range all {
			if !yield(name) {
				return
			}
		}
	}
}

// plain reads a value that names and calls nothing.
func plain(t cty.Type, set func(cty.Value)) func(hcl.Expression) hcl.Diagnostics {
	return func(e hcl.Expression) hcl.Diagnostics {
		v, diags := e.Value(nil)
		if diags.HasErrors() {
			return diags
		}
		v, err := convert.Convert(v, t)
		if err != nil || v.IsNull() || !v.IsWhollyKnown() || holdsNull(v) {
			return problem(e.Range(), "Wrong kind of value", "It has to be %s, and nothing in it null.", t.FriendlyName())
		}
		set(v)
		return nil
	}
}

func holdsNull(v cty.Value) bool {
	if !v.CanIterateElements() {
		return v.IsNull()
	}
	for it := v.ElementIterator(); it.Next(); {
		if _, e := it.Element(); holdsNull(e) {
			return true
		}
	}
	return false
}

func text(into *string) func(hcl.Expression) hcl.Diagnostics {
	return plain(cty.String, func(v cty.Value) { *into = v.AsString() })
}

func number(into *int) func(hcl.Expression) hcl.Diagnostics {
	return plain(cty.Number, func(v cty.Value) { n, _ := v.AsBigFloat().Int64(); *into = int(n) })
}

func listOf(v cty.Value) []string {
	var out []string
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		out = append(out, e.AsString())
	}
	return out
}

func texts(v cty.Value) map[string]string {
	out := map[string]string{}
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		out[k.AsString()] = e.AsString()
	}
	return out
}

func evidence(into **check.Question) func(hcl.Expression) hcl.Diagnostics {
	return func(e hcl.Expression) hcl.Diagnostics {
		q, diags := check.ParseEvidence(e)
		*into = q
		return diags
	}
}

func question(into **check.Question) func(hcl.Expression) hcl.Diagnostics {
	return func(e hcl.Expression) hcl.Diagnostics {
		q, diags := check.Parse(e)
		*into = q
		return diags
	}
}

func problem(at hcl.Range, summary, format string, args ...any) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &at}}
}

// Standard is what a control's id begins with: "CIS".
func (c Control) Standard() string {
	name, _, _ := strings.Cut(c.ID, "-")
	return name
}
