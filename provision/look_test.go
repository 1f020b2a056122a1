package provision

import (
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// What an audit asks besides is the same for all nodes, and stays so.
func TestWhatIsAskedOfOneNodeIsNotAskedOfAnother(t *testing.T) {
	also := check.Needs{Sysctls: append(make([]string, 0, 8), "z.z")}
	want := func(key string) state.Want {
		return state.Want{Node: "n", Facts: []state.Fact{{Sysctl: &state.Sysctl{Key: key}}}}
	}
	first := ask(want("a.a"), also)
	ask(want("b.b"), also)
	if got := []string{"a.a", "z.z"}; !slices.Equal(first.Sysctls, got) || !slices.Equal(also.Sysctls, []string{"z.z"}) {
		t.Errorf("the first node is asked for %q, and all for %q", first.Sysctls, also.Sysctls)
	}
}
