package adopt

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
)

// VIP is a kube-vip that runs as a static pod of somebody else's, as far as it may
// hold the address at which the cluster is reached.
type VIP struct {
	// Path is that of its manifest.
	Path string `json:"path"`
	// Addresses are what it holds as its manifest says: addresses, or names that it
	// asks DNS for.
	Addresses []string `json:"addresses"`
	// Does are its settings that are on, of those that bulwark's own has not.
	Does []string `json:"does,omitempty"`
}

// Foreign are the static pods of a control plane that are not kubeadm's, by the
// paths of their manifests. Names that begin with a dot are no pods to a kubelet.
func Foreign(look *state.Node) []string {
	var out []string
	for file, have := range look.Files {
		name := path.Base(file)
		ours := slices.Contains(staticPods(), strings.TrimSuffix(name, ".yaml")) && path.Ext(name) == ".yaml"
		if path.Dir(file) == manifestsDir && have.Exists() && have.Type != "dir" && !ours && !strings.HasPrefix(name, ".") {
			out = append(out, file)
		}
	}
	slices.Sort(out)
	return out
}

// ReadVIP reads a static pod's manifest, and answers nil where it is no kube-vip
// that holds an address for the control plane. Nothing else of it is kept: what
// somebody else's manifest says may be secret.
func ReadVIP(file string, text []byte) *VIP {
	var p pod
	if yaml.Unmarshal(text, &p) != nil {
		return nil // no kubelet runs it either
	}
	for _, c := range p.Spec.Containers {
		if imageName(c.Image) != "kube-vip" {
			continue
		}
		// What the environment says counts where arguments say it too.
		said := arguments(slices.Concat([]string{"kube-vip"}, c.Command, c.Args))
		for _, e := range c.Env {
			if e.Value != "" {
				said[e.Name] = []string{e.Value}
			}
		}
		say := func(names ...string) string {
			for _, name := range names {
				if v := said[name]; len(v) > 0 {
					return last(v, "")
				}
			}
			return ""
		}
		out := &VIP{Path: file}
		for a := range strings.SplitSeq(say("address", "vip_address", "vip"), ",") {
			if a = strings.TrimSpace(a); a != "" {
				out.Addresses = append(out.Addresses, a)
			}
		}
		if len(out.Addresses) == 0 || say("cp_enable", "controlplane") == "false" {
			return nil
		}
		for _, s := range vipSettings() {
			if say(s.env, s.arg) == "true" {
				out.Does = append(out.Does, s.env)
			}
		}
		return out
	}
	return nil
}

// imageName is the last part of an image's path: neither its registry, nor its tag
// or digest.
func imageName(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name, _, _ := strings.Cut(path.Base(image), ":")
	return name
}

// vipSetting is one thing that a kube-vip may do and bulwark's own does not.
type vipSetting struct {
	env, arg string
	// without is what is not there without it. Where elsewhere is set, the address is
	// reached by it alone.
	without   string
	elsewhere bool
}

func vipSettings() []vipSetting {
	return []vipSetting{
		{"svc_enable", "services", "Services of type LoadBalancer get no address from it any more: have a kube-vip that is a DaemonSet give them theirs before", false},
		{"lb_enable", "enableLoadBalancer", "connections to the address go to the API server of the machine that holds it, and are spread over no others", false},
		{"bgp_enable", "bgp", "", true},
		{"vip_routingtable", "table", "", true},
		{"vip_wireguard", "wireguard", "", true},
	}
}

// vip takes over the address of the endpoint where a kube-vip of somebody else's
// holds it: apply would take that away with its manifest.
func (d *describer) vip() {
	e := &d.c.Endpoint
	host, err := netip.ParseAddr(e.Host)
	byName := err != nil
	var found []netip.Addr
	for _, m := range d.planes() {
		for _, v := range m.VIPs {
			for _, text := range v.Addresses {
				addr, err := netip.ParseAddr(text)
				switch {
				case err != nil && strings.EqualFold(text, e.Host):
					d.found.add(Finding{Kind: Refused, Setting: "endpoint.vip", Seen: "kube-vip of " + v.Path + " holds what " + text + " leads to", Will: "an address",
						Consequence: "what a name leads to is not asked for, and apply would take the address away: have the manifest name the address itself first"}, m.Name)
				case err == nil && (byName || addr == host) && !slices.Contains(found, addr):
					found = append(found, addr)
				}
			}
		}
	}
	if found = slices.DeleteFunc(found, func(a netip.Addr) bool { return !d.mayBeVIP(a) }); len(found) == 0 {
		return
	}
	if len(found) > 1 {
		d.find(Refused, "endpoint.vip", fmt.Sprintf("kube-vips hold %s and %s", found[0], found[1]), "one address",
			"which of them %s leads to is not known, and apply would take the others away: have the manifests hold one, and others hold the rest", e.Host)
		return
	}
	e.VIP = found[0]
	if byName {
		d.comments["endpoint"] = "kube-vip holds this address now. Whether the name leads to it is not known."
		d.find(Decide, "endpoint.vip", fmt.Sprintf("not known whether %s leads to %s, which kube-vip holds", e.Host, e.VIP), e.VIP.String(),
			"nobody asked DNS: if the name leads elsewhere, take vip out of the spec, and have something else hold the address, since its static pod goes")
	} else {
		e.Host = e.VIP.String()
	}
	for _, m := range d.planes() {
		for _, v := range m.VIPs {
			if v.holds(e.VIP) {
				d.replaced(m, v)
			}
		}
	}
}

// mayBeVIP says whether a spec can have an address as the endpoint's virtual one:
// one that no machine has for itself, of the control planes' family.
func (d *describer) mayBeVIP(a netip.Addr) bool {
	for _, n := range d.c.Nodes {
		if n.Address == a || n.Role == cluster.ControlPlane && n.Address.Is4() != a.Is4() {
			return false
		}
	}
	return a.IsGlobalUnicast() && a.Zone() == "" && !a.Is4In6()
}

// holds says whether it holds an address.
func (v VIP) holds(a netip.Addr) bool {
	return slices.ContainsFunc(v.Addresses, func(text string) bool {
		addr, err := netip.ParseAddr(text)
		return err == nil && addr == a
	})
}

// replaced says what comes of a kube-vip that bulwark's own takes the place of.
func (d *describer) replaced(m Machine, v VIP) {
	d.found.add(Finding{Kind: Changes, Setting: "endpoint.vip", Seen: "kube-vip of " + v.Path + " holds " + d.c.Endpoint.VIP.String(), Will: "bulwark's own kube-vip holds it",
		Consequence: "one control plane after the other gets bulwark's own instead of it, and until the last one has it two machines may answer for the address at times; its image, " +
			kubeadm.VIPImage(d.c) + ", has to be there or be pulled: see to that before"}, m.Name)
	for _, a := range v.Addresses {
		if !(VIP{Addresses: []string{a}}).holds(d.c.Endpoint.VIP) {
			d.found.add(Finding{Kind: LeftOut, Setting: "endpoint.vip", Seen: "kube-vip of " + v.Path + " holds " + a + " as well", Will: notSet,
				Consequence: "an endpoint has one virtual address: nobody holds this one any more; have something else hold it before"}, m.Name)
		}
	}
	for _, s := range vipSettings() {
		if !slices.Contains(v.Does, s.env) {
			continue
		}
		f := Finding{Kind: LeftOut, Setting: "endpoint.vip." + s.env, Seen: "true in " + v.Path, Will: notSet, Consequence: s.without}
		if s.elsewhere {
			f.Kind = Refused
			f.Consequence = "bulwark's kube-vip tells the network of the address by ARP or neighbour discovery and by nothing else, and the address might be reached no more: " +
				"have kube-vip do so too (vip_arp), or run as a DaemonSet, which is left alone"
		}
		d.found.add(f, m.Name)
	}
}
