package check

import (
	"strings"
	"testing"
)

// A check that can have one answer alone is refused where that is plain to see, at the
// part that makes it so.
func TestChecksThatCannotFailAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`arg(apiserver, "profiling") == "false" || true`:                                     "test.hcl:1,43-47: Always true",
		`true || arg(apiserver, "profiling") == "false"`:                                     "test.hcl:1,1-5: Always true",
		`(arg(apiserver, "profiling") == "false") || (true)`:                                 "Always true",
		`arg(apiserver, "profiling") == "false" && false`:                                    "Always false",
		`arg(apiserver, "profiling") == "false" && true`:                                     "Part without effect",
		`arg(apiserver, "profiling") == "false" || false`:                                    "Part without effect",
		`node.control_plane ? (unit("a.service").active || true) : unit("a.service").active`: "Always true",
		`all([for p in pods() : true])`:                                                      "test.hcl:1,24-28: Always true",
		`all([for p in pods() : (true) if !p.system])`:                                       "Always true",
		`any([for p in pods() : false])`:                                                     "Always false",
		`all([for p in pods() : p.system || true])`:                                          "Always true",
		`all([for p in pods() : all([for c in p.containers : true])])`:                       "Always true",
	} {
		_, diags := parse(t, text)
		if !diags.HasErrors() || !strings.Contains(diags.Error(), want) {
			t.Errorf("%s: %v, want %s", text, diags, want)
		}
	}
	for _, text := range []string{
		`any([for p in pods() : true])`, // whether there is one
		`all([for p in pods() : false if p.host_network])`,
		`count([for p in pods() : true if p.host_network]) == 0`,
		`config(kubelet, "seccompDefault") == true || node.control_plane`,
		`(node.control_plane ? true : false) == false`,
	} {
		if _, diags := parse(t, text); diags.HasErrors() {
			t.Errorf("%s: %v", text, diags)
		}
	}
}
