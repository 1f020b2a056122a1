package lab

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Machine is one machine of a set.
type Machine struct {
	Name     string     // its host name
	Address  netip.Addr // on the set's network, kept over reboots, renewals and restores
	HostKeys []string   // "<type> <base64>", Ed25519 first
	set      *Set
}

// Container is the machine's name in Docker.
func (m *Machine) Container() string { return m.set.object(m.Name) }

// Exec runs a program as root, by a back door that needs neither sshd nor the network,
// and answers with its standard output.
func (m *Machine) Exec(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	return docker(ctx, stdin, append([]string{"exec", "-i", m.Container()}, args...)...)
}

// Shell runs a script of sh by Exec.
func (m *Machine) Shell(ctx context.Context, script string) (string, error) {
	return m.Exec(ctx, nil, "sh", "-euc", script)
}

// Reboot shuts the machine down as systemd does, and waits until it is back.
func (m *Machine) Reboot(ctx context.Context) error {
	if _, err := docker(ctx, nil, "stop", "--time", "20", m.Container()); err != nil {
		return err
	}
	return m.PowerOn(ctx)
}

// PowerOff cuts the power. PowerOn starts the machine again.
func (m *Machine) PowerOff(ctx context.Context) error {
	_, err := docker(ctx, nil, "kill", m.Container())
	// Docker waits ten seconds for the end, which a busy host makes longer for a whole
	// machine's processes. They were told to end all the same.
	for range 60 {
		if err == nil {
			return nil
		}
		if running, asked := docker(ctx, nil, "inspect", "--format", "{{.State.Running}}", m.Container()); asked == nil && strings.TrimSpace(running) == "false" {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
	return err
}

// PowerOn starts a machine that was switched off, and waits until it takes connections.
func (m *Machine) PowerOn(ctx context.Context) error {
	if err := m.mounted(ctx, func() error {
		_, err := docker(ctx, nil, "start", m.Container())
		return err
	}); err != nil {
		return err
	}
	return m.wait(ctx)
}

// Renew puts the machine back to how it was made: with its name, its address and its host
// keys, and nothing else.
func (m *Machine) Renew(ctx context.Context) error {
	if err := m.Remove(ctx); err != nil {
		return err
	}
	return m.start(ctx, m.set.Image)
}

// Remove takes the machine away with all that it stored. Renew brings it back.
func (m *Machine) Remove(ctx context.Context) error {
	if err := removeContainers(ctx, m.Container()); err != nil {
		return err
	}
	_, err := docker(ctx, nil, "volume", "rm", "-f", m.Container())
	return err
}

// start makes the container from an image, gives it its identity and boots it.
func (m *Machine) start(ctx context.Context, image string) error {
	if m.set.Disks {
		if err := m.format(ctx, image); err != nil {
			return err
		}
	}
	identity, err := m.set.archive(m.own())
	if err != nil {
		return err
	}
	if err := m.mounted(ctx, func() error {
		if err := m.create(ctx, image); err != nil {
			return err
		}
		_, err := docker(ctx, identity, "cp", "-", m.Container()+":/")
		return err
	}); err != nil {
		return err
	}
	return m.PowerOn(ctx)
}

func (m *Machine) create(ctx context.Context, image string) error {
	s, name := m.set, m.Container()
	// containerd's overlay needs a file system below /var that is not itself an overlay.
	volumes := m.diskVolumes()
	if !s.Disks {
		// A named volume, as only these can be labelled.
		volumes = []string{"--volume", name + ":/var"}
		if _, err := docker(ctx, nil, "volume", "create", "--label", label+"="+s.Run, name); err != nil {
			return err
		}
	}
	args := []string{"create", "--name", name, "--hostname", m.Name, "--label", label + "=" + s.Run,
		"--privileged", "--cgroupns", "private",
		"--network", s.object(""), "--ip", m.Address.String(),
		"--tmpfs", "/run", "--tmpfs", "/tmp",
		// Docker's own resolver listens on a loopback address of the machine, which pods that
		// inherit resolv.conf would take for themselves.
		"--volume", filepath.Join(s.Dir, "resolv.conf") + ":/etc/resolv.conf:ro",
	}
	for _, peer := range s.Machines {
		if peer != m {
			args = append(args, "--add-host", peer.Name+":"+peer.Address.String())
		}
	}
	_, err := docker(ctx, nil, slices.Concat(args, volumes, []string{image})...)
	return err
}

// bootTime is how long a machine may take until sshd answers.
const bootTime = time.Minute

// wait returns when sshd greets and systemd has started what it had to start.
func (m *Machine) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, bootTime,
		fmt.Errorf("%s did not boot within %v", m.Name, bootTime))
	defer cancel()
	for !greets(ctx, netip.AddrPortFrom(m.Address, 22)) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
	// It exits with 1 when a unit failed, which is for the test to judge.
	state, err := m.Exec(ctx, nil, "systemctl", "is-system-running", "--wait")
	switch strings.TrimSpace(state) {
	case "running", "degraded":
		return nil
	}
	return fmt.Errorf("systemd says %q: %w", state, err)
}

// greets tells whether an SSH server sends its banner.
func greets(ctx context.Context, at netip.AddrPort) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", at.String())
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
	banner, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && strings.HasPrefix(banner, "SSH-2.0-")
}
