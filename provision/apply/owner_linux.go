package apply

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// process is an identity of a process of ours that no other process ever has:
// the boot of this kernel, the namespaces that its number and its start are told
// in, its number, and when it started, in ticks since the boot. A machine's own
// id would not do, since machines are cloned with it.
func process(pid int) string {
	here := kernel()
	_, started, err := stat(pid)
	if here == "" || err != nil {
		return ""
	}
	return fmt.Sprintf("%s %d %s", here, pid, started)
}

// ended says whether a process is certainly no more: one of this boot and of our
// namespaces, whose number nobody has, or somebody who started at another time.
func ended(identity string) bool {
	here := kernel()
	rest, ours := strings.CutPrefix(identity, here+" ")
	number, started, whole := strings.Cut(rest, " ")
	pid, err := strconv.Atoi(number)
	if here == "" || !ours || !whole || err != nil || pid < 1 {
		return false
	}
	// Asked first: a process of another user may be hidden in /proc.
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	state, now, err := stat(pid)
	return err == nil && (now != started || state == "Z" || state == "X")
}

// kernel is this boot and our namespaces, "" where /proc does not say.
func kernel() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	words := []string{string(bytes.TrimSpace(boot))}
	for _, kind := range []string{"pid", "time"} {
		ns, err := os.Readlink("/proc/self/ns/" + kind)
		if err != nil {
			ns = "none" // older than such namespaces
		}
		words = append(words, ns)
	}
	return strings.Join(words, " ")
}

// stat is state and start of a process, see proc_pid_stat(5).
func stat(pid int) (state, started string, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", "", err
	}
	// The name may hold anything, blanks and brackets too: what is behind it counts.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 20 {
		return "", "", fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	return fields[0], fields[19], nil
}
