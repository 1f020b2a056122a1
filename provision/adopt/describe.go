package adopt

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/spec"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Adoption is what a cluster that somebody else made comes to.
type Adoption struct {
	// Cluster is what the spec means; Text is the spec. Where a finding is
	// [Refused], neither is to be used.
	Cluster  *cluster.Cluster
	Text     []byte
	Findings []Finding
}

// Refused says whether anything stands against there being a spec.
func (a *Adoption) Refused() bool {
	return slices.ContainsFunc(a.Findings, func(f Finding) bool { return f.Kind == Refused })
}

// Describe makes a spec of what was seen. It is an error when what a spec rests
// on was not read, or is not what kubeadm makes.
func Describe(seen *Seen) (*Adoption, error) {
	d := &describer{seen: seen, c: spec.Default(), comments: map[string]string{"": heading}}
	if err := d.complete(); err != nil {
		return nil, err
	}
	for _, part := range []func() error{d.cluster, d.nodes, d.endpoint, d.podNetwork, d.admins, d.encryption, d.components, d.kubelets, d.proxies, d.etcd, d.pods, d.access} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	return &Adoption{Cluster: d.c, Text: spec.Write(d.c, d.comments), Findings: d.found.sorted()}, nil
}

const heading = `Written by bulwark import, from a cluster that was there: this is what it has,
as far as bulwark has words for it. What it has otherwise, and what apply would
change, import has listed; it changed nothing. bulwark plan shows every step.`

// describer is one description being made.
type describer struct {
	seen     *Seen
	kubeadm  clusterConfiguration
	c        *cluster.Cluster
	comments map[string]string
	found    findings
}

// find adds a finding of the whole cluster.
func (d *describer) find(kind Kind, setting, seen, will, consequence string, args ...any) {
	d.found.add(Finding{Kind: kind, Setting: setting, Seen: seen, Will: will, Consequence: fmt.Sprintf(consequence, args...)}, "")
}

// planes are the machines that run an API server.
func (d *describer) planes() []Machine {
	var out []Machine
	for _, m := range d.seen.Machines {
		if isPlane(m) {
			out = append(out, m)
		}
	}
	return out
}

func isPlane(m Machine) bool { return m.Look.Files[manifestsDir+"/kube-apiserver.yaml"].Exists() }

// complete wants everything read that a spec is made of: what was not read is
// not absent.
func (d *describer) complete() error {
	var errs []error
	missing := func(where, what, why string) {
		if why == "" {
			why = "it is not there"
		}
		errs = append(errs, fmt.Errorf("%s: %s was not read: %s; a spec that leaves it out would take it away", where, what, why))
	}
	for _, m := range d.seen.Machines {
		components := []string{"kubelet"}
		files := []string{kubeletConfig}
		if isPlane(m) {
			components = append(components, staticPods()...)
			for _, name := range staticPods() {
				files = append(files, manifestsDir+"/"+name+".yaml")
			}
		}
		for _, name := range components {
			if name == "etcd" && !m.Look.Files[manifestsDir+"/etcd.yaml"].Exists() {
				continue // an external one, which is said
			}
			if len(m.Look.Processes[name].Args) == 0 {
				missing(m.Name, "what "+name+" runs with", cmp.Or(m.Look.Unread[name], "it does not run"))
			}
		}
		for _, path := range files {
			if why := m.Look.Unread[path]; why != "" {
				missing(m.Name, path, why)
			}
		}
		if why := m.Look.Unread[manifestsDir]; why != "" {
			missing(m.Name, manifestsDir, why)
		}
	}
	if d.seen.API.Status != state.Answering {
		missing("the cluster", "its API", d.seen.API.Unread["api"])
		return errors.Join(errs...)
	}
	for name, why := range d.seen.API.Unread {
		missing("the cluster", name, why)
	}
	if _, ok := d.seen.API.Objects[kubeadmConfig().String()]; !ok {
		errs = append(errs, fmt.Errorf("the cluster has no ConfigMap kubeadm-config in kube-system: it was not made by kubeadm, and bulwark keeps only clusters that were"))
	}
	if len(d.planes()) == 0 {
		errs = append(errs, errors.New("none of the machines is a control plane: name one with --host"))
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}
