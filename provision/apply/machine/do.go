package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// Status says how far an operation came.
type Status string

// The statuses.
const (
	// Done: the machine read back what was wanted.
	Done Status = "done"
	// Failed: refused or failed; what was there before is intact.
	Failed Status = "failed"
	// NotReached: an operation before it failed.
	NotReached Status = "not reached"
	// Unknown: the connection was lost or the answer was unreadable.
	Unknown Status = "unknown"
)

// Outcome is what came of one operation.
type Outcome struct {
	Status Status
	// Changed is false when everything was as wanted already.
	Changed bool
	// Have is what the machine read back at the path of a file operation.
	Have state.HaveFile
	// Err is set when Status is Failed or Unknown.
	Err error
}

// Do carries out operations in their order, in one execution, and stops at the
// first that fails. There is an outcome for each operation; the error is that
// of the one that failed, or of the execution itself.
func Do(ctx context.Context, h host.Host, ops []Op) ([]Outcome, error) { return do(ctx, h, ops, "") }

// DoGuarded is [Do] for a change that the machine guards, see [Guard]: nothing is done
// where it guards none any more, and nothing is written once it began to put back what
// was before.
func DoGuarded(ctx context.Context, h host.Host, ops []Op) ([]Outcome, error) {
	return do(ctx, h, ops, "guarded\n")
}

// do carries out operations behind a line that says under what condition.
func do(ctx context.Context, h host.Host, ops []Op, condition string) ([]Outcome, error) {
	outcomes := make([]Outcome, len(ops))
	for i := range outcomes {
		outcomes[i].Status = NotReached
	}
	for i, op := range ops {
		if err := op.validate(); err != nil {
			outcomes[i] = Outcome{Status: Failed, Err: err}
			return outcomes, &OpError{Host: h.String(), Op: op.String(), Err: err}
		}
	}
	if len(ops) == 0 {
		return outcomes, nil
	}
	nonce := script.Nonce()
	frames, err := execute(ctx, h, host.Program{Name: "change", Text: script.Change()}, nonce, encode(nonce, condition, ops))
	if err == nil && len(frames) == 0 {
		err = fmt.Errorf("%s: %w: it answers nothing", h, script.ErrFrames)
	}
	for i := range ops {
		switch {
		case err != nil:
			outcomes[i] = Outcome{Status: Unknown, Err: err}
		case i < len(frames):
			outcomes[i], err = outcome(h, ops[i], frames[i])
			if outcomes[i].Status == Failed {
				return outcomes, err
			}
		default:
			err = fmt.Errorf("%s: %w: nothing about %s", h, script.ErrFrames, ops[i])
			outcomes[i] = Outcome{Status: Unknown, Err: err}
		}
	}
	return outcomes, err
}

// execute runs one program and reads its frames.
func execute(ctx context.Context, h host.Host, p host.Program, nonce string, stdin []byte) ([]script.Frame, error) {
	res, err := h.Exec(ctx, p, stdin)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", h, p.Name, err)
	}
	if res.Exit != 0 {
		return nil, &host.CommandError{Host: h.String(), Program: p.Name, Exit: res.Exit, Stderr: observe.Printable(string(res.Stderr))}
	}
	frames, err := script.Frames(res.Stdout, nonce)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", h, p.Name, err)
	}
	return frames, nil
}

// encode writes operations as change.sh reads them: a line for the kind, one
// for each field, and the bytes of a file after its length.
func encode(nonce, condition string, ops []Op) []byte {
	var b bytes.Buffer
	line := func(fields ...string) {
		for _, f := range fields {
			b.WriteString(f)
			b.WriteByte('\n')
		}
	}
	line(nonce)
	b.WriteString(condition)
	for _, o := range ops {
		had := o.Had
		if had == "" {
			had = "none"
		}
		line(string(o.Kind))
		switch o.Kind {
		case PutFile:
			line(o.Path, bits(o.Mode), o.Owner, had, state.SHA256(o.Content), strconv.Itoa(len(o.Content)))
			b.Write(o.Content)
		case CopyFile:
			line(o.Path, bits(o.Mode), o.Owner, had, o.From)
		case MakeDir, SetAttributes:
			line(o.Path, bits(o.Mode), o.Owner)
		case OwnTree:
			line(o.Path, o.Owner)
		case Remove:
			line(o.Path, had)
		case RemoveTree, WillMake, HasMade:
			line(o.Path)
		case NeedRoom:
			line(o.Path, strconv.FormatInt(o.Bytes, 10), strconv.Itoa(o.Files))
		case WriteSysctl:
			line(script.SysctlPath(o.Key), strings.Join(strings.Fields(o.Value), " "))
		case LoadModule:
			line(strings.ReplaceAll(o.Key, "-", "_"))
		case EndProcess:
			when := "now"
			if o.Later {
				when = "later"
			}
			line(fmt.Sprintf("%.15s", o.Key), when) // as the kernel has its name
		case DoUnit:
			line(o.Value, o.Key)
		}
	}
	line(script.End)
	return b.Bytes()
}

// outcome reads the frame about one operation.
func outcome(h host.Host, op Op, f script.Frame) (Outcome, error) {
	fail := func(err error) (Outcome, error) {
		return Outcome{Status: Failed, Err: err}, &OpError{Host: h.String(), Op: op.String(), Err: err}
	}
	first, rest, _ := strings.Cut(string(f.Data), "\n")
	switch f.Kind {
	case "done":
		o := Outcome{Status: Done, Changed: first == "changed"}
		if rest == "" {
			return o, nil
		}
		line, sum, _ := strings.Cut(rest, "\n")
		have, err := observe.ParseStat(line)
		if err != nil || have.Path != op.Path || (sum != "" && !digestPattern().MatchString(sum)) {
			o.Status, o.Err = Unknown, fmt.Errorf("%s: %w: about %s it says %s", h, script.ErrFrames, op, observe.Printable(rest))
			return o, o.Err
		}
		have.SHA256 = sum
		o.Have = have
		return o, nil
	case "failed":
		return fail(failure(h, op, first, observe.Printable(rest)))
	}
	err := fmt.Errorf("%s: %w: a frame of kind %q", h, script.ErrFrames, observe.Printable(f.Kind))
	return Outcome{Status: Unknown, Err: err}, err
}

// failure turns the word of change.sh for a failure into an error.
func failure(h host.Host, op Op, word, said string) error {
	switch word {
	case "changed":
		return fmt.Errorf("%w (%s)", ErrChanged, said)
	case "refused":
		return fmt.Errorf("%w: %s", ErrRefused, said)
	case wordFull, wordFullInodes:
		e := &DiskFullError{Node: h.String(), Path: op.Path, Inodes: word == wordFullInodes}
		if _, err := fmt.Sscanf(said, "%d %d", &e.Free, &e.Needed); err != nil {
			return fmt.Errorf("no space on the disk: %s", said)
		}
		return e
	}
	if said == "" {
		said = "it said nothing"
	}
	return errors.New(said)
}
