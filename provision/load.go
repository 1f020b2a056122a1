package provision

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/desired"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/spec"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Loaded is an accepted spec: what it comes to, and what is worth a second look.
type Loaded struct {
	Cluster  *cluster.Cluster
	Warnings hcl.Diagnostics
	Files    spec.Files
}

// Load reads a spec. One that is refused is a [*spec.Error] with everything
// that is wrong with it.
func Load(_ context.Context, in Input) (*Loaded, error) {
	c, files, diags := spec.Load(in.Path, spec.Options{Vars: in.Vars, LookupEnv: in.LookupEnv, Overlay: in.Overlay})
	if diags.HasErrors() {
		return nil, &spec.Error{Diags: diags, Files: files}
	}
	return &Loaded{Cluster: c, Warnings: diags, Files: files}, nil
}

// Validate loads a spec and computes everything it comes to, so that kubeadm's
// own validation has its say too.
func Validate(ctx context.Context, in Input) (*Loaded, error) {
	l, err := Load(ctx, in)
	if err != nil {
		return nil, err
	}
	_, err = wanted(l.Cluster)
	return l, err
}

// Format lays out HCL text as `bulwark fmt` does.
func Format(src []byte, filename string) ([]byte, error) {
	out, diags := spec.Format(filename, src)
	if diags.HasErrors() {
		return nil, &spec.Error{Diags: diags, Files: spec.Files{filename: &hcl.File{Bytes: src}}}
	}
	return out, nil
}

// Starter is a first spec, with comments.
func Starter() []byte { return spec.Starter() }

// intended is the cluster an input means: the spec's own machines, or the kind
// nodes of the same name.
func intended(ctx context.Context, in Input) (*cluster.Cluster, error) {
	loaded, err := Load(ctx, in)
	if err != nil {
		return nil, err
	}
	if !in.OnKind {
		return loaded.Cluster, nil
	}
	return adaptToKind(ctx, loaded.Cluster)
}

// wanted is what a cluster should have.
func wanted(c *cluster.Cluster) ([]state.Want, error) {
	var manifest []state.Object
	if c.Network.CNI.Kind == cluster.CNIManifest {
		var err error
		if manifest, err = kube.Manifest(c.Network.CNI.Manifest); err != nil {
			return nil, err
		}
		for _, o := range manifest {
			if o.Ref.APIVersion == "v1" && o.Ref.Kind == "Secret" {
				return nil, fmt.Errorf("the CNI manifest (%s) holds a Secret, %s: a spec and its plan hold no secrets. Make it in the cluster by another way", c.Origin("network.cni"), o.Ref.Name)
			}
		}
	}
	return desired.Wants(c, manifest)
}
