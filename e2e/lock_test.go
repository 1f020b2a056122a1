package e2e_test

import (
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// atFirst sends one signal to a run when it says certain words, or only tells
// of them where the signal is 0.
func atFirst(o *operator, words string, signal syscall.Signal) <-chan struct{} {
	said := make(chan struct{})
	var once sync.Once
	process := make(chan *os.Process, 1)
	o.started = func(p *os.Process) { process <- p }
	o.onLine = func(line string, _ time.Time) {
		if strings.Contains(line, words) {
			once.Do(func() {
				if signal != 0 {
					_ = (<-process).Signal(signal)
				}
				close(said)
			})
		}
	}
	return said
}

// TestTwoOperators: one works, the other is told who. A run that was killed is
// gone on with at once, one that was interrupted leaves no lock, and a reset
// leaves nothing.
func TestTwoOperators(t *testing.T) {
	c := newLabCluster(t, "cp-1", "w-1")
	c.write(t, c.standard())
	apply := c.args("apply", "--auto-approve")
	last := `tail -n 1 /var/lib/bulwark/journal`

	ann, bob := newOperator(t), newOperator(t)
	var hers *os.Process
	working := atFirst(ann, "] cp-1: ", 0)
	ann.started = func(p *os.Process) { hers = p }
	ended := make(chan outcome)
	go func() { ended <- ann.run(t, apply...) }()
	<-working
	for verb, args := range map[string][]string{"apply": apply, "reset": c.args("reset", "--auto-approve")} {
		out := bob.run(t, args...).want(t, 7)
		out.says(t, "is locked by ", "bulwark ", "it expires at ", "nothing was changed", "--take-lock")
		if strings.Contains(out.Stdout, "done") {
			t.Errorf("%s: he did something: %v", verb, out)
		}
	}
	// A plan is made between two of her kubeadm runs, and of none while one is under way.
	if out := bob.run(t, c.args("plan")...); out.Code == 0 {
		out.says(t, "is being worked on by ")
	} else {
		out.want(t, 1).says(t, "is under way, from an earlier run or by another operator")
	}
	if text := shell(t, c, "cp-1", last+`; stat -c '%a %U' /var/lib/bulwark/lock /var/lib/bulwark/journal`); !strings.Contains(text, `"entry":"begin"`) || strings.Count(text, "600 root") != 2 {
		t.Errorf("while she works: %s", text)
	}

	_ = hers.Kill()
	if out := <-ended; out.Code != -1 {
		t.Fatalf("she was done before: %v", out)
	}
	atFirst(bob, "] cp-1: ", syscall.SIGINT)
	out := bob.run(t, apply...).want(t, 130)
	out.says(t, "whose process is no more", "an earlier apply by ", "stopping in order", "interrupted", " done")
	for _, n := range nodes(c) {
		if text := shell(t, c, n, last+`; ls /var/lib/bulwark`); !strings.Contains(text, `"outcome":"interrupted"`) || strings.Contains(text, "lock") {
			t.Errorf("%s after he was interrupted: %s", n, text)
		}
	}

	newOperator(t).run(t, c.args("reset", "--auto-approve")...).want(t, 0)
	for _, n := range nodes(c) {
		if text := shell(t, c, n, `ls -d /var/lib/bulwark 2>&1 || :`); !strings.Contains(text, "No such file") {
			t.Errorf("%s after the reset: %s", n, text)
		}
	}
}
