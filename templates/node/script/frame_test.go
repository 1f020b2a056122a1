package script

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const nonce = "0123456789abcdef0123456789abcdef"

func say(kind string, status int, data string) string {
	return fmt.Sprintf("%s %s %d %d\n%s\n", nonce, kind, status, len(data), data)
}

func TestFramesAreReadBetweenNoise(t *testing.T) {
	out := "Welcome!\nfake " + nonce + " end 0 0\n" + say("a", 0, "x\ny\n") + say("b", 3, "") + say(End, 0, "") + "logout\n"
	frames, err := Frames([]byte(out), nonce)
	if err != nil || len(frames) != 2 {
		t.Fatalf("%v, %v", frames, err)
	}
	if string(frames[0].Data) != "x\ny\n" || frames[1].Status != 3 {
		t.Errorf("%v", frames)
	}
}

// A frame inside the data of another is data.
func TestFrameInDataIsData(t *testing.T) {
	inner := say("fake", 0, "evil")
	frames, err := Frames([]byte(say("a", 0, inner)+say(End, 0, "")), nonce)
	if err != nil || len(frames) != 1 || string(frames[0].Data) != inner {
		t.Fatalf("%v, %v", frames, err)
	}
}

func TestBrokenFramesAreRefused(t *testing.T) {
	whole := say("a", 0, "hello") + say(End, 0, "")
	cases := map[string]string{
		"nothing":            "",
		"only noise":         "bash: command not found\n",
		"another nonce":      strings.ReplaceAll(whole, nonce, strings.Repeat("f", 32)),
		"no end":             say("a", 0, "hello"),
		"noise in between":   say("a", 0, "hello") + "noise\n" + say(End, 0, ""),
		"negative length":    nonce + " a 0 -1\n\n" + say(End, 0, ""),
		"huge length":        nonce + " a 0 999999999\nhello\n" + say(End, 0, ""),
		"overflowing length": nonce + " a 0 99999999999999999999\nhello\n",
		"signed length":      nonce + " a 0 +5\nhello\n" + say(End, 0, ""),
		"length too short":   nonce + " a 0 4\nhello\n" + say(End, 0, ""),
		"length too long":    nonce + " a 0 6\nhello\n" + say(End, 0, ""),
		"status of 256":      nonce + " a 256 0\n\n" + say(End, 0, ""),
		"no kind":            nonce + "  0 0\n\n" + say(End, 0, ""),
		"five words":         nonce + " a b 0 0\n\n" + say(End, 0, ""),
		"endless header":     nonce + " " + strings.Repeat("a", 4096),
		"too many":           strings.Repeat(say("a", 0, ""), maxFrames+1) + say(End, 0, ""),
	}
	for i := range whole {
		cases[fmt.Sprintf("cut after %d", i)] = whole[:i]
	}
	for name, out := range cases {
		if frames, err := Frames([]byte(out), nonce); !errors.Is(err, ErrFrames) {
			t.Errorf("%s: %v, %v", name, frames, err)
		}
	}
}

func TestRunUnitIsSafeAndUnique(t *testing.T) {
	seen := map[string]string{}
	for _, id := range []string{"", "cp-1/phase/init", "cp-1/phase/INIT", "../../etc/passwd", "a b", "a/b", "$(reboot)", strings.Repeat("x", 500), "-", "é"} {
		unit := RunUnit(id)
		if strings.Trim(unit, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || !strings.HasPrefix(unit, "bulwark-") || len(unit) > 64 {
			t.Errorf("%q becomes %q", id, unit)
		}
		if other, ok := seen[unit]; ok {
			t.Errorf("%q and %q are both %q", id, other, unit)
		}
		seen[unit] = id
	}
}

func TestSysctlPath(t *testing.T) {
	for key, want := range map[string]string{
		"vm.overcommit_memory": "vm/overcommit_memory", "net.ipv4.conf.eth0/100.rp_filter": "net/ipv4/conf/eth0.100/rp_filter",
	} {
		if got := SysctlPath(key); got != want {
			t.Errorf("%s: %s", key, got)
		}
	}
}
