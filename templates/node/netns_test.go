package node

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// require is the one place where a test of this package gives up: without
// root or a tool it prints NOT RUN and skips, and fails where CI insists.
func require(t *testing.T, tools ...string) {
	t.Helper()
	missing := ""
	if os.Geteuid() != 0 {
		missing = "root"
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing = tool
		}
	}
	if missing == "" && len(tools) > 0 && tools[0] == "ip" {
		name := fmt.Sprintf("bw%d-try", os.Getpid())
		if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
			missing = "network namespaces: " + string(bytes.TrimSpace(out))
		}
		_ = exec.Command("ip", "netns", "del", name).Run()
	}
	if missing == "" {
		return
	}
	if os.Getenv("BULWARK_E2E") == "required" {
		t.Fatalf("%s needs %s", t.Name(), missing)
	}
	fmt.Printf("NOT RUN: %s needs %s\n", t.Name(), missing)
	t.SkipNow()
}

// run is a command of a test, bounded in time, that must succeed.
func run(t testing.TB, stdin []byte, args ...string) string {
	t.Helper()
	out, err := try(stdin, args...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func try(stdin []byte, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

var netnsCount atomic.Int32

// ns is a network namespace of a test's own; it and all in it goes away at
// the end of the test.
type ns string

func newNS(t *testing.T) ns {
	t.Helper()
	n := ns(fmt.Sprintf("bw%d-%d", os.Getpid(), netnsCount.Add(1)))
	run(t, nil, "ip", "netns", "add", string(n))
	t.Cleanup(func() { _, _ = try(nil, "ip", "netns", "del", string(n)) })
	n.ip(t, "link set lo up")
	return n
}

// exec runs a command inside.
func (n ns) exec(t testing.TB, stdin []byte, args ...string) string {
	t.Helper()
	return run(t, stdin, append([]string{"ip", "netns", "exec", string(n)}, args...)...)
}

func (n ns) try(stdin []byte, args ...string) (string, error) {
	return try(stdin, append([]string{"ip", "netns", "exec", string(n)}, args...)...)
}

// ip runs lines of ip(8) inside.
func (n ns) ip(t testing.TB, lines ...string) {
	t.Helper()
	run(t, []byte(strings.Join(lines, "\n")+"\n"), "ip", "-n", string(n), "-batch", "-")
}

// nft loads rules inside.
func (n ns) nft(t testing.TB, rules []byte) {
	t.Helper()
	n.exec(t, rules, "nft", "-f", "-")
}

func (n ns) sysctl(t testing.TB, settings ...string) {
	t.Helper()
	for _, s := range settings {
		key, value, _ := strings.Cut(s, "=")
		n.exec(t, []byte(value), "tee", "/proc/sys/"+strings.ReplaceAll(key, ".", "/"))
	}
}

// join connects two namespaces by a pair of interfaces.
func join2(t testing.TB, a ns, aName string, b ns, bName string) {
	t.Helper()
	a.ip(t, fmt.Sprintf("link add %s type veth peer name %s netns %s", aName, bName, b), "link set "+aName+" up")
	b.ip(t, "link set "+bName+" up")
}

// address gives an interface addresses; with IPv6 at once, without waiting
// for duplicates to show up.
func (n ns) address(t testing.TB, link string, addresses ...string) {
	t.Helper()
	for _, a := range addresses {
		nodad := ""
		if strings.Contains(a, ":") {
			nodad = " nodad"
		}
		n.ip(t, "address add "+a+" dev "+link+nodad)
	}
}
