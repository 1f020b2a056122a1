package kube

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// While one API server is away, for a restart or for good, the others are asked;
// and one that answers is kept.
func TestAnotherServerIsAskedWhileOneIsAway(t *testing.T) {
	a := newAuthority(t)
	nodes := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"kind":"NodeList","apiVersion":"v1","items":[]}`)
	}
	one, two := &machine{}, &machine{}
	first := server(t, a, one, "10.0.0.11:6443", nodes, "api.example.com")
	server(t, a, two, "10.0.0.12:6443", nodes, "api.example.com")
	c, err := New(a.kubeconfig(t, endpointURL, admin()), Server{Host: one, Address: "10.0.0.11:6443"}, Server{Host: two, Address: "10.0.0.12:6443"})
	if err != nil {
		t.Fatal(err)
	}
	c.pause = soon
	ask := func(what string, dialled ...int) {
		t.Helper()
		if _, err := c.nodes(t.Context()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if got := []int{len(one.dials), len(two.dials)}; !slices.Equal(got, dialled) {
			t.Errorf("%s: the machines were dialled %v times, want %v", what, got, dialled)
		}
	}
	ask("both answer", 1, 0)
	first.CloseClientConnections()
	first.Close()
	one.fail = []error{fmt.Errorf("cp-1: %w", host.ErrUnreachable)}
	ask("the first is gone", 2, 1)
	ask("the second is kept", 2, 1)
}
