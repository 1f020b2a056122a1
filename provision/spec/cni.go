package spec

import (
	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

var imagePattern = pattern(`(?m)^[ \t-]*image:[ \t]*["']?([A-Za-z0-9._:/@-]+)`)

// knownPorts opens the ports of the CNIs whose images a manifest runs.
func (l *loader) knownPorts(manifest item) {
	var images []string
	for _, m := range imagePattern().FindAllStringSubmatch(manifest.value, -1) {
		images = append(images, m[1])
	}
	ports, known := cluster.PortsOfCNI(images)
	if !known {
		l.report(problem(CodeCNI, manifest.at, "Unknown CNI",
			"The manifest runs no image of a CNI bulwark knows, so the firewall cannot know its ports. Say which ports nodes need between them, as in cni_ports = [\"udp/8472\"], or cni_ports = [] for none."))
		return
	}
	l.c.Network.CNIPorts = ports
}
