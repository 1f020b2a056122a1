package script

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
)

// Frame is one answer of a program: "<nonce> <kind> <status> <length>\n",
// length bytes, "\n".
type Frame struct {
	Kind   string
	Status int
	Data   []byte
}

// End is the kind of the frame every program ends with. Without it, the
// program did not come to its end and nothing is known of what is missing.
const End = "end"

// Same is the kind of the frame that stands for a whole answer of which the machine
// was told the digest.
const Same = "same"

// Digest is the SHA-256 of an answer in hexadecimal, whatever nonce it was marked
// with, as a program computes it of its own.
func Digest(frames []Frame) string {
	h := sha256.New()
	for _, f := range frames {
		fmt.Fprintf(h, "%s %d %d\n%s\n", f.Kind, f.Status, len(f.Data), f.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ErrFrames marks an answer that is not what our programs say: cut off, mixed
// with other output, or made up.
var ErrFrames = errors.New("the machine's answer cannot be read")

// maxFrames bounds how many frames one answer may have.
const maxFrames = 20000

// Nonce makes the word that one execution marks its frames with. It is made
// anew for each, so nothing that lay on the machine before can contain it.
func Nonce() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: it ends the program instead
	return hex.EncodeToString(b[:])
}

// Frames reads an answer. What a login shell printed before the first frame is
// skipped; from there on every byte must belong to a frame, up to [End], which
// is not among those returned.
func Frames(out []byte, nonce string) ([]Frame, error) {
	at := start(out, nonce)
	if at < 0 {
		return nil, fmt.Errorf("%w: no word of the program in %d bytes of output", ErrFrames, len(out))
	}
	var frames []Frame
	for {
		f, next, err := frame(out, at, nonce)
		if err != nil {
			return nil, err
		}
		if f.Kind == End {
			return frames, nil
		}
		if frames = append(frames, f); len(frames) > maxFrames {
			return nil, fmt.Errorf("%w: more than %d frames", ErrFrames, maxFrames)
		}
		at = next
	}
}

// start is where the first frame begins, at the start of a line.
func start(out []byte, nonce string) int {
	mark := []byte(nonce + " ")
	if bytes.HasPrefix(out, mark) {
		return 0
	}
	if i := bytes.Index(out, append([]byte("\n"), mark...)); i >= 0 {
		return i + 1
	}
	return -1
}

// frame reads the frame at an offset and says where the next one begins.
func frame(out []byte, at int, nonce string) (Frame, int, error) {
	const longestHeader = 128
	window := out[at:min(len(out), at+longestHeader)]
	header, _, ok := bytes.Cut(window, []byte("\n"))
	if !ok {
		return Frame{}, 0, fmt.Errorf("%w: cut off, or a broken frame, at byte %d of %d", ErrFrames, at, len(out))
	}
	words := bytes.Split(header, []byte(" "))
	if len(words) != 4 || string(words[0]) != nonce || len(words[1]) == 0 {
		return Frame{}, 0, fmt.Errorf("%w: byte %d does not begin a frame", ErrFrames, at)
	}
	status, err := number(words[2], 255)
	if err != nil {
		return Frame{}, 0, fmt.Errorf("%w: status of the frame at byte %d: %w", ErrFrames, at, err)
	}
	body := at + len(header) + 1
	size, err := number(words[3], len(out)-body-1)
	if err != nil {
		return Frame{}, 0, fmt.Errorf("%w: length of the frame at byte %d: %w", ErrFrames, at, err)
	}
	if out[body+size] != '\n' {
		return Frame{}, 0, fmt.Errorf("%w: the frame at byte %d is longer than it says", ErrFrames, at)
	}
	return Frame{Kind: string(words[1]), Status: status, Data: out[body : body+size]}, body + size + 1, nil
}

// number reads a plain decimal between 0 and limit, and nothing else.
func number(word []byte, limit int) (int, error) {
	if len(word) == 0 || len(word) > 9 {
		return 0, fmt.Errorf("%.20q is not a number of this protocol", word)
	}
	for _, c := range word {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%.20q is not a number of this protocol", word)
		}
	}
	n, _ := strconv.Atoi(string(word)) // nine digits at most: cannot overflow
	if n > limit {
		return 0, fmt.Errorf("%d is more than the %d there can be", n, limit)
	}
	return n, nil
}
