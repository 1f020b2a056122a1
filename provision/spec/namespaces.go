package spec

import "github.com/bulwark-k8s/bulwark/provision/cluster"

// namespaceWishes are what a wish for admission.pod_security is for the namespaces that a
// spec makes and holds to a standard of their own: a label goes before what holds for all.
func (l *loader) namespaceWishes(w wish) []wish {
	if w.path != "admission.pod_security" {
		return nil
	}
	var out []wish
	for _, n := range l.c.Policy.Namespaces {
		own := w
		b, ok := l.c.NamespaceSetting(n.Name)
		if own.path, own.setting = b.Key, b.Setting; ok && l.says(own) {
			own.get, own.set = func(c *cluster.Cluster) (any, bool) { return b.Get(c), true }, b.Set
			out = append(out, own)
		}
	}
	return out
}

// followNamespaces gives namespaces that say no standard the one that holds for all, which
// profiles may have changed.
func (l *loader) followNamespaces() {
	for i := range l.c.Policy.Namespaces {
		n := &l.c.Policy.Namespaces[i]
		if _, said := l.at["policy.namespace."+n.Name+".pod_security"]; !said {
			n.PodSecurity = l.c.Admission.PodSecurity
		}
	}
}
