package state_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

const canary = "canary-7f3a"

func TestSecretNeverPrints(t *testing.T) {
	s := state.Secret(canary)
	type holder struct {
		S state.Secret
		M map[string]state.Secret
		P *state.Secret
	}
	h := holder{S: s, M: map[string]state.Secret{"k": s}, P: &s}
	var out strings.Builder
	for _, v := range []any{s, &s, h, &h, []state.Secret{s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "% x", "%10.3s"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(j)
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("x", "s", s, "h", h)
	}
	got := out.String()
	// Every way bytes can be shown: as they are, in hex, in base64, as numbers.
	for _, leak := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), "Y2FuYXJ5", "99 97 110", "0x63, 0x61"} {
		if strings.Contains(got, leak) {
			t.Errorf("output holds the secret as %q", leak)
		}
	}
	if !strings.Contains(got, "<secret>") {
		t.Error("output does not say <secret>")
	}
}

func TestSecretKeepsItsBytes(t *testing.T) {
	s := state.Secret(canary)
	if !bytes.Equal([]byte(s), []byte(canary)) {
		t.Error("the conversion does not give the bytes")
	}
	if err := json.Unmarshal([]byte(`"<secret>"`), &s); err == nil {
		t.Error("the printed form was read back as a secret")
	}
}
