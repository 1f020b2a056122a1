package ssh

import (
	"bytes"
	"errors"
	"testing"
)

// counted notes how much is written at a time, and fails after so many writes.
type counted struct {
	bytes.Buffer
	longest, left int
}

func (c *counted) Write(b []byte) (int, error) {
	if c.left--; c.left < 0 {
		return 0, errors.New("closed")
	}
	c.longest = max(c.longest, len(b))
	return c.Buffer.Write(b)
}

func TestProgramsAndDataGoInPieces(t *testing.T) {
	for _, size := range []int{0, 1, piece, piece + 1, 10*piece + 7} {
		data := bytes.Repeat([]byte("ab"), size)[:size]
		out := counted{left: 100}
		if n, err := (pieces{&out}).Write(data); n != size || err != nil || !bytes.Equal(out.Bytes(), data) || out.longest > piece {
			t.Errorf("%d bytes: %d, %v, %d at a time", size, n, err, out.longest)
		}
	}
	out := counted{left: 2}
	if n, err := (pieces{&out}).Write(make([]byte, 5*piece)); n != 2*piece || err == nil {
		t.Errorf("a connection that ends: %d, %v", n, err)
	}
}
