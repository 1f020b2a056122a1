package spec

import "github.com/hashicorp/hcl/v2"

// Error is a spec that was refused, with everything a view needs to show why.
type Error struct {
	Diags hcl.Diagnostics
	Files Files
}

// Error is the first of the diagnostics and how many more there are.
func (e *Error) Error() string { return e.Diags.Error() }
