package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// VM is a whole virtual machine, on QEMU and without the host's help: its kernel, its
// settings, its modules, its cgroups and its reboots are its own, and it is some ten times
// as slow as its host. It is reached over SSH only, at a port of this host's loopback.
type VM struct {
	Name       string
	Address    netip.Addr // its own, on a network where only it and QEMU are
	Admin      netip.Addr // as which it sees this host
	Port       uint16     // of loopback; it leads to the machine's port 22
	Key        string     // file of the private key that User takes
	KnownHosts string     // file that names the machine's keys, by Address
	Console    string     // file of what its kernel and systemd said
	set        *Set
	qemu       *exec.Cmd
	ended      chan struct{}
}

// VMOptions say which machine to start.
type VMOptions struct {
	Name string // its host name
	Dir  string // keeps its keys, its console and what it writes to its disk
}

// StartVM starts a virtual machine and waits until it takes SSH connections. It ends with
// the process that started it.
func StartVM(ctx context.Context, o VMOptions) (*VM, error) {
	files, err := vmFiles(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	vm := &VM{Name: o.Name, Address: netip.MustParseAddr("10.0.2.15"), Admin: netip.MustParseAddr("10.0.2.2"),
		Console: filepath.Join(dir, "console"), ended: make(chan struct{})}
	vm.set = &Set{Dir: dir, Admin: vm.Admin, Machines: []*Machine{{Name: o.Name, Address: vm.Address}}}
	vm.set.Machines[0].set = vm.set
	if err := vm.identity(); err != nil {
		return nil, err
	}
	vm.Key, vm.KnownHosts = vm.set.Key, vm.set.KnownHosts
	if vm.Port, err = freePort(ctx); err != nil {
		return nil, err
	}
	if err := vm.boot(files); err != nil {
		return nil, err
	}
	if err := vm.wait(ctx, ""); err != nil {
		return nil, errors.Join(err, vm.Close())
	}
	return vm, nil
}

// vmFiles is the folder that vm.sh builds.
func vmFiles(ctx context.Context) (string, error) {
	dir, err := folder()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	out, err := command(ctx, nil, filepath.Join(dir, "vm.sh"))
	return strings.TrimSpace(out), err
}

// identity writes the archive that the machine unpacks when it first boots.
func (vm *VM) identity() error {
	if err := vm.set.identities(); err != nil {
		return err
	}
	for name, content := range map[string]string{
		"hostname": vm.Name + "\n",
		"hosts":    fmt.Sprintf("127.0.0.1 localhost\n%v %s\n", vm.Address, vm.Name),
	} {
		if err := os.WriteFile(filepath.Join(vm.set.Dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	archive, err := vm.set.archive(append(vm.set.Machines[0].own(), ownFile{"etc/hostname", "hostname", 0o644},
		ownFile{"etc/hosts", "hosts", 0o644}, ownFile{"etc/resolv.conf", "resolv.conf", 0o644}))
	if err != nil {
		return err
	}
	content, err := io.ReadAll(archive)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(vm.set.Dir, "identity.tar"), content, 0o600)
}

// freePort is a port of loopback that nothing has.
func freePort(ctx context.Context) (uint16, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	at, err := netip.ParseAddrPort(l.Addr().String())
	return at.Port(), errors.Join(err, l.Close())
}

func (vm *VM) boot(files string) error {
	disk := func(path, more string) string { return "if=virtio,format=raw,file=" + path + "," + more }
	// An old processor, since what newer ones do in one instruction is slower to
	// emulate than what programs do on those that have none of it: with all that
	// QEMU can, the API server took more than twice as long to answer.
	// Where the processor is emulated, other clocks than its own cost a way out of the
	// machine each time they are read, and what guards against real processors' faults
	// guards nothing.
	const parameters = "console=ttyS0 tsc=reliable clocksource=tsc mitigations=off"
	vm.qemu = exec.Command("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
		"-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "Nehalem", "-smp", "2", "-m", "3072",
		"-kernel", filepath.Join(files, "vmlinuz"), "-initrd", filepath.Join(files, "initrd"), "-append", parameters,
		"-drive", disk(filepath.Join(files, "disk"), "snapshot=on"),
		"-drive", disk(filepath.Join(vm.set.Dir, "identity.tar"), "readonly=on"),
		// Nothing leaves the machine, and one port leads into it.
		"-netdev", fmt.Sprintf("user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:%d-:22", vm.Port), "-device", "virtio-net-pci,netdev=net",
		"-serial", "file:"+vm.Console)
	vm.qemu.Env = append(os.Environ(), "TMPDIR="+vm.set.Dir) // where a snapshot's writes go
	vm.qemu.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said, err := os.Create(filepath.Join(vm.set.Dir, "qemu"))
	if err != nil {
		return err
	}
	defer func() { _ = said.Close() }()
	vm.qemu.Stdout, vm.qemu.Stderr = said, said
	if err := vm.qemu.Start(); err != nil {
		return err
	}
	go func() {
		_ = vm.qemu.Wait()
		close(vm.ended)
	}()
	return nil
}

// Close ends the machine as a power cut does, and forgets what it wrote to its disk.
func (vm *VM) Close() error {
	err := vm.qemu.Process.Kill()
	<-vm.ended
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}
