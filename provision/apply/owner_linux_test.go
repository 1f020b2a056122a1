package apply

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestAProcessIsKnownToHaveEnded(t *testing.T) {
	own := NewOwner("v1")
	if own.process == "" || ended(own.process) || !strings.Contains(own.Text, fmt.Sprintf("pid %d, bulwark v1, started 2", os.Getpid())) {
		t.Errorf("%+v", own)
	}
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	child := process(cmd.Process.Pid)
	if child == "" || ended(child) {
		t.Fatalf("%q lives", child)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if !ended(child) {
		t.Errorf("%q is dead", child)
	}
	words := strings.Fields(own.process) // boot, two namespaces, number, start
	other := func(i int, word string) string {
		w := append([]string{}, words...)
		w[i] = word
		return strings.Join(w, " ")
	}
	if !ended(other(4, "1")) {
		t.Error("our number belonged to another process before")
	}
	gone := strings.Fields(child)[3]
	for _, unknown := range []string{"", " ", "x", own.process[:10], other(0, "another-boot"), other(1, "pid:[1]"), other(2, "time:[1]"), other(3, "-1"), other(3, "x"), other(3, "0"),
		strings.Join([]string{"another-boot", words[1], words[2], gone, "1"}, " ")} {
		if ended(unknown) {
			t.Errorf("nobody can know that of %q", unknown)
		}
	}
}

// Killed and not yet waited for: it does nothing any more.
func TestAZombieHasEnded(t *testing.T) {
	cmd := exec.Command("sh", "-c", "echo; exec sleep 60")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	child := process(cmd.Process.Pid)
	_ = cmd.Process.Kill()
	buf := make([]byte, 16)
	for err == nil { // until its end of the pipe is closed
		_, err = out.Read(buf)
	}
	for !ended(child) && t.Context().Err() == nil {
		continue // the pipe closes a moment before the process is a zombie
	}
	_ = cmd.Wait()
}
