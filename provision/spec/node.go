package spec

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// node resolves one node block.
func (l *loader) node(t *nodeText) {
	n := cluster.Node{Name: t.Name}
	l.from("node."+t.Name, t.At)
	l.label(item{t.Name, t.NameRange}, "node")

	if t.Role == nil {
		l.report(problem(CodeMissing, t.At, "Node without a role", "Node %q needs role = \"control-plane\" or role = \"worker\".", t.Name))
	} else if s, ok := l.str(t.Role); ok {
		l.from(nodePath(t.Name, "role"), t.Role.Range)
		n.Role, _ = l.role(s)
	}
	if t.Address == nil {
		l.report(problem(CodeMissing, t.At, "Node without an address", "Node %q needs address = \"…\": the IP address other nodes reach it at.", t.Name))
	} else if s, ok := l.str(t.Address); ok {
		l.from(nodePath(t.Name, "address"), t.Address.Range)
		n.Address, _ = l.address(s, "node")
	}
	if s, ok := l.str(t.HostKey); ok {
		l.from(nodePath(t.Name, "host_key"), t.HostKey.Range)
		n.HostKey, _ = l.hostKey(s)
	}
	if s, ok := l.str(t.SSHHost); ok {
		l.from(nodePath(t.Name, "ssh_host"), t.SSHHost.Range)
		if l.sshTarget(s, "host to connect to") {
			n.SSHHost = s.value
		}
	}
	n.Labels = l.labels(t)
	n.Taints = l.taints(t)
	l.c.Nodes = append(l.c.Nodes, n)
}

func (l *loader) role(s item) (cluster.Role, bool) {
	switch r := cluster.Role(s.value); r {
	case cluster.ControlPlane, cluster.Worker:
		return r, true
	}
	known := []string{string(cluster.ControlPlane), string(cluster.Worker)}
	hint := didYouMean(s.value, known)
	if s.value == "master" || s.value == "controlplane" {
		hint = ` Did you mean "control-plane"?`
	}
	l.report(problem(CodeChoice, s.at, "Unknown role", "%s is no role.%s Write \"control-plane\" or \"worker\".", short(s.value), hint))
	return "", false
}

func (l *loader) labels(t *nodeText) map[string]string {
	table, _ := l.table(t.Labels)
	if t.Labels == nil {
		return nil
	}
	l.from(nodePath(t.Name, "labels"), t.Labels.Range)
	out := make(map[string]string, len(table))
	for _, key := range keys(table) {
		s := table[key]
		switch {
		case len(validation.IsQualifiedName(key)) > 0:
			l.report(problem(CodeName, s.at, "Not a label", "%s is no key of a label: a name of at most 63 letters, digits, -, _ and ., perhaps behind a DNS name and a slash.", short(key)))
		case len(validation.IsValidLabelValue(s.value)) > 0:
			l.report(problem(CodeName, s.at, "Not a label's value", "%s cannot be the value of label %q: at most 63 letters, digits, -, _ and ., with a letter or digit at both ends.", short(s.value), key))
		case reservedLabel(key):
			l.report(problem(CodeName, s.at, "Reserved label", "%q is set by Kubernetes or bulwark, or a kubelet may not set it on its own node. Use a key of your own, as in example.com/%s.", key, key[strings.LastIndexByte(key, '/')+1:]))
		default:
			out[key] = s.value
		}
	}
	return out
}

// reservedLabel is the kubelet's own rule, which would end the kubelet at its
// start, and the labels that Kubernetes and bulwark set themselves.
func reservedLabel(key string) bool {
	domain, name, has := strings.Cut(key, "/")
	if !has {
		return false
	}
	switch {
	case domain == "bulwark":
		return true
	case domain == "topology.kubernetes.io", domain == "failure-domain.beta.kubernetes.io":
		return name != "region" && name != "zone"
	case domain == "kubelet.kubernetes.io", strings.HasSuffix(domain, ".kubelet.kubernetes.io"),
		domain == "node.kubernetes.io", strings.HasSuffix(domain, ".node.kubernetes.io"):
		return false
	}
	return domain == "kubernetes.io" || strings.HasSuffix(domain, ".kubernetes.io") ||
		domain == "k8s.io" || strings.HasSuffix(domain, ".k8s.io")
}

// taints reads "key=value:Effect" and "key:Effect", as kubectl writes them.
func (l *loader) taints(t *nodeText) []cluster.Taint {
	items, _ := l.list(t.Taints)
	if t.Taints == nil {
		return nil
	}
	l.from(nodePath(t.Name, "taints"), t.Taints.Range)
	var out []cluster.Taint
	seen := map[[2]string]bool{}
	for _, s := range items {
		front, effect, has := strings.Cut(s.value, ":")
		key, value, _ := strings.Cut(front, "=")
		known := effect == "NoSchedule" || effect == "PreferNoSchedule" || effect == "NoExecute"
		switch {
		case s.value == "": // its wrong type was reported
		case !has || !known:
			l.report(problem(CodeChoice, s.at, "Not a taint", "%s has none of the effects NoSchedule, PreferNoSchedule and NoExecute. Write it as \"dedicated=db:NoSchedule\".", short(s.value)))
		case len(validation.IsQualifiedName(key)) > 0 || len(validation.IsValidLabelValue(value)) > 0:
			l.report(problem(CodeName, s.at, "Not a taint", "%s has a key or a value that Kubernetes does not take. Write it as \"dedicated=db:NoSchedule\".", short(s.value)))
		case seen[[2]string{key, effect}]:
			l.report(problem(CodeDuplicate, s.at, "Taint given twice", "A taint %q with effect %s is already there. Kubernetes holds one of each.", key, effect))
		default:
			seen[[2]string{key, effect}] = true
			out = append(out, cluster.Taint{Key: key, Value: value, Effect: effect})
		}
	}
	return out
}
