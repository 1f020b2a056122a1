package profiles

import (
	"path/filepath"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// waiverFrom reads a waive block of a profile, which is about whole clusters.
func waiverFrom(b *hclsyntax.Block) (cluster.Waiver, hcl.Diagnostics) {
	w := cluster.Waiver{ID: b.Labels[0], Origin: cluster.Origin{File: filepath.Base(b.DefRange().Filename), Line: b.DefRange().Start.Line}}
	diags := arguments("A waiver of a profile", b.Body, map[string]func(hcl.Expression) hcl.Diagnostics{
		"reason": text(&w.Reason), "expires": text(&w.Expires), "by": text(&w.By),
	})
	if w.Reason == "" {
		diags = append(diags, problem(b.DefRange(), "Waiver without a reason", "waive %q needs reason = \"…\": the sentence that every report shows.", w.ID)...)
	}
	if _, err := time.Parse(time.DateOnly, w.Expires); w.Expires != "" && err != nil {
		diags = append(diags, problem(b.DefRange(), "Not a day", "%q is no day; write the last one on which the waiver counts, as in \"2027-06-30\".", w.Expires)...)
	}
	return w, diags
}
