package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

// run is one contestant's run, in times since it was started.
type run struct {
	ready time.Duration // until every node was Ready at the same time
	end   time.Duration // until the command had ended
	nodes map[string]time.Duration
	spans []span
	load  string // average of the minute before
	used  *usage
}

// span is a step that bulwark reported, or several that it did together.
type span struct {
	node, what string
	from, to   time.Duration
	steps      int
}

// race renews all machines, waits until they are idle, and times one contestant.
func (a *arena) race(b *testing.B, contestant func(context.Context) *exec.Cmd) run {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	var renewed sync.WaitGroup
	for _, m := range a.set.Machines {
		renewed.Go(func() {
			if err := m.Renew(ctx); err != nil {
				b.Error(err)
			}
		})
	}
	renewed.Wait()
	// What making the machines wrote is not to be waited for by their etcd.
	syscall.Sync()
	if b.Failed() {
		b.FailNow()
	}
	awaitQuiet(b)

	load, ids := loadAverage(), containers(a.set.Machines)
	used := readProcessor(ids)
	ready := make(chan run, 1)
	cmd := contestant(ctx)
	var stdout bytes.Buffer
	var stderr log
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	stderr.began = began
	observe, stop := context.WithCancel(ctx)
	defer stop()
	go func() { ready <- observeReady(observe, a.set.Machines, began) }()
	err := cmd.Run()
	ended := time.Since(began)
	usedAtEnd := readProcessor(ids)
	if err != nil {
		b.Fatalf("%s: %v\n%s%s", cmd.Args[0], errors.Join(err, ctx.Err()), last(stderr.text.String()), last(stdout.String()))
	}
	// Both wait for it themselves, so it has come or is about to.
	time.AfterFunc(10*time.Second, stop)
	out := <-ready
	if out.ready == 0 {
		b.Fatalf("%s ended well, and not all nodes were seen Ready: %v", cmd.Args[0], out.nodes)
	}
	out.end, out.spans, out.load = ended, append(stderr.spans(), stderr.stages(ended)...), load
	out.used = used.until(usedAtEnd, cmd.ProcessState)
	return out
}

func last(s string) string {
	if len(s) > 6000 {
		return "…" + s[len(s)-6000:]
	}
	return s
}

// watch is the observer in the control plane's machine: the API's own stream of
// its nodes. It is there a moment after the API is, and costs less of the
// machine that is timed than asking again and again.
const watch = `
until [ -e /etc/kubernetes/admin.conf ] && curl -sfk -o /dev/null --max-time 2 https://127.0.0.1:6443/readyz; do sleep 0.1; done
while :; do
  kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes --watch \
    -o 'jsonpath={.metadata.name}={.status.conditions[?(@.type=="Ready")].status}{"\n"}' 2>/dev/null || :
  echo again
  sleep 0.1
done`

// observeReady returns when all machines are nodes that are Ready, or ctx ends.
func observeReady(ctx context.Context, machines []*lab.Machine, began time.Time) run {
	out := run{nodes: map[string]time.Duration{}}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd := exec.CommandContext(ctx, "docker", "exec", machines[0].Container(), "timeout", fmt.Sprint(int(patience.Seconds())), "sh", "-c", watch)
	pipe, in := io.Pipe()
	cmd.Stdout, cmd.WaitDelay = in, time.Second
	go func() { in.CloseWithError(cmd.Run()) }()
	ready := map[string]bool{}
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		now := time.Since(began)
		node, status, isNode := strings.Cut(lines.Text(), "=")
		switch {
		case !isNode: // the stream begins again, and says all it knows
			clear(ready)
			continue
		case status != "True":
			delete(ready, node)
			continue
		}
		ready[node] = true
		if out.nodes[node] == 0 {
			out.nodes[node] = now
		}
		if len(ready) == len(machines) {
			out.ready = now
			return out
		}
	}
	return out
}

// log keeps what a contestant says, and when it said each line.
type log struct {
	began time.Time
	text  bytes.Buffer
	ends  []mark
}

// mark is the end of a line.
type mark struct {
	at   time.Duration
	size int
}

func (l *log) Write(p []byte) (int, error) {
	l.text.Write(p)
	if bytes.HasSuffix(p, []byte("\n")) {
		l.ends = append(l.ends, mark{time.Since(l.began), l.text.Len()})
	}
	return len(p), nil
}

// spans reads bulwark's events: steps of one node that began and ended together
// were done together.
func (l *log) spans() []span {
	var out []span
	open := map[string]time.Duration{}
	text, start := l.text.Bytes(), 0
	for _, m := range l.ends {
		for line := range bytes.Lines(text[start:m.size]) {
			var e struct{ Event, Step, Node string }
			if json.Unmarshal(line, &e) != nil || e.Step == "" {
				continue
			}
			switch e.Event {
			case "started":
				open[e.Step] = m.at
			case "done", "failed":
				s := span{node: e.Node, what: strings.TrimPrefix(e.Step, e.Node+"/"), from: open[e.Step], to: m.at, steps: 1}
				const together = 20 * time.Millisecond
				if n := len(out) - 1; n >= 0 && out[n].node == s.node && (s.from-out[n].from).Abs() < together && (s.to-out[n].to).Abs() < together {
					out[n].steps++
					continue
				}
				out = append(out, s)
			}
		}
		start = m.size
	}
	return out
}

// stages reads what the script says when it begins with something.
func (l *log) stages(end time.Duration) []span {
	var out []span
	text, start := l.text.Bytes(), 0
	for _, m := range l.ends {
		for line := range strings.Lines(string(text[start:m.size])) {
			if what, ok := strings.CutPrefix(line, "== "); ok {
				if n := len(out) - 1; n >= 0 {
					out[n].to = m.at
				}
				out = append(out, span{what: strings.TrimSpace(what), from: m.at, to: end, steps: 1})
			}
		}
		start = m.size
	}
	return out
}
