package check

import (
	"regexp"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// podNetwork is a pod network by its images.
type podNetwork struct {
	name string
	// images are the ends of its images' repositories.
	images []string
	// off is what a manifest says that has it not enforce NetworkPolicies, if it can, and
	// where what people look for.
	off   *regexp.Regexp
	where string
}

// enforcing are pod networks that enforce NetworkPolicies. Canal is Calico's policies
// over flannel's network, and runs Calico's image.
var enforcing = []podNetwork{
	{name: "Calico", images: []string{"calico/node", "tigera/operator"}},
	{name: "Cilium", images: []string{"cilium/cilium", "cilium/cilium-ci"}, off: regexp.MustCompile(`(?m)^[ \t]*enable-policy:[ \t]*["']?never\b`), where: "enable-policy in the ConfigMap cilium-config"},
	{name: "kindnet", images: []string{"kindest/kindnetd"}},
	{name: "kube-router", images: []string{"cloudnativelabs/kube-router"}, off: regexp.MustCompile(`--run-firewall=["']?false\b`), where: "--run-firewall of its DaemonSet"},
	{name: "Antrea", images: []string{"antrea/antrea-agent-ubuntu", "antrea/antrea-agent-ubi", "antrea/antrea-ubuntu", "antrea/antrea-ubi"}},
	{name: "kube-network-policies", images: []string{"networking/kube-network-policies"}}, // beside one that does not
}

// carrying are pod networks that carry packets and enforce nothing.
var carrying = []podNetwork{
	{name: "flannel", images: []string{"flannel-io/flannel", "flannel/flannel", "flannelcni/flannel", "coreos/flannel"}},
}

var imageLine = regexp.MustCompile(`(?m)^[ \t-]*image:[ \t]*["']?([A-Za-z0-9._:/@-]+)`)

// enforces says whether a pod network enforces NetworkPolicies, as far as that is known,
// and by which network. Of a manifest it is known by the images that it runs.
func enforces(cni cluster.CNI) (is *bool, network string) {
	yes, no := true, false
	switch cni.Kind {
	case cluster.CNIBridge:
		return &no, ""
	case cluster.CNIExternal:
		return nil, ""
	case cluster.CNIManifest:
	}
	var repositories []string
	for _, m := range imageLine.FindAllSubmatch(cni.Manifest, -1) {
		repositories = append(repositories, repository(string(m[1])))
	}
	for _, n := range enforcing {
		switch {
		case !n.runs(repositories):
		case n.off != nil && n.off.Match(cni.Manifest):
			is, network = &no, n.name
		default:
			return &yes, n.name
		}
	}
	for _, n := range carrying {
		if is == nil && n.runs(repositories) {
			is, network = &no, n.name
		}
	}
	return is, network
}

// enforcedBy is the same of the images that a cluster's DaemonSets run. Where one can be
// told to enforce nothing, that is not known of its image.
func enforcedBy(images []string) *bool {
	yes, no := true, false
	var repositories []string
	for _, image := range images {
		repositories = append(repositories, repository(image))
	}
	runs := func(n podNetwork) bool { return n.runs(repositories) }
	switch {
	case slices.ContainsFunc(enforcing, func(n podNetwork) bool { return n.off == nil && runs(n) }):
		return &yes
	case slices.ContainsFunc(enforcing, runs):
		return nil
	case slices.ContainsFunc(carrying, runs):
		return &no
	}
	return nil
}

// runs says whether one of its images is among repositories, whatever the registry.
func (n podNetwork) runs(repositories []string) bool {
	for _, r := range repositories {
		for _, end := range n.images {
			if r == end || strings.HasSuffix(r, "/"+end) {
				return true
			}
		}
	}
	return false
}

// repository is an image without its tag and digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		image = image[:i]
	}
	return image
}
