package cluster

import "net/netip"

// Role is what a node is for.
type Role string

// The two roles kubeadm knows.
const (
	ControlPlane Role = "control-plane"
	Worker       Role = "worker"
)

// Node is one machine of the cluster.
type Node struct {
	// Name is the Kubernetes node name and must be the machine's hostname.
	Name string
	Role Role
	// Address is what the kubelet registers and other nodes talk to.
	Address netip.Addr
	// HostKey pins the machine's SSH key, in authorized_keys form; empty
	// leaves it to known_hosts.
	HostKey string
	// SSHHost is where to connect to; empty means Address.
	SSHHost string
	Labels  map[string]string
	Taints  []Taint
}

// Taint is a Kubernetes node taint.
type Taint struct{ Key, Value, Effect string }

// ControlPlanes are the control-plane nodes in the order of the spec; the
// first is the one a new cluster starts from.
func (c *Cluster) ControlPlanes() []Node { return c.byRole(ControlPlane) }

// Workers are the worker nodes in the order of the spec.
func (c *Cluster) Workers() []Node { return c.byRole(Worker) }

func (c *Cluster) byRole(r Role) []Node {
	var out []Node
	for _, n := range c.Nodes {
		if n.Role == r {
			out = append(out, n)
		}
	}
	return out
}

// Node finds a node by name.
func (c *Cluster) Node(name string) (Node, bool) {
	for _, n := range c.Nodes {
		if n.Name == name {
			return n, true
		}
	}
	return Node{}, false
}
