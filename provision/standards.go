package provision

import (
	"context"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/spec"
)

// standards are the profiles that a spec may name: it reads what they harden without
// knowing what a control checks.
type standards struct{}

// library is what bulwark ships, with a spec's own profiles.
func library(own []spec.OwnProfile) (*profiles.Library, hcl.Diagnostics) {
	shipped, err := profiles.Shipped()
	if err != nil {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Catalogue not read", Detail: err.Error()}}
	}
	var blocks []profiles.Own
	for _, o := range own {
		blocks = append(blocks, profiles.Own(o))
	}
	return shipped.With(blocks)
}

// Ask implements [spec.Standards].
func (standards) Ask(names []string, own []spec.OwnProfile) (spec.Asks, hcl.Diagnostics) {
	all, diags := library(own)
	if diags.HasErrors() {
		return spec.Asks{}, diags
	}
	chosen := all.Select(names)
	asks := spec.Asks{Unknown: chosen.Unknown, Waivers: chosen.Waivers, Only: func(id string) (cluster.Role, bool) {
		c, known := all.Control(id)
		if !known || c.Applies == nil {
			return "", false
		}
		return c.Applies.Only(context.Background()) // nothing is read for it, and nobody waits
	}}
	for _, p := range all.Profiles() {
		asks.Profiles = append(asks.Profiles, p.Name)
	}
	for _, c := range all.Controls() {
		asks.Known = append(asks.Known, c.ID)
		if !c.PerNode() {
			asks.OfCluster = append(asks.OfCluster, c.ID)
		}
	}
	for _, p := range chosen.Softening {
		asks.Layers = append(asks.Layers, spec.Layer{Control: p.Name, Title: p.Title, Body: p.Softens, Softens: true, At: p.Range})
	}
	for _, c := range chosen.Controls {
		asks.Controls = append(asks.Controls, c.ID)
		if c.Harden != nil || c.Settle != "" {
			asks.Layers = append(asks.Layers, spec.Layer{Control: c.ID, Title: c.Title, Body: c.Harden, Settle: c.Settle, Exactly: c.Exactly, Own: !all.Ships(c.ID), At: c.Range})
		}
	}
	return asks, diags
}
