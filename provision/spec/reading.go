package spec

import (
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Reading is a spec that was read. It still knows which line said what, for
// what is found wrong with it only later.
type Reading struct {
	// Cluster is nil when a diagnostic is an error.
	Cluster *cluster.Cluster
	Files   Files
	Diags   hcl.Diagnostics
	// Own are the profiles that the spec has itself.
	Own []OwnProfile

	l *loader
}

// Refused is the error of a spec whose cluster cannot be had: each fault that
// err holds, joined and wrapped as it may be, is a diagnostic at the setting
// it is about, and one that every node has is said once. It is nil when err is.
func (r *Reading) Refused(err error) error {
	if err == nil {
		return nil
	}
	seen := map[string]bool{}
	for _, fault := range faults(err) {
		if text := fault.Error(); !seen[text] {
			seen[text] = true
			r.l.report(r.l.refusal(fault))
		}
	}
	return &Error{Diags: r.l.sorted(), Files: r.Files}
}

// faults are the settings an error is about, and what is about none.
func faults(err error) []error {
	if f, ok := err.(*cluster.SettingError); ok { //nolint:errorlint // this one, not one inside
		return []error{f}
	}
	switch e := err.(type) { //nolint:errorlint // each layer is walked
	case interface{ Unwrap() []error }:
		var out []error
		for _, inner := range e.Unwrap() {
			out = append(out, faults(inner)...)
		}
		return out
	case interface{ Unwrap() error }:
		inner := faults(e.Unwrap())
		if len(inner) == 1 {
			if _, placed := inner[0].(*cluster.SettingError); !placed { //nolint:errorlint // see above
				return []error{err} // what wraps it says more
			}
		}
		return inner
	}
	return []error{err}
}

func (l *loader) refusal(fault error) *hcl.Diagnostic {
	path, text := "", fault.Error()
	if f, ok := fault.(*cluster.SettingError); ok { //nolint:errorlint // as [faults] made it
		path, text = f.Path, f.Err.Error()
	}
	if path == "" {
		return problem(CodeRefused, l.near(path), "Spec refused", "%s.", strings.TrimSuffix(text, "."))
	}
	return problem(CodeRefused, l.near(path), "Value refused", "%s: %s.", path, strings.TrimSuffix(text, "."))
}

// near is where a setting was written; or what it lies in; or the first that
// lies in it; or the cluster.
func (l *loader) near(path string) hcl.Range {
	for at := path; at != ""; at = at[:max(strings.LastIndexByte(at, '.'), 0)] {
		if r, ok := l.at[at]; ok {
			return r
		}
		var first hcl.Range
		for inside, r := range l.at {
			if strings.HasPrefix(inside, at+".") && (first.Filename == "" || before(r, first)) {
				first = r
			}
		}
		if first.Filename != "" {
			return first
		}
	}
	return l.at["name"]
}

func before(a, b hcl.Range) bool {
	if a.Filename != b.Filename {
		return a.Filename < b.Filename
	}
	return a.Start.Byte < b.Start.Byte
}
