package kind

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
)

// TestContainers makes real node containers from the image that
// BULWARK_NODE_IMAGE names, and takes them away again.
func TestContainers(t *testing.T) {
	image := os.Getenv("BULWARK_NODE_IMAGE")
	if image == "" {
		t.Skip("NOT RUN: BULWARK_NODE_IMAGE names no node image")
	}
	ctx := t.Context()
	c := &cluster.Cluster{
		Name: "room-kind", Kubernetes: cluster.Version{Major: 1, Minor: 37, Patch: 2},
		Nodes: []cluster.Node{
			{Name: "w-1", Role: cluster.Worker, HostKey: "k", SSHHost: "h", Address: netip.MustParseAddr("192.0.2.1")},
			{Name: "cp-1", Role: cluster.ControlPlane},
		},
	}
	t.Cleanup(func() {
		if err := Delete(context.WithoutCancel(ctx), c, nil); err != nil {
			t.Error(err)
		}
		if there, err := Exists(context.WithoutCancel(ctx), c); there || err != nil {
			t.Errorf("still there: %t, %v", there, err)
		}
	})
	if err := Create(ctx, c, image, nil); err != nil {
		t.Fatal(err)
	}
	a, err := Adapt(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	w, cp := a.Nodes[0], a.Nodes[1]
	if w.Name != "room-kind-worker" || cp.Name != "room-kind-control-plane" || w.Labels[SpecName] != "w-1" || w.HostKey != "" || w.SSHHost != "" ||
		a.Endpoint.Host != cp.Address.String() || len(a.Firewall.Admins) != 1 || !a.Kubernetes.SameMinor(c.Kubernetes) {
		t.Errorf("%+v", a)
	}
	if c.Nodes[0].Labels != nil || len(c.Firewall.Admins) != 0 || len(c.Deviations) != 0 {
		t.Errorf("the spec's cluster was changed: %+v", c)
	}
	if len(a.Deviations) < 3 || slices.ContainsFunc(a.Deviations, func(d cluster.Deviation) bool { return d.Reason == "" || d.ID == "" }) {
		t.Errorf("%+v", a.Deviations)
	}
	h, err := Connect(ctx, a, cp)
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte("touch /canary\n"), 50_000)
	res, err := h.Exec(ctx, host.Program{Name: "echo", Text: "cat; hostname >&2; test -e /canary"}, data)
	if err != nil || !bytes.Equal(res.Stdout, data) || strings.TrimSpace(string(res.Stderr)) != cp.Name || res.Exit != 1 {
		t.Errorf("%d bytes, %q, %d, %v", len(res.Stdout), res.Stderr, res.Exit, err)
	}
	// A port nobody listens on is an answer, at once; one that somebody does
	// is reached from inside.
	began := time.Now()
	if _, err := h.Dial(ctx, "tcp", "127.0.0.1:6443"); err == nil || !strings.Contains(err.Error(), "refused") || time.Since(began) > 10*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	if _, err := h.Exec(ctx, host.Program{Name: "serve", Text: "setsid socat TCP-LISTEN:7001,bind=127.0.0.1,reuseaddr,fork EXEC:cat >/dev/null 2>&1 </dev/null & sleep 1"}, nil); err != nil {
		t.Fatal(err)
	}
	conn, err := h.Dial(ctx, "tcp", "127.0.0.1:7001")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = conn.Write([]byte("there and back"))
	b := make([]byte, 14)
	if n, err := conn.Read(b); string(b[:n]) != "there and back" {
		t.Errorf("%q, %v", b[:n], err)
	}
	c.Kubernetes.Minor = 36
	if _, err := Adapt(ctx, c); err == nil || !strings.Contains(err.Error(), "1.36") {
		t.Errorf("got %v", err)
	}
}
