package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// subject is a cluster that bulwark made of three machines, one control plane
// and two workers: over SSH in the lab, or on kind.
type subject interface {
	// ControlPlane is the one that is asked, Nodes are all of them.
	ControlPlane() string
	Workers() []string
	Nodes() []string
	Address(node string) netip.Addr
	// Exec runs a program on a node as root, by a way that is not bulwark's.
	Exec(ctx context.Context, node string, stdin io.Reader, args ...string) (string, error)
	// Restart restarts a node and returns when its systemd is up.
	Restart(ctx context.Context, node string) error
	// SpecFile is the file of its spec.
	SpecFile() string
	// Bulwark runs a verb for this cluster: the spec and how to reach it are added.
	Bulwark(t testing.TB, verb string, args ...string) outcome
}

func nodes(s subject) []string { return s.Nodes() }

// shell runs a script of sh on a node, and ends the test when that fails.
func shell(t testing.TB, s subject, node, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := s.Exec(ctx, node, nil, "sh", "-euc", script)
	if err != nil {
		t.Fatalf("%s: %v\n%s", node, err, last(out))
	}
	return strings.TrimSpace(out)
}

// kubectlCache is where kubectl keeps what it learnt: not in a home.
const kubectlCache = "/dev/shm/e2e-kubectl"

// kubectl runs kubectl on the control plane as the cluster's administrator.
func kubectl(t testing.TB, s subject, stdin string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := s.Exec(ctx, s.ControlPlane(), strings.NewReader(stdin),
		append([]string{"kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--cache-dir", kubectlCache, "--request-timeout", "30s"}, args...)...)
	return strings.TrimSpace(out), err
}

func mustKubectl(t testing.TB, s subject, stdin string, args ...string) string {
	t.Helper()
	out, err := kubectl(t, s, stdin, args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, last(out))
	}
	return out
}

// create creates objects from YAML, and deletes them when the test ends.
func create(t testing.TB, s subject, yaml string) {
	t.Helper()
	mustKubectl(t, s, yaml, "create", "-f", "-")
	cleanup(t, s, yaml, "delete", "--ignore-not-found", "--now", "-f", "-")
}

// cleanup runs kubectl when the test ends, when its context is over already.
func cleanup(t testing.TB, s subject, stdin string, args ...string) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if out, err := s.Exec(ctx, s.ControlPlane(), strings.NewReader(stdin),
			append([]string{"kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--cache-dir", kubectlCache}, args...)...); err != nil {
			t.Errorf("clean up: %v\n%s", err, out)
		}
	})
}

// eventually tries until it succeeds, and ends the test when it never does.
func eventually(t testing.TB, limit time.Duration, what string, try func() error) {
	t.Helper()
	end := time.Now().Add(limit)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v: %v", what, limit, err)
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// allReady waits until every node is Ready.
func allReady(t testing.TB, s subject) {
	t.Helper()
	eventually(t, 2*time.Minute, "every node is Ready", func() error {
		out, err := kubectl(t, s, "", "get", "nodes", "-o",
			`jsonpath={range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}`)
		if err != nil {
			return err
		}
		if n := strings.Count(out, "=True"); n != len(nodes(s)) || strings.Count(out, "=") != n {
			return fmt.Errorf("%q", out)
		}
		return nil
	})
}

// status is the HTTP status of a request without credentials, made on a node.
func status(t testing.TB, s subject, from, url string) string {
	t.Helper()
	return shell(t, s, from, fmt.Sprintf("curl -sk --max-time 10 -o /dev/null -w '%%{http_code}' %s", url))
}

// open are those addresses to which a TCP connection from a node is made
// within three seconds. All are tried at the same time.
func open(t testing.TB, s subject, from string, to ...netip.AddrPort) []netip.AddrPort {
	t.Helper()
	var script strings.Builder
	for _, at := range to {
		// What ends with 124 was not answered, with 1 refused; anything else says
		// that nothing was tried.
		fmt.Fprintf(&script, "(timeout 3 bash -c 'exec 3<>/dev/tcp/%s/%d' 2>/dev/null && echo 0 %[3]s || echo $? %[3]s) &\n", at.Addr(), at.Port(), at)
	}
	out := shell(t, s, from, script.String()+"wait\n")
	var found []netip.AddrPort
	tried := 0
	for line := range strings.Lines(out) {
		status, at, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch status {
		case "0":
			found = append(found, netip.MustParseAddrPort(at))
		case "1", "124":
		default:
			t.Fatalf("on %s: %q", from, out)
		}
		tried++
	}
	if tried != len(to) {
		t.Fatalf("on %s %d of %d were tried: %q", from, tried, len(to), out)
	}
	return found
}
