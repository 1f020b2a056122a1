package examples_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/cmd/cli"
)

// transcript is what a command says, as somebody sees it who typed shown. There the
// folder is called by a name of its own.
func transcript(t *testing.T, shown string, want int, args ...string) string {
	t.Helper()
	var out, said bytes.Buffer
	code := cli.Run(context.Background(), cli.System{
		Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &said,
		LookupEnv: func(string) (string, bool) { return "", false }, Now: time.Now, Divert: func(*slog.Logger) {},
	}, cli.Real())
	if code != want {
		t.Fatalf("%v: exit %d: %s", args, code, &said)
	}
	return "```console\n$ bulwark " + shown + "\n" + out.String() + "```\n"
}

// folder holds a spec.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What pages show of audits and profiles is what these commands say.
func TestTranscripts(t *testing.T) {
	shop := folder(t, map[string]string{"cluster.hcl": block(t, profilesPage, "cluster.hcl"), "acme.hcl": block(t, profilesPage, "acme.hcl")})
	generated(t, "../README.md", "audit",
		transcript(t, "audit examples/quickstart --rendered", 0, "audit", "quickstart", "--rendered")+
			"\nThat is what the defaults do. A standard asks for more, and some of it is yours to decide:\n\n"+
			transcript(t, "audit examples/quickstart --rendered --profile cis --control 'CIS-1.2.*' --control CIS-5.6.1", 6,
				"audit", "quickstart", "--rendered", "--profile", "cis", "--control", "CIS-1.2.*", "--control", "CIS-5.6.1"))
	generated(t, "../README.md", "explain", transcript(t, "profile explain audit.max_age shop/", 0, "profile", "explain", "audit.max_age", shop))
	prod := folder(t, map[string]string{"cluster.hcl": `cluster "prod" {
  profiles = ["cis", "stig", "nsa-cisa"]
  firewall { admins = ["203.0.113.0/24"] }
  admission { always_pull_images = true }
  waive "STIG-V-242393" { reason = "workers are looked after over SSH" }
  waive "STIG-V-242394" { reason = "workers are looked after over SSH" }
  waive "STIG-V-242403" { reason = "no Secret in the audit log" }
  node "cp-1" {
    role    = "control-plane"
    address = "192.0.2.11"
  }
}
`})
	generated(t, profilesPage, "explain", transcript(t, "profile explain audit.max_age prod/", 0, "profile", "explain", "audit.max_age", prod))
}
