package check

import (
	"net/netip"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Of a cluster that no spec describes it is not known what a spec would say, and no
// verdict comes of that.
func TestWhatNobodySaidIsUnknown(t *testing.T) {
	c := &cluster.Cluster{Nodes: []cluster.Node{{Name: "cp-1", Role: cluster.ControlPlane, Address: netip.MustParseAddr("10.0.0.11")}, {Name: "w-1"}}}
	for text, want := range map[string][2]Verdict{ // of a cluster with a spec, and of one without
		`firewall().drops`: {False, Unknown},
		`has(union(cluster.nodes, cluster.admins), "192.0.2.1/32")`:      {False, Unknown},
		`count(cluster.balancers) == 0 && node.control_plane`:            {True, Unknown},
		`count(cluster.pods) == 0 && node.control_plane`:                 {True, Unknown},
		`has(cluster.control_planes, "10.0.0.11/32") && node.name != ""`: {True, True},
		`cluster.kubernetes < version("1.37") && node.control_plane`:     {Unknown, Unknown},
		`count(cluster.deviations) == 0 && node.control_plane`:           {True, True},
	} {
		q, diags := parse(t, text)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		for i, of := range []Cluster{ClusterOf(c), Unspecified(c, nil)} {
			s := Subject{Node: c.Nodes[0], Cluster: of, Have: &state.Cluster{Nodes: map[string]*state.Node{"cp-1": {Name: "cp-1"}}}}
			if got := q.Ask(t.Context(), s); got.Verdict != want[i] {
				t.Errorf("%s, without a spec %t: %s by %+v, want %s", text, i == 1, got.Verdict, got.Seen, want[i])
			}
			if got := again(t, s); q.Ask(t.Context(), got).Verdict != want[i] {
				t.Errorf("%s, without a spec %t: another verdict of its snapshot", text, i == 1)
			}
		}
	}
}

// A pod network is known by the images of DaemonSets, as far as they tell.
func TestWhoEnforcesIsKnownByImages(t *testing.T) {
	yes, no := true, false
	for name, c := range map[string]struct {
		images []string
		want   *bool
	}{
		"Calico":         {[]string{"registry.k8s.io/kube-proxy:v1.37.2", "docker.io/calico/node:v3.30.0"}, &yes},
		"flannel":        {[]string{"ghcr.io/flannel-io/flannel:v0.27.0"}, &no},
		"Canal":          {[]string{"mirror.example.com:5000/calico/node@sha256:aa", "flannel/flannel:v1"}, &yes},
		"Cilium":         {[]string{"quay.io/cilium/cilium:v1.18.0"}, nil}, // its ConfigMap may say never
		"Cilium's chain": {[]string{"quay.io/cilium/cilium:v1.18.0", "flannel/flannel:v1"}, nil},
		"none known":     {[]string{"example.com/net:1"}, nil},
		"nothing":        {nil, nil},
	} {
		got := Unspecified(&cluster.Cluster{}, c.images).Enforces
		if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
