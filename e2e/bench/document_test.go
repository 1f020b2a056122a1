package bench

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// document is where all benchmarks write to, each its own part.
const document = "../../docs/benchmarks.md"

// section is what one benchmark has to say.
type section struct {
	// bench is its name without "Benchmark".
	bench, title, text string
	aims               []aim
}

// aim is one row of the table at the top. Without a figure it was not measured.
type aim struct {
	id, what, aim, figure string
	met                   bool
}

func (a aim) verdict() string {
	switch {
	case a.figure == "":
		return "not run"
	case a.met:
		return "met"
	}
	return "**missed**"
}

const (
	preamble = "# Benchmarks\n\nWritten by `make bench`, each section by the benchmark that its command names. Do not edit.\n\n" +
		"| | what | aim | figure | | command | machine | commit, date |\n|---|---|---|---|---|---|---|---|\n"
	oneBench = "go test -run '^$' -bench '%s$' -benchtime 1x ./e2e/bench"
)

// write puts a benchmark's section and its rows in place of those of an earlier run.
func write(b *testing.B, s section) {
	b.Helper()
	b.Logf("\n%s", s.text)
	old, err := os.ReadFile(document)
	if err != nil && !os.IsNotExist(err) {
		b.Fatal(err)
	}
	must(b, os.WriteFile(document, []byte(replaced(string(old), s, thisMachine(), commit()+", "+time.Now().UTC().Format(time.DateOnly))), 0o644))
}

// replaced is the document with one section new. Rows are sorted by their first
// cell's number, sections by their title.
func replaced(old string, s section, machine, when string) string {
	command := "`" + fmt.Sprintf(oneBench, s.bench) + "`"
	head, rest, _ := strings.Cut(old, "\n## ")
	var rows []string
	for line := range strings.Lines(head) {
		if strings.HasPrefix(line, "| P") && !strings.Contains(line, command) {
			rows = append(rows, line)
		}
	}
	for _, a := range s.aims {
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %s |\n", a.id, a.what, a.aim, a.figure, a.verdict(), command, machine, when))
	}
	slices.SortStableFunc(rows, func(a, b string) int { return numberOf(a) - numberOf(b) })
	sections := map[string]string{}
	if rest != "" {
		for _, text := range strings.Split(rest, "\n## ") {
			title, body, _ := strings.Cut(text, "\n")
			if !strings.Contains(body, command) {
				sections[title] = strings.TrimSpace(body)
			}
		}
	}
	sections[s.title] = fmt.Sprintf("- command: %s\n- machine: %s\n- commit %s\n\n%s", command, machine, when, strings.TrimSpace(s.text))
	var out strings.Builder
	out.WriteString(preamble + strings.Join(rows, ""))
	var titles []string
	for t := range sections {
		titles = append(titles, t)
	}
	slices.Sort(titles)
	for _, t := range titles {
		fmt.Fprintf(&out, "\n## %s\n\n%s\n", t, sections[t])
	}
	return out.String()
}

// numberOf reads "| P10 | …".
func numberOf(row string) (n int) {
	_, _ = fmt.Sscanf(row, "| P%d", &n)
	return n
}

// thisMachine says what it is.
func thisMachine() string {
	read := func(path string) string { b, _ := os.ReadFile(path); return string(b) }
	after := func(text, key string) string {
		for line := range strings.Lines(text) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == key {
				return strings.TrimSpace(value)
			}
		}
		return "unknown"
	}
	return fmt.Sprintf("%d × %s, %s, Linux %s", runtime.NumCPU(), after(read("/proc/cpuinfo"), "model name"),
		after(read("/proc/meminfo"), "MemTotal"), strings.TrimSpace(read("/proc/sys/kernel/osrelease")))
}

func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

func TestDocumentKeepsWhatOthersWrote(t *testing.T) {
	first := section{bench: "One", title: "B first", text: "text one\n\n| P9 | no row of the head |", aims: []aim{{"P10", "a", "≤ 1", "0.5", true}, {"P2", "b", "≤ 1", "2", false}}}
	second := section{bench: "Two", title: "A second", text: "text two", aims: []aim{{"P3", "c", "≤ 1", "", false}}}
	text := replaced("", first, "m", "then")
	text = replaced(text, second, "m", "then")
	first.text, first.aims = "text new", []aim{{"P2", "b", "≤ 1", "1", true}}
	text = replaced(text, first, "m", "now")
	want := preamble +
		"| P2 | b | ≤ 1 | 1 | met | `go test -run '^$' -bench 'One$' -benchtime 1x ./e2e/bench` | m | now |\n" +
		"| P3 | c | ≤ 1 |  | not run | `go test -run '^$' -bench 'Two$' -benchtime 1x ./e2e/bench` | m | then |\n" +
		"\n## A second\n\n- command: `go test -run '^$' -bench 'Two$' -benchtime 1x ./e2e/bench`\n- machine: m\n- commit then\n\ntext two\n" +
		"\n## B first\n\n- command: `go test -run '^$' -bench 'One$' -benchtime 1x ./e2e/bench`\n- machine: m\n- commit now\n\ntext new\n"
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}
