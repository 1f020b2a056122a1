package apply

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// keyHolder is a control plane with a key file, and an API server that takes up every
// text but a bad one.
type keyHolder struct {
	mu         sync.Mutex
	text, uses string
	kept       string
	said       []string
}

func (k *keyHolder) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.text != "bad" {
		k.uses = k.text
	}
	fmt.Fprintf(w, "apiserver_encryption_config_controller_last_config_info{hash=\"sha256:%s\"} 1\n", state.SHA256([]byte(k.uses)))
}

func (k *keyHolder) Exec(_ context.Context, p host.Program, stdin []byte) (host.Result, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, rest, _ := strings.Cut(string(stdin), "\n")
	if p.Name == "change" {
		// That it is guarded, or it would not be told from what a person wrote; kind, path, mode, owner, had, digest, length; then the bytes, and the end.
		k.text = strings.TrimSuffix(strings.SplitN(strings.TrimPrefix(rest, "guarded\nput\n"), "\n", 7)[6], "end\n")
		k.said = append(k.said, "put "+k.text)
		return answers(stdin, "done", "changed"), nil
	}
	action, _, _ := strings.Cut(rest, "\n")
	k.said = append(k.said, action)
	switch action {
	case "arm":
		k.kept = k.text
	case "restore":
		k.text = k.kept
	}
	return answers(stdin, "done", "1700000000"), nil
}

func (k *keyHolder) Dial(context.Context, string, string) (net.Conn, error) {
	return nil, errors.ErrUnsupported
}
func (k *keyHolder) Fresh(context.Context) (host.Host, error) { return k, nil }
func (k *keyHolder) String() string                           { return "holder" }
func (k *keyHolder) Close() error                             { return nil }

// A key file goes to one control plane, and when that works with it to the others. One that
// it does not work with is put back there, and the others never see it.
func TestAKeyFileIsTriedOnOne(t *testing.T) {
	for what, c := range map[string]struct {
		text, third string
		want        []string // what each of three was told
	}{
		"good":               {"new", "old", []string{"arm, put new, confirm", "arm, put new, confirm", "arm, put new, confirm"}},
		"bad":                {"bad", "old", []string{"arm, put bad, restore", "", ""}},
		"one has it already": {"new", "new", []string{"arm, put new, confirm", "arm, put new, confirm", ""}},
		"one is ahead":       {"new", "better", []string{"arm, put new, confirm", "arm, put new, confirm", ""}},
	} {
		t.Run(what, func(t *testing.T) {
			e := &encrypting{want: state.Encryption{File: state.File{Path: "/keys", Mode: 0o600, Owner: "root:root"}},
				servers: map[string]*kube.Client{}, files: map[string]state.Secret{}}
			e.run = &run{Runner: &Runner{Access: Access{Hosts: map[string]host.Host{}}}}
			e.step = plan.Step{ID: "cluster/encryption/rewrite"}
			var holders []*keyHolder
			for i, name := range []string{"cp-1", "cp-2", "cp-3"} {
				h := &keyHolder{text: []string{"old", "old", c.third}[i]}
				holders = append(holders, h)
				e.planes = append(e.planes, cluster.Node{Name: name, Role: cluster.ControlPlane})
				e.Hosts[name], e.servers[name], e.files[name] = h, clientOf(t, h), state.Secret(h.text)
			}
			// Nobody waits here until the machine would put it back by itself.
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			e.Events = func(Event) {
				if c.text == "bad" {
					time.AfterFunc(300*time.Millisecond, cancel)
				}
			}
			err := e.put(ctx, "encrypts", state.Secret(c.text), state.Secret("better"))
			if (err != nil) != (c.text == "bad") {
				t.Error(err)
			}
			if err != nil && (!strings.Contains(err.Error(), "cp-1 still works with another /keys") || !strings.Contains(err.Error(), "the key file before was put back")) {
				t.Error(err)
			}
			var got []string
			for _, h := range holders {
				got = append(got, strings.Join(h.said, ", "))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if c.text == "bad" && holders[0].text != "old" {
				t.Errorf("it has %q", holders[0].text)
			}
		})
	}
}
