package adopt

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
)

// clusterConfiguration is what is read of kubeadm's document of that kind; its
// versions v1beta3 and v1beta4 agree in these fields.
type clusterConfiguration struct {
	ClusterName          string `json:"clusterName"`
	KubernetesVersion    string `json:"kubernetesVersion"`
	ControlPlaneEndpoint string `json:"controlPlaneEndpoint"`
	CertificatesDir      string `json:"certificatesDir"`
	ImageRepository      string `json:"imageRepository"`
	Networking           struct {
		PodSubnet     string `json:"podSubnet"`
		ServiceSubnet string `json:"serviceSubnet"`
		DNSDomain     string `json:"dnsDomain"`
	} `json:"networking"`
	Etcd struct {
		External *struct{} `json:"external"`
		Local    struct {
			DataDir string `json:"dataDir"`
			image
		} `json:"local"`
	} `json:"etcd"`
	APIServer struct {
		CertSANs []string `json:"certSANs"`
	} `json:"apiServer"`
	DNS image `json:"dns"`
}

type image struct {
	ImageRepository string `json:"imageRepository"`
	ImageTag        string `json:"imageTag"`
}

// data is one entry of a ConfigMap that was read.
func (d *describer) data(ref state.ObjectRef, key string) ([]byte, error) {
	var object struct {
		Data map[string]string `json:"data"`
	}
	have, ok := d.seen.API.Objects[ref.String()]
	if !ok {
		return nil, fmt.Errorf("the cluster has no %s", ref)
	}
	if err := json.Unmarshal(have.JSON, &object); err != nil {
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	text, ok := object.Data[key]
	if !ok {
		return nil, fmt.Errorf("%s has no %s", ref, key)
	}
	return []byte(text), nil
}

// cluster reads what kubeadm keeps of the whole cluster.
func (d *describer) cluster() error {
	text, err := d.data(kubeadmConfig(), "ClusterConfiguration")
	if err != nil {
		return err
	}
	k := &d.kubeadm
	if err := yaml.Unmarshal(text, k); err != nil {
		return fmt.Errorf("%s: ClusterConfiguration: %w", kubeadmConfig(), err)
	}
	d.name(k.ClusterName)
	d.version(k.KubernetesVersion)
	if k.ImageRepository != "" && k.ImageRepository != "registry.k8s.io" {
		d.c.ImageRepository = k.ImageRepository
	}
	for setting, i := range map[string]image{"etcd.image": k.Etcd.Local.image, "dns.image": k.DNS} {
		if i.ImageRepository != "" || i.ImageTag != "" {
			d.find(LeftOut, setting, strings.TrimSuffix(i.ImageRepository+":"+i.ImageTag, ":"), "kubeadm's own",
				"the image of kubeadm's version comes from image_repository, and must be there or be pulled")
		}
	}
	for _, one := range []struct{ setting, seen, ours, why string }{
		{"pki", k.CertificatesDir, kubeadm.PKIDir, "bulwark looks for the cluster's authorities and keys in one place, and would make new ones"},
		{"etcd.data", k.Etcd.Local.DataDir, kubeadm.EtcdDataDir, "bulwark's etcd would begin without the data that are there"},
	} {
		if one.seen != "" && one.seen != one.ours {
			d.find(Refused, one.setting, one.seen, one.ours, "%s; move it with kubeadm first", one.why)
		}
	}
	if k.Etcd.External != nil {
		d.find(Refused, "etcd.external", "an etcd outside of the cluster", "one on each control plane", "bulwark's etcd would begin without the data that are there")
	}
	n := &d.c.Network
	for _, p := range []struct {
		setting, seen string
		into          *[]netip.Prefix
	}{{"network.pods", k.Networking.PodSubnet, &n.Pods}, {"network.services", k.Networking.ServiceSubnet, &n.Services}} {
		if p.seen == "" {
			continue
		}
		var all []netip.Prefix
		for s := range strings.SplitSeq(p.seen, ",") {
			prefix, err := netip.ParsePrefix(strings.TrimSpace(s))
			if err != nil {
				return fmt.Errorf("%s: networking: %w", kubeadmConfig(), err)
			}
			all = append(all, prefix)
		}
		*p.into = all
	}
	if k.Networking.PodSubnet == "" {
		d.comments["network.pods"] = "The cluster was made without one. Write the range that its pod network gives addresses from."
		d.find(Decide, "network.pods", notSet, d.c.Network.Pods[0].String(),
			"the firewall knows pods by this range, and nodes get prefixes of it: write the range that the pod network gives addresses from, or pods do not reach their nodes")
	}
	if k.Networking.DNSDomain != "" {
		n.DNSDomain = k.Networking.DNSDomain
	}
	return nil
}

// name is the cluster's, which is in its kubeconfigs.
func (d *describer) name(seen string) {
	d.c.Name = strings.ToLower(seen)
	if d.c.Name == "" {
		d.c.Name = "kubernetes" // as kubeadm has it
	}
	if len(validation.IsDNS1123Label(d.c.Name)) > 0 {
		d.c.Name = "kubernetes"
	}
	if seen != "" && d.c.Name != seen {
		d.find(Changes, "name", seen, d.c.Name, "a cluster's name is a DNS label; it is in the contexts of kubeconfigs")
	}
}

func (d *describer) version(seen string) {
	v, err := cluster.ParseVersion(seen)
	if err != nil || !v.SameMinor(d.c.Kubernetes) {
		d.find(Refused, "kubernetes", seen, d.c.Kubernetes.String(), "this bulwark keeps Kubernetes %d.%d: upgrade the cluster with kubeadm first, or use a bulwark of its version",
			d.c.Kubernetes.Major, d.c.Kubernetes.Minor)
		return
	}
	d.c.Kubernetes = v
	for _, m := range d.seen.Machines {
		if got := d.seen.API.Nodes[m.Name].KubeletVersion; got != "" && got != v.String() {
			d.found.add(Finding{Kind: Changes, Setting: "kubelet.version", Seen: got, Will: v.String(),
				Consequence: "install the kubelet and kubeadm of the cluster's version on the node first"}, m.Name)
		}
	}
}

// endpoint is where clients and nodes reach the API, and where servers listen.
func (d *describer) endpoint() error {
	e := &d.c.Endpoint
	for i, m := range d.planes() {
		_, port, err := APIServer(m.Look)
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		if i == 0 {
			e.Port = port
		} else if e.Port != port {
			d.find(Refused, "endpoint.port", strconv.Itoa(int(port))+" on "+m.Name, strconv.Itoa(int(e.Port)), "all API servers listen on one port")
		}
	}
	planes := d.c.ControlPlanes()
	e.Host = planes[0].Address.String()
	if d.kubeadm.ControlPlaneEndpoint == "" {
		if len(planes) > 1 {
			d.find(Refused, "endpoint.host", notSet, e.Host, "several control planes need one address that outlives each of them: give the cluster a controlPlaneEndpoint with kubeadm first")
		}
		return nil
	}
	host, port := d.kubeadm.ControlPlaneEndpoint, strconv.Itoa(int(e.Port))
	if h, p, err := net.SplitHostPort(host); err == nil {
		host, port = h, p
	}
	e.Host = strings.Trim(host, "[]")
	if port != strconv.Itoa(int(e.Port)) {
		d.find(Refused, "endpoint.port", "clients use "+port+", API servers "+strconv.Itoa(int(e.Port)), "one port", "bulwark has one port for both: let the load balancer answer on %d too, and correct controlPlaneEndpoint", e.Port)
	}
	d.vip()
	own := slices.ContainsFunc(planes, func(n cluster.Node) bool { return n.Address.String() == e.Host })
	switch {
	case own && len(planes) > 1:
		d.find(Refused, "endpoint.host", e.Host, "an address that outlives each control plane", "it is the address of one control plane, and when that machine is gone, so is the API: put a load balancer in front, and correct controlPlaneEndpoint")
	case !own && !e.VIP.IsValid():
		d.comments["endpoint"] = "What stands behind this name is not known. A load balancer connects from addresses of\nits own: write them as balancers, or the firewall shuts it out."
		d.find(Decide, "endpoint.balancers", "not known", "nobody else reaches the API", "%s is no node's address: if a load balancer answers there, write where it connects from as endpoint { balancers = […] }, or the firewall shuts it out", e.Host)
	}
	return nil
}

// last is the last of some values, which is the one that counts.
func last(values []string, otherwise string) string {
	if len(values) == 0 {
		return otherwise
	}
	return values[len(values)-1]
}

// admins are who is there now.
func (d *describer) admins() error {
	for _, m := range d.seen.Machines {
		addr, err := netip.ParseAddr(m.Look.Facts.PeerAddress)
		if err != nil {
			continue
		}
		if p := netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()); !slices.Contains(d.c.Firewall.Admins, p) {
			d.c.Firewall.Admins = append(d.c.Firewall.Admins, p)
		}
	}
	if len(d.c.Firewall.Admins) == 0 {
		return errors.New("no machine says from where it sees us, so nobody could be let in by the firewall")
	}
	d.comments["firewall.admins"] = "From here the machines see you now. Everybody else who needs sshd or the API has to be\nnamed too, and who needs NodePorts as nodeports, or other ports by allow."
	var now []string
	for _, p := range d.c.Firewall.Admins {
		now = append(now, p.String())
	}
	d.find(Decide, "firewall.admins", "not known", strings.Join(now, ", "),
		"the firewall lets these reach sshd and the API, and nobody else; NodePorts and other ports are closed unless nodeports or allow opens them")
	return nil
}
