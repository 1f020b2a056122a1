package check

import (
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

func TestOfWhichRoleAQuestionIs(t *testing.T) {
	for text, want := range map[string]cluster.Role{
		`node.control_plane`:    cluster.ControlPlane,
		`!node.control_plane`:   cluster.Worker,
		`node.role == "worker"`: cluster.Worker,
		`(node.control_plane) && arg(apiserver, "profiling") != null`:                  cluster.ControlPlane,
		`node.control_plane || path("/etc/a") != null`:                                 "",
		`path("/etc/a") != null`:                                                       "",
		`node.control_plane || node.name == "w-1"`:                                     "",
		`node.control_plane || cluster.kubernetes < version("1.30")`:                   "",
		`any([for n in nodes() : n.ready])`:                                            "",
		`node.control_plane ? path("/etc/a") != null : arg(kubelet, "config") == null`: "",
	} {
		q, diags := parse(t, text)
		if diags.HasErrors() {
			t.Errorf("%s: %v", text, diags)
			continue
		}
		if got, is := q.Only(t.Context()); got != want || is != (want != "") {
			t.Errorf("%s: %q", text, got)
		}
	}
}
