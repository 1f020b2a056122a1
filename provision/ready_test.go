package provision_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/spec"
)

// Of every control that a spec has to decide on, the block that meets it is accepted as it
// is written in the message.
func TestReadyBlocksOfStandardsAreAccepted(t *testing.T) {
	text, err := os.ReadFile("../examples/quickstart/cluster.hcl")
	if err != nil {
		t.Fatal(err)
	}
	controls, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	tried, dir := 0, t.TempDir()
	load := func(id, lines string) error {
		own := fmt.Sprintf("\nprofile \"one\" {\n  title    = \"one\"\n  controls = [%q]\n}\n", id)
		whole := strings.Replace(string(text), "cluster \"quickstart\" {\n", "cluster \"quickstart\" {\n  profiles = [\"one\"]\n"+lines+"\n", 1) + own
		if err := os.WriteFile(filepath.Join(dir, "cluster.hcl"), []byte(whole), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := provision.Load(t.Context(), provision.Input{Path: dir})
		return err
	}
	for _, c := range controls {
		if c.Settle == "" || c.Harden == nil {
			continue
		}
		refused, ok := errors.AsType[*spec.Error](load(c.ID, ""))
		if !ok || len(refused.Diags) != 1 || spec.CodeOf(refused.Diags[0]) != spec.CodeSettle {
			t.Errorf("%s is not asked of: %v", c.ID, refused)
			continue
		}
		_, rest, _ := strings.Cut(refused.Diags[0].Detail, "To meet it:\n")
		block, _, _ := strings.Cut(rest, "To do without it:")
		if err := load(c.ID, block); err != nil {
			t.Errorf("%s with\n%s: %v", c.ID, block, err)
		}
		tried++
	}
	if tried < 3 {
		t.Errorf("only %d controls have a block", tried)
	}
}
