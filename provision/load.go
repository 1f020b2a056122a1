package provision

import (
	"context"
	"errors"
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

	reading *spec.Reading
}

// Load reads a spec. One that is refused is a [*spec.Error] with everything
// that is wrong with it.
func Load(ctx context.Context, in Input) (*Loaded, error) {
	r, err := promptly(ctx, func() (*spec.Reading, error) {
		return spec.Read(in.Path, spec.Options{Vars: in.Vars, LookupEnv: in.LookupEnv, Overlay: in.Overlay, Standards: standards{}}), nil
	})
	if err != nil {
		return nil, err
	}
	if r.Diags.HasErrors() {
		return nil, &spec.Error{Diags: r.Diags, Files: r.Files}
	}
	return &Loaded{Cluster: r.Cluster, Warnings: r.Diags, Files: r.Files, reading: r}, nil
}

// Validate loads a spec and computes everything it comes to, so that kubeadm's
// own validation has its say too.
func Validate(ctx context.Context, in Input) (*Loaded, error) {
	l, err := Load(ctx, in)
	if err != nil {
		return nil, err
	}
	if _, err := l.wants(ctx, l.Cluster, l.Cluster.ControlPlanes()[0].Name); err != nil {
		return nil, err
	}
	return l, nil
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

// intent is the cluster an input means, the spec's own machines or the kind
// nodes of the same name, and what it should have.
type intent struct {
	loaded  *Loaded
	cluster *cluster.Cluster
	// first is the control plane that others join.
	first string
	wants []state.Want
}

func intended(ctx context.Context, in Input) (*intent, error) {
	loaded, err := Load(ctx, in)
	if err != nil {
		return nil, err
	}
	i := &intent{loaded: loaded, cluster: loaded.Cluster}
	if in.OnKind {
		if i.cluster, err = adaptToKind(ctx, i.cluster); err != nil {
			return nil, err
		}
	}
	return i, i.begin(ctx, i.cluster.ControlPlanes()[0].Name)
}

// begin is the same with another control plane as the first.
func (i *intent) begin(ctx context.Context, first string) (err error) {
	i.first = first
	i.wants, err = i.loaded.wants(ctx, i.cluster, first)
	return err
}

// wants is what a cluster made of this spec should have.
func (l *Loaded) wants(ctx context.Context, c *cluster.Cluster, first string) ([]state.Want, error) {
	return promptly(ctx, func() ([]state.Want, error) {
		wants, err := wanted(c, first)
		if l == nil {
			return wants, err // of a saved plan: no text is at hand to point at
		}
		return wants, l.reading.Refused(err)
	})
}

// promptly leaves work that knows no context to itself when the context ends: a
// large spec takes seconds, and nothing is lost when they are cut short.
func promptly[T any](ctx context.Context, work func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		value, err := work()
		done <- answer{value, err}
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// wanted is what a cluster should have, or everything that keeps it from
// having it. first is the control plane that others join.
func wanted(c *cluster.Cluster, first string) ([]state.Want, error) {
	var manifest []state.Object
	var unfit error
	if c.Network.CNI.Kind == cluster.CNIManifest {
		manifest, unfit = kube.Manifest(c.Network.CNI.Manifest)
	}
	var secrets []error
	for _, o := range manifest {
		if o.Ref.APIVersion == "v1" && o.Ref.Kind == "Secret" {
			secrets = append(secrets, cluster.Fault("network.cni", fmt.Errorf("the manifest holds a Secret, %s, and a spec and its plan hold no secrets; take it out, and make it in the cluster by another way", o.Ref.Name)))
		}
	}
	wants, err := desired.Wants(c, manifest, first)
	return wants, errors.Join(unfit, errors.Join(secrets...), ownImages(c.Policy.Images, manifest), err)
}
