package hosttest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
)

// recorder is a test that may fail without failing the one it is in.
type recorder struct {
	testing.TB
	failed   []string
	cleanups []func()
}

func (r *recorder) Helper()                   {}
func (r *recorder) Cleanup(f func())          { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(f string, a ...any) { r.failed = append(r.failed, fmt.Sprintf(f, a...)) }

func TestFakeAnswersInOrder(t *testing.T) {
	again := hosttest.New(t, "again")
	f := hosttest.New(t, "node").ExpectOutput("look", "seen").ExpectFresh(again, nil)
	res, err := f.Exec(t.Context(), host.Program{Name: "look"}, nil)
	if err != nil || string(res.Stdout) != "seen" {
		t.Errorf("got %q, %v", res.Stdout, err)
	}
	if h, err := f.Fresh(t.Context()); err != nil || h.String() != "again" {
		t.Errorf("got %v, %v", h, err)
	}
}

func TestFakeFailsOnTheUnexpected(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, use := range map[string]func(f *hosttest.Fake){
		"other program": func(f *hosttest.Fake) { _, _ = f.Exec(t.Context(), host.Program{Name: "put"}, nil) },
		"dial":          func(f *hosttest.Fake) { _, _ = f.Dial(t.Context(), "tcp", "127.0.0.1:1") },
		"never came":    func(*hosttest.Fake) {},
		"closed": func(f *hosttest.Fake) {
			_ = f.Close()
			_, _ = f.Exec(t.Context(), host.Program{Name: "look"}, nil)
		},
		"cancelled": func(f *hosttest.Fake) {
			if _, err := f.Exec(gone, host.Program{Name: "look"}, nil); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		},
	} {
		r := &recorder{}
		use(hosttest.New(r, "node").ExpectOutput("look", ""))
		for _, c := range r.cleanups {
			c()
		}
		if len(r.failed) == 0 || !strings.Contains(strings.Join(r.failed, "\n"), "exec look") {
			t.Errorf("%s: %q", name, r.failed)
		}
	}
}
