package cluster

import (
	"reflect"
	"testing"
)

func TestTheStricterOfTwo(t *testing.T) {
	for name, c := range map[string]struct {
		s          Setting
		a, b       any
		want       any
		contradict bool
	}{
		"the higher minimum":           {Setting{Rule: Minimum}, int64(30), int64(1825), int64(1825), false},
		"either way around":            {Setting{Rule: Minimum}, int64(1825), int64(30), int64(1825), false},
		"of arguments too":             {Setting{Component: CompAPIServer, Rule: Minimum}, "30", "100", "100", false},
		"the lower maximum":            {Setting{Rule: Maximum}, int64(30), int64(5), int64(5), false},
		"true wins":                    {Setting{Rule: TrueWins}, false, true, true, false},
		"and stays":                    {Setting{Rule: TrueWins}, true, false, true, false},
		"false wins":                   {Setting{Component: CompAPIServer, Rule: FalseWins}, "true", "false", "false", false},
		"the higher level":             {Setting{Rule: Ordered, Levels: []string{"baseline", "restricted"}}, "restricted", "baseline", "restricted", false},
		"what adds up":                 {Setting{Rule: Union}, "B,A", "C,A", "B,A,C", false},
		"what adds up in a list":       {Setting{Rule: Union}, []string{"b"}, []string{"a", "b"}, []string{"b", "a"}, false},
		"what both allow":              {Setting{Rule: Intersection}, []string{"a", "b"}, []string{"b", "c"}, []string{"b"}, false},
		"nothing that both allow":      {Setting{Rule: Intersection}, []string{"a"}, []string{"b"}, []string{}, true},
		"one of several, the same":     {Setting{Rule: OneOf}, "metadata", "metadata", "metadata", false},
		"one of several, and another":  {Setting{Rule: OneOf}, "metadata", "everything", "metadata", true},
		"without a rule only the same": {Setting{}, "1", "2", "1", true},
		"all between is as strict":     {Setting{Rule: Between}, "60s", "300s", "60s", false},
	} {
		got, ok := c.s.Stricter(c.a, c.b)
		if !reflect.DeepEqual(got, c.want) || ok == c.contradict {
			t.Errorf("%s: %#v, %v", name, got, ok)
		}
	}
}
