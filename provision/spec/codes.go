package spec

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
)

// Code is the stable name of a kind of diagnostic, for example
// "S014 unknown-word". A code never changes its meaning and is never reused.
type Code string

// The codes of this package.
const (
	CodeFile      Code = "S001 file"             // a spec's file cannot be read, is too large or is no regular file
	CodeEncoding  Code = "S002 encoding"         // bytes that are not plain UTF-8 text, or that hide what they say
	CodeLimit     Code = "S003 too-deep"         // nesting, chains or counts beyond what a spec may have
	CodeSyntax    Code = "S004 syntax"           // the HCL grammar
	CodeBudget    Code = "S005 too-much"         // an expression builds more than a spec may
	CodeVariable  Code = "S010 variable"         // a variable is wrong, missing or not declared
	CodeCycle     Code = "S011 cycle"            // locals that need each other
	CodeReference Code = "S012 unknown-name"     // a name in an expression that nothing defines
	CodeEval      Code = "S013 expression"       // an expression that has no value
	CodeUnknown   Code = "S014 unknown-word"     // an attribute or block the language does not have
	CodeMissing   Code = "S015 missing"          // something required is not there
	CodeDuplicate Code = "S016 duplicate"        // something that may be said once is said twice
	CodeNotYet    Code = "S017 not-yet"          // a word of a later version
	CodeType      Code = "S020 type"             // a value of another type than the setting's
	CodeRange     Code = "S021 range"            // a number out of range
	CodeName      Code = "S022 name"             // a name Kubernetes, DNS or ssh would not take
	CodeAddress   Code = "S023 address"          // an address or a prefix that cannot be meant
	CodeChoice    Code = "S024 choice"           // not one of the values a setting has
	CodeReserved  Code = "S025 reserved"         // text that bulwark keeps for itself
	CodeOverlap   Code = "S030 overlap"          // address ranges that collide
	CodeTopology  Code = "S031 topology"         // roles and addresses that make no cluster
	CodeCNI       Code = "S032 cni"              // pod networking bulwark cannot open the firewall for
	CodeWeak      Code = "S040 weakens"          // a value weaker than what bulwark hardens
	CodeContra    Code = "S041 contradiction"    // settings that cannot be true together
	CodeArgument  Code = "S042 unknown-argument" // an argument or a field that a component does not have
	CodeRefused   Code = "S043 refused"          // a value that Kubernetes, the firewall or the pod network would not take
	CodeProfile   Code = "S044 profile"          // a profile, or what one asks for, that is none
	CodeWaiver    Code = "S045 waiver"           // a waiver without what it must say
	CodeSettle    Code = "S046 settle"           // what standards cannot agree on, or ask at a price, and the spec has not decided
	CodeCaution   Code = "S050 caution"          // allowed, but worth a second look
	CodeOverlay   Code = "S060 overlay"          // a deviation without what it must say
)

// coded is a diagnostic's Extra when HCL had put one of its own there.
type coded struct {
	code  Code
	inner any
}

// UnwrapDiagnosticExtra lets hcl.DiagnosticExtra find what HCL had put there.
func (c coded) UnwrapDiagnosticExtra() any { return c.inner }

// CodeOf is the code of a diagnostic made by this package, or "".
func CodeOf(d *hcl.Diagnostic) Code {
	switch e := d.Extra.(type) {
	case Code:
		return e
	case coded:
		return e.code
	}
	return ""
}

// tagged gives every diagnostic that has no code this one.
func tagged(diags hcl.Diagnostics, code Code) hcl.Diagnostics {
	for _, d := range diags {
		switch {
		case CodeOf(d) != "":
		case d.Extra == nil:
			d.Extra = code
		default:
			d.Extra = coded{code, d.Extra}
		}
	}
	return diags
}

// problem is an error at a place. The detail says what to do.
func problem(code Code, at hcl.Range, summary, detail string, args ...any) *hcl.Diagnostic {
	d := &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  summary,
		Detail:   fmt.Sprintf(detail, args...),
		Extra:    code,
	}
	if at.Filename != "" {
		d.Subject = &at
	}
	return d
}

// caution is a warning at a place.
func caution(at hcl.Range, summary, detail string, args ...any) *hcl.Diagnostic {
	d := problem(CodeCaution, at, summary, detail, args...)
	d.Severity = hcl.DiagWarning
	return d
}
