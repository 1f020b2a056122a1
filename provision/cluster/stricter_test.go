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
		"the higher minimum":      {Setting{Rule: Minimum}, int64(30), int64(1825), int64(1825), false},
		"either way around":       {Setting{Rule: Minimum}, int64(1825), int64(30), int64(1825), false},
		"of arguments too":        {Setting{Component: CompAPIServer, Rule: Minimum}, "30", "100", "100", false},
		"the lower maximum":       {Setting{Rule: Maximum}, int64(30), int64(5), int64(5), false},
		"true wins":               {Setting{Rule: TrueWins}, false, true, true, false},
		"and stays":               {Setting{Rule: TrueWins}, true, false, true, false},
		"false wins":              {Setting{Component: CompAPIServer, Rule: FalseWins}, "true", "false", "false", false},
		"the higher level":        {Setting{Rule: Ordered, Levels: []string{"baseline", "restricted"}}, "restricted", "baseline", "restricted", false},
		"what adds up":            {Setting{Rule: Union}, "B,A", "C,A", "B,A,C", false},
		"what adds up in a list":  {Setting{Rule: Union}, []string{"b"}, []string{"a", "b"}, []string{"b", "a"}, false},
		"what both allow":         {Setting{Rule: Intersection}, []string{"a", "b"}, []string{"b", "c"}, []string{"b"}, false},
		"nothing that both allow": {Setting{Rule: Intersection, Written: true}, []string{"a"}, []string{"b"}, []string{}, true},
		"nothing is allowed of what may be left out": {Setting{Rule: Intersection}, []string{"a"}, []string{"b"}, []string{}, false},
		"what both exempt":                           {Setting{Rule: Exempt}, []string{"a", "b"}, []string{"c"}, []string{}, false},
		"the lower of two places":                    {Setting{Rule: Beneath}, []string{"r.io", "q.io/a"}, []string{"r.io/team", "q.io"}, []string{"q.io/a", "r.io/team"}, false},
		"of all places those that one allows":        {Setting{Rule: Beneath}, []string(nil), []string{"r.io"}, []string{"r.io"}, false},
		"places that share nothing":                  {Setting{Rule: Beneath}, []string{"r.io"}, []string{"r.io.example"}, []string(nil), true},
		"one time, written otherwise":                {Setting{Component: CompAPIServer}, "2h", "120m", "2h", false},
		"one of several, the same":                   {Setting{Rule: OneOf}, "metadata", "metadata", "metadata", false},
		"one of several, and another":                {Setting{Rule: OneOf}, "metadata", "everything", "metadata", true},
		"without a rule only the same":               {Setting{}, "1", "2", "1", true},
		"gates that say nothing of each other":       {Setting{Rule: Pairs}, "B=true", "A=F,B", "B=true,A=false", false},
		"gates of which one is not agreed":           {Setting{Rule: Pairs}, "A=true,B=true", "A=false", "A=true,B=true", true},
		"all between is as strict":                   {Setting{Rule: Between}, "60s", "300s", "60s", false},
	} {
		got, ok := c.s.Stricter(c.a, c.b)
		if !reflect.DeepEqual(got, c.want) || ok == c.contradict {
			t.Errorf("%s: %#v, %v", name, got, ok)
		}
	}
}

func TestAValueMeetsWhatIsAskedForHoweverItIsWritten(t *testing.T) {
	flag, field := Setting{Component: CompAPIServer}, Setting{Component: CompKubelet}
	rule := func(s Setting, r Rule) Setting {
		s.Rule = r
		return s
	}
	for name, c := range map[string]struct {
		s           Setting
		have, asked any
		want        bool
	}{
		"a switch that a flag reads":        {rule(flag, FalseWins), "F", "false", true},
		"a switch the wrong way":            {rule(flag, FalseWins), "1", "false", false},
		"a switch that asks for nothing":    {rule(flag, FalseWins), "true", "T", true},
		"a switch without a rule":           {flag, "T", "true", true},
		"and the other way":                 {flag, "F", "true", false},
		"a field is no text":                {field, "T", true, false},
		"spaces in a list":                  {rule(flag, Intersection), "B, A", "A,B,C", true},
		"one more than is allowed":          {rule(flag, Intersection), "A,D", "A,B,C", false},
		"no list where one has to be":       {Setting{Rule: Intersection, Written: true}, "", "A", false},
		"no list where there may be none":   {rule(flag, Intersection), "", "A", true},
		"all that is asked for, and more":   {rule(flag, Union), "C, A,B", "A,B", true},
		"not all that is asked for":         {rule(flag, Union), "A", "A,B", false},
		"a time without a rule":             {flag, "120m", "2h", true},
		"another time":                      {flag, "1h", "2h", false},
		"a number without a rule":           {flag, "+60", "60", true},
		"a number of base eight to a flag":  {flag, "010", "10", false},
		"the same number of base eight":     {flag, "010", "8", true},
		"a text of a field":                 {field, "010", "10", false},
		"a number of a field":               {field, int64(10), int64(10), true},
		"a list that holds a space":         {field, []any{"pods system-reserved"}, []any{"pods", "system-reserved"}, false},
		"a list that holds a comma":         {rule(field, Intersection), []any{"a,b"}, []any{"a", "b"}, false},
		"one list":                          {field, []any{"a", "b"}, []any{"a", "b"}, true},
		"another length":                    {field, []any{"a"}, []any{"a", "b"}, false},
		"a list and its only element":       {field, []any{"a"}, "a", false},
		"a list of a default":               {field, []any{"a", "b"}, []string{"a", "b"}, true},
		"times in an object":                {field, map[string]any{"a": "60s"}, map[string]any{"a": "1m"}, true},
		"an object that is printed alike":   {field, map[string]any{"a": "b c:d"}, map[string]any{"a": "b", "c": "d"}, false},
		"objects in a list":                 {field, []any{map[string]any{"a": "b c:d"}}, []any{map[string]any{"a": "b", "c": "d"}}, false},
		"nothing and its name":              {field, nil, "<nil>", false},
		"no number is a time":               {flag, "1.10", "1.1", false},
		"a list without a rule":             {flag, "a, b", "a,b", true},
		"an order without a rule":           {flag, "b,a", "a,b", false},
		"a list of a field":                 {rule(field, Intersection), []any{"b", "a"}, []any{"a", "b"}, true},
		"more than the least":               {rule(flag, Minimum), "100", "30", true},
		"less than the least":               {rule(flag, Minimum), "9", "30", false},
		"a longer time than the least":      {Setting{Component: CompKubelet, Rule: Minimum, High: 5 * 60e9}, "5m", "1m30s", true},
		"a higher level":                    {Setting{Rule: Ordered, Levels: []string{"a", "b"}}, "b", "a", true},
		"another level that is none":        {Setting{Rule: Ordered, Levels: []string{"a", "b"}}, "x", "y", false},
		"a level, and one that is none":     {Setting{Rule: Ordered, Levels: []string{"a", "b"}}, "b", "y", false},
		"a place in one that is allowed":    {Setting{Rule: Beneath}, []string{"r.io/team"}, []string{"q.io", "r.io"}, true},
		"a place that begins alike":         {Setting{Rule: Beneath}, []string{"r.io/teams"}, []string{"r.io/team"}, false},
		"a place where all are allowed":     {Setting{Rule: Beneath}, []string{"r.io"}, []string(nil), true},
		"any place":                         {Setting{Rule: Beneath}, []string(nil), []string{"r.io"}, false},
		"nothing is exempt":                 {Setting{Rule: Exempt}, []string(nil), []string{"a"}, true},
		"more is exempt":                    {Setting{Rule: Exempt}, []string{"a", "b"}, []string{"a"}, false},
		"gates in another order":            {rule(flag, Pairs), "B=F, A", "A=true,B=false", true},
		"a gate the other way":              {rule(flag, Pairs), "A=false", "A=true", false},
		"a gate that is said twice":         {rule(flag, Pairs), "A=true,A=false", "A=true", false},
		"the last word on a gate":           {rule(flag, Pairs), "A=false,A=true", "A=true", true},
		"a gate of Kubernetes itself":       {rule(flag, Pairs), "kube:A=true", "A=true", true},
		"the same gate, named in full":      {rule(flag, Pairs), "A=true,kube:A=false", "A=true", false},
		"a gate of another part":            {rule(flag, Pairs), "other:A=true", "A=true", false},
		"one value that is never argued of": {rule(flag, Fixed), "RBAC,Node", "Node,RBAC", false},
	} {
		if got := c.s.Meets(c.have, c.asked); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
