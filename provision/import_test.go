package provision

import (
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
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
		"the name said":      {ImportHost{"w-1", "a"}, state.Facts{Hostname: "x", Addresses: []string{"10.0.0.21"}}, "w-1", ""},
		"a name of nobody":   {ImportHost{"w-2", "a"}, state.Facts{Hostname: "w-1"}, "", "only cp-1, w-1"},
		"another's name":     {ImportHost{"w-1", "a"}, state.Facts{Hostname: "cp-1", Addresses: []string{"10.0.0.11"}}, "", "that machine is cp-1"},
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
