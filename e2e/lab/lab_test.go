package lab_test

import (
	"context"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

// machines starts a set that goes with the test.
func machines(t *testing.T, names ...string) (context.Context, *lab.Set) {
	t.Helper()
	lab.Require(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	set, err := lab.Machines(ctx, lab.Options{Names: names, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return ctx, set
}

// shell runs a script on a machine and answers with its output, trimmed.
func shell(t *testing.T, ctx context.Context, m *lab.Machine, script string) string {
	t.Helper()
	out, err := m.Shell(ctx, script)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// ssh runs a command on a machine as a user of OpenSSH would.
func ssh(ctx context.Context, set *lab.Set, m *lab.Machine, command string) (string, error) {
	out, err := exec.CommandContext(ctx, "ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes",
		"-o", "UserKnownHostsFile="+set.KnownHosts, "-i", set.Key, lab.User+"@"+m.Address.String(), command).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func TestMachine(t *testing.T) {
	ctx, set := machines(t, "cp-1")
	m := set.Machine("cp-1")

	t.Run("is what it was asked to be", func(t *testing.T) {
		if got := shell(t, ctx, m, "hostname"); got != "cp-1" {
			t.Errorf("host name %q", got)
		}
		if got := shell(t, ctx, m, "systemctl --failed --quiet --plain | wc -l"); got != "0" {
			t.Errorf("failed units:\n%s", shell(t, ctx, m, "systemctl --failed"))
		}
		missing := shell(t, ctx, m, `
			crictl images -o json | jq -r '.images[].repoTags[]' | sort >/tmp/have
			kubeadm config images list --kubernetes-version "$(kubeadm version -o short)" | sort | comm -23 - /tmp/have`)
		if missing != "" {
			t.Errorf("images kubeadm wants that are not there:\n%s", missing)
		}
		if got := shell(t, ctx, m, "ls /etc/kubernetes/manifests; systemctl cat kubelet 2>/dev/null || true"); got != "" {
			t.Errorf("there is Kubernetes state: %s", got)
		}
	})

	t.Run("takes the key of the run over SSH", func(t *testing.T) {
		if _, err := exec.LookPath("ssh"); err != nil {
			t.Skip("NOT RUN: no ssh client")
		}
		if got, err := ssh(ctx, set, m, "sudo id -u"); err != nil || got != "0" {
			t.Errorf("%v: %s", err, got)
		}
	})

	t.Run("reboots", func(t *testing.T) {
		before := shell(t, ctx, m, "touch /root/kept /var/kept /run/lost; stat -c %Y.%y /proc/1")
		if err := m.Reboot(ctx); err != nil {
			t.Fatal(err)
		}
		if got := shell(t, ctx, m, "ls /root/kept /var/kept; ls /run/lost 2>/dev/null || true"); got != "/root/kept\n/var/kept" {
			t.Errorf("after a reboot there is %q", got)
		}
		if after := shell(t, ctx, m, "stat -c %Y.%y /proc/1"); after == before {
			t.Error("systemd did not start anew")
		}
	})

	t.Run("is renewed with its identity", func(t *testing.T) {
		const identity = "cat /etc/machine-id /etc/ssh/*.pub; hostname -I"
		before := shell(t, ctx, m, identity)
		if err := m.Renew(ctx); err != nil {
			t.Fatal(err)
		}
		if after := shell(t, ctx, m, identity); after != before {
			t.Errorf("identity was\n%s\nand is\n%s", before, after)
		}
		if got := shell(t, ctx, m, "ls /root/kept /var/kept 2>/dev/null || true"); got != "" {
			t.Errorf("still there: %s", got)
		}
	})
}

func TestSet(t *testing.T) {
	ctx, set := machines(t, "cp-1", "w-1")
	cp, w := set.Machine("cp-1"), set.Machine("w-1")

	t.Run("snapshots hold what all machines had", func(t *testing.T) {
		const write, read = "echo %s | tee /root/state /var/state", "cat /root/state /var/state"
		for _, m := range set.Machines {
			shell(t, ctx, m, strings.ReplaceAll(write, "%s", "kept"))
		}
		started := time.Now()
		if err := set.Snapshot(ctx, "first"); err != nil {
			t.Fatal(err)
		}
		t.Logf("snapshot: %v", time.Since(started))
		for range 2 {
			for _, m := range set.Machines {
				shell(t, ctx, m, strings.ReplaceAll(write, "%s", "changed")+"; touch /var/new")
			}
			started = time.Now()
			if err := set.Restore(ctx, "first"); err != nil {
				t.Fatal(err)
			}
			t.Logf("restore: %v", time.Since(started))
			for _, m := range set.Machines {
				if got := shell(t, ctx, m, read+"; ls /var/new 2>/dev/null || true"); got != "kept\nkept" {
					t.Errorf("%s has %q", m.Name, got)
				}
			}
		}
	})

	t.Run("is found again by its folder", func(t *testing.T) {
		again, err := lab.Open(set.Dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := shell(t, ctx, again.Machine("w-1"), "hostname"); got != "w-1" {
			t.Errorf("host name %q", got)
		}
	})

	// What a pod network of routes needs: frames from addresses that Docker gave nobody.
	t.Run("its network carries routed pod networks", func(t *testing.T) {
		const pods = `ip netns add pod && ip link add veth type veth peer name eth0 netns pod
			ip addr add %s.1/24 dev veth && ip link set veth up && sysctl -qw net.ipv4.ip_forward=1
			ip -n pod addr add %s.2/24 dev eth0 && ip -n pod link set eth0 up && ip -n pod route add default via %s.1
			ip route add %r.0/24 via `
		shell(t, ctx, cp, strings.NewReplacer("%s", "10.244.1", "%r", "10.244.2").Replace(pods)+w.Address.String())
		shell(t, ctx, w, strings.NewReplacer("%s", "10.244.2", "%r", "10.244.1").Replace(pods)+cp.Address.String())
		shell(t, ctx, cp, "ip netns exec pod ping -c 1 -W 2 10.244.2.2")
	})

	t.Run("an outsider reaches what a stranger may", func(t *testing.T) {
		outsider, err := set.Outsider(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if !outsider.Reaches(ctx, netip.AddrPortFrom(cp.Address, 22)) {
			t.Error("not sshd")
		}
		if outsider.Reaches(ctx, netip.AddrPortFrom(cp.Address, 6443)) {
			t.Error("an API server that does not exist")
		}
	})
}
