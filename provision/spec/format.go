package spec

import (
	_ "embed"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

//go:embed starter.hcl
var starter string

// Starter is the text of a first spec, with comments, for `bulwark init`.
func Starter() []byte { return []byte(starter) }

// Format lays out a spec's text in the one style there is. It changes nothing
// but white space, and refuses text that it could not read.
func Format(name string, text []byte) ([]byte, hcl.Diagnostics) {
	src := source{name: name, bytes: text}
	if len(text) > maxFileBytes {
		return nil, hcl.Diagnostics{problem(CodeFile, hcl.Range{}, "File too large", "%s has more than %d bytes.", name, maxFileBytes)}
	}
	if d := checkEncoding(src); d != nil {
		return nil, hcl.Diagnostics{d}
	}
	if diags := guard(src); diags.HasErrors() {
		return nil, diags
	}
	if _, diags := hclsyntax.ParseConfig(text, name, hcl.InitialPos); diags.HasErrors() {
		return nil, tagged(diags, CodeSyntax)
	}
	return hclwrite.Format(text), nil
}
