package spec

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Standards knows the profiles that a spec may name, and what their controls ask for.
type Standards interface {
	// Ask resolves the profiles that a spec names. own are those that it has itself.
	Ask(names []string, own []OwnProfile) (Asks, hcl.Diagnostics)
}

// OwnProfile is a profile block of a spec, as it was written.
type OwnProfile struct {
	Name          string
	NameRange, At hcl.Range
	Body          *hclsyntax.Body
	// File is the text that it stands in.
	File []byte
}

// Asks are what profiles ask of a spec.
type Asks struct {
	// Layers are in the order of the catalogue.
	Layers []Layer
	// Controls are the ids of all that the profiles hold, Known all that there are.
	Controls, Known []string
	// OfCluster are those of Known that are asked of the cluster, and of no node.
	OfCluster []string
	// Only is the role of the nodes that a control applies to alone, false where nodes of
	// either may be asked. Nil where nothing is known of it.
	Only func(control string) (cluster.Role, bool)
	// Profiles are the names of all profiles that there are.
	Profiles []string
	// Unknown are names that none has.
	Unknown []string
	// Waivers are those of the spec's own profiles.
	Waivers []cluster.Waiver
}

// Layer is what one control asks of the settings of a spec, or what a profile softens.
type Layer struct {
	// Control is its id; of what a profile softens it is the profile's name.
	Control string
	Title   string
	// Body holds blocks of a cluster; nil where only a person can settle it.
	Body *hclsyntax.Body
	// Settle says why it is not done without a word of the spec.
	Settle string
	// Exactly says that a stricter value than that of Body does not meet it.
	Exactly bool
	// Softens says that the values are weaker than the defaults.
	Softens bool
	// Own says that the spec has the control itself.
	Own bool
	At  hcl.Range
}

type profileText struct {
	Name      string    `hcl:"name,label"`
	NameRange hcl.Range `hcl:"name,label_range"`
	At        hcl.Range `hcl:",def_range"`
	Body      hcl.Body  `hcl:",remain"`
}

// standards resolves the profiles of a spec: what they harden where it says nothing, and
// where it says what they do not allow.
func (l *loader) standards(t *clusterText, own []*profileText) {
	names, _ := l.list(t.Profiles)
	if t.Profiles != nil {
		l.from("profiles", t.Profiles.Range)
	}
	waivers := l.waivers(t)
	if len(names) == 0 && len(waivers) == 0 && len(own) == 0 {
		return // the catalogue is not read for those who ask for none of it
	}
	var asked []string
	for _, n := range names {
		asked = append(asked, n.value)
	}
	if l.opts.Standards == nil {
		l.report(problem(CodeProfile, l.where("profiles", t.At), "No standards here", "Nothing that could be named as a profile is known."))
		return
	}
	for _, p := range own {
		if body, ok := p.Body.(*hclsyntax.Body); ok {
			l.own = append(l.own, OwnProfile{p.Name, p.NameRange, p.At, body, l.files[p.At.Filename].Bytes})
		}
	}
	asks, diags := l.opts.Standards.Ask(asked, l.own)
	l.report(tagged(diags, CodeProfile)...)
	for _, n := range names {
		for _, unknown := range asks.Unknown {
			if n.value == unknown {
				l.report(problem(CodeProfile, n.at, "Unknown profile", "There is no profile %q.%s `bulwark profile list` names them all.", n.value, didYouMean(n.value, asks.Profiles)))
			}
		}
	}
	l.c.Profiles = asked
	l.c.Waivers = append(l.known(waivers, asks), asks.Waivers...)
	if !diags.HasErrors() {
		l.settle(t, asks.Layers)
	}
}
