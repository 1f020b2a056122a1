package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// maxTable bounds the text of the table.
const maxTable = 4 << 20

// LoadTable replaces `table inet bulwark` by text, in one transaction, behind a
// timer of the machine's systemd. Unless [ConfirmTable] comes within revert,
// the machine puts back the table that was in force before, or takes ours away
// where there was none; bulwark and the connection may be dead by then. Nothing
// is loaded when the text does not pass nft's check or the timer cannot be armed.
//
// The table that is kept over reboots must be written only after the
// confirmation: a machine that restarts in between comes back without ours.
func LoadTable(ctx context.Context, h host.Host, text []byte, revert time.Duration) error {
	if err := checkTable(text); err != nil {
		return fmt.Errorf("%s: firewall table: %w", h, err)
	}
	if revert < time.Second {
		return fmt.Errorf("%s: firewall table: %v leaves no time to confirm", h, revert)
	}
	var b bytes.Buffer
	program := script.Revert()
	fmt.Fprintf(&b, "%d\n%d\n%s\n%d\n%s", int(revert.Seconds()), len(text)+1, text, len(program), program)
	_, err := tableAction(ctx, h, "load", b.Bytes())
	return err
}

// ConfirmTable keeps the table that [LoadTable] loaded. The caller passes a
// fresh connection: that it could be made is the proof that the table lets us
// in. Confirming what is confirmed already does nothing; what the machine has
// taken away already is [ErrReverted].
func ConfirmTable(ctx context.Context, h host.Host) error {
	_, err := tableAction(ctx, h, "confirm", nil)
	return err
}

// DropTable takes `table inet bulwark` away, with the timer that guards it.
// Other tables are not touched.
func DropTable(ctx context.Context, h host.Host) error {
	_, err := tableAction(ctx, h, "drop", nil)
	return err
}

// TableCounter is how many packets a counter of the table has seen: the named
// one, or with an empty name all counters of rules that drop together.
func TableCounter(ctx context.Context, h host.Host, name string) (uint64, error) {
	text, err := tableAction(ctx, h, "show", nil)
	if err != nil {
		return 0, err
	}
	n, ok := countPackets(string(text), name)
	if !ok {
		return 0, fmt.Errorf("%s: firewall table has no counter %q", h, name)
	}
	return n, nil
}

// tableAction runs table.sh and answers with what it said when all went well.
func tableAction(ctx context.Context, h host.Host, action string, data []byte) ([]byte, error) {
	nonce := script.Nonce()
	stdin := append([]byte(nonce+"\n"+action+"\n"), data...)
	frames, err := execute(ctx, h, host.Program{Name: "table", Text: script.Table()}, nonce, stdin)
	if err != nil {
		return nil, err
	}
	if len(frames) != 1 {
		return nil, fmt.Errorf("%s: firewall table: %w: %d frames", h, script.ErrFrames, len(frames))
	}
	f := frames[0]
	switch f.Kind {
	case "done":
		return f.Data, nil
	case "reverted":
		return nil, fmt.Errorf("%s: %w", h, ErrReverted)
	case "failed":
		return nil, fmt.Errorf("%s: firewall table could not %s: %w", h, action, notDone(h, string(f.Data)))
	}
	return nil, fmt.Errorf("%s: firewall table: %w: a frame of kind %q", h, script.ErrFrames, observe.Printable(f.Kind))
}

// ownTable is how a statement outside of braces may begin.
var ownTable = regexp.MustCompile(`^(add |delete |destroy |flush )?table inet bulwark(\s*\{)?$`)

// checkTable refuses text that would reach beyond our own table.
func checkTable(text []byte) error {
	if len(text) > maxTable {
		return fmt.Errorf("%d bytes are more than the %d it may have", len(text), maxTable)
	}
	if bytes.ContainsRune(text, 0) {
		return errors.New("it holds a NUL byte")
	}
	depth, found := 0, false
	for i, line := range strings.Split(string(text), "\n") {
		code, _, _ := strings.Cut(line, "#")
		code = strings.TrimSpace(code)
		if depth == 0 && code != "" {
			if !ownTable.MatchString(code) {
				return fmt.Errorf("line %d, %.60q, is not about table inet bulwark", i+1, code)
			}
			found = true
		}
		if strings.HasPrefix(code, "include") {
			return fmt.Errorf("line %d includes another file", i+1)
		}
		depth += strings.Count(code, "{") - strings.Count(code, "}")
		if depth < 0 {
			return fmt.Errorf("line %d closes a brace that was not opened", i+1)
		}
	}
	if !found || depth != 0 {
		return errors.New("it is not one whole table inet bulwark")
	}
	return nil
}

var (
	namedCounter = regexp.MustCompile(`^counter (\S+) \{`)
	packetCount  = regexp.MustCompile(`packets (\d+) bytes \d+`)
	dropCounter  = regexp.MustCompile(`counter packets (\d+) bytes \d+.* (drop|reject)\b`)
)

// countPackets finds a counter in the text of a table as nft lists it.
func countPackets(text, name string) (uint64, bool) {
	var sum uint64
	inside, found := false, false
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if m := namedCounter.FindStringSubmatch(line); m != nil {
			inside = name != "" && m[1] == name
		}
		pattern := dropCounter
		if name != "" {
			if pattern = packetCount; !inside {
				continue
			}
		}
		if m := pattern.FindStringSubmatch(line); m != nil {
			n, err := strconv.ParseUint(m[1], 10, 64)
			if err != nil {
				return 0, false
			}
			sum, found = sum+n, true
			inside = false
		}
	}
	return sum, found
}
