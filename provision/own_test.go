package provision_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision"
)

// Where a value between two bounds stays, a control of the spec's own is told of it, and a
// standard's is not: its check takes each of them.
func TestOwnControlsAreToldWhatStays(t *testing.T) {
	text, err := os.ReadFile("../examples/quickstart/cluster.hcl")
	if err != nil {
		t.Fatal(err)
	}
	own := `
profile "acme" {
  title    = "x"
  controls = ["STIG-V-242438", "CIS-1.2.20"]
  control "ACME-1" {
    title  = "x"
    check  = arg(apiserver, "request-timeout") == "60s"
    remedy = "x"
    harden {
      apiserver { args = { request-timeout = "60s" } }
    }
  }
}
`
	dir := t.TempDir()
	whole := strings.Replace(string(text), "cluster \"quickstart\" {\n", "cluster \"quickstart\" {\n  profiles = [\"acme\"]\n  apiserver { args = { request-timeout = \"2m\" } }\n", 1) + own
	if err := os.WriteFile(filepath.Join(dir, "cluster.hcl"), []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := provision.Load(t.Context(), provision.Input{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Warnings) != 1 || !strings.Contains(l.Warnings[0].Detail, `ACME-1 asks for apiserver.args.request-timeout = "60s", and it is "2m"`) {
		t.Errorf("%v", l.Warnings)
	}
}
