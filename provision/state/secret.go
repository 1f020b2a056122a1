package state

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Secret is bytes that no output may hold: a token, a key, a kubeconfig. It
// prints as "<secret>" under every verb and encodes so too. What it holds is
// got by the conversion []byte(s), which is easy to search for.
//
// A Secret in an unexported field of a struct that is printed with %v escapes
// this (package fmt calls no methods there): such structs have a Format too.
type Secret []byte

const secretText = "<secret>"

var errSecretText = errors.New("a secret is not read from text that may be printed")

// String is "<secret>".
func (s Secret) String() string { return secretText }

// GoString is "<secret>".
func (s Secret) GoString() string { return secretText }

// Format writes "<secret>" whatever the verb.
func (s Secret) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, secretText) }

// MarshalText writes "<secret>".
func (s Secret) MarshalText() ([]byte, error) { return []byte(secretText), nil }

// MarshalJSON writes "<secret>" as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + secretText + `"`), nil }

// UnmarshalText refuses: what was marshalled is not the secret.
func (s *Secret) UnmarshalText([]byte) error { return errSecretText }

// UnmarshalJSON refuses: what was marshalled is not the secret.
func (s *Secret) UnmarshalJSON([]byte) error { return errSecretText }

// LogValue is "<secret>".
func (s Secret) LogValue() slog.Value { return slog.StringValue(secretText) }
