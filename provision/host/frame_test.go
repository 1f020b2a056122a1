package host_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
)

var shells = []string{"sh", "dash", "bash", "bash --posix", "busybox sh"}

// echo gives back its data, between two lines that show it ran as a program.
var echo = host.Program{Name: "echo", Text: "echo begin\ncat\necho; echo end >&2\nexit 7\n"}

func TestDataThatIsShellCodeStaysData(t *testing.T) {
	canary := filepath.Join(t.TempDir(), "canary")
	binary := make([]byte, 1<<20)
	_, _ = rand.Read(binary)
	payloads := map[string][]byte{
		"empty":       nil,
		"newline":     []byte("\n"),
		"code":        []byte("touch " + canary + "\n"),
		"much code":   bytes.Repeat([]byte("touch "+canary+"\n"), 5000),
		"closing":     []byte("'; touch " + canary + "; echo '\n\"; $(touch " + canary + ") `touch " + canary + "`\n"),
		"exit":        []byte("exit 0\n#\ntouch " + canary),
		"here":        []byte("EOF\ntouch " + canary + "\n"),
		"header":      []byte("bulwark1 6 x\ntouch " + canary + "\n#x"),
		"nul":         []byte("\x00touch " + canary + "\x00\n"),
		"mebibyte":    binary,
		"no line end": []byte("touch " + canary),
	}
	for _, shell := range shells {
		for name, data := range payloads {
			t.Run(shell+"/"+name, func(t *testing.T) {
				res, err := hosttest.NewShell(t, shell).Exec(t.Context(), echo, data)
				if err != nil {
					t.Fatal(err)
				}
				if want := "begin\n" + string(data) + "\n"; string(res.Stdout) != want || string(res.Stderr) != "end\n" || res.Exit != 7 {
					t.Errorf("got %.200q, %q, status %d", res.Stdout, res.Stderr, res.Exit)
				}
				if _, err := os.Stat(canary); err == nil {
					t.Fatal("the data was run")
				}
			})
		}
	}
}

func TestProgramsOfAnySize(t *testing.T) {
	for _, shell := range shells {
		for _, size := range []int{0, 1, 511, 512, 4095, 65537, 300_000} {
			p := host.Program{Name: "big", Text: strings.Repeat("#", size) + "\nwc -c\n\n\n"}
			res, err := hosttest.NewShell(t, shell).Exec(t.Context(), p, []byte("12345"))
			if err != nil || strings.TrimSpace(string(res.Stdout)) != "5" {
				t.Errorf("%s, %d: %q %v", shell, size, res.Stdout, err)
			}
		}
	}
}

// Through a pipe that delivers single bytes no read is ever full.
func TestSlowPipe(t *testing.T) {
	f := host.NewFrame(echo, []byte("data"))
	argv := host.Argv()
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := f.Reader()
	for b := make([]byte, 1); ; {
		if _, err := r.Read(b); err != nil {
			break
		}
		_, _ = in.Write(b)
	}
	_ = in.Close()
	_ = cmd.Wait()
	if got, ok := f.Output(out.Bytes()); !ok || string(got) != "begin\ndata\n" {
		t.Errorf("got %q", got)
	}
}

// A dd without fullblock, as in old toyboxes, is the slow way and works.
func TestOldDD(t *testing.T) {
	dir := t.TempDir()
	old := "#!/bin/sh\ncase $* in *iflag*) exit 1;; esac\nexec /bin/dd \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "dd"), []byte(old), 0o700); err != nil {
		t.Fatal(err)
	}
	f := host.NewFrame(echo, []byte("data"))
	argv := host.Argv()
	for i, a := range argv {
		argv[i] = strings.Replace(a, "PATH=", "PATH="+dir+":", 1)
	}
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Stdin = f.Reader()
	out, _ := cmd.Output()
	if got, ok := f.Output(out); !ok || string(got) != "begin\ndata\n" {
		t.Errorf("got %q", got)
	}
}

func TestCutFrameRunsNothing(t *testing.T) {
	canary := filepath.Join(t.TempDir(), "canary")
	p := host.Program{Name: "touch", Text: "touch " + canary + "\n"}
	whole := new(bytes.Buffer)
	_, _ = whole.ReadFrom(host.NewFrame(p, nil).Reader())
	argv := host.Argv()
	for n := range whole.Len() {
		cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
		cmd.Stdin = bytes.NewReader(whole.Bytes()[:n])
		if err := cmd.Run(); err == nil {
			t.Errorf("cut at %d: no error", n)
		}
		if _, err := os.Stat(canary); err == nil {
			t.Fatalf("cut at %d: the program was run", n)
		}
	}
}

// Every login shell hands the command on unchanged.
func TestLoginShells(t *testing.T) {
	t.Setenv("SSH_CONNECTION", "192.0.2.1 1234 192.0.2.2 22")
	p := host.Program{Name: "env", Text: `echo "$SSH_CONNECTION|$HOME|$NOISE|$LC_ALL|$(umask)|$(pwd)"; cat`}
	for _, shell := range []string{"sh", "dash", "bash", "zsh", "ksh", "mksh", "fish", "tcsh", "csh", "busybox sh"} {
		t.Run(shell, func(t *testing.T) {
			words := strings.Fields(shell)
			bin, err := exec.LookPath(words[0])
			if err != nil {
				t.Skip("not installed")
			}
			f := host.NewFrame(p, []byte("touch x"))
			cmd := exec.CommandContext(t.Context(), bin, append(words[1:], "-c", host.Command(false))...)
			cmd.Stdin = f.Reader()
			cmd.Env = append(os.Environ(), "NOISE=x", "HOME="+t.TempDir())
			out, err := cmd.CombinedOutput()
			got, ok := f.Output(out)
			if want := "192.0.2.1 1234 192.0.2.2 22|/root||C|0077|/\ntouch x"; err != nil || !ok || !strings.HasSuffix(string(got), want) {
				t.Errorf("%v: %q", err, out)
			}
		})
	}
}

func TestCommandIsConstant(t *testing.T) {
	for _, sudo := range []bool{false, true} {
		c := host.Command(sudo)
		if c != host.Command(sudo) || strings.Count(c, "'") != 2 || strings.ContainsAny(c, "\\!\n") {
			t.Errorf("not safe in every login shell: %s", c)
		}
		if strings.HasPrefix(c, "sudo -n -- /usr/bin/env -i ") != sudo {
			t.Errorf("sudo: %s", c)
		}
	}
}

func TestOutputDropsNoise(t *testing.T) {
	f := host.NewFrame(echo, nil)
	if out, ok := f.Output([]byte("motd\n")); ok || string(out) != "motd\n" {
		t.Error("a stream without the mark is no output")
	}
	g := host.NewFrame(echo, nil)
	read := func(f host.Frame) string {
		b := new(bytes.Buffer)
		_, _ = b.ReadFrom(f.Reader())
		head, _, _ := strings.Cut(b.String(), "\n")
		return head
	}
	if read(f) == read(g) {
		t.Error("two frames with one nonce")
	}
	nonce := strings.Fields(read(f))[2]
	out, ok := f.Output(fmt.Appendf(nil, "motd\nbulwark1 0\nbulwark1 %s\nreal\n", nonce))
	if !ok || string(out) != "real\n" {
		t.Errorf("got %q", out)
	}
}

func TestTail(t *testing.T) {
	for in, want := range map[string]string{
		"a\nb\n":                          "a;b",
		"\x1b[31mred\x9b\r\x00":           "?[31mred???",
		"bidi \u202e x\u200b":             "bidi ? x?",
		strings.Repeat("x", 600):          "…" + strings.Repeat("x", 500),
		"ümlaut":                          "ümlaut",
		"":                                "",
		"bad \xff utf":                    "bad ? utf",
		"c1 \u009b31m after":              "c1 ?31m after",
		"del \x7f":                        "del ?",
		"e" + strings.Repeat("\u0301", 6): "e" + strings.Repeat("\u0301", 4) + "??",
		"three\r\nlines\r\nhere ":         "three?;lines?;here",
	} {
		if got := host.Tail([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// What a program complained of may be long and may be anything.
func TestCommandErrorIsHarmless(t *testing.T) {
	for said, want := range map[string]string{
		"":                    "w-1: look failed with status 3: it said nothing",
		"one\n\x1b[2Jtwo\r\n": "w-1: look failed with status 3: one\n?[2Jtwo",
		"x" + strings.Repeat("\x9b\u202e", 1<<20): "",
	} {
		got := (&host.CommandError{Host: "w-1", Program: "look", Exit: 3, Stderr: said}).Error()
		if want != "" && got != want || len(got) > 20<<10 || strings.ContainsAny(got, "\x1b\r\u202e") {
			t.Errorf("%.40q: %.200q", said, got)
		}
	}
}
