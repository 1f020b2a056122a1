// Package kubeadm turns a resolved cluster into what kubeadm v1.37 reads: its
// v1beta4 configuration with the kubelet's and kube-proxy's inside, the patches
// of a node, and the arguments its components will run with.
//
// Every byte comes from typed values and depends on the cluster alone. Nothing
// is returned that kubeadm's own packages do not decode strictly, without loss,
// and find valid. kubeadm's dynamic defaulting is never called: it reads the
// host name, the routes and the random source of the machine it runs on.
//
// This is the only package that imports k8s.io/kubernetes.
package kubeadm

import (
	"bytes"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// File is one file for a node: where it lies and what is in it.
type File struct {
	Path    string
	Content []byte
}

// Init renders [ConfigFile] for the control plane n that a cluster starts
// from: InitConfiguration, ClusterConfiguration, KubeletConfiguration and
// KubeProxyConfiguration, in that order.
func Init(c *cluster.Cluster, n cluster.Node) ([]byte, error) {
	if n.Role != cluster.ControlPlane {
		return nil, fmt.Errorf("node %s: a cluster starts from a control plane, not from a %s", n.Name, n.Role)
	}
	docs, err := initDocuments(c, n)
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", n.Name, err)
	}
	out, err := render(docs.all(), n, checkInit)
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", n.Name, err)
	}
	return out, nil
}

// Join renders [ConfigFile] for a node that joins: a worker, or a further
// control plane. The kubelet's and kube-proxy's configuration come from the
// cluster. discoveryFile is a path on the node, see [DiscoveryFile].
func Join(c *cluster.Cluster, n cluster.Node, discoveryFile string) ([]byte, error) {
	out, err := render([]runtime.Object{joinConfiguration(c, n, discoveryFile)}, n, checkJoin)
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", n.Name, err)
	}
	return out, nil
}

// render writes documents, reads them back and has them checked.
func render(docs []runtime.Object, n cluster.Node, check func([]runtime.Object, cluster.Node) error) ([]byte, error) {
	text, err := encode(docs)
	if err != nil {
		return nil, err
	}
	read, err := readBack(text, docs)
	if err != nil {
		return nil, err
	}
	if err := check(read, n); err != nil {
		return nil, err
	}
	return text, nil
}

// encode writes documents as YAML with sorted keys, one after the other.
func encode(docs []runtime.Object) ([]byte, error) {
	var out bytes.Buffer
	for i, d := range docs {
		if i > 0 {
			out.WriteString("---\n")
		}
		b, err := yaml.Marshal(d)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", d.GetObjectKind().GroupVersionKind().Kind, err)
		}
		out.Write(b)
	}
	return out.Bytes(), nil
}
