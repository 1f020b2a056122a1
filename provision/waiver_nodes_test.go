package provision_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/spec"
)

// asksFor are controls that contradict each other.
const asksFor = `
  control "ACME-1" {
    title  = "x"
    check  = config(kubelet, "maxPods") == 60
    remedy = "x"
    harden {
      kubelet { config = { maxPods = 60 } }
    }
  }
  control "ACME-2" {
    title  = "x"
    check  = config(kubelet, "maxPods") == 70
    remedy = "x"
    harden {
      kubelet { config = { maxPods = 70 } }
    }
  }
`

// A waiver for nodes is refused where it would do nothing, and where it does less than
// somebody may think the refusal says so.
func TestAWaiverForSomeNodes(t *testing.T) {
	text, err := os.ReadFile("../examples/quickstart/cluster.hcl")
	if err != nil {
		t.Fatal(err)
	}
	const some = "\n    reason = \"x\"\n    nodes  = [\"cp-1\"]\n  }\n"
	const own = "\nprofile \"acme\" {\n  title = \"x\"\n" + asksFor + "}\n"
	for more, want := range map[string]struct {
		code spec.Code
		line int
		says []string
	}{
		"profiles = [\"cis\"]\n  waive \"CIS-5.3.1\" {" + some:                                {spec.CodeWaiver, 12, []string{"CIS-5.3.1", "of no node", "Leave nodes out"}},
		"profiles = [\"cis\"]\n  waive \"CIS-1.2.11\" {" + some:                               {spec.CodeSettle, 0, []string{"CIS-1.2.11 (cluster.hcl:10)", "does not settle a value of the whole cluster", "leave its nodes out"}},
		"profiles = [\"acme\"]\n  waive \"ACME-2\" {" + some:                                  {spec.CodeSettle, 0, []string{"cannot be what all of them ask for", "ACME-2 (cluster.hcl:10)", "does not settle a value of the whole cluster"}},
		"profiles = [\"nsa-cisa\"]\n  audit { max_age = 366 }\n  waive \"NSA-AL-3\" {" + some: {spec.CodeWeak, 0, []string{"NSA-AL-3 asks for 1825", "does not settle a value of the whole cluster"}},
	} {
		dir := t.TempDir()
		whole := strings.Replace(string(text), "cluster \"quickstart\" {\n", "cluster \"quickstart\" {\n  "+more, 1) + own
		if err := os.WriteFile(filepath.Join(dir, "cluster.hcl"), []byte(whole), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := provision.Load(t.Context(), provision.Input{Path: dir})
		refused, ok := errors.AsType[*spec.Error](err)
		if !ok {
			t.Errorf("%s: %v", more, err)
			continue
		}
		found := false
		for _, d := range refused.Diags {
			all := spec.CodeOf(d) == want.code
			for _, s := range want.says {
				all = all && strings.Contains(d.Detail, s)
			}
			found = found || all && (want.line == 0 || d.Subject.Start.Line == want.line)
		}
		if !found {
			t.Errorf("%s is not refused so:", more)
			for _, d := range refused.Diags {
				t.Log(d)
			}
		}
	}
}

// A waiver for nodes that the control is never asked of does nothing, and says so.
func TestAWaiverForNodesOfAnotherRole(t *testing.T) {
	text, err := os.ReadFile("../examples/quickstart/cluster.hcl")
	if err != nil {
		t.Fatal(err)
	}
	for lines, want := range map[string]string{
		"waive \"CIS-1.2.15\" {\n reason = \"x\"\n nodes = [\"w-1\"]\n }":           "CIS-1.2.15 is asked of nodes that are control-plane alone, and none of w-1 is one",
		"waive \"CIS-1.2.15\" {\n reason = \"x\"\n nodes = [\"w-1\", \"cp-1\"]\n }": "",
		"waive \"CIS-4.2.5\" {\n reason = \"x\"\n nodes = [\"w-1\"]\n }":            "",
		"waive \"STIG-V-242393\" {\n reason = \"x\"\n nodes = [\"cp-1\"]\n }":       "STIG-V-242393 is asked of nodes that are worker alone, and none of cp-1 is one",
		"waive \"CIS-1.2.15\" {\n reason = \"x\"\n }":                               "",
	} {
		dir := t.TempDir()
		own := "\nprofile \"one\" {\n  title = \"x\"\n  controls = [\"CIS-1.2.15\", \"CIS-4.2.5\", \"STIG-V-242393\"]\n}\n"
		if !strings.Contains(lines, "STIG-V-242393") { // it is one to decide on
			own = strings.Replace(own, ", \"STIG-V-242393\"", "", 1)
		}
		whole := strings.Replace(string(text), "cluster \"quickstart\" {\n", "cluster \"quickstart\" {\n  profiles = [\"one\"]\n"+lines+"\n", 1) + own
		if err := os.WriteFile(filepath.Join(dir, "cluster.hcl"), []byte(whole), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := provision.Load(t.Context(), provision.Input{Path: dir})
		var said []string
		if refused, ok := errors.AsType[*spec.Error](err); ok {
			for _, d := range refused.Diags {
				said = append(said, d.Detail)
			}
		} else if err != nil {
			t.Fatal(err)
		} else {
			for _, d := range l.Warnings {
				said = append(said, d.Detail)
			}
		}
		if all := strings.Join(said, "\n"); !strings.Contains(all, want) || want == "" && strings.Contains(all, "alone, and none of") {
			t.Errorf("%s: want %q: %s", lines, want, all)
		}
	}
}
