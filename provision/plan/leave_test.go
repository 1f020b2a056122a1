package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Who left the spec goes, before anybody joins etcd, and never at the price of
// its quorum.
func TestWhoLeftTheSpecGoes(t *testing.T) {
	for name, test := range map[string]struct {
		spec    string // the nodes it names
		members string // etcd's, dead ones in small letters
		nodes   string // the API's, those not Ready in small letters
		want    string // who leaves, as NODE, NODE+etcd or NODE+drain
		quorum  bool   // it must not be done
	}{
		"nobody":                        {spec: "ABC", members: "ABC", nodes: "ABC"},
		"a dead one of three":           {spec: "AB", members: "ABc", nodes: "ABc", want: "c+etcd"},
		"a living one of three":         {spec: "AB", members: "ABC", nodes: "ABC", want: "C+drain+etcd"},
		"a worker":                      {spec: "A", members: "A", nodes: "AW", want: "W+drain"},
		"a member without a node":       {spec: "AB", members: "ABC", nodes: "AB", want: "C+etcd"},
		"two of three dead":             {spec: "A", members: "Abc", nodes: "Abc", want: "b+etcd c+etcd", quorum: true},
		"one of two dead":               {spec: "A", members: "Ab", nodes: "Ab", want: "b+etcd", quorum: true},
		"the living one, of three":      {spec: "Ab", members: "AbC", nodes: "AbC", want: "C+drain+etcd", quorum: true},
		"two living ones of three":      {spec: "A", members: "ABC", nodes: "ABC", want: "B+drain+etcd C+drain+etcd"},
		"one dead and one living, of 5": {spec: "ABC", members: "ABCDe", nodes: "ABCDe", want: "e+etcd D+drain+etcd"},
		"one dead and one living, of 3": {spec: "A", members: "ABc", nodes: "ABc", want: "c+etcd B+drain+etcd"},
		"two dead and one living, of 5": {spec: "AB", members: "ABCde", nodes: "ABCde", want: "d+etcd e+etcd C+drain+etcd"},
		"living ones, of 5 with 2 dead": {spec: "Ade", members: "ABCde", nodes: "ABCde", want: "B+drain+etcd C+drain+etcd", quorum: true},
		"replaced, two of three live":   {spec: "ABN", members: "ABc", nodes: "ABc", want: "c+etcd"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &cluster.Cluster{}
			for _, n := range test.spec {
				c.Nodes = append(c.Nodes, cluster.Node{Name: strings.ToUpper(string(n)), Role: cluster.ControlPlane})
			}
			have := &state.Cluster{API: state.API{Nodes: map[string]state.NodeObject{}}}
			for _, n := range test.nodes {
				up := strings.ToUpper(string(n))
				have.API.Nodes[up] = state.NodeObject{Name: up, Ready: up == string(n)}
			}
			for _, n := range test.members {
				up := strings.ToUpper(string(n))
				have.API.Members = append(have.API.Members, state.Member{ID: "id-" + up, Name: up, Alive: up == string(n)})
			}
			p := &Plan{Steps: []Step{{ID: "N/phase/join-etcd", Node: "N", Phase: &state.Phase{Name: "join-etcd"}}}}
			p.AddLeaving(c, have)
			var got []string
			for _, s := range p.Steps {
				if s.Leave == nil {
					continue
				}
				words := s.Leave.Node
				if s.Leave.Drain {
					words += "+drain"
				} else {
					words = strings.ToLower(words)
				}
				if s.Leave.Member != "" {
					words += "+etcd"
				}
				if name == "a member without a node" {
					words = strings.ToUpper(words[:1]) + words[1:]
				}
				got = append(got, words)
			}
			if words := strings.Join(got, " "); words != test.want {
				t.Errorf("%q leave, want %q", words, test.want)
			}
			if join := p.Steps[len(p.Steps)-1]; len(got) > 0 && !slices.Equal(join.After, []string{p.Steps[len(got)-1].ID}) {
				t.Errorf("who joins waits for %v", join.After)
			}
			if rows := Quorum(p, have); (len(rows) == 1) != test.quorum {
				t.Errorf("rows %s", fmt.Sprint(rows))
			}
		})
	}
}
