package provision

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
)

// A machine that could not be looked at is a row, whose check says why, and
// keeps the error's kind.
func TestMachinesThatWereNotSeenAreRows(t *testing.T) {
	c := &cluster.Cluster{Nodes: []cluster.Node{{Name: "cp-1"}, {Name: "w-1"}, {Name: "w-2"}, {Name: "w-3"}}}
	rows := notSeen(c, map[string]error{
		"cp-1": fmt.Errorf("look: %w", &host.NotRootError{Host: "ops@cp-1", User: "ops", Said: "sudo: a password\nis required"}),
		"w-1":  fmt.Errorf("w-1: %w: unknown key", host.ErrUntrusted),
		"w-3":  fmt.Errorf("w-3: %w: connection refused", host.ErrUnreachable),
	})
	want := []struct{ node, check, seen, remedy string }{
		{"cp-1", "sudo", "ops may not become root", "ops ALL=(root) NOPASSWD: ALL"},
		{"w-1", "host-key", "unknown key", "known_hosts"},
		{"w-3", "reach", "connection refused", "ssh -v"},
	}
	if len(rows) != len(want) {
		t.Fatalf("%+v", rows)
	}
	for i, w := range want {
		r := rows[i]
		if r.Node != w.node || r.Check != w.check || !strings.Contains(r.Seen, w.seen) || !strings.Contains(r.Remedy, w.remedy) || strings.Contains(r.Seen, "\n") {
			t.Errorf("%+v", r)
		}
		if reached := !errors.Is(r.Err, host.ErrUnreachable); reached != (w.check == "host-key") {
			t.Errorf("%s is of another kind: %v", w.check, r.Err)
		}
	}
}
