package apply

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// nodesAPI is an API that has Nodes and their Leases.
type nodesAPI struct {
	mu sync.Mutex
	// renewed is what the Leases say, down are Nodes that are not Ready, and cordoned
	// those that bulwark keeps pods away from; names are all.
	renewed        string
	names          []string
	down, cordoned map[string]bool
	fails          bool
}

func (a *nodesAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fails {
		http.Error(w, "etcd is away", http.StatusInternalServerError)
		return
	}
	var out any
	switch name := path.Base(r.URL.Path); {
	case strings.Contains(r.URL.Path, "/leases/"):
		out = map[string]any{"kind": "Lease", "apiVersion": "coordination.k8s.io/v1", "spec": map[string]any{"renewTime": a.renewed}}
	case name == "nodes":
		var items []any
		for _, n := range a.names {
			items = append(items, a.node(n))
		}
		out = map[string]any{"kind": "NodeList", "apiVersion": "v1", "items": items}
	default:
		out = a.node(name)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

func (a *nodesAPI) node(name string) any {
	ready, annotations := "True", map[string]any{}
	if a.down[name] {
		ready = "Unknown"
	}
	if a.cordoned[name] {
		annotations["bulwark/cordoned"] = "true"
	}
	return map[string]any{"kind": "Node", "apiVersion": "v1", "metadata": map[string]any{"name": name, "annotations": annotations},
		"spec":   map[string]any{"unschedulable": a.cordoned[name]},
		"status": map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": ready}}}}
}

// kubeletHost is a machine whose kubelet says that it is well.
type kubeletHost struct {
	*living
	pid    int
	health string
}

func (k *kubeletHost) Exec(_ context.Context, _ host.Program, stdin []byte) (host.Result, error) {
	return answers(stdin, "process", fmt.Sprintf("kubelet %d 0 -\n%s", k.pid, hex.EncodeToString([]byte("kubelet\x00")))), nil
}

func (k *kubeletHost) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if address != kubeletHealth {
		return nil, errors.ErrUnsupported
	}
	return (&net.Dialer{}).DialContext(ctx, network, k.health)
}

// A Node is Ready for a while after its kubelet lost the API: the gate wants something of
// the kubelet that runs now.
func TestAKubeletIsHeardOfSinceItStartedAgain(t *testing.T) {
	health := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer health.Close()
	at := func(second int) string { return fmt.Sprintf("2026-01-01T00:00:%02d.000000Z", second) }
	known := &nodesAPI{renewed: at(1)}
	h := &kubeletHost{&living{}, 2, health.Listener.Addr().String()}
	node := cluster.Node{Name: "w-1", Role: cluster.Worker}
	c := &change{node: node, restarts: []string{kubelet}, before: map[string]state.Process{kubelet: {PID: 1}}}
	c.run = &run{Runner: &Runner{Access: Access{Cluster: &cluster.Cluster{Nodes: []cluster.Node{node}}, Hosts: map[string]host.Host{"w-1": h}}}}
	c.api = &api{client: clientOf(t, known)}
	for _, s := range []struct {
		pid, renewed int
		well         bool
	}{
		{2, 1, false}, {2, 1, false}, // what is known may be the word of the kubelet before
		{2, 2, true}, {2, 2, true}, // between two words it is well
		{3, 2, false}, {3, 3, true}, // another process has to say so itself
	} {
		h.pid, known.renewed = s.pid, at(s.renewed)
		err := c.well(t.Context())
		if (err == nil) != s.well || err != nil && !strings.Contains(err.Error(), "the API has not heard of the kubelet since it started again") {
			t.Errorf("%+v: %v", s, err)
		}
	}
	known.down = map[string]bool{"w-1": true}
	if err := c.well(t.Context()); err == nil || !strings.Contains(err.Error(), "its Node is not Ready") {
		t.Errorf("a Node that is not Ready: %v", err)
	}
}
