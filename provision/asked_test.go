package provision_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision"
)

func TestAnAuditAsksWhatWasChosen(t *testing.T) {
	for name, c := range map[string]struct {
		controls, nodes []string
		want            []string // "id node", or
		refused         string
	}{
		"an id":               {controls: []string{"CIS-1.2.15"}, want: []string{"CIS-1.2.15 cp-1", "CIS-1.2.15 cp-2", "CIS-1.2.15 cp-3", "CIS-1.2.15 w-1", "CIS-1.2.15 w-2"}},
		"in small letters":    {controls: []string{"cis-1.2.15"}, nodes: []string{"cp-2"}, want: []string{"CIS-1.2.15 cp-2"}},
		"a pattern and an id": {controls: []string{"CIS-1.4.*", "CIS-2.1"}, nodes: []string{"cp-1", "cp-1"}, want: []string{"CIS-1.4.1 cp-1", "CIS-1.4.2 cp-1", "CIS-2.1 cp-1"}},
		"a node nobody has":   {nodes: []string{"cp-9"}, refused: "--node cp-9: the spec names no such node, only cp-1"},
		"an id nobody has":    {controls: []string{"CIS-1.2.15", "CIS-99"}, refused: "--control CIS-99: no control has such an id"},
		"no pattern":          {controls: []string{"CIS-[1"}, refused: "--control CIS-[1: that is no pattern"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := provision.AuditRendered(t.Context(), provision.Input{Path: "../examples/three-control-planes", Controls: c.controls, Nodes: c.nodes})
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("%v, want %q", err, c.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range a.Findings {
				got = append(got, f.Control.ID+" "+f.Node)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
			if spec := a.Report().Spec; spec.File != "../examples/three-control-planes/cluster.hcl" {
				t.Errorf("the spec is at %+v", spec)
			}
		})
	}
}
