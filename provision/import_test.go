package provision

import (
	"encoding/json"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/adopt"
	"github.com/bulwark-k8s/bulwark/provision/desired"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
)

// A machine is a node by the name that was said, where it can be that node, or
// by its own name, or by an address that it has.
func TestMachinesAreFoundAmongNodes(t *testing.T) {
	nodes := map[string]state.NodeObject{
		"cp-1": {Name: "cp-1", Internal: []string{"10.0.0.11"}}, "w-1": {Name: "w-1", Internal: []string{"10.0.0.21"}},
	}
	for name, c := range map[string]struct {
		host       ImportHost
		facts      state.Facts
		want, says string
	}{
		"its hostname":       {ImportHost{Address: "192.0.2.1"}, state.Facts{Hostname: "cp-1"}, "cp-1", ""},
		"an address":         {ImportHost{Address: "192.0.2.1"}, state.Facts{Hostname: "x", Addresses: []string{"192.0.2.1", "10.0.0.21"}}, "w-1", ""},
		"the name said":      {ImportHost{Name: "w-1", Address: "a"}, state.Facts{Hostname: "x", Addresses: []string{"10.0.0.21"}}, "w-1", ""},
		"a name of nobody":   {ImportHost{Name: "w-2", Address: "a"}, state.Facts{Hostname: "w-1"}, "", "only cp-1, w-1"},
		"another's name":     {ImportHost{Name: "w-1", Address: "a"}, state.Facts{Hostname: "cp-1", Addresses: []string{"10.0.0.11"}}, "", "that machine is cp-1"},
		"no node at all":     {ImportHost{Address: "a"}, state.Facts{Hostname: "db-1\x1b"}, "", "is no node of the cluster"},
		"a name that is bad": {ImportHost{Address: "a"}, state.Facts{Hostname: ""}, "", "is no node"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := nodeOf(c.host, c.facts, nodes)
			if got != c.want || (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\x1b")) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// What apply does with a cluster behind a kube-vip of somebody else's: on one control
// plane after the other kubeadm has its configuration, ours is written, and then
// theirs goes, and so does what else is there.
func TestForeignStaticPodsAfterAnImport(t *testing.T) {
	const vip, agent = kubeadm.ManifestsDir + "/vip.yaml", kubeadm.ManifestsDir + "/agent.yaml"
	text, err := os.ReadFile("adopt/testdata/planes.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := &adopt.Seen{}
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(text), "api.example.lab", "10.213.219.100")), seen); err != nil {
		t.Fatal(err)
	}
	manifest, err := os.ReadFile("adopt/testdata/pods/kube-vip.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range seen.Machines {
		m.Look.Files[vip] = state.HaveFile{Path: vip, Type: "file", SHA256: state.SHA256(manifest)}
		m.Look.Files[agent] = state.HaveFile{Path: agent, Type: "file", SHA256: state.SHA256(nil)}
		seen.Machines[i].VIPs = []adopt.VIP{*adopt.ReadVIP(vip, manifest)}
	}
	got, err := adopt.Describe(seen)
	if err != nil {
		t.Fatal(err)
	}
	wants, err := desired.Wants(got.Cluster, nil, "cp-1")
	if err != nil {
		t.Fatal(err)
	}
	have := &state.Cluster{Nodes: map[string]*state.Node{}, API: seen.API}
	have.API.Ready = map[string]bool{}
	for i, m := range seen.Machines {
		have.Nodes[m.Name], have.API.Ready[m.Name] = m.Look, true
		for _, f := range wants[i].Facts { // what kubeadm made, which an import has no look at
			if f.Phase == nil || f.Phase.Into != "" {
				continue
			}
			for _, made := range f.Phase.Makes {
				if have := m.Look.Files[made]; !have.Exists() {
					m.Look.Files[made] = state.HaveFile{Path: made, Type: "file", SHA256: state.SHA256([]byte(made))}
				}
			}
		}
	}
	p := plan.Compute(got.Cluster, wants, have, func(state.Object, state.HaveObject) bool { return false })

	for _, s := range p.Steps { // also where both are on their way at once
		if ours := s.Node + "/file" + kubeadm.VIPManifestFile; s.ID == s.Node+"/file"+vip && !slices.Contains(s.After, ours) {
			t.Errorf("%s does not wait for %s: %v", s.ID, ours, s.After)
		}
	}
	var order []string // of what matters, as it comes about
	ended := map[string]bool{}
	for before := -1; before != len(ended); {
		before = len(ended)
		stands := map[string]bool{} // nodes that wait, or did a step while others did theirs
		for _, s := range p.Steps {
			if ended[s.ID] || stands[s.Node] {
				continue
			}
			if stands[s.Node] = slices.ContainsFunc(s.After, func(id string) bool { return !ended[id] }); stands[s.Node] {
				continue
			}
			ended[s.ID], stands[s.Node] = true, true
			if s.Phase != nil && s.Phase.Into != "" || s.File != nil && (path.Dir(s.File.Want.Path) == kubeadm.ManifestsDir || s.File.Want.Path == kubeadm.ConfigFile) {
				order = append(order, string(s.Action)+" "+s.ID)
			}
		}
	}
	if len(ended) != len(p.Steps) {
		t.Errorf("it comes to %d of %d steps", len(ended), len(p.Steps))
	}
	var want []string
	for _, n := range []string{"cp-1", "cp-2", "cp-3"} {
		want = append(want, "+ "+n+"/file"+kubeadm.ConfigFile, "> "+n+"/phase/kubeconfig-kube-vip", "+ "+n+"/file"+kubeadm.VIPManifestFile, "- "+n+"/file"+agent, "- "+n+"/file"+vip)
	}
	if !slices.Equal(order, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(order, "\n"), strings.Join(want, "\n"))
	}
}
