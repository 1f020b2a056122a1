package profiles_test

import (
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// A unit is where whoever set the machine up put it, and where packages do: the judge
// asks of both.
func TestTheKubeletsUnitIsAskedOfWhereverItIs(t *testing.T) {
	own, packaged := "/etc/systemd/system/kubelet.service", "/usr/lib/systemd/system/kubelet.service"
	const dropIn = ".d/10-kubeadm.conf"
	all := []string{own, own + dropIn, packaged, packaged + dropIn}
	controls, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	audit := func(id string, there []string, bad string, file state.HaveFile) profiles.Verdict {
		node := &state.Node{Name: "w-1", Files: map[string]state.HaveFile{}}
		for _, p := range all {
			node.Files[p] = state.HaveFile{Path: p, Type: "absent"}
		}
		for _, p := range there {
			node.Files[p] = state.HaveFile{Path: p, Type: "file", Mode: 0o600, Owner: "root:root"}
		}
		if bad != "" {
			node.Files[bad] = file
		}
		i := slices.IndexFunc(controls, func(c profiles.Control) bool { return c.ID == id })
		return controls[i].Audit(t.Context(), check.Subject{Node: cluster.Node{Name: "w-1", Role: cluster.Worker},
			Have: &state.Cluster{Nodes: map[string]*state.Node{"w-1": node}}}).Verdict
	}
	for id, bad := range map[string]state.HaveFile{
		"CIS-4.1.1": {Type: "file", Mode: 0o644, Owner: "root:root"},
		"CIS-4.1.2": {Type: "file", Mode: 0o600, Owner: "ops:ops"},
	} {
		for _, there := range [][]string{all[:2], all[2:], all} {
			if got := audit(id, there, "", bad); got != profiles.Pass {
				t.Errorf("%s of %q is %s", id, there, got)
			}
			for _, p := range there {
				if got := audit(id, there, p, bad); got != profiles.Fail {
					t.Errorf("%s of %q is %s, and %s is not root's alone", id, there, got, p)
				}
			}
		}
	}
}
