package kubebench

import (
	"fmt"
	"strings"
)

// Verdict is what bulwark says of one control: "pass", "fail", "needs-review" and so on.
type Verdict struct {
	ID string
	// Node is "" where the control was asked of the whole cluster.
	Node    string
	Verdict string
	Scored  bool
}

// Pair is a control on a node, with what each of the two says of it, and Nothing where
// one of them does not ask.
type Pair struct {
	ID, Node           string
	KubeBench, Bulwark string
	Scored             bool
	// Seen is what kube-bench rests on.
	Seen string
}

// Differs says that the two do not say the same. That a person has to look is the same
// where nothing is scored: kube-bench warns then.
func (p Pair) Differs() bool {
	switch p.Bulwark {
	case "pass":
		return p.KubeBench != "PASS"
	case "fail":
		return p.KubeBench != "FAIL"
	case "needs-review":
		return p.Scored || p.KubeBench != "WARN"
	case "not-applicable":
		return p.KubeBench != Nothing
	}
	return true
}

// String is a line of a list of them.
func (p Pair) String() string {
	s := fmt.Sprintf("%-11s %-5s kube-bench: %-8s bulwark: %s", p.ID, p.Node, p.KubeBench, p.Bulwark)
	if seen := strings.Join(strings.Fields(p.Seen), " "); seen != "" {
		s += fmt.Sprintf("   (%.120s)", seen)
	}
	return s
}

// Nothing is what one of the two says of a control that it does not ask.
const Nothing = "nothing"

// standard is what bulwark's ids of the benchmark begin with.
const standard = "CIS-"

// Pairs puts the two beside each other: of every node by its name what kube-bench said
// there, and all that bulwark says. Whatever one of them asks has a pair.
func Pairs(nodes []string, reports map[string]*Report, verdicts []Verdict) []Pair {
	type key struct{ id, node string }
	said := map[key]Verdict{}
	for _, v := range verdicts {
		if strings.HasPrefix(v.ID, standard) {
			said[key{v.ID, v.Node}] = v
		}
	}
	var pairs []Pair
	asked := map[key]bool{}
	for _, node := range nodes {
		for _, check := range reports[node].Checks {
			k := key{standard + check.ID, node}
			v, ok := said[k]
			if !ok {
				k.node = ""
				v, ok = said[k]
			}
			if !ok {
				v.Verdict = Nothing
			}
			asked[k] = true
			seen := check.Actual
			if check.Reason != "" {
				seen = check.Reason
			}
			pairs = append(pairs, Pair{ID: k.id, Node: node, KubeBench: check.Status, Bulwark: v.Verdict, Scored: check.Scored || v.Scored, Seen: seen})
		}
	}
	for _, v := range verdicts {
		if strings.HasPrefix(v.ID, standard) && !asked[key{v.ID, v.Node}] {
			pairs = append(pairs, Pair{ID: v.ID, Node: v.Node, KubeBench: Nothing, Bulwark: v.Verdict, Scored: v.Scored})
		}
	}
	return pairs
}
