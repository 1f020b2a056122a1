package cluster

import "strconv"

// Share is some of a number of nodes: so many, or a percentage of them, as
// Kubernetes has it in the maxUnavailable of a Deployment.
type Share struct {
	// Count is 1 or more, and 0 where Percent counts.
	Count int
	// Percent is 1 to 100, and 0 where Count counts.
	Percent int
}

// Of is how many of all nodes the share is: percentages are rounded down, and it is
// one at least, since with none nothing would ever be done.
func (s Share) Of(all int) int {
	if s.Percent > 0 {
		return max(1, all*s.Percent/100)
	}
	return max(1, s.Count)
}

// String is "2" or "25%".
func (s Share) String() string {
	if s.Percent > 0 {
		return strconv.Itoa(s.Percent) + "%"
	}
	return strconv.Itoa(s.Count)
}
