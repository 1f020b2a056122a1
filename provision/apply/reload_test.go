package apply

import (
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
)

// A reload is done first thing, and again once a unit was written, unless the
// enabling that follows is one; each machine has its own.
func TestSystemdIsReloadedOnlyForUnitsThatWereWritten(t *testing.T) {
	ru := &run{reloaded: map[string]bool{}}
	reload := machine.Op{Kind: machine.DoUnit, Key: "a.service", Value: "daemon-reload"}
	start := machine.Op{Kind: machine.DoUnit, Key: "a.service", Value: "start"}
	enable := machine.Op{Kind: machine.DoUnit, Key: "a.service", Value: "enable"}
	unit := machine.Op{Kind: machine.PutFile, Path: "/etc/systemd/system/a.service"}
	other := machine.Op{Kind: machine.PutFile, Path: "/etc/bulwark/a"}
	for i, step := range []struct {
		node      string
		ops, want []machine.Op
	}{
		{"a", []machine.Op{reload, start}, []machine.Op{reload, start}},
		{"a", []machine.Op{reload, start}, []machine.Op{start}},
		{"b", []machine.Op{reload, start}, []machine.Op{reload, start}},
		{"a", []machine.Op{other}, []machine.Op{other}},
		{"a", []machine.Op{reload, start}, []machine.Op{start}},
		{"a", []machine.Op{unit}, []machine.Op{unit}},
		{"a", []machine.Op{reload, start}, []machine.Op{reload, start}},
		{"a", []machine.Op{unit}, []machine.Op{unit}},
		{"a", []machine.Op{reload, enable, start}, []machine.Op{enable, start}},
		{"a", []machine.Op{reload, start}, []machine.Op{start}},
	} {
		got := ru.withoutReload(step.node, slices.Clone(step.ops))
		same := slices.EqualFunc(got, step.want, func(a, b machine.Op) bool {
			return a.Kind == b.Kind && a.Path == b.Path && a.Value == b.Value
		})
		if !same {
			t.Errorf("%d: %v, want %v", i, got, step.want)
		}
	}
}
