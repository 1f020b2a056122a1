package adopt

import (
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// podNetwork leaves to others what others made, and knows its ports where it
// knows them, by the images that it runs.
func (d *describer) podNetwork() error {
	n, admission := &d.c.Network, &d.c.Admission
	n.CNI.Kind = cluster.CNIExternal
	var at, images, others []string
	for _, a := range d.seen.Agents {
		if _, known := cluster.PortsOfCNI(a.Images); known {
			at, images = append(at, a.String()), append(images, a.Images...)
			admission.ExemptNamespaces = append(admission.ExemptNamespaces, a.Namespace)
		} else if a.HostNetwork && a.Name != "kube-proxy" {
			others = append(others, a.String())
		}
	}
	slices.Sort(admission.ExemptNamespaces)
	admission.ExemptNamespaces = slices.Compact(admission.ExemptNamespaces)
	if len(admission.ExemptNamespaces) > 1 {
		d.comments["admission.exempt_namespaces"] = "Where the pod network's own pods run. Add those of other pods that need more than the\nrestricted Pod Security standard gives."
	}
	d.find(Decide, "admission.exempt_namespaces", "not known", strings.Join(admission.ExemptNamespaces, ", "),
		"in all other namespaces pods that are not restricted (Pod Security) are refused when they are made again")
	if len(at) > 0 {
		n.CNIPorts, _ = cluster.PortsOfCNI(images)
		d.comments["network.cni"] = "DaemonSet " + strings.Join(at, " and ") + ", which is left as it is."
		return nil
	}
	seen := "no pod network that bulwark knows"
	if len(others) > 0 {
		seen += "; on the nodes' own network run " + strings.Join(others, ", ")
	}
	d.comments["network.cni_ports"] = "The pod network is none that bulwark knows. Write the ports that nodes need between them."
	d.find(Decide, "network.cni_ports", seen, "no ports", "the firewall shuts what nodes need between them for the pod network, unless it is written as cni_ports")
	return nil
}
