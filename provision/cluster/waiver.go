package cluster

import (
	"slices"
	"time"
)

// Waiver is a control that a cluster does without, and who says so.
type Waiver struct {
	// ID is the control's.
	ID string
	// Reason is the sentence that every report shows; By is who answers for it.
	Reason, By string
	// Expires is the last day on which it counts, as in "2027-06-30"; empty means that it
	// does not end.
	Expires string
	// Nodes are those it is about; none means the whole cluster.
	Nodes  []string
	Origin Origin
}

// Over says whether a waiver has ended at a time.
func (w Waiver) Over(now time.Time) bool {
	last, err := time.Parse(time.DateOnly, w.Expires)
	return w.Expires != "" && (err != nil || !now.Before(last.AddDate(0, 0, 1)))
}

// About says whether a waiver is about a node; "" is the cluster as a whole.
func (w Waiver) About(node string) bool {
	return len(w.Nodes) == 0 || node != "" && slices.Contains(w.Nodes, node)
}

// Asked is what a control asks of a setting.
type Asked struct {
	// Control is its id.
	Control string
	// Value is as a sentence shows it.
	Value string
	// Waived says that the spec waives the control, so that it counts for nothing.
	Waived bool
}
