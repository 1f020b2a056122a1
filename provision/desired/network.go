package desired

import (
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
	"github.com/bulwark-k8s/bulwark/templates/node"
)

// podFolders are where the pod network's files will lie: made beforehand, since
// a node that has joined is Ready as soon as the last of them is there.
func (b *builder) podFolders() {
	if b.c.Network.CNI.Kind != cluster.CNIBridge {
		return
	}
	for _, d := range []string{"/etc/cni", "/etc/cni/net.d", "/var/lib/cni", "/var/lib/cni/networks"} {
		b.dir(d, 0o700, root)
	}
	b.dir(node.AddressesDir, 0o700, root)
	b.path(state.File{Path: node.AddressesLock, Origin: state.Adopted, Mode: state.Mode(node.FileMode), Owner: root, Why: "network.cni"})
}

// podNetwork connects the pods of `cni "bridge"`; a manifest is the API's.
// Routes need every node's pod prefix, so they come once all nodes have joined.
func (b *builder) podNetwork() error {
	if b.c.Network.CNI.Kind != cluster.CNIBridge {
		b.ready()
		return nil
	}
	conflist, err := node.BridgeConflist(b.c, b.n)
	if err != nil {
		return err
	}
	b.path(state.File{Path: node.ConflistPath, Origin: state.Written, Mode: 0o600, Owner: root, Content: conflist, Holds: podCIDRs(), Why: "network.cni"})
	b.ready()
	return nil
}

// podCIDRs are the references of files that know nodes' pod prefixes.
func podCIDRs() []string { return []string{"pod-cidr", "pod-cidr-6"} }

// ready waits for the kubelet to find its pod network.
func (b *builder) ready() {
	b.wait(state.Wait{For: state.WaitNodeReady, Subject: b.n.Name, Seconds: 600}, "ready", "the node is Ready")
}

// serving is a kubelet that proves who it is to the API server.
func (b *builder) serving() error {
	b.add(state.Fact{ID: b.id("approval", "serving"), Title: "a serving certificate of its own, for its name and address only", Why: "defaults",
		Approval: &state.Approval{Node: b.n.Name, Addresses: []string{b.n.Address.String()}, Makes: kubeadm.KubeletServingFile}})
	return nil
}

// routes lead to the pods of other nodes. They come last: they need every
// node's pod prefix, and one node that cannot join should keep nothing else
// from the others.
func (b *builder) routes() error {
	if b.c.Network.CNI.Kind != cluster.CNIBridge {
		return nil
	}
	if b.alike.err != nil {
		return nil // said with kubeadm's files
	}
	var joined []string
	for _, other := range b.c.Nodes {
		if other.Name != b.n.Name {
			joined = append(joined, id(other.Name, "wait", "node-object"))
		}
	}
	f := state.File{Path: node.RoutesPath, Origin: state.Written, Mode: 0o600, Owner: root, Content: b.alike.routes.File(b.n.Name), Holds: podCIDRs(), Why: "network.cni"}
	b.add(state.Fact{ID: b.id("file", f.Path), Title: f.Path, Why: f.Why, After: joined, File: &f})
	b.file(node.RoutesUnitPath, 0o600, node.RoutesUnit(), "network.cni")
	b.unit(node.RoutesUnitName, "routes to the pods of other nodes", "network.cni", node.RoutesPath, node.RoutesUnitPath)
	return nil
}
