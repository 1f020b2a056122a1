package state

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Mode is permission bits, and fs.ModeDir for a directory. As text it is what
// people write: "0600", "d0700", and "-" for what must not be there.
type Mode fs.FileMode

// String is the mode as text.
func (m Mode) String() string {
	switch f := fs.FileMode(m); {
	case f == 0:
		return "-"
	case f.IsDir():
		return fmt.Sprintf("d%04o", f.Perm())
	default:
		return fmt.Sprintf("%04o", f.Perm())
	}
}

// MarshalText is String.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String writes.
func (m *Mode) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "-" {
		*m = 0
		return nil
	}
	digits, dir := strings.CutPrefix(s, "d")
	n, err := strconv.ParseUint(digits, 8, 9)
	if err != nil {
		return fmt.Errorf("%q is not a mode such as 0600 or d0700", s)
	}
	*m = Mode(n)
	if dir {
		*m |= Mode(fs.ModeDir)
	}
	return nil
}

// IsDir says whether a directory is meant.
func (m Mode) IsDir() bool { return fs.FileMode(m).IsDir() }

// Perm are the permission bits alone.
func (m Mode) Perm() fs.FileMode { return fs.FileMode(m).Perm() }
