package check

import (
	"net/netip"

	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Cluster is what a check may ask of the cluster itself, as the spec has it: the
// variable cluster.
type Cluster struct {
	Name string `json:"name" cty:"name"`
	// Kubernetes is the version that it runs, as in "1.37.2"; an expression sees it as a
	// number to compare with version("1.37").
	Kubernetes string `json:"kubernetes"`
	// Endpoint is where clients reach the API.
	Endpoint string `json:"endpoint" cty:"endpoint"`
	// CNI is the kind of pod network ("bridge", "manifest", "external"), and Enforces says
	// whether it enforces NetworkPolicies, where that is known: of a living cluster by the
	// pods that run, before by the images of its manifest.
	CNI      string `json:"cni" cty:"cni"`
	Enforces *bool  `json:"enforces" cty:"enforces"`
	// This and the next six are prefixes: of nodes as "10.0.0.11/32".
	ControlPlanes []string `json:"control_planes" cty:"control_planes"`
	Nodes         []string `json:"nodes" cty:"nodes"`
	Pods          []string `json:"pods" cty:"pods"`
	Services      []string `json:"services" cty:"services"`
	Admins        []string `json:"admins" cty:"admins"`
	Balancers     []string `json:"balancers" cty:"balancers"`
	NodePorts     []string `json:"nodeports" cty:"nodeports"`
	// Deviations are the ids of what these machines cannot have.
	Deviations []string `json:"deviations" cty:"deviations"`
	// Namespaces are those that the spec makes, each with the Pod Security standard that it
	// is held to.
	Namespaces map[string]string `json:"namespaces,omitempty" cty:"namespaces"`
	// PodNetwork is the one of the manifest, "" where none is known.
	PodNetwork string `json:"pod_network,omitempty"`
	// Foreign says that no spec describes it: what nobody said of it is not known, and
	// another firewall than bulwark's may guard it.
	Foreign bool `json:"foreign,omitempty"`
}

// ClusterOf is what a check may ask of a resolved cluster.
func ClusterOf(c *cluster.Cluster) Cluster {
	out := Cluster{Name: c.Name, Endpoint: c.Endpoint.Host, CNI: string(c.Network.CNI.Kind),
		Pods: prefixes(c.Network.Pods), Services: prefixes(c.Network.Services), Admins: prefixes(c.Firewall.Admins),
		Balancers: prefixes(c.Endpoint.Balancers), NodePorts: prefixes(c.Firewall.NodePorts)}
	out.Enforces, out.PodNetwork = enforces(c.Network.CNI)
	if c.Kubernetes != (cluster.Version{}) {
		out.Kubernetes = c.Kubernetes.String()
	}
	for _, n := range c.Nodes {
		if !n.Address.IsValid() {
			continue
		}
		one := netip.PrefixFrom(n.Address, n.Address.BitLen()).String()
		out.Nodes = append(out.Nodes, one)
		if n.Role == cluster.ControlPlane {
			out.ControlPlanes = append(out.ControlPlanes, one)
		}
	}
	for _, d := range c.Deviations {
		out.Deviations = append(out.Deviations, d.ID)
	}
	for _, n := range c.Policy.Namespaces {
		if out.Namespaces == nil {
			out.Namespaces = map[string]string{}
		}
		out.Namespaces[n.Name] = n.PodSecurity
	}
	return out
}

// Unspecified is a resolved cluster as it was found, which no spec describes. Images are
// those of its DaemonSets, by which its pod network is known.
func Unspecified(c *cluster.Cluster, images []string) Cluster {
	out := ClusterOf(c)
	out.Foreign, out.Enforces, out.PodNetwork = true, enforcedBy(images), ""
	return out
}

func prefixes(all []netip.Prefix) []string {
	var out []string
	for _, p := range all {
		out = append(out, p.String())
	}
	return out
}

// value is the variable cluster, with what is known of its pod network.
func (c Cluster) value(is *bool) cty.Value {
	list := func(all []string) cty.Value {
		if len(all) == 0 {
			return cty.ListValEmpty(cty.String)
		}
		out := make([]cty.Value, len(all))
		for i, s := range all {
			out[i] = cty.StringVal(s)
		}
		return cty.ListVal(out)
	}
	said := func(all []string) cty.Value {
		if c.Foreign && len(all) == 0 {
			return cty.UnknownVal(cty.List(cty.String))
		}
		return list(all)
	}
	namespaces := cty.MapValEmpty(cty.String)
	if len(c.Namespaces) > 0 {
		of := make(map[string]cty.Value, len(c.Namespaces))
		for name, level := range c.Namespaces {
			of[name] = cty.StringVal(level)
		}
		namespaces = cty.MapVal(of)
	}
	enforces := cty.UnknownVal(cty.Bool)
	if is != nil {
		enforces = cty.BoolVal(*is)
	}
	release := cty.UnknownVal(cty.Number)
	if v, err := cluster.ParseVersion(c.Kubernetes); err == nil {
		release = minor(v)
	}
	return cty.ObjectVal(map[string]cty.Value{
		"name": cty.StringVal(c.Name), "kubernetes": release, "endpoint": cty.StringVal(c.Endpoint), "cni": cty.StringVal(c.CNI), "enforces": enforces,
		"control_planes": said(c.ControlPlanes), "nodes": said(c.Nodes), "pods": said(c.Pods), "services": said(c.Services), "admins": said(c.Admins),
		"balancers": said(c.Balancers), "nodeports": said(c.NodePorts), "deviations": list(c.Deviations), "namespaces": namespaces,
	})
}

// minor is a version as a number that can be compared: 1.37 is 1037.
func minor(v cluster.Version) cty.Value {
	return cty.NumberIntVal(int64(v.Major)*1000 + int64(v.Minor))
}
