package profiles

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Profile is a named choice of controls: a standard, part of one, or a company's own.
type Profile struct {
	Name, Title string
	// Kubernetes are the releases that its text was written for: "1.34 to 1.35". What
	// changed since is said by [Control.Changed].
	Kubernetes string
	// Extends are profiles all of whose controls, waivers and settings it has too.
	Extends []string
	// Standards are those of which it has all controls, as in "CIS"; Level is the highest
	// of theirs that it has, 0 for all.
	Standards []string
	Level     int
	// Controls are the ids of further ones, and Without of those that it leaves out of all
	// these.
	Controls, Without []string
	// Own are those that it brings itself.
	Own []Control
	// Waivers are of controls that those who use it do without.
	Waivers []cluster.Waiver
	// Softens are settings that are weaker than the defaults; only a profile of bulwark's
	// may have any.
	Softens *hclsyntax.Body
	Range   hcl.Range
}

// profileFrom reads the body of a profile block of a file's text.
func profileFrom(name string, nameRange, at hcl.Range, body *hclsyntax.Body, file []byte) (Profile, hcl.Diagnostics) {
	p := Profile{Name: name, Range: at}
	var diags hcl.Diagnostics
	if !namePattern.MatchString(name) {
		diags = append(diags, problem(nameRange, "Not a name", "%q is no name of a profile; write small letters, digits and \"-\".", name)...)
	}
	list := func(into *[]string) func(hcl.Expression) hcl.Diagnostics {
		return plain(cty.List(cty.String), func(v cty.Value) { *into = listOf(v) })
	}
	diags = append(diags, arguments("A profile", body, map[string]func(hcl.Expression) hcl.Diagnostics{
		"title": text(&p.Title), "kubernetes": text(&p.Kubernetes), "extends": list(&p.Extends), "standards": list(&p.Standards),
		"level": number(&p.Level), "controls": list(&p.Controls), "without": list(&p.Without),
	})...)
	for _, b := range body.Blocks {
		switch {
		case b.Type == "control" && len(b.Labels) == 1:
			c, more := control(b, file)
			p.Own, diags = append(p.Own, c), append(diags, more...)
		case b.Type == "waive" && len(b.Labels) == 1:
			w, more := waiverFrom(b)
			p.Waivers, diags = append(p.Waivers, w), append(diags, more...)
		case b.Type == "soften" && len(b.Labels) == 0:
			p.Softens = b.Body
		default:
			diags = append(diags, problem(b.DefRange(), "Unknown block", "A profile has no block %q; it has control \"ACME-1\" { … } and waive \"CIS-1.2.11\" { … }.", b.Type)...)
		}
	}
	if p.Kubernetes != "" && !releases.MatchString(p.Kubernetes) {
		diags = append(diags, problem(at, "Not releases", "Profile %s is for %q; write \"1.37\", or a first and a last release as in \"1.34 to 1.35\".", name, p.Kubernetes)...)
	}
	if p.Level < 0 || p.Level > 2 {
		diags = append(diags, problem(at, "Not a level", "Profile %s has level %d; the levels are 1 and 2, and without one all are meant.", name, p.Level)...)
	}
	if p.Title == "" {
		diags = append(diags, problem(at, "Missing argument", "Profile %s has no title.", name)...)
	}
	return p, diags
}

// arguments reads the attributes of a body, each by its own function.
func arguments(what string, body *hclsyntax.Body, fields map[string]func(hcl.Expression) hcl.Diagnostics) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, name := range slices.Sorted(keysOf(body.Attributes)) {
		a := body.Attributes[name]
		read := fields[name]
		if read == nil {
			diags = append(diags, problem(a.NameRange, "Unknown argument", "%s has no %q.", what, name)...)
			continue
		}
		diags = append(diags, read(a.Expr)...)
	}
	return diags
}

// releases is how a profile says what it was written for: one release, or a first and a
// last one.
var releases = regexp.MustCompile(`^[0-9]+\.[0-9]+( to [0-9]+\.[0-9]+)?$`)

// Older says whether a version is of a later release than a profile's text was written
// for.
func (p Profile) Older(v cluster.Version) bool {
	first, last, found := strings.Cut(p.Kubernetes, " to ")
	if !found {
		last = first
	}
	return last != "" && v.AtLeast(last) && last != fmt.Sprintf("%d.%d", v.Major, v.Minor)
}
