package plan

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// owned says whether an object that is there says it is bulwark's for a policy.
func owned(have state.HaveObject) bool {
	var head struct {
		Metadata struct{ Labels map[string]string }
	}
	if len(have.JSON) == 0 || json.Unmarshal(have.JSON, &head) != nil {
		return false
	}
	_, labelled := head.Metadata.Labels[state.PolicyLabel]
	return labelled
}

// foreign says whether somebody else has an object of the name of one that would be
// all bulwark's.
func foreign(want state.Object, have state.HaveObject) bool {
	return want.Policy != "" && !want.Fields && !want.Derived && len(have.JSON) > 0 && !owned(have)
}

// retired are the steps that take away what bulwark made for a policy that the spec does
// not have any more.
func (r rules) retired(wants []state.Want) []Step {
	if r.have.API.Status != state.Answering {
		return nil
	}
	wanted := map[state.ObjectRef]bool{}
	for _, w := range wants {
		for _, f := range w.Facts {
			if f.Object != nil && f.Object.Policy != "" {
				wanted[f.Object.Ref] = true
			}
		}
	}
	var out []Step
	for _, o := range r.have.API.Policies {
		if wanted[o.Ref] {
			continue
		}
		title := "goes with the policy that it is of: " + o.Policy
		if o.Fields {
			title = "what bulwark set goes with the policy that it is of: " + o.Policy
		}
		gone := state.Object{Ref: o.Ref, Policy: o.Policy, Fields: o.Fields}
		out = append(out, Step{ID: "cluster/object/" + o.Ref.String(), Kind: KindObject, Action: Remove, Title: title, Why: r.why("policy"), Object: &gone})
	}
	return out
}

// foreigners are objects of names that the policy uses, and that somebody else made.
func foreigners(wants []state.Want, have *state.Cluster) []Problem {
	var out []Problem
	for _, w := range wants {
		for _, f := range w.Facts {
			if f.Object == nil || !f.Object.Named() || !foreign(*f.Object, have.API.Objects[f.Object.Ref.String()]) {
				continue
			}
			ref := f.Object.Ref
			name := strings.ToLower(ref.Kind) + " " + ref.Name
			if ref.Namespace != "" {
				name = "-n " + ref.Namespace + " " + name
			}
			out = append(out, Problem{Node: "cluster", Check: "policy-object", Seen: fmt.Sprintf("%s is there, and not by bulwark: it has no label %s", ref, state.PolicyLabel),
				Remedy: "it is left alone: make what it is for under another name, delete it (kubectl delete " + name + "), and apply again"})
		}
	}
	return out
}

// refusedImages warns of pods that run images which the policy of images does not let
// in. They run on, and fail when they are made again.
func refusedImages(c *cluster.Cluster, have *state.Cluster) []Problem {
	var out []Problem
	for i, r := range have.API.RefusedImages {
		p := Problem{Node: "cluster", Check: "image-policy", Warning: true, Seen: strings.Join(r.Pods, "; "),
			Remedy: "these pods run on, and are refused when they are made again: change their images, or exempt the namespace (policy { images { exempt_namespaces } })"}
		if c.Policy.Images.Mode == cluster.ImagesAudit {
			p.Remedy = "mode \"audit\" lets them in and warns; with \"enforce\" they are refused when they are made again: change their images before, or exempt the namespace (policy { images { exempt_namespaces } })"
		}
		switch {
		case i == mostRefused:
			return append(out, Problem{Node: "cluster", Check: p.Check, Warning: true, Seen: fmt.Sprintf("%d more namespaces", len(have.API.RefusedImages)-i),
				Remedy: "mend or exempt those above, and plan again"})
		case r.Unknown != "":
			p.Seen, p.Remedy = "not judged: "+r.Unknown, "compare the images of all pods with the policy before they are made again"
		case r.Namespace != "":
			p.Seen = "namespace " + r.Namespace + ": " + p.Seen
		}
		out = append(out, p)
	}
	return out
}
