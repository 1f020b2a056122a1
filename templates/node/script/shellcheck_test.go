package script

import (
	"os/exec"
	"strings"
	"testing"
)

func programs() map[string]string {
	return map[string]string{
		"look": Look(), "change": Change(), "run": Run(), "runner": Runner(), "table": Table(), "revert": Revert(), "clean": Clean(), "guard": Guard(), "restore": Restore(), "derive": Derive(), "dryrun": DryRun(),
		"snapshot": Snapshot(), "lock": Lock(),
	}
}

// Whole programs are checked, since their parts use each other.
func TestProgramsPassShellcheck(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("NOT RUN: there is no shellcheck here; apt-get install shellcheck")
	}
	for name, text := range programs() {
		cmd := exec.Command("shellcheck", "--norc", "--shell", "sh", "-")
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// A prelude reads a program as one block and as one argument of eval.
func TestProgramsAreSmallAndPlain(t *testing.T) {
	for name, text := range programs() {
		if len(text) > 64<<10 {
			t.Errorf("%s has %d bytes", name, len(text))
		}
		for i, c := range []byte(text) {
			if c > 0x7e || (c < 0x20 && c != '\n' && c != '\t') {
				t.Fatalf("%s: byte %d is %#x", name, i, c)
			}
		}
		for _, shell := range []string{"dash", "bash", "busybox"} {
			at, err := exec.LookPath(shell)
			if err != nil {
				t.Logf("NOT RUN: there is no %s here", shell)
				continue
			}
			argv := []string{at, "-n"}
			if shell == "busybox" {
				argv = []string{at, "sh", "-n"}
			}
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Stdin = strings.NewReader(text)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s under %s: %v\n%s", name, shell, err, out)
			}
		}
	}
}
