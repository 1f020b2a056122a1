package provision

import (
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
)

// Pods are asked about where a server that runs is to be told another thing, and
// only there.
func TestPodsAreAskedAboutWhereAdmissionChanges(t *testing.T) {
	const told = "--admission-control-config-file=" + kubeadm.AdmissionFile
	right := state.SHA256([]byte("wanted"))
	for what, c := range map[string]struct {
		digest string
		args   []string
		moves  bool
		off    string
	}{
		"as it should be":     {digest: right, args: []string{"kube-apiserver", told}},
		"another file":        {digest: "00", args: []string{"kube-apiserver", told}, moves: true},
		"no file yet":         {args: []string{"kube-apiserver"}, moves: true},
		"a server not told":   {digest: right, args: []string{"kube-apiserver"}, moves: true},
		"nothing runs":        {},
		"without the plugin":  {args: []string{"kube-apiserver", "--disable-admission-plugins=A,PodSecurity"}, moves: true, off: "cp-1"},
		"without another one": {args: []string{"kube-apiserver", "--disable-admission-plugins=PodSecurityX"}, moves: true},
	} {
		n := &state.Node{Files: map[string]state.HaveFile{kubeadm.AdmissionFile: {SHA256: c.digest}}, Processes: map[string]state.Process{}}
		if c.args != nil {
			n.Processes["kube-apiserver"] = state.Process{PID: 7, Args: c.args}
		}
		wants := []state.Want{
			{Node: "cp-1", Facts: []state.Fact{{File: &state.File{Path: "/x"}}, {File: &state.File{Path: kubeadm.AdmissionFile, Content: []byte("wanted")}}}},
			{Node: "w-1", Facts: []state.Fact{{File: &state.File{Path: "/x"}}}}, {},
		}
		moves, off := admission(wants, map[string]*state.Node{"cp-1": n, "w-1": {}})
		if moves != c.moves || off != c.off {
			t.Errorf("%s: %v, %q", what, moves, off)
		}
	}
}
