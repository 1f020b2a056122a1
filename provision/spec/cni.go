package spec

import (
	"regexp"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// knownCNI is a CNI whose traffic between nodes is known.
type knownCNI struct {
	name string
	// images are the ends of its images' repositories.
	images []string
	ports  []cluster.Port
}

// knownCNIs is the table of the firewall: what nodes must reach on each other.
// Ports that a CNI opens on loopback only are not in it.
func knownCNIs() []knownCNI {
	tcp := func(p uint16) cluster.Port { return cluster.Port{Proto: "tcp", First: p, Last: p} }
	udp := func(first, last uint16) cluster.Port { return cluster.Port{Proto: "udp", First: first, Last: last} }
	calico := []cluster.Port{tcp(179), {Proto: "ipip"}, udp(4789, 4789), tcp(5473), udp(51820, 51821)}
	flannel := []cluster.Port{udp(8472, 8472), udp(51820, 51821)}
	return []knownCNI{
		{"calico", []string{"calico/node", "tigera/operator"}, calico},
		{"cilium", []string{"cilium/cilium"}, []cluster.Port{udp(8472, 8472), tcp(4240), tcp(4244), udp(51871, 51871)}},
		{"flannel", []string{"flannel-io/flannel", "flannel/flannel", "flannelcni/flannel", "coreos/flannel"}, flannel},
		// Canal is Calico's policy over flannel's network, and is found as both.
		{"kindnet", []string{"kindest/kindnetd"}, nil},
	}
}

var imagePattern = regexp.MustCompile(`(?m)^[ \t-]*image:[ \t]*["']?([A-Za-z0-9._:/@-]+)`)

// knownPorts opens the ports of the CNIs whose images a manifest runs.
func (l *loader) knownPorts(manifest item) {
	found := map[string][]cluster.Port{}
	for _, m := range imagePattern.FindAllStringSubmatch(manifest.value, -1) {
		repository := withoutTag(m[1])
		for _, known := range knownCNIs() {
			for _, end := range known.images {
				if repository == end || strings.HasSuffix(repository, "/"+end) {
					found[known.name] = known.ports
				}
			}
		}
	}
	if len(found) == 0 {
		l.report(problem(CodeCNI, manifest.at, "Unknown CNI",
			"The manifest runs no image of a CNI bulwark knows, so the firewall cannot know its ports. Say which ports nodes need between them, as in cni_ports = [\"udp/8472\"], or cni_ports = [] for none."))
		return
	}
	var ports []cluster.Port
	for _, name := range keys(found) {
		if name == "calico" && found["flannel"] != nil {
			continue // canal: flannel carries the traffic
		}
		for _, p := range found[name] {
			if !slices.Contains(ports, p) {
				ports = append(ports, p)
			}
		}
	}
	l.c.Network.CNIPorts = ports
}

// withoutTag cuts ":v1" and "@sha256:…" from an image's name, but not a registry's port.
func withoutTag(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		image = image[:i]
	}
	return image
}
