// Package desired says what every node and the API should have, as facts in
// the order in which they can be brought about. It is pure and deterministic:
// the same cluster gives the same facts, and no machine is looked at.
package desired

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
	"github.com/bulwark-k8s/bulwark/templates/node"
)

// Wants is what a cluster should have: one Want for each node in the order of
// the spec, and a last one for what only the API holds. manifest is the spec's
// CNI manifest taken apart, in the order in which it can be applied. first is the
// control plane that others join: the first of the spec, unless another one was
// there before it. The error holds all that stands against it, as
// [cluster.SettingError] where it can.
func Wants(c *cluster.Cluster, manifest []state.Object, first string) ([]state.Want, error) {
	var wants []state.Want
	var errs []error
	kinds := map[kind]*alike{}
	for _, n := range c.Nodes {
		k := kind{n.Role, n.Address.Unmap().Is4()}
		if kinds[k] == nil {
			kinds[k] = alikeOf(c, n)
		}
		b := &builder{c: c, n: n, first: first, alike: kinds[k]}
		b.facts = make([]state.Fact, 0, b.alike.facts)
		if err := b.node(); err != nil {
			errs = append(errs, fmt.Errorf("node %s: %w", n.Name, err))
			continue
		}
		b.alike.facts = len(b.facts)
		arguments, err := kubeadm.Arguments(c, n)
		errs = append(errs, err)
		wants = append(wants, state.Want{Node: n.Name, Facts: b.facts, Images: b.alike.images, Kubelet: arguments["kubelet"]})
	}
	facts, err := objects(c, manifest, first)
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	return append(wants, state.Want{Facts: facts}), nil
}

// builder gathers the facts of one node, in order.
type builder struct {
	c     *cluster.Cluster
	n     cluster.Node
	first string
	alike *alike
	facts []state.Fact
}

// kind is what a node's share of [alike] depends on: its role, and the family of its
// address.
type kind struct {
	role cluster.Role
	v4   bool
}

// alike is what all nodes of one kind have, so that it is made once: in a large
// cluster it would be most of the work.
type alike struct {
	modules  []state.Module
	sysctls  []state.Sysctl
	kernel   struct{ modules, sysctls []byte } // their files
	patches  []kubeadm.File
	images   []string
	firewall *node.Firewall
	joins    *kubeadm.Workers
	routes   *node.Routes
	facts    int // how many the node before had
	err      error
}

func alikeOf(c *cluster.Cluster, n cluster.Node) *alike {
	patches, err := kubeadm.Patches(c, n)
	images, err2 := kubeadm.Images(c, n)
	firewall, err3 := node.NewFirewall(c, n.Role)
	a := &alike{modules: node.Modules(c), sysctls: node.Sysctls(c, n), patches: patches, images: images, firewall: firewall, err: errors.Join(err, err2, err3)}
	a.kernel.modules, a.kernel.sysctls = node.ModulesFile(c), node.SysctlFile(c, n)
	if n.Role == cluster.Worker {
		a.joins = kubeadm.NewWorkers(c)
	}
	if c.Network.CNI.Kind == cluster.CNIBridge {
		a.routes, err = node.NewRoutes(c)
		a.err = errors.Join(a.err, err)
	}
	return a
}

// node is the table of contents of a machine.
func (b *builder) node() error {
	steps := []func() error{b.kernel, b.folders, b.firewall, b.guard, b.kubeletUnit}
	if b.n.Role == cluster.ControlPlane {
		steps = append(steps, b.account, b.apiServerFiles, b.kubeadmFiles, b.controlPlane)
	} else {
		steps = append(steps, b.kubeadmFiles, b.join)
	}
	steps = append(steps, b.podNetwork, b.serving, b.kubeletCertificates, b.modes, b.components, b.routes)
	var errs []error // all of them: a spec's writer should not meet one after the other
	for _, s := range steps {
		errs = append(errs, s())
	}
	return errors.Join(errs...)
}

func (b *builder) add(f state.Fact) { b.facts = append(b.facts, f) }

// id is the id of a fact of this node.
func (b *builder) id(kind, subject string) string { return id(b.n.Name, kind, subject) }

func id(node, kind, subject string) string {
	if subject != "" && subject[0] == '/' {
		return node + "/" + kind + subject
	}
	return node + "/" + kind + "/" + subject
}

// root is who owns what bulwark writes.
const root = "root:root"

// file adds a file of ours.
func (b *builder) file(path string, mode state.Mode, content []byte, why string, restarts ...string) {
	b.path(state.File{Path: path, Origin: state.Written, Mode: mode, Owner: root, Content: content, Why: why, Restarts: restarts})
}

// dir adds a folder.
func (b *builder) dir(path string, mode state.Mode, owner string) {
	b.path(state.File{Path: path, Origin: state.Written, Mode: mode | state.Mode(fs.ModeDir), Owner: owner, Why: "defaults"})
}

// path adds any constraint on a path.
func (b *builder) path(f state.File) {
	b.add(state.Fact{ID: b.id("file", f.Path), Title: f.Path, Why: f.Why, File: &f})
}

// unit adds a unit that is enabled and active, and starts again when one of
// the paths it follows was written.
func (b *builder) unit(name, title, why string, follows ...string) {
	b.add(state.Fact{ID: b.id("unit", name), Title: title, Why: why,
		Unit: &state.WantUnit{Name: name, Enabled: true, Active: true, Follows: follows}})
}

// deviates says whether any deviation satisfies ok.
func deviates(c *cluster.Cluster, ok func(cluster.Deviation) bool) bool {
	return slices.ContainsFunc(c.Deviations, ok)
}
