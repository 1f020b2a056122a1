// Package e2e_test runs the built program against real machines, and asks
// those machines whether what the README promises is so.
//
// Nothing in here reads a setting where the thing itself can be asked: ports
// are connected to, requests are made, bytes are read from etcd.
package e2e_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// program is the file of the real main.
var program string

func TestMain(m *testing.M) {
	code, err := build(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// build makes the program, runs the tests, and takes it away.
func build(run func() int) (int, error) {
	dir, err := os.MkdirTemp("", "bulwark-e2e-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "bulwark")
	cmd := exec.Command("go", "build", "-o", program, "../cmd/bulwark")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // the lab's machines run it too
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return run(), nil
}

// patience is how long one run of the program may take, where nothing else is said.
const patience = 8 * time.Minute

// operator is somebody who runs the program: an own home and temporary
// folder, no agent, and nothing else of the account that runs the tests.
type operator struct {
	dir string
	// program is what is run, the real main where it is empty.
	program string
	// env are further variables.
	env []string
	// onLine is told every line of standard error as it comes.
	onLine func(line string, at time.Time)
	// started is told the process, for tests that end it.
	started func(*os.Process)
	// patience is how long one run may take.
	patience time.Duration
}

func newOperator(t testing.TB) *operator {
	t.Helper()
	o := &operator{dir: t.TempDir(), patience: patience}
	for _, d := range []string{"home", "tmp"} {
		if err := os.Mkdir(filepath.Join(o.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func (o *operator) environment() []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(o.dir, "home"), "TMPDIR=" + filepath.Join(o.dir, "tmp"),
	}, o.env...)
}

// outcome is how a run of the program ended.
type outcome struct {
	Code           int // -1 when a signal ended it
	Stdout, Stderr string
	Took           time.Duration
}

// String is what a failing test shows of a run.
func (o outcome) String() string {
	return fmt.Sprintf("exit %d after %v\n--- stdout\n%s--- stderr\n%s", o.Code, o.Took.Round(time.Millisecond), last(o.Stdout), last(o.Stderr))
}

// last is the end of a long text.
func last(s string) string {
	const most = 6000
	if len(s) > most {
		return "…" + s[len(s)-most:]
	}
	return s
}

// run runs the program and waits for its end, whatever it is.
func (o *operator) run(t testing.TB, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), o.patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, cmp.Or(o.program, program), args...)
	cmd.Dir, cmd.Env = o.dir, o.environment()
	cmd.WaitDelay = 5 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout = &stdout
	pipe, in := io.Pipe()
	cmd.Stderr = in
	var read sync.WaitGroup
	read.Go(func() {
		lines := bufio.NewReader(pipe)
		for {
			line, err := lines.ReadString('\n')
			stderr.WriteString(line)
			if o.onLine != nil && line != "" {
				o.onLine(strings.TrimSuffix(line, "\n"), time.Now())
			}
			if err != nil {
				return
			}
		}
	})
	began := time.Now()
	err := cmd.Start()
	if err == nil && o.started != nil {
		o.started(cmd.Process)
	}
	if err == nil {
		err = cmd.Wait()
	}
	in.Close()
	read.Wait()
	res := outcome{Stdout: stdout.String(), Stderr: stderr.String(), Took: time.Since(began)}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		t.Fatalf("%v did not end within %v: %v", args, o.patience, res)
	case errors.As(err, &exit):
		res.Code = exit.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	return res
}

// document is what the tests read of the JSON document of a run.
type document struct {
	ExitCode int `json:"exit_code"`
	Plan     *struct {
		Empty bool `json:"empty"`
		Steps []struct {
			ID, Node, Kind, Title string
			Restarts              []string
			Detail                map[string]any
		}
	}
	Problems []struct {
		Node, Check, Seen, Remedy string
		Warning                   bool
	}
	Result *struct {
		Done, Failed []string
		NotReached   []string `json:"not_reached"`
	}
	Checks []struct {
		ID, Node, Title, Seen, Verdict string
	}
	Audit *struct {
		Findings []struct {
			ID, Node, Verdict string
		}
	}
	Error *struct {
		Message, Hint string
	}
}

// JSON reads the document of a run with -o json.
func (o outcome) JSON(t testing.TB) document {
	t.Helper()
	var d document
	if err := json.Unmarshal([]byte(o.Stdout), &d); err != nil {
		t.Fatalf("standard output is not one JSON document: %v\n%v", err, o)
	}
	return d
}

// event is a line of standard error under -o json.
type event struct {
	Event, Step, Node, Title, Text, Error string
}

// events are those of a run.
func (o outcome) events() []event {
	var all []event
	for line := range strings.Lines(o.Stderr) {
		var e event
		if json.Unmarshal([]byte(line), &e) == nil && e.Event != "" {
			all = append(all, e)
		}
	}
	return all
}

// want ends the test when a run ended with another code.
func (o outcome) want(t testing.TB, code int) outcome {
	t.Helper()
	if o.Code != code {
		t.Fatalf("want exit %d, got %v", code, o)
	}
	return o
}

// says reports each text that the run's messages lack.
func (o outcome) says(t testing.TB, texts ...string) {
	t.Helper()
	// Text is wrapped and errors are quoted in JSON: compare words.
	said := strings.Join(strings.Fields(o.Stdout+o.Stderr), " ")
	for _, text := range texts {
		if !strings.Contains(said, text) {
			t.Errorf("it does not say %q: %v", text, o)
		}
	}
}
