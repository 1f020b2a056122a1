package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
)

// Exec runs a program as root, over OpenSSH's own client, and answers with its output.
func (vm *VM) Exec(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	return command(ctx, stdin, "ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=20",
		"-o", "UserKnownHostsFile="+vm.KnownHosts, "-o", "HostKeyAlias="+vm.Address.String(), "-i", vm.Key, "-p", fmt.Sprint(vm.Port),
		User+"@127.0.0.1", "sudo -n -- "+strings.Join(quoted, " "))
}

// Reboot asks systemd for a reboot, and waits until the machine is up again.
func (vm *VM) Reboot(ctx context.Context) error {
	id, err := vm.Exec(ctx, nil, "cat", bootID)
	if err != nil {
		return err
	}
	// The connection may end before it has an answer, so only the wait can say how it went.
	_, asked := vm.Exec(ctx, nil, "systemctl", "reboot")
	if err := vm.wait(ctx, id); err != nil {
		return errors.Join(err, asked)
	}
	return nil
}

// bootID names the boot.
const bootID = "/proc/sys/kernel/random/boot_id"

// vmBootTime is how long the machine may take until systemd has started what it had to.
const vmBootTime = 10 * time.Minute

// wait returns when systemd is done with a boot other than the one named.
func (vm *VM) wait(ctx context.Context, not string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, vmBootTime, fmt.Errorf("%s did not boot within %v", vm.Name, vmBootTime))
	defer cancel()
	for {
		id, err := vm.Exec(ctx, nil, "cat", bootID)
		if err == nil && id != not {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w, see %s", errors.Join(context.Cause(ctx), err), vm.Console)
		case <-vm.ended:
			return fmt.Errorf("QEMU ended, see %s", filepath.Join(vm.set.Dir, "qemu"))
		case <-time.After(time.Second):
		}
	}
	state, err := vm.Exec(ctx, nil, "systemctl", "is-system-running", "--wait")
	switch strings.TrimSpace(state) {
	case "running", "degraded": // a unit that failed is for the test to judge
		return nil
	}
	return fmt.Errorf("systemd says %q: %w", state, err)
}
