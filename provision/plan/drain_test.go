package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// A worker is drained for what its kubelet would end pods for, and for nothing else.
func TestAWorkerIsDrainedOnlyWhereItsRestartNeedsIt(t *testing.T) {
	const plain = "kind: KubeletConfiguration\nmaxPods: 60\nsystemReserved: {cpu: 100m}\n"
	for what, c := range map[string]struct {
		node        string
		before, now string
		want        string
	}{
		"another log level":             {"w-1", plain, plain + "logging: {verbosity: 3}\n", ""},
		"anonymous access closed":       {"w-1", plain + "authentication: {anonymous: {enabled: true}}\n", plain, ""},
		"fewer pods":                    {"w-1", plain, strings.Replace(plain, "60", "50", 1), "maxPods"},
		"fewer pods than the default":   {"w-1", "kind: KubeletConfiguration\n", "kind: KubeletConfiguration\nmaxPods: 60\n", "maxPods"},
		"more pods":                     {"w-1", plain, strings.Replace(plain, "60", "70", 1), ""},
		"as many as the default":        {"w-1", plain, strings.Replace(plain, "maxPods: 60\n", "", 1), ""},
		"more for the system":           {"w-1", plain, strings.Replace(plain, "100m", "200m", 1), "systemReserved"},
		"the same in other words":       {"w-1", plain, strings.Replace(plain, "{cpu: 100m}", "{\"cpu\": \"100m\"}", 1), ""},
		"sysctls that are allowed less": {"w-1", plain + "allowedUnsafeSysctls: [net.core.somaxconn]\n", plain, "allowedUnsafeSysctls"},
		"other control groups":          {"w-1", plain + "cgroupDriver: cgroupfs\n", plain + "cgroupDriver: systemd\n", "cgroupDriver"},
		"a control plane":               {"cp-1", plain, strings.Replace(plain, "60", "50", 1), ""},
		"no configuration at all":       {"w-1", "\x00", plain, ""},
		"one that is no map":            {"w-1", "[]", plain, ""},
	} {
		n := &state.Node{Name: c.node, Files: map[string]state.HaveFile{
			kubeletConf:   {Type: "file"},
			kubeletConfig: {Path: kubeletConfig, Type: "file", Mode: 0o600, Owner: "root:root", SHA256: state.SHA256([]byte(c.before)), Text: []byte(c.before)},
		}, Processes: map[string]state.Process{"kubelet": {PID: 7}}, Derived: map[string][]byte{kubeletConfig: []byte(c.now)}}
		f := state.Fact{ID: c.node + "/file" + kubeletConfig, File: &state.File{Path: kubeletConfig, Origin: state.Derived, Mode: 0o600, Owner: "root:root", Optional: true, Restarts: []string{"kubelet"}}}
		have := &state.Cluster{Nodes: map[string]*state.Node{c.node: n}}
		p := Compute(small(), []state.Want{{Node: c.node, Facts: []state.Fact{f}}}, have, never)
		if len(p.Steps) != 1 || !p.Steps[0].Guarded || !slices.Equal(p.Steps[0].Restarts, []string{"kubelet"}) {
			t.Errorf("%s: %q", what, steps(p))
		} else if got := strings.Join(p.Steps[0].Drains, ","); got != c.want {
			t.Errorf("%s: drained for %q, want %q", what, got, c.want)
		}
	}
}

// What a run that was cut left cordoned takes pods again, unless a change drains it
// and does so itself; what somebody else cordoned is not known of.
func TestANodeThatWasLeftDrainedTakesPodsAgain(t *testing.T) {
	have := func(cordoned bool) *state.Cluster {
		return &state.Cluster{Nodes: map[string]*state.Node{}, API: state.API{Status: state.Answering, Nodes: map[string]state.NodeObject{"w-1": {Name: "w-1", Cordoned: cordoned}}}}
	}
	if got := steps(Compute(small(), nil, have(true), never)); !slices.Equal(got, []string{"w-1/uncordon/w-1"}) {
		t.Errorf("%q", got)
	}
	if got := steps(Compute(small(), nil, have(false), never)); got != nil {
		t.Errorf("%q", got)
	}
	r := rules{cluster: small(), have: have(true), whys: map[string]string{}}
	if got := r.uncordons([]Step{{Node: "w-1", Drains: []string{"maxPods"}}}); got != nil {
		t.Errorf("%v", got)
	}
}
