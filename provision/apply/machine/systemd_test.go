package machine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// What needs systemd and a firewall runs on one machine of the lab.
func TestOnAMachine(t *testing.T) {
	h := scripttest.Machine(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *scripttest.Host)
	}{
		{"RunGivesStatusAndOutput", runGivesStatusAndOutput},
		{"ArgumentsStayArguments", argumentsStayArguments},
		{"RunIsAttachedToAfterACut", runIsAttachedToAfterACut},
		{"RunIsAttachedToByAnotherCall", runIsAttachedToByAnotherCall},
		{"UnreadResult", unreadResult},
		{"TimeoutIsKept", timeoutIsKept},
		{"OutputIsCapped", outputIsCapped},
		{"LostRun", lostRun},
		{"Units", units},
		{"TableIsConfirmed", tableIsConfirmed},
		{"TableIsTakenAway", tableIsTakenAway},
		{"TableBeforeComesBack", tableBeforeComesBack},
		{"TableThatNobodyConfirmedIsLoadedAgain", tableLoadedAgain},
		{"BadTableIsNotLoaded", badTable},
		{"OtherTablesStay", otherTablesStay},
		{"TableIsTakenAwayWithoutRoom", tableIsTakenAwayWithoutRoom},
		{"GuardedChangeIsPutBack", guardedChangeIsPutBack},
		{"GuardedChangeIsConfirmed", guardedChangeIsConfirmed},
		{"GuardedChangeOverABoot", guardedChangeOverABoot},
		{"Snapshot", snapshot},
		{"Restart", restart},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, h) })
	}
}

func runGivesStatusAndOutput(t *testing.T, h *scripttest.Host) {
	began := time.Now()
	run, err := Run(t.Context(), h, "cp-1/phase/one", []string{"sh", "-c", "echo out; echo err >&2; pwd; umask; exit 7"}, RunOptions{})
	if err != nil || run.Exit != 7 || run.Active || run.Output != "out\nerr\n/\n0022" {
		t.Errorf("%+v, %v", run, err)
	}
	t.Logf("it took %v", time.Since(began))
	if left := h.Shell(t, true, "ls /run/bulwark/run; systemctl --no-legend --all list-units 'bulwark-*'"); left != "" {
		t.Errorf("left behind: %s", left)
	}
	if run, err := Run(t.Context(), h, "cp-1/phase/two", []string{"/no/such/program"}, RunOptions{}); err != nil || run.Exit != 127 {
		t.Errorf("%+v, %v", run, err)
	}
}

func argumentsStayArguments(t *testing.T, h *scripttest.Host) {
	args := []string{"printf", `<%s>\n`, "$(touch /canary)", "`touch /canary`", "a b", "%i %n", "$HOME ${HOME}", "'", `"`, `\`, "", "*", "; touch /canary", "-e"}
	run, err := Run(t.Context(), h, "args", args, RunOptions{})
	want := ""
	for _, a := range args[2:] {
		want += "<" + a + ">\n"
	}
	if err != nil || run.Output != strings.TrimSpace(want) {
		t.Errorf("%q, %v", run.Output, err)
	}
	if h.Shell(t, true, "ls /canary") != "" {
		t.Error("an argument was executed")
	}
	if _, err := Run(t.Context(), h, "args", []string{"a\nb"}, RunOptions{}); err == nil {
		t.Error("a line break was accepted")
	}
}

// cutting ends the first execution of a program after a while.
func cutting(h *scripttest.Host, program string, after time.Duration) *scripttest.Host {
	cut := *h
	done := false
	cut.Cut = func(ctx context.Context, p string) (context.Context, context.CancelFunc) {
		if p != program || done {
			return context.WithCancel(ctx)
		}
		done = true
		return context.WithTimeoutCause(ctx, after, errors.New("connection lost"))
	}
	return &cut
}

func runIsAttachedToAfterACut(t *testing.T, h *scripttest.Host) {
	run, err := Run(t.Context(), cutting(h, "run", 1500*time.Millisecond), "cut",
		[]string{"sh", "-c", "echo started >>/run/cut; sleep 4; echo ended; exit 3"}, RunOptions{})
	if err != nil || run.Exit != 3 || run.Output != "ended" {
		t.Errorf("%+v, %v", run, err)
	}
	if got := h.Shell(t, false, "cat /run/cut"); got != "started" {
		t.Errorf("it was started more than once: %q", got)
	}
}

func runIsAttachedToByAnotherCall(t *testing.T, h *scripttest.Host) {
	argv := []string{"sh", "-c", "echo started >>/run/twice; sleep 4; echo ended"}
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	if _, err := Run(ctx, h, "twice", argv, RunOptions{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v", err)
	}
	n, err := observe.Node(t.Context(), h, observe.Ask{Node: "n", Runs: []string{"twice", "never"}})
	if err != nil || !n.Runs["twice"].Active || len(n.Runs) != 1 {
		t.Errorf("%+v, %v", n, err)
	}
	if _, err := Run(t.Context(), h, "twice", []string{"true"}, RunOptions{}); !errors.Is(err, ErrOtherRun) {
		t.Errorf("%v", err)
	}
	run, err := Run(t.Context(), h, "twice", argv, RunOptions{})
	if err != nil || run.Exit != 0 || run.Output != "ended" {
		t.Errorf("%+v, %v", run, err)
	}
	if got := h.Shell(t, false, "cat /run/twice"); got != "started" {
		t.Errorf("it was started more than once: %q", got)
	}
	if _, err := Attach(t.Context(), h, "twice"); !errors.Is(err, ErrNoRun) {
		t.Errorf("%v", err)
	}
}

// unread lets a run end with nobody waiting.
func unread(t *testing.T, h *scripttest.Host, id string, argv []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := Run(ctx, h, id, argv, RunOptions{}); err == nil {
		t.Fatal("it ended too soon for this test")
	}
	h.Shell(t, false, "while systemctl is-active --quiet "+script.RunUnit(id)+".service; do sleep 0.1; done")
}

func unreadResult(t *testing.T, h *scripttest.Host) {
	good := []string{"sh", "-c", "echo x >>/run/good; sleep 2; echo well"}
	unread(t, h, "good", good)
	n, err := observe.Node(t.Context(), h, observe.Ask{Node: "n", Runs: []string{"good"}})
	if r := n.Runs["good"]; err != nil || r.Active || r.Exit != 0 || r.Output != "well" {
		t.Errorf("%+v, %v", n.Runs, err)
	}
	if run, err := Run(t.Context(), h, "good", good, RunOptions{}); err != nil || run.Exit != 0 || run.Output != "well" {
		t.Errorf("%+v, %v", run, err)
	}
	if got := h.Shell(t, false, "cat /run/good"); got != "x" {
		t.Errorf("what ended well was repeated: %q", got)
	}
	bad := []string{"sh", "-c", "echo x >>/run/bad; sleep 2; [ $(wc -l </run/bad) = 2 ]"}
	unread(t, h, "bad", bad)
	if run, err := Run(t.Context(), h, "bad", bad, RunOptions{}); err != nil || run.Exit != 0 {
		t.Errorf("what failed was not started again: %+v, %v", run, err)
	}
	unread(t, h, "attach", []string{"sh", "-c", "sleep 2; exit 9"})
	if run, err := Attach(t.Context(), h, "attach"); err != nil || run.Exit != 9 {
		t.Errorf("%+v, %v", run, err)
	}
}

func timeoutIsKept(t *testing.T, h *scripttest.Host) {
	run, err := Run(t.Context(), h, "slow", []string{"sh", "-c", "echo before; sleep 60"}, RunOptions{Timeout: 2 * time.Second})
	if err != nil || run.Exit != 124 || run.Output != "before" {
		t.Errorf("%+v, %v", run, err)
	}
}

func outputIsCapped(t *testing.T, h *scripttest.Host) {
	run, err := Run(t.Context(), h, "loud", []string{"sh", "-c", `yes "$(printf '\033[31m')" | head -c 20000000; echo; echo the end; exit 4`}, RunOptions{})
	if err != nil || run.Exit != 4 || len(run.Output) > 1<<20 || !strings.HasSuffix(run.Output, "the end") || strings.Contains(run.Output, "\x1b") {
		t.Errorf("%d bytes, %d, %v", len(run.Output), run.Exit, err)
	}
}

func lostRun(t *testing.T, h *scripttest.Host) {
	argv := []string{"sh", "-c", "echo x >>/run/lost; sleep 3"}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := Run(ctx, h, "lost", argv, RunOptions{}); err == nil {
		t.Fatal("it ended too soon for this test")
	}
	h.Shell(t, false, "systemctl kill --signal=KILL "+script.RunUnit("lost")+".service; sleep 0.5")
	n, err := observe.Node(t.Context(), h, observe.Ask{Node: "n", Runs: []string{"lost"}})
	if err != nil || n.Unread["lost"] == "" {
		t.Errorf("%+v, %v", n, err)
	}
	if _, err := Attach(t.Context(), h, "lost"); !errors.Is(err, observe.ErrLost) {
		t.Errorf("%v", err)
	}
	if run, err := Run(t.Context(), h, "lost", argv, RunOptions{}); err != nil || run.Exit != 0 {
		t.Errorf("%+v, %v", run, err)
	}
}

func units(t *testing.T, h *scripttest.Host) {
	unit := "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"
	do := func(value string) Op { return Op{Kind: DoUnit, Key: "probe.service", Value: value} }
	outcomes, err := Do(t.Context(), h, []Op{
		{Kind: PutFile, Path: "/etc/systemd/system/probe.service", Mode: 0o644, Owner: "root:root", Content: []byte(unit)},
		{Kind: DoUnit, Value: "daemon-reload"},
		do("enable"), do("enable"), do("start"), do("start"), do("restart"), do("stop"), do("stop"), do("disable"), do("disable"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, changed := range []bool{true, true, true, false, true, false, true, true, false, true, false} {
		if outcomes[i].Changed != changed {
			t.Errorf("%d: %+v", i, outcomes[i])
		}
	}
	outcomes, err = Do(t.Context(), h, []Op{{Kind: DoUnit, Key: "no-such.service", Value: "stop"}, {Kind: DoUnit, Key: "no-such.service", Value: "start"}})
	if err == nil || outcomes[0].Status != Done || !strings.Contains(err.Error(), "not found") {
		t.Errorf("%+v, %v", outcomes, err)
	}
}

const (
	tableText = "table inet bulwark {\n\tcounter closed { }\n\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n" +
		"\t\ttcp dport 9 counter name closed\n\t\ttcp dport 9 counter drop\n\t}\n}\n"
	otherText = "table inet bulwark {\n\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n\t\ttcp dport 7 drop\n\t}\n}\n"
	list      = "nft list tables; nft -s list table inet bulwark; systemctl --no-legend --all list-units 'bulwark-table-*'; ls /run/bulwark/table"
)

func tableIsConfirmed(t *testing.T, h *scripttest.Host) {
	if err := LoadTable(t.Context(), h, []byte(tableText), 3*time.Second); err != nil {
		t.Fatal(err)
	}
	if got := h.Shell(t, false, "systemctl is-active bulwark-table-revert-a.timer"); got != "active" {
		t.Errorf("the timer is %s", got)
	}
	fresh, _ := h.Fresh(t.Context())
	for range 2 { // a confirmation that was cut is made again
		if err := ConfirmTable(t.Context(), fresh); err != nil {
			t.Fatal(err)
		}
	}
	h.Shell(t, true, `bash -c 'exec 3<>/dev/tcp/127.0.0.1/9' & sleep 0.2; kill $!; sleep 4`)
	if got := h.Shell(t, true, list); !strings.Contains(got, "dport 9") || strings.Contains(got, "revert") {
		t.Errorf("%s", got)
	}
	for _, name := range []string{"closed", ""} {
		if n, err := TableCounter(t.Context(), h, name); err != nil || n == 0 {
			t.Errorf("counter %q: %d, %v", name, n, err)
		}
	}
	if _, err := TableCounter(t.Context(), h, "none"); err == nil {
		t.Error("a counter that is not there")
	}
	n, err := observe.Node(t.Context(), h, observe.Ask{Node: "n"})
	if err != nil || !strings.Contains(n.Table, "dport 9") || strings.Contains(n.Table, "packets 1") {
		t.Errorf("%q, %v", n.Table, err)
	}
	for range 2 {
		if err := DropTable(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.Shell(t, true, list); got != "" {
		t.Errorf("left behind: %s", got)
	}
	if err := ConfirmTable(t.Context(), h); err == nil || errors.Is(err, ErrReverted) {
		t.Errorf("%v", err)
	}
}

func tableIsTakenAway(t *testing.T, h *scripttest.Host) {
	if err := LoadTable(t.Context(), h, []byte(tableText), 2*time.Second); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second)
	if got := h.Shell(t, true, "nft list tables"); got != "" {
		t.Errorf("%s", got)
	}
	if err := ConfirmTable(t.Context(), h); !errors.Is(err, ErrReverted) {
		t.Errorf("%v", err)
	}
	if err := LoadTable(t.Context(), h, []byte(tableText), time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := ConfirmTable(t.Context(), h); err != nil {
		t.Error(err)
	}
	if err := DropTable(t.Context(), h); err != nil {
		t.Fatal(err)
	}
}

func tableBeforeComesBack(t *testing.T, h *scripttest.Host) {
	defer DropTable(context.Background(), h)
	if err := LoadTable(t.Context(), h, []byte(otherText), time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := ConfirmTable(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	if err := LoadTable(t.Context(), h, []byte(tableText), 2*time.Second); err != nil {
		t.Fatal(err)
	}
	if got := h.Shell(t, false, "nft list table inet bulwark"); !strings.Contains(got, "dport 9") || strings.Contains(got, "dport 7") {
		t.Errorf("%s", got)
	}
	time.Sleep(3 * time.Second)
	if got := h.Shell(t, false, "nft list table inet bulwark"); !strings.Contains(got, "dport 7") || strings.Contains(got, "dport 9") {
		t.Errorf("%s", got)
	}
}

// bulwark died between load and confirmation, and is run again.
func tableLoadedAgain(t *testing.T, h *scripttest.Host) {
	defer DropTable(context.Background(), h)
	if err := LoadTable(t.Context(), h, []byte(tableText), 4*time.Second); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{otherText, tableText} {
		if err := LoadTable(t.Context(), h, []byte(text), 5*time.Second); err != nil {
			t.Fatal(err)
		}
		got := h.Shell(t, false, "systemctl --no-legend list-units 'bulwark-table-*.timer' | wc -l")
		if got != "1" {
			t.Errorf("%s timers", got)
		}
	}
	time.Sleep(6 * time.Second)
	if got := h.Shell(t, true, "nft list tables"); got != "" {
		t.Errorf("what nobody confirmed stays: %s", got)
	}
}

func badTable(t *testing.T, h *scripttest.Host) {
	for name, text := range map[string]string{
		"ruleset": "flush ruleset\n" + tableText, "another table": "table inet other {\n}\n", "include": "table inet bulwark {\n\tinclude \"/etc/shadow\"\n}\n",
		"cut": "table inet bulwark {\n", "empty": "", "syntax": "table inet bulwark {\n\tnonsense\n}\n", "one line": "table inet bulwark { }; flush ruleset\n",
	} {
		if err := LoadTable(t.Context(), h, []byte(text), time.Minute); err == nil {
			t.Errorf("%s was loaded", name)
		}
	}
	if got := h.Shell(t, true, "nft list tables; systemctl --no-legend --all list-units 'bulwark-table-*'"); got != "" {
		t.Errorf("left behind: %s", got)
	}
	h.Shell(t, true, "rm -rf /run/bulwark/table")
}

func otherTablesStay(t *testing.T, h *scripttest.Host) {
	h.Shell(t, false, "nft add table ip theirs; nft add table inet bulwark2")
	if err := LoadTable(t.Context(), h, []byte(tableText), time.Second); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second)
	if err := DropTable(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	if got := h.Shell(t, false, "nft list tables"); got != "table ip theirs\ntable inet bulwark2" {
		t.Errorf("%s", got)
	}
	h.Shell(t, false, "nft delete table ip theirs; nft delete table inet bulwark2")
}

// A machine that restarts forgets runs and unconfirmed tables alike.
func restart(t *testing.T, h *scripttest.Host) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := Run(ctx, h, "reboot", []string{"sleep", "100"}, RunOptions{}); err == nil {
		t.Fatal("it ended too soon for this test")
	}
	if err := LoadTable(t.Context(), h, []byte(tableText), time.Minute); err != nil {
		t.Fatal(err)
	}
	h.Restart(t)
	if _, err := Attach(t.Context(), h, "reboot"); !errors.Is(err, ErrNoRun) {
		t.Errorf("%v", err)
	}
	if err := ConfirmTable(t.Context(), h); err == nil {
		t.Error("a table that is gone was confirmed")
	}
}
