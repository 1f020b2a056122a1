package adopt

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Of a cluster that kubeadm made the same is known as its spec would say.
func TestKnownIsWhatTheSpecWouldSay(t *testing.T) {
	for _, name := range []string{"stock", "planes", "tuned"} {
		spec := describe(t, recorded(t, name)).Cluster
		c, notes := Known(recorded(t, name))
		if c.Name != spec.Name || c.Kubernetes != spec.Kubernetes || c.Endpoint.Host != spec.Endpoint.Host || c.Endpoint.Port != spec.Endpoint.Port ||
			!slices.Equal(c.Network.Pods, spec.Network.Pods) || !slices.Equal(c.Network.Services, spec.Network.Services) || len(notes) > 0 {
			t.Errorf("%s: %+v, its spec says %+v; %q", name, c, spec, notes)
		}
		for i, n := range spec.Nodes {
			if got := c.Nodes[i]; got.Name != n.Name || got.Role != n.Role || got.Address != n.Address {
				t.Errorf("%s: %+v, its spec says %+v", name, got, n)
			}
		}
	}
}

// What no spec can say, and what was not read, is no error.
func TestKnownNeedsNoSpec(t *testing.T) {
	plane := func(seen *Seen) *state.Node { return seen.Machines[0].Look }
	for name, c := range map[string]struct {
		change func(*Seen)
		note   string // "" where nothing is to be said
		want   func(*cluster.Cluster) bool
	}{
		"another version": {func(s *Seen) { replace(s, "v1.37", "v1.29") }, "", func(c *cluster.Cluster) bool { return c.Kubernetes.Minor == 29 }},
		"an etcd outside": {func(s *Seen) { replace(s, "etcd:\\n  local:", "etcd:\\n  external: {}\\n  local:") }, "etcd runs outside", nil},
		"no kubeadm": {func(s *Seen) {
			clear(s.API.Objects)
			n := s.API.Nodes["cp-1"]
			n.KubeletVersion = "v1.33.4+k3s1"
			s.API.Nodes["cp-1"] = n
		}, "taken from kubelets of control planes: v1.33.4", func(c *cluster.Cluster) bool {
			return c.Name == "kubernetes" && c.Endpoint.Host == c.Nodes[0].Address.String() && len(c.Network.Services) > 0
		}},
		"nothing of the API": {func(s *Seen) { s.API = state.API{Status: state.Unreachable} }, "which version of Kubernetes it is is not known",
			func(c *cluster.Cluster) bool {
				return c.Kubernetes == cluster.Version{} && c.Nodes[0].Role == cluster.ControlPlane && c.Nodes[0].Address.IsValid()
			}},
		"a document that is none": {func(s *Seen) { replace(s, "apiServer:", "{apiServer:") }, "its ClusterConfiguration cannot be read", nil},
		"a ConfigMap that is not read": {func(s *Seen) {
			clear(s.API.Objects)
			s.API.Unread = map[string]string{kubeadmConfig().String(): "forbidden"}
		}, "was not read: forbidden", nil},
		"a machine that is away": {func(s *Seen) { s.Machines[0].Look = nil }, "", func(c *cluster.Cluster) bool { return c.Nodes[0].Role == cluster.ControlPlane }},
		"a label that is gone": {func(s *Seen) { delete(s.API.Nodes["cp-1"].Labels, planeLabel) }, "label of a control plane: false, API server: true",
			func(c *cluster.Cluster) bool { return c.Nodes[0].Role == cluster.ControlPlane }},
		"no address": {func(s *Seen) {
			n := s.API.Nodes["w-1"]
			n.Internal = nil
			s.API.Nodes["w-1"] = n
			for i := range s.Machines {
				s.Machines[i].Host = ""
			}
		}, "w-1: at which address", nil},
		"an API server without a manifest": {func(s *Seen) { delete(plane(s).Files, manifestsDir+"/kube-apiserver.yaml") }, "",
			func(c *cluster.Cluster) bool { return c.Nodes[0].Role == cluster.ControlPlane }},
	} {
		t.Run(name, func(t *testing.T) {
			seen := recorded(t, "stock")
			c.change(seen)
			got, notes := Known(seen)
			if all := strings.Join(notes, "\n"); c.note == "" && len(notes) > 0 || !strings.Contains(all, c.note) {
				t.Errorf("notes are %q, want %q", notes, c.note)
			}
			if c.want != nil && !c.want(got) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// replace changes a text of kubeadm's ConfigMap.
func replace(seen *Seen, from, to string) {
	at := kubeadmConfig().String()
	o := seen.API.Objects[at]
	o.JSON = []byte(strings.ReplaceAll(string(o.JSON), from, to))
	seen.API.Objects[at] = o
}

// The address is where other nodes reach a machine, before that where it was reached now.
func TestTheAddressOfAMachine(t *testing.T) {
	for want, m := range map[string]struct {
		machine Machine
		have    state.NodeObject
	}{
		"10.0.0.1":  {Machine{Host: "192.0.2.1"}, state.NodeObject{Internal: []string{"10.0.0.1"}}},
		"10.0.0.2":  {Machine{Host: "192.0.2.1", Look: &state.Node{Processes: map[string]state.Process{"kube-apiserver": {Args: []string{"kube-apiserver", "--advertise-address=10.0.0.2"}}}}}, state.NodeObject{}},
		"192.0.2.1": {Machine{Host: "192.0.2.1"}, state.NodeObject{}},
	} {
		if got := address(m.machine, m.have); got != netip.MustParseAddr(want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
