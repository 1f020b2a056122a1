package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/spec"
)

func TestWatchFlags(t *testing.T) {
	said := func(change func(*watchOptions)) watchOptions {
		o := watchOptions{specOptions: here(), machineOptions: ten(), Interval: 5 * time.Minute, MaxChanges: 10, Output: Text}
		change(&o)
		return o
	}
	flagTable(t, newWatch, map[string]flagCase[watchOptions]{
		"nothing said": {args: "", want: said(func(*watchOptions) {})},
		"all of it": {args: "prod --interval 1m --repair --max-changes 3 --listen :9911 -o json --on kind", want: said(func(o *watchOptions) {
			o.Spec, o.OnKind, o.Interval, o.Repair, o.MaxChanges, o.Listen, o.Output = "prod", true, time.Minute, true, 3, ":9911", JSON
		})},
		"once":                   {args: "--once", want: said(func(o *watchOptions) { o.Once = true })},
		"once with an interval":  {args: "--once --interval 1m", refused: "exclude each other"},
		"once, served":           {args: "--once --listen :1", refused: "exclude each other"},
		"a cap of nothing":       {args: "--max-changes 3", refused: "--repair"},
		"a cap that repairs not": {args: "--repair --max-changes 0", refused: "at least 1"},
		"no time between":        {args: "--interval 0s", refused: "at least"},
		"no nodes at a time":     {args: "--parallelism 0", refused: "at least 1"},
		"one document":           {args: "-o lines", refused: "text and json"},
	})
}

func samplePass() provision.Pass {
	step := plan.Step{ID: "w-1/file/a", Node: "w-1", Kind: plan.KindFile, Action: plan.Change, Title: "/a", Why: "default"}
	return provision.Pass{Number: 1, Began: time.Unix(1800000000, 0), Looked: time.Unix(1800000001, 0), Ended: time.Unix(1800000002, 0),
		Seen: provision.Seen{Cluster: "prod", Nodes: []string{"cp-1", "w-1"}, API: true, Drift: []plan.Step{step}, Plan: &plan.Plan{Steps: []plan.Step{step}}}}
}

// What a watch ends with decides its exit code, and it is told what was asked.
func TestWatchExitCodes(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code int
	}{
		"in sync":       {nil, exitDone},
		"drift":         {provision.ErrDrift, exitChanges},
		"not reached":   {fmt.Errorf("w-1: %w", host.ErrUnreachable), exitUnreachable},
		"in part":       {&apply.PartialError{Result: apply.Result{Done: []string{"a"}}, Errs: []error{errors.New("x")}}, exitPartial},
		"refused spec":  {&spec.Error{}, exitRefused},
		"anything else": {errors.New("x"), exitError},
	} {
		f := newFake()
		f.passes, f.watchErr = []provision.Pass{samplePass()}, c.err
		got := (&console{args: "watch prod --once --repair --max-changes 4"}).run(t, f)
		if got.code != c.code || !slices.Equal(f.calls, []string{"watch"}) || f.in.Path != "prod" || !f.watch.Once || !f.watch.Repair || f.watch.MaxChanges != 4 {
			t.Errorf("%s: code %d after %v, told %+v:\n%s", name, got.code, f.calls, f.watch, got.stderr)
		}
		says(t, name, got.stdout, "prod: 1 drifted step", "/a", "state drift")
		if c.code == exitChanges && strings.Contains(got.stderr, "rror") {
			t.Errorf("drift is an answer and no error:\n%s", got.stderr)
		}
	}
}

func TestWatchAsLines(t *testing.T) {
	f := newFake()
	p := samplePass()
	p.Repair = provision.Repair{Outcome: provision.RepairRefused, Why: "too much"}
	f.passes, f.watchErr = []provision.Pass{p, p}, provision.ErrDrift
	c := (&console{args: "watch --once --repair -o json"}).run(t, f)
	var events []string
	for s := bufio.NewScanner(strings.NewReader(c.stdout)); s.Scan(); {
		var l struct {
			Version string `json:"format_version"`
			Event   string
			Code    int `json:"exit_code"`
		}
		if err := json.Unmarshal(s.Bytes(), &l); err != nil || l.Version == "" {
			t.Fatalf("%v: %s", err, s.Text())
		}
		events = append(events, l.Event)
		if l.Event == "end" && l.Code != exitChanges {
			t.Errorf("the end says %d", l.Code)
		}
	}
	if want := []string{"drift", "repair", "pass", "drift", "repair", "pass", "end"}; c.code != exitChanges || !slices.Equal(events, want) {
		t.Errorf("code %d: %v", c.code, events)
	}
}

func TestSignalsEndAWatch(t *testing.T) {
	f := newFake()
	signals := make(chan os.Signal, 2)
	f.during = func(ctx context.Context) {
		signals <- syscall.SIGTERM
		<-ctx.Done()
	}
	if c := (&console{args: "watch", signals: signals}).run(t, f); c.code != exitInterrupted {
		t.Errorf("code %d:\n%s", c.code, c.stderr)
	}
}

func TestWatchServesWhatItSees(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	f := newFake()
	f.passes = []provision.Pass{samplePass()}
	var page string
	f.during = func(context.Context) {
		r, err := http.Get("http://" + addr + "/metrics")
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = r.Body.Close() }()
		b, _ := io.ReadAll(r.Body)
		page = string(b)
	}
	c := (&console{args: "watch --listen " + addr}).run(t, f)
	says(t, "the page", page, `bulwark_watch_drifted_steps{kind="file",node="w-1"} 1`)
	says(t, "stderr", c.stderr, "Serving http://"+addr+"/metrics")
	if _, err := http.Get("http://" + addr + "/metrics"); err == nil {
		t.Error("it is still served after the watch has ended")
	}
	if c := (&console{args: "watch --listen nowhere:0:0"}).run(t, newFake()); c.code != exitError {
		t.Errorf("an address that is none: code %d", c.code)
	}
}
