package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Pods that would not be let in again are warned of, and stop nothing.
func TestPodsThatWouldBeRefusedAreWarnedOf(t *testing.T) {
	have := fitCluster()
	have.API.Refused = []state.Refused{
		{Namespace: "shop", Pods: []string{"db-0: host namespaces (hostNetwork=true)", "web-1 (and 2 other pods): runAsNonRoot != true"}},
		{Namespace: "storage", Unknown: "it is exempt until now"},
		{Namespace: "both", Pods: []string{"a: b"}, Unknown: "only 3000 pods"},
	}
	got := Preflight(small(), wantedImages(), have)
	want := []string{
		"namespace shop: db-0: host namespaces (hostNetwork=true); web-1 (and 2 other pods): runAsNonRoot != true",
		"namespace storage: not judged: it is exempt until now", "namespace both: a: b; not judged: only 3000 pods",
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, p := range got {
		if p.Seen != want[i] || !p.Warning || p.Check != "pod-security" || p.Node != "cluster" {
			t.Errorf("%+v", p)
		}
	}
	if !strings.Contains(got[0].Remedy, "exempt_namespaces") || !strings.Contains(got[1].Remedy, "compare its pods") {
		t.Errorf("%+v", got)
	}
	have.API.Refused = nil
	for i := range 100 {
		have.API.Refused = append(have.API.Refused, state.Refused{Namespace: fmt.Sprint("n-", i), Pods: []string{"a: b"}})
	}
	if got := Preflight(small(), wantedImages(), have); len(got) != mostRefused+1 || got[mostRefused].Seen != "80 more namespaces" {
		t.Errorf("%d rows, the last is %+v", len(got), got[len(got)-1])
	}
}
