package kind

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"sigs.k8s.io/kind/pkg/cluster/nodes"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type named struct {
	nodes.Node
	name string
}

func (n named) String() string { return n.name }

// local is a host behind a docker that runs what it is told right here.
func local(t *testing.T, docker string) *Host {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte("#!/bin/sh\n"+docker), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return &Host{named{name: "test-worker"}}
}

const good = `[ "$1 $2 $3 $4" = "exec --privileged -i test-worker" ] || exit 9; shift 4; exec "$@"`

var cat = host.Program{Name: "cat", Text: "cat; echo said >&2; exit 3"}

func TestExec(t *testing.T) {
	h := local(t, good)
	data := bytes.Repeat([]byte("touch /tmp/x\n"), 100_000)
	res, err := h.Exec(t.Context(), cat, data)
	if err != nil || !bytes.Equal(res.Stdout, data) || string(res.Stderr) != "said\n" || res.Exit != 3 {
		t.Errorf("%d bytes, %q, %d, %v", len(res.Stdout), res.Stderr, res.Exit, err)
	}
	_, err = h.Exec(t.Context(), host.Program{Name: "yes", Text: "exec yes"}, nil)
	if !errors.Is(err, errTooMuch) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := h.Exec(ctx, host.Program{Name: "wait", Text: "exec sleep 60"}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestContainerIsGone(t *testing.T) {
	h := local(t, "echo 'Error: No such container: test-worker' >&2; exit 1")
	_, err := h.Exec(t.Context(), cat, nil)
	if !errors.Is(err, host.ErrUnreachable) || !strings.Contains(err.Error(), "No such container") {
		t.Errorf("got %v", err)
	}
	if _, err := h.Dial(t.Context(), "tcp", "127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "No such container") {
		t.Errorf("got %v", err)
	}
}

// A user whom the engine does not answer hears what it said, and what to do.
func TestNoRightToTheEngine(t *testing.T) {
	local(t, `[ "$1" != -v ] || { echo "Docker version 1"; exit; }
echo 'permission denied while trying to connect to the Docker daemon socket' >&2; exit 1`)
	c := &cluster.Cluster{Name: "test", Nodes: []cluster.Node{{Name: "cp-1", Role: cluster.ControlPlane}}}
	_, adapt := Adapt(t.Context(), c)
	_, exists := Exists(t.Context(), c)
	_, connect := Connect(t.Context(), c, c.Nodes[0])
	for what, err := range map[string]error{"adapt": adapt, "exists": exists, "connect": connect, "delete": Delete(t.Context(), c, nil)} {
		if !errors.Is(err, host.ErrUnreachable) || !strings.Contains(err.Error(), "permission denied") || !strings.Contains(err.Error(), "join the group docker") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A cluster of somebody else's, of the same name and with nodes of the same
// names, is not removed.
func TestDeleteLeavesWhatOthersMade(t *testing.T) {
	removed := filepath.Join(t.TempDir(), "removed")
	local(t, `case "$1" in
-v) echo "Docker version 1" ;;
ps) echo test-control-plane; echo test-worker ;;
inspect) echo worker ;;
cp) [ "$2" = "test-control-plane:/kind/bulwark" ] || [ -n "$ALL" ] ;;
rm) echo "$*" >'`+removed+`' ;;
esac`)
	c := &cluster.Cluster{Name: "test", Nodes: []cluster.Node{{Name: "cp-1", Role: cluster.ControlPlane}, {Name: "w-1", Role: cluster.Worker}}}
	err := Delete(t.Context(), c, nil)
	if err == nil || !strings.Contains(err.Error(), "containers test-worker ") || !strings.Contains(err.Error(), "kind delete cluster --name test") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(removed); err == nil {
		t.Fatal("containers were removed")
	}
	t.Setenv("ALL", "yes")
	if err := Delete(t.Context(), c, nil); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(removed); err != nil {
		t.Errorf("our own were not removed: %v", err)
	}
}

func TestDial(t *testing.T) {
	hosttest.Need(t, "bash")
	h := local(t, good)
	web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	defer web.Close()
	tr := web.Client().Transport.(*http.Transport).Clone()
	tr.DialContext = h.Dial
	defer tr.CloseIdleConnections()
	body := strings.Repeat("x", 3<<20)
	res, err := (&http.Client{Transport: tr, Timeout: 20 * time.Second}).Post(web.URL, "text/plain", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, err := io.ReadAll(res.Body); string(got) != body || err != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// A closed port is an answer, at once; and the far end's hanging up is seen.
func TestDialEnds(t *testing.T) {
	hosttest.Need(t, "bash")
	h := local(t, good)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, _ = io.WriteString(c, "bye")
			_ = c.Close()
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, err := h.Dial(ctx, "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if b, err := io.ReadAll(c); string(b) != "bye" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	_ = c.Close()
	_ = l.Close()
	began := time.Now()
	if _, err := h.Dial(ctx, "tcp", l.Addr().String()); err == nil || !strings.Contains(err.Error(), "refused") || time.Since(began) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}
