package adopt

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

const vipPath = manifestsDir + "/kube-vip.yaml"

// podText is a static pod's manifest of testdata.
func podText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "pods", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// puts has control planes have a manifest, as [Seen] has it once it was read.
func puts(seen *Seen, file, text string, nodes ...string) {
	for i, m := range seen.Machines {
		if len(nodes) > 0 && !slices.Contains(nodes, m.Name) {
			continue
		}
		m.Look.Files[file] = state.HaveFile{Path: file, Type: "file", SHA256: state.SHA256([]byte(text))}
		if v := ReadVIP(file, []byte(text)); v != nil {
			seen.Machines[i].VIPs = append(m.VIPs, *v)
		}
	}
}

// withVIP are three control planes behind an endpoint, with a kube-vip of somebody's.
func withVIP(t *testing.T, endpoint, file, text string) *Seen {
	t.Helper()
	seen := recorded(t, "planes")
	kubeadmSays(seen, "api.example.lab", endpoint)
	puts(seen, file, text)
	return seen
}

// The kube-vip that holds the endpoint's address is a word of the spec: without it
// apply would take the address away.
func TestAKubeVIPThatHoldsTheEndpointIsTakenOver(t *testing.T) {
	stock := podText(t, "kube-vip.yaml")
	const ip, host = "10.213.219.100", "api.example.lab"
	plain := strings.Replace(stock, "name: svc_enable\n      value: \"true\"", "name: svc_enable\n      value: \"false\"", 1)
	for name, c := range map[string]struct {
		endpoint, file, text string
		vip                  string // "" where it is not taken over
		want                 []string
	}{
		"its address": {ip, vipPath, plain, ip, []string{"changes endpoint.vip", "vip = \"" + ip + "\""}},
		"another file, registry and digest": {ip, manifestsDir + "/vip.yml", strings.Replace(plain, "ghcr.io/kube-vip/kube-vip:v0.8.9", "localhost:5000/mirror/kube-vip@sha256:"+strings.Repeat("a", 64), 1),
			ip, []string{"changes endpoint.vip"}},
		"an older variable": {ip, vipPath, strings.Replace(plain, "name: address", "name: vip_address", 1), ip, []string{"changes endpoint.vip"}},
		"an argument":       {ip, vipPath, strings.NewReplacer("name: address", "name: other", "- manager", "- manager\n    - --address="+ip).Replace(plain), ip, []string{"changes endpoint.vip"}},
		"an older argument": {ip, vipPath, strings.NewReplacer("name: address", "name: other", "- manager", "- manager\n    - --vip\n    - "+ip).Replace(plain), ip, []string{"changes endpoint.vip"}},
		"a name":            {host, vipPath, plain, ip, []string{"decide endpoint.vip", "changes endpoint.vip", "host = \"" + host + "\""}},
		"Services too":      {ip, vipPath, stock, ip, []string{"changes endpoint.vip", "left-out endpoint.vip.svc_enable"}},
		"two addresses":     {ip, vipPath, strings.Replace(plain, "value: "+ip, "value: "+ip+",fd00::1", 1), ip, []string{"changes endpoint.vip", "left-out endpoint.vip"}},
		"two, and a name":   {host, vipPath, strings.Replace(plain, "value: "+ip, "value: "+ip+",fd00::1", 1), ip, []string{"decide endpoint.vip", "left-out endpoint.vip"}},

		"the same name":       {host, vipPath, strings.Replace(plain, "value: "+ip, "value: "+host, 1), "", []string{"refused endpoint.vip"}},
		"which of two":        {host, vipPath, strings.Replace(plain, "value: "+ip, "value: "+ip+",10.213.219.101", 1), "", []string{"refused endpoint.vip"}},
		"by BGP":              {ip, vipPath, strings.Replace(plain, "name: vip_arp", "name: bgp_enable", 1), ip, []string{"refused endpoint.vip.bgp_enable"}},
		"another address":     {"10.213.219.99", vipPath, plain, "", []string{"left-out pod.kube-vip", "decide endpoint.balancers"}},
		"for Services alone":  {ip, vipPath, strings.Replace(stock, "name: cp_enable\n      value: \"true\"", "name: cp_enable\n      value: \"false\"", 1), "", []string{"left-out pod.kube-vip", "decide endpoint.balancers"}},
		"no kube-vip":         {ip, vipPath, strings.Replace(plain, "kube-vip/kube-vip:", "kube-vip/kube-vip-cloud-provider:", 1), "", []string{"left-out pod.kube-vip"}},
		"an address of a lab": {host, vipPath, strings.Replace(plain, "value: "+ip, "value: 127.0.0.1", 1), "", []string{"left-out pod.kube-vip"}},
		"another family":      {host, vipPath, strings.Replace(plain, "value: "+ip, "value: fd00::1", 1), "", []string{"left-out pod.kube-vip"}},
		"a control plane's":   {"10.213.219.11", vipPath, strings.Replace(plain, "value: "+ip, "value: 10.213.219.11", 1), "", []string{"refused endpoint.host"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := describe(t, withVIP(t, c.endpoint, c.file, c.text))
			vip := ""
			if got.Cluster.Endpoint.VIP.IsValid() {
				vip = got.Cluster.Endpoint.VIP.String()
			}
			if vip != c.vip {
				t.Errorf("its virtual address is %q, want %q", vip, c.vip)
			}
			all := string(got.Text)
			for _, f := range got.Findings {
				all += string(f.Kind) + " " + f.Setting + "\n"
				if f.Consequence == "" || strings.HasPrefix(f.Setting, "pod.") != (f.Will == "removed") {
					t.Errorf("%+v", f)
				}
			}
			for _, want := range c.want {
				if !strings.Contains(all, want) {
					t.Errorf("%q is missing in\n%s", want, all)
				}
			}
			if taken := strings.Contains(all, "pod.kube-vip"); taken && c.vip != "" {
				t.Error("it is said to be removed, too")
			}
			if c.vip != "" && strings.Contains(all, "endpoint.balancers") {
				t.Error("a load balancer is asked for")
			}
			if !got.Refused() {
				loads(t, got)
			}
		})
	}
}

// Findings and spec of a kube-vip that is taken over, for people.
func TestTheSpecOfAVirtualAddress(t *testing.T) {
	seen := withVIP(t, "10.213.219.100", manifestsDir+"/vip.yaml", podText(t, "kube-vip.yaml"))
	puts(seen, manifestsDir+"/agent.yaml", podText(t, "agent.yaml"), "cp-2")
	puts(seen, manifestsDir+"/etcd", podText(t, "agent.yaml"), "cp-3")
	puts(seen, manifestsDir+"/.agent.swp", podText(t, "agent.yaml"))
	seen.Machines[0].Look.Files[manifestsDir+"/old"] = state.HaveFile{Path: manifestsDir + "/old", Type: "dir"}
	got := describe(t, seen)
	var b strings.Builder
	for _, f := range got.Findings {
		if strings.HasPrefix(f.Setting, "pod.") || strings.HasPrefix(f.Setting, "endpoint.") {
			b.WriteString(string(f.Kind) + " " + f.Setting + " [" + strings.Join(f.Nodes, " ") + "]: " + f.Seen + " -> " + f.Will + ": " + f.Consequence + "\n")
		}
	}
	golden(t, "vip.txt", []byte(b.String()))
	golden(t, "vip.hcl", got.Text)
	loads(t, got)
	if got.Cluster.Endpoint.VIP != netip.MustParseAddr("10.213.219.100") {
		t.Error(got.Cluster.Endpoint)
	}
}

// Of somebody's manifest nothing is kept but what tells of an address.
func TestOfForeignManifestsNothingElseIsKept(t *testing.T) {
	got := ReadVIP(vipPath, []byte(podText(t, "kube-vip.yaml")))
	if diff := cmp.Diff(&VIP{Path: vipPath, Addresses: []string{"10.213.219.100"}, Does: []string{"svc_enable"}}, got); diff != "" {
		t.Error(diff)
	}
	seen := recorded(t, "stock")
	puts(seen, manifestsDir+"/agent.yaml", podText(t, "agent.yaml"), "cp-1")
	text, err := json.Marshal(seen)
	if err != nil || strings.Contains(string(text), "c2VjcmV0LXRva2Vu") {
		t.Errorf("%v, or a value of a variable is kept", err)
	}
	for _, text := range []string{"", "[]", "a: *x", "spec: {containers: [{image: kube-vip}]}", "spec: {containers: [{image: a/kube-vip:1, env: [{name: address}]}]}", "spec: {containers: 1}"} {
		if got := ReadVIP(vipPath, []byte(text)); got != nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}
