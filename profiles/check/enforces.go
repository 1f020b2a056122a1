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
	// images are the ends of its images' repositories, and installs of those that bring it
	// into a cluster: of a living one they tell nothing, what they bring does.
	images, installs []string
	// since is the first tag that enforces, where tags are days and older ones do not.
	since string
	// off is what a manifest says that has it not enforce NetworkPolicies, if it can, and
	// where what people look for.
	off   *regexp.Regexp
	where string
}

// enforcing are pod networks that enforce NetworkPolicies. Canal is Calico's policies
// over flannel's network, and runs Calico's image.
var enforcing = []podNetwork{
	{name: "Calico", images: []string{"calico/node"}, installs: []string{"tigera/operator"}},
	{name: "Cilium", images: []string{"cilium/cilium", "cilium/cilium-ci"}, off: regexp.MustCompile(`(?m)^[ \t]*enable-policy:[ \t]*["']?never\b`), where: "enable-policy in the ConfigMap cilium-config"},
	{name: "kindnet", images: []string{"kindest/kindnetd"}, since: "v20241007"},
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
	var images []string
	for _, m := range imageLine.FindAllSubmatch(cni.Manifest, -1) {
		images = append(images, string(m[1]))
	}
	for _, n := range enforcing {
		switch {
		case !n.runs(images) && !anyEnds(n.installs, images):
		case n.older(images) != "":
			network = n.name
		case n.off != nil && n.off.Match(cni.Manifest):
			is, network = &no, n.name
		default:
			return &yes, n.name
		}
	}
	for _, n := range carrying {
		if is == nil && n.runs(images) {
			is, network = &no, n.name
		}
	}
	return is, network
}

// enforcedBy is the same of the images that a cluster's DaemonSets run. Where one can be
// told to enforce nothing, or its version may not, that is not known of its image.
func enforcedBy(images []string) *bool {
	yes, no := true, false
	runs := func(n podNetwork) bool { return n.runs(images) }
	switch {
	case slices.ContainsFunc(enforcing, func(n podNetwork) bool { return n.off == nil && runs(n) && n.older(images) == "" }):
		return &yes
	case slices.ContainsFunc(enforcing, runs):
		return nil
	case slices.ContainsFunc(carrying, runs):
		return &no
	}
	return nil
}

// runs says whether one of its images is among those that run, whatever the registry.
func (n podNetwork) runs(images []string) bool { return anyEnds(n.images, images) }

func anyEnds(ends, images []string) bool {
	return slices.ContainsFunc(images, func(image string) bool { return endsAs(image, ends) })
}

func endsAs(image string, ends []string) bool {
	r := repository(image)
	return slices.ContainsFunc(ends, func(end string) bool { return r == end || strings.HasSuffix(r, "/"+end) })
}

// older is the first of its images that may be from before it enforced anything, "" where
// there is none.
func (n podNetwork) older(images []string) string {
	if n.since == "" {
		return ""
	}
	for _, image := range images {
		if !endsAs(image, n.images) {
			continue
		}
		name, _, _ := strings.Cut(image, "@")
		if tag := strings.TrimPrefix(name[len(repository(image)):], ":"); !dayTag.MatchString(tag) || tag < n.since {
			return image
		}
	}
	return ""
}

// dayTag is a tag that begins with a day: "v20241007-36f62932".
var dayTag = regexp.MustCompile(`^v[0-9]{8}(-|$)`)

// repository is an image without its tag and digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		image = image[:i]
	}
	return image
}
