package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

func (w *writer) endpoint(c *cluster.Cluster) {
	e := c.Endpoint
	w.block("endpoint", "endpoint", func() {
		unless := e.VIP.String()
		if cps := c.ControlPlanes(); !e.VIP.IsValid() && len(cps) > 0 {
			unless = cps[0].Address.String()
		}
		w.text("host", e.Host, unless)
		if e.VIP.IsValid() {
			w.text("vip", e.VIP.String(), "")
		}
		w.number("port", int(e.Port), defaultAPIPort)
		if e.Balancers != nil {
			w.list("balancers", texts(e.Balancers))
		}
	})
}

func (w *writer) network(n cluster.Network) {
	w.block("network", "network", func() {
		if !slices.Equal(n.Pods, defaultPods()) {
			w.list("pods", texts(n.Pods))
		}
		if !slices.Equal(n.Services, defaultServices()) {
			w.list("services", texts(n.Services))
		}
		w.text("dns_domain", n.DNSDomain, defaultDNSDomain)
		if n.CNIPorts != nil || n.CNI.Kind == cluster.CNIExternal {
			w.list("cni_ports", texts(n.CNIPorts))
		}
		switch n.CNI.Kind {
		case cluster.CNIManifest:
			w.comment("network.cni")
			w.line(`cni "manifest" { manifest = file("cni.yaml") }`)
		case cluster.CNIExternal:
			w.comment("network.cni")
			w.line(`cni "external" {}`)
		}
	})
}

func (w *writer) ssh(s cluster.SSH) {
	w.block("ssh", "ssh", func() {
		w.text("user", s.User, "")
		w.number("port", int(s.Port), defaultSSHPort)
		w.text("bastion", s.Bastion, "")
		w.text("bastion_host_key", s.BastionHostKey, "")
	})
}

func (w *writer) firewall(f cluster.Firewall) {
	w.block("firewall", "firewall", func() {
		w.list("admins", texts(f.Admins))
		if f.NodePorts != nil {
			w.list("nodeports", texts(f.NodePorts))
		}
		for _, a := range f.Allow {
			w.block("allow."+a.Name, "allow "+literal(cty.StringVal(a.Name)), func() {
				w.text("on", string(a.On), "")
				w.list("ports", texts(a.Ports))
				w.list("from", texts(a.From))
			})
		}
	})
}

// policies are what the API server is told by files of its own.
func (w *writer) policies(c *cluster.Cluster) {
	w.block("encryption", "encryption", func() {
		w.text("provider", c.Encryption.Provider, "secretbox")
		w.text("key_name", c.Encryption.KeyName, cluster.DefaultKeyName)
		if more := without(c.Encryption.Resources, "secrets"); len(more) > 0 {
			w.list("resources", more)
		}
	})
	w.block("audit", "audit", func() {
		w.text("policy", c.Audit.Policy, cluster.AuditMetadata)
		w.number("max_age", c.Audit.MaxAge, defaultMaxAge)
		w.number("max_backup", c.Audit.MaxBackup, defaultMaxBackup)
		w.number("max_size", c.Audit.MaxSize, defaultMaxSize)
	})
	w.block("admission", "admission", func() {
		w.text("pod_security", c.Admission.PodSecurity, cluster.PodSecurityRestricted)
		if more := without(c.Admission.ExemptNamespaces, "kube-system"); len(more) > 0 {
			w.list("exempt_namespaces", more)
		}
		w.toggle("always_pull_images", c.Admission.AlwaysPullImages)
	})
	w.policy(c)
}

// policy is what bulwark owns in the API.
func (w *writer) policy(c *cluster.Cluster) {
	p := c.Policy
	w.block("policy", "policy", func() {
		w.toggle("default_deny", p.DefaultDeny)
		w.toggle("no_default_tokens", p.NoDefaultTokens)
		w.toggle("unprivileged_kube_proxy", p.UnprivilegedKubeProxy)
		for _, n := range p.Namespaces {
			head := "namespace " + literal(cty.StringVal(n.Name))
			if n.PodSecurity == c.Admission.PodSecurity {
				w.comment(w.path + "namespace." + n.Name)
				w.line("\n" + head + " {}")
				continue
			}
			w.block("namespace."+n.Name, head, func() { w.text("pod_security", n.PodSecurity, "") })
		}
		w.block("images", "images", func() {
			if p.Images.Mode == "" {
				return
			}
			if len(p.Images.Registries) > 0 {
				w.list("registries", p.Images.Registries)
			}
			w.toggle("digests", p.Images.Digests)
			w.toggle("refuse_latest", p.Images.RefuseLatest)
			w.set("mode", cty.StringVal(p.Images.Mode))
			if more := without(p.Images.ExemptNamespaces, "kube-system"); len(more) > 0 {
				w.list("exempt_namespaces", more)
			}
		})
	})
}

func (w *writer) raw(c *cluster.Cluster) {
	for _, a := range []struct {
		component string
		from      cluster.Component
	}{
		{cluster.CompAPIServer, c.APIServer},
		{cluster.CompControllerManager, c.ControllerManager},
		{cluster.CompScheduler, c.Scheduler},
		{cluster.CompEtcd, c.Etcd},
	} {
		w.block(a.component, a.component, func() {
			if len(a.from.Args) > 0 {
				w.set("args", arguments(a.component, a.from.Args))
			}
		})
	}
	for _, a := range []struct {
		component string
		from      cluster.Config
	}{{cluster.CompKubelet, c.Kubelet}, {cluster.CompKubeProxy, c.KubeProxy}} {
		w.block(a.component, a.component, func() {
			if len(a.from) > 0 {
				w.set("config", ctyValue(map[string]any(a.from)))
			}
		})
	}
}

// arguments are raw ones as a spec has them: of a list that adds to a hardened
// one, what it adds.
func arguments(component string, args map[string]string) cty.Value {
	out := map[string]cty.Value{}
	for name, value := range args {
		if s, ok := cluster.Lookup(component, name); ok && s.Rule == cluster.Union {
			ours, _ := s.Value.([]string)
			value = strings.Join(without(strings.Split(value, ","), ours...), ",")
		}
		out[name] = cty.StringVal(value)
	}
	return cty.ObjectVal(out)
}

func (w *writer) node(n cluster.Node) {
	w.block("node."+n.Name, "node "+literal(cty.StringVal(n.Name)), func() {
		w.text("role", string(n.Role), "")
		w.text("address", n.Address.String(), "")
		w.text("ssh_host", n.SSHHost, "")
		w.text("host_key", n.HostKey, "")
		if len(n.Labels) > 0 {
			labels := map[string]cty.Value{}
			for k, v := range n.Labels {
				labels[k] = cty.StringVal(v)
			}
			w.set("labels", cty.ObjectVal(labels))
		}
		if n.Taints != nil {
			taints := []string{}
			for _, t := range n.Taints {
				key := t.Key
				if t.Value != "" {
					key += "=" + t.Value
				}
				taints = append(taints, key+":"+t.Effect)
			}
			w.list("taints", taints)
		}
	})
}

// ctyValue is decoded JSON as a value of a spec.
func ctyValue(v any) cty.Value {
	switch v := v.(type) {
	case string:
		return cty.StringVal(v)
	case bool:
		return cty.BoolVal(v)
	case int64:
		return cty.NumberIntVal(v)
	case float64:
		return cty.NumberFloatVal(v)
	case []any:
		out := make([]cty.Value, len(v))
		for i, e := range v {
			out[i] = ctyValue(e)
		}
		return cty.TupleVal(out)
	case map[string]any:
		out := map[string]cty.Value{}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out[k] = ctyValue(v[k])
		}
		return cty.ObjectVal(out)
	}
	return cty.NullVal(cty.DynamicPseudoType)
}

// texts are prefixes or ports as they are written.
func texts[T fmt.Stringer](items []T) []string {
	out := make([]string, len(items))
	for i, e := range items {
		out[i] = e.String()
	}
	return out
}

// without is a list without some of its elements.
func without(list []string, those ...string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(those, s) })
}
