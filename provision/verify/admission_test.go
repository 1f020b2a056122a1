package verify

import (
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// The probe goes where the spec lets nobody off; where there is no such place
// the check is left out and that is said.
func TestTheProbeIsMadeWhereNothingIsExempt(t *testing.T) {
	for _, test := range []struct{ exempt, want string }{
		{"kube-system", "default"},
		{"default kube-system", "kube-public"},
		{"default kube-public kube-system", "kube-node-lease"},
		{"default kube-node-lease kube-public kube-system", ""},
	} {
		c := &cluster.Cluster{Admission: cluster.Admission{ExemptNamespaces: strings.Fields(test.exempt)}}
		if got := heldTo(c); got != test.want {
			t.Errorf("with %s exempt it asks in %q, want %q", test.exempt, got, test.want)
		}
		if said := NotAsked(c); (len(said) == 1) != (test.want == "") {
			t.Errorf("with %s exempt it says %q", test.exempt, said)
		}
		if test.want != "" {
			continue
		}
		v := &verifier{c: c} // without a client: nothing may be asked
		if v.admission(t.Context()); len(v.checks) != 0 {
			t.Errorf("checks %+v", v.checks[0])
		}
	}
}
