package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// enforcement is whether the pod network enforces NetworkPolicies, by what runs where
// there is a living cluster, and by the spec before.
type enforcement struct {
	is    *bool // nil where it is not known
	shown string
	why   string // why it is not known, and what to do
}

// seen is what a question that asks for it rests on.
func (e enforcement) seen() Seen {
	const what = "whether the pod network enforces NetworkPolicies"
	if e.is == nil {
		return Seen{What: what, Unread: e.why}
	}
	return Seen{What: what, Value: e.shown}
}

// tryIt is how a person finds out.
const tryIt = "read its documentation, and try it: a pod in a namespace with a NetworkPolicy that allows nothing must be reached by nobody"

func (c Cluster) enforcement(api state.API) enforcement {
	switch {
	case api.Inventory != nil && api.Inventory.Pods != nil:
		return c.enforcedBy(api.Inventory.Pods, slices.Sorted(maps.Keys(api.Nodes)))
	case api.Status == "" || c.Foreign && c.Enforces != nil: // there is none yet; or its DaemonSets were seen
		return c.enforcedBySpec()
	}
	why := unreadList(api, "pods")
	if why == "" {
		why = "the API was not asked for its pods"
	}
	return enforcement{why: "which pod network runs is told by its pods: " + why + "; audit again when it answers"}
}

// enforcedBySpec is what is known before there is a cluster.
func (c Cluster) enforcedBySpec() enforcement {
	switch {
	case c.Enforces != nil && *c.Enforces:
		return enforcement{is: c.Enforces, shown: strings.TrimSpace("yes, by its images " + c.PodNetwork)}
	case c.Enforces != nil && c.CNI == string(cluster.CNIBridge):
		return enforcement{is: c.Enforces, shown: "no: cni \"bridge\" enforces none"}
	case c.Enforces != nil:
		return enforcement{is: c.Enforces, shown: strings.TrimSpace("no, by its images " + c.PodNetwork)}
	case c.CNI == string(cluster.CNIManifest) && c.PodNetwork != "":
		return enforcement{why: "the manifest runs " + c.PodNetwork + olderToo(c.PodNetwork) + "; name the image by such a tag, or " + tryIt}
	case c.CNI == string(cluster.CNIManifest):
		return enforcement{why: "no image of the manifest is one of a pod network that is known; " + tryIt}
	case c.CNI == string(cluster.CNIExternal):
		return enforcement{why: "cni \"external\": the pod network is installed by somebody else, and known only of the living cluster; run bulwark audit without --rendered"}
	}
	return enforcement{why: "no DaemonSet runs a pod network that is known; " + tryIt}
}

// olderToo is which tags of a pod network enforce.
func olderToo(name string) string {
	for _, n := range enforcing {
		if n.name == name && n.since != "" {
			return fmt.Sprintf(", of which the tags %s and later enforce NetworkPolicies, and older ones may not", n.since)
		}
	}
	return ""
}

// enforcedBy is what the pods of nodes tell that run. Those of a pod network have the
// network of their node; what else has such an image is none.
func (c Cluster) enforcedBy(pods []state.Pod, nodes []string) enforcement {
	yes, no := true, false
	on := map[string][]string{} // the images that run on each node
	for _, p := range pods {
		if !p.HostNetwork || p.Node == "" || p.Phase != "" && p.Phase != "Running" {
			continue
		}
		for _, container := range p.Containers {
			if !container.Passing {
				on[p.Node] = append(on[p.Node], container.Image)
			}
		}
	}
	if len(nodes) == 0 {
		nodes = slices.Sorted(maps.Keys(on))
	}
	var why string
	for _, n := range enforcing {
		var with, without []string
		var older string
		for _, node := range nodes {
			if n.runs(on[node]) {
				with, older = append(with, node), cmp.Or(older, n.older(on[node]))
			} else {
				without = append(without, node)
			}
		}
		switch {
		case len(with) == 0:
		case len(without) > 0:
			why = fmt.Sprintf("%s runs on %s and not on %s; see why its DaemonSet has no pod that runs there", n.name, orNone(with), orNone(without))
		case older != "":
			why = fmt.Sprintf("%s runs on every node%s; the image is %s: take a later one, or %s", n.name, olderToo(n.name), older, tryIt)
		case n.off == nil:
			return enforcement{is: &yes, shown: "yes: " + n.name + " runs on every node"}
		case c.PodNetwork == n.name && c.Enforces != nil: // which says what images do not
			return enforcement{is: c.Enforces, shown: map[bool]string{true: "yes", false: "no"}[*c.Enforces] + ": " + n.name + " runs on every node, as the manifest of the spec has it"}
		default:
			why = fmt.Sprintf("%s runs on every node, and can be told to enforce none; look at %s", n.name, n.where)
		}
	}
	if why != "" {
		return enforcement{why: why}
	}
	for _, n := range carrying {
		if slices.ContainsFunc(nodes, func(node string) bool { return n.runs(on[node]) }) {
			return enforcement{is: &no, shown: "no: " + n.name + " runs, which enforces none"}
		}
	}
	if c.CNI == string(cluster.CNIBridge) && !c.Foreign {
		return enforcement{is: &no, shown: "no: cni \"bridge\" enforces none, and nothing that does runs beside it"}
	}
	return enforcement{why: "no pod that runs with its node's network has an image of a pod network that is known; " + tryIt}
}
