package kubeadm

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Workers renders [Join] for workers. There may be thousands, and YAML takes its
// time: what those of the same taints have in common is written and read back
// once. kubeadm judges each of them all the same.
type Workers struct {
	c *cluster.Cluster
	// written are names and addresses as YAML writes them, since it puts quotes
	// around what it would read as something else.
	written map[string]string
	// around is the text before the address and behind the name, by taints.
	around map[string][2]string
}

// NewWorkers are the workers of a cluster.
func NewWorkers(c *cluster.Cluster) *Workers {
	w := &Workers{c: c, written: map[string]string{}, around: map[string][2]string{}}
	var values, read []string
	for _, n := range c.Workers() {
		values = append(values, n.Name, n.Address.String())
	}
	text, err := yaml.Marshal(values)
	if err != nil || yaml.Unmarshal(text, &read) != nil || !slices.Equal(values, read) {
		return w // whoever does not survive YAML is told by [Join]
	}
	if lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"); len(lines) == len(values) {
		for i, v := range values {
			w.written[v] = strings.TrimPrefix(lines[i], "- ")
		}
	}
	return w
}

// Join is [Join] of one worker, with [DiscoveryFile].
func (w *Workers) Join(n cluster.Node) ([]byte, error) {
	address, name := w.written[n.Address.String()], w.written[n.Name]
	own := "    value: " + address + "\n  name: " + name + "\n"
	taints := fmt.Sprintf("%q", n.Taints)
	around, known := w.around[taints]
	if !known || address == "" || name == "" {
		text, err := Join(w.c, n, DiscoveryFile)
		if before, behind, found := strings.Cut(string(text), own); found {
			w.around[taints] = [2]string{before, behind}
		}
		return text, err
	}
	if err := checkJoin([]runtime.Object{joinConfiguration(w.c, n, DiscoveryFile)}, n); err != nil {
		return nil, fmt.Errorf("node %s: %w", n.Name, err)
	}
	return []byte(around[0] + own + around[1]), nil
}
