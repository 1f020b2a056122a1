package cluster

import (
	"maps"
	"slices"
	"strings"
)

// knownCNI is a CNI whose traffic between nodes is known.
type knownCNI struct {
	name string
	// images are the ends of its images' repositories.
	images []string
	ports  []Port
}

// knownCNIs is the table of the firewall: what nodes must reach on each other.
// Ports that a CNI opens on loopback only are not in it.
func knownCNIs() []knownCNI {
	tcp := func(p uint16) Port { return Port{Proto: "tcp", First: p, Last: p} }
	udp := func(first, last uint16) Port { return Port{Proto: "udp", First: first, Last: last} }
	calico := []Port{tcp(179), {Proto: "ipip"}, udp(4789, 4789), tcp(5473), udp(51820, 51821)}
	flannel := []Port{udp(8472, 8472), udp(51820, 51821)}
	return []knownCNI{
		{"calico", []string{"calico/node", "tigera/operator"}, calico},
		{"cilium", []string{"cilium/cilium"}, []Port{udp(8472, 8472), tcp(4240), tcp(4244), udp(51871, 51871)}},
		{"flannel", []string{"flannel-io/flannel", "flannel/flannel", "flannelcni/flannel", "coreos/flannel"}, flannel},
		// Canal is Calico's policy over flannel's network, and is found as both.
		{"kindnet", []string{"kindest/kindnetd"}, nil},
	}
}

// PortsOfCNI are what nodes must reach on each other for the pod networks
// whose images are run, and whether any of the images is known.
func PortsOfCNI(images []string) (ports []Port, known bool) {
	found := map[string][]Port{}
	for _, image := range images {
		repository := withoutTag(image)
		for _, k := range knownCNIs() {
			for _, end := range k.images {
				if repository == end || strings.HasSuffix(repository, "/"+end) {
					found[k.name] = k.ports
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if name == "calico" && found["flannel"] != nil {
			continue // canal: flannel carries the traffic
		}
		for _, p := range found[name] {
			if !slices.Contains(ports, p) {
				ports = append(ports, p)
			}
		}
	}
	return ports, len(found) > 0
}

// withoutTag cuts ":v1" and "@sha256:…" from an image's name, but not a registry's port.
func withoutTag(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		image = image[:i]
	}
	return image
}
