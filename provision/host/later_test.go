package host_test

import (
	"context"
	"errors"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
)

// Nothing is connected to before it is needed, and once only; a connection that
// could not be made is tried again by whoever needs it next.
func TestLaterConnectsWhenItIsNeeded(t *testing.T) {
	tried := 0
	refused := errors.New("refused")
	l := host.Later("cp-1", func(context.Context) (host.Host, error) {
		if tried++; tried == 1 {
			return nil, refused
		}
		return hosttest.New(t, "real").ExpectOutput("look", "seen"), nil
	})
	if l.Opened() || l.String() != "cp-1" || tried != 0 {
		t.Errorf("%s was connected to already", l)
	}
	if err := l.Open(t.Context()); !errors.Is(err, refused) || l.Opened() {
		t.Errorf("got %v", err)
	}
	for range 2 {
		if err := l.Open(t.Context()); err != nil || !l.Opened() || l.String() != "real" {
			t.Errorf("%s: %v", l, err)
		}
	}
	if res, err := l.Exec(t.Context(), host.Program{Name: "look"}, nil); err != nil || string(res.Stdout) != "seen" {
		t.Errorf("%q, %v", res.Stdout, err)
	}
	if err := l.Close(); err != nil || tried != 2 {
		t.Errorf("%v after %d attempts", err, tried)
	}
	never := host.Later("cp-2", nil)
	if err := never.Close(); err != nil {
		t.Error(err)
	}
}
