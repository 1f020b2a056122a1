package profiles

// Waiver says that a control is known not to be met, and that this is accepted.
type Waiver struct {
	// Reason is why, in the words of who accepts it.
	Reason string
	// Expires is the last day it holds, "2027-06-30"; empty means that it does not end.
	Expires string
	// By is who accepts it, where the spec says so.
	By string
	// Expired says that the day was over when the audit was made: such a waiver waives
	// nothing.
	Expired bool
}
