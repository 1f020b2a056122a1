package adopt

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const planeLabel = "node-role.kubernetes.io/control-plane"

// nodes are control planes first, then workers, each in the order in which
// they were seen.
func (d *describer) nodes() error {
	d.c.SSH.User = d.seen.User
	var planes, workers []cluster.Node
	for _, m := range d.seen.Machines {
		have, ok := d.seen.API.Nodes[m.Name]
		if !ok {
			return fmt.Errorf("%s is a machine and no Node of the cluster", m.Name)
		}
		n, err := d.node(m, have)
		if err != nil {
			return err
		}
		if n.Role == cluster.ControlPlane {
			planes = append(planes, n)
		} else {
			workers = append(workers, n)
		}
		d.sshPort(m)
	}
	d.c.Nodes = slices.Concat(planes, workers)
	return nil
}

func (d *describer) node(m Machine, have state.NodeObject) (cluster.Node, error) {
	n := cluster.Node{Name: m.Name, Role: cluster.Worker, HostKey: m.HostKey}
	_, labelled := have.Labels[planeLabel]
	if isPlane(m) {
		n.Role = cluster.ControlPlane
	}
	if labelled != isPlane(m) {
		d.found.add(Finding{Kind: Decide, Setting: "node.role", Seen: fmt.Sprintf("label of a control plane: %t, API server: %t", labelled, isPlane(m)), Will: string(n.Role),
			Consequence: "the spec goes by the API server; correct the label, or the role"}, m.Name)
	}
	if len(have.Internal) == 0 {
		return n, fmt.Errorf("node %s has no InternalIP: its kubelet has not registered yet", m.Name)
	}
	var err error
	if n.Address, err = netip.ParseAddr(have.Internal[0]); err != nil {
		return n, fmt.Errorf("node %s: its InternalIP: %w", m.Name, err)
	}
	if m.Host != n.Address.String() {
		n.SSHHost = m.Host
	}
	if name := m.Look.Facts.Hostname; name != m.Name {
		d.found.add(Finding{Kind: Refused, Setting: "node.name", Seen: "Node " + m.Name + ", hostname " + name, Will: "one name",
			Consequence: "a node is called as its machine, so that nothing has to override it: a machine that takes another name is another node"}, m.Name)
	}
	for key, value := range have.Labels {
		if isOwn(key) {
			if n.Labels == nil {
				n.Labels = map[string]string{}
			}
			n.Labels[key] = value
		}
	}
	n.Taints = taints(have.Taints)
	switch {
	case n.Role == cluster.ControlPlane && len(n.Taints) == 1 && n.Taints[0] == cluster.Taint{Key: planeLabel, Effect: "NoSchedule"}:
		n.Taints = nil // as without a word
	case n.Role == cluster.ControlPlane && n.Taints == nil:
		n.Taints = []cluster.Taint{}
	}
	return n, nil
}

// isOwn says whether a label is a person's, and neither Kubernetes' nor bulwark's.
func isOwn(key string) bool {
	domain, _, has := strings.Cut(key, "/")
	if !has {
		return true
	}
	for _, of := range []string{"kubernetes.io", "k8s.io"} {
		if domain == of || strings.HasSuffix(domain, "."+of) {
			return false
		}
	}
	return domain != "bulwark"
}

// taints are those that a person gave; those that come and go with a node's
// condition are Kubernetes'.
func taints(texts []string) []cluster.Taint {
	var out []cluster.Taint
	for _, text := range texts {
		front, effect, _ := strings.Cut(text, ":")
		key, value, _ := strings.Cut(front, "=")
		if strings.HasPrefix(key, "node.kubernetes.io/") || strings.HasPrefix(key, "node.cloudprovider.kubernetes.io/") {
			continue
		}
		out = append(out, cluster.Taint{Key: key, Value: value, Effect: effect})
	}
	return out
}

// sshPort is the one that the firewall keeps open, where all machines have it.
func (d *describer) sshPort(m Machine) {
	port := m.Look.Facts.LocalPort
	switch {
	case port == 0 || port == d.c.SSH.Port:
	case m.Name == d.seen.Machines[0].Name:
		d.c.SSH.Port = port
	default:
		d.found.add(Finding{Kind: Refused, Setting: "ssh.port", Seen: fmt.Sprint(port), Will: fmt.Sprint(d.c.SSH.Port),
			Consequence: "sshd has one port on all nodes, which the firewall keeps open: let it answer on the same one everywhere"}, m.Name)
	}
}
