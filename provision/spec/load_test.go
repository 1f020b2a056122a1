package spec

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/hcl/v2"
)

// printed are diagnostics as a user would see them.
func printed(files Files, diags hcl.Diagnostics) string {
	var b bytes.Buffer
	_ = hcl.NewDiagnosticTextWriter(&b, files, 0, false).WriteDiagnostics(diags)
	return b.String()
}

// written puts a spec into a folder of its own.
func written(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "cluster.hcl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTheStarterIsAValidSpec(t *testing.T) {
	c, files, diags := Load(written(t, string(Starter())), Options{})
	if len(diags) > 0 || c == nil {
		t.Fatal(printed(files, diags))
	}
	formatted, diags := Format("starter.hcl", Starter())
	if diags.HasErrors() || !bytes.Equal(formatted, Starter()) {
		t.Error("the starter is not formatted as bulwark fmt would")
	}
}

func printedOne(files Files, d *hcl.Diagnostic) string { return printed(files, hcl.Diagnostics{d}) }
