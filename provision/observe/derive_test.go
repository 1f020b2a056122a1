package observe

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// derives answers a dry run with frames.
func derives(frames ...string) fake {
	return func(_ context.Context, stdin []byte) (host.Result, error) {
		nonce, _, _ := strings.Cut(string(stdin), "\n")
		return host.Result{Stdout: []byte(strings.ReplaceAll(strings.Join(frames, ""), testNonce, nonce))}, nil
	}
}

func TestADerivationIsRead(t *testing.T) {
	d, err := Derive(t.Context(), derives(say("printed", "printed\na"), say("derived", "etcd.yaml\n"), say("printed", "printed\nb"),
		say("derived", "config.yaml\nx\n"), say(script.End, "")), Dry{})
	if err != nil || len(d.Files) != 2 || string(d.Files["config.yaml"]) != "x\n" || d.Files["etcd.yaml"] == nil ||
		len(d.Printed) != 2 || string(d.Printed[1]) != "b" {
		t.Errorf("%q, %v", d, err)
	}
}

func TestLiesAboutADerivation(t *testing.T) {
	end := say(script.End, "")
	for name, frames := range map[string]string{
		"a file nobody asked for": say("derived", "admin.conf\nx") + end,
		"a path":                  say("derived", "../etcd.yaml\nx") + end,
		"a file twice":            say("derived", "etcd.yaml\nx") + say("derived", "etcd.yaml\ny") + end,
		"an empty file twice":     say("derived", "etcd.yaml\n") + say("derived", "etcd.yaml\ny") + end,
		"no name":                 say("derived", "etcd.yaml") + end,
		"too much":                say("derived", "etcd.yaml\n"+strings.Repeat("x", MaxText+1)) + end,
		"another kind":            say("\x1b[31m", "etcd.yaml\nx") + end,
		"no end":                  say("derived", "etcd.yaml\nx"),
		"nothing":                 "",
	} {
		_, err := Derive(t.Context(), derives(frames), Dry{})
		if !errors.Is(err, script.ErrFrames) || strings.Contains(err.Error(), "\x1b") || !strings.HasPrefix(err.Error(), "dry run of kubeadm on fake: ") {
			t.Errorf("%s: %.200v", name, err)
		}
	}
	_, err := Derive(t.Context(), derives(say("failed", "kubeadm init --dry-run:\n\x1b[31mno")+end), Dry{})
	if err == nil || errors.Is(err, script.ErrFrames) || strings.Contains(err.Error(), "\x1b") || !strings.Contains(err.Error(), "kubeadm init --dry-run:") {
		t.Errorf("%v", err)
	}
	_, err = Derive(t.Context(), fake(func(context.Context, []byte) (host.Result, error) {
		return host.Result{Exit: 65, Stderr: []byte("\x1b[31m")}, nil
	}), Dry{})
	if failed, ok := errors.AsType[*host.CommandError](err); !ok || failed.Exit != 65 || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%v", err)
	}
}

// A machine's own kubeadm answers, and afterwards the machine is as it was: files
// and folders, their times and owners, and what is mounted.
func TestDeriveOnAMachine(t *testing.T) {
	h := scripttest.Machine(t)
	version, err := cluster.ParseVersion(strings.TrimPrefix(h.Shell(t, false, "kubeadm version -o short"), "v"))
	must(t, err)
	c := &cluster.Cluster{
		Name: "dry", Kubernetes: version, Endpoint: cluster.Endpoint{Host: "api.example.com", Port: 6443},
		Network: cluster.Network{Pods: []netip.Prefix{netip.MustParsePrefix("10.244.0.0/16")}, Services: []netip.Prefix{netip.MustParsePrefix("10.96.0.0/12")}, DNSDomain: "cluster.local"},
		Audit:   cluster.Audit{MaxAge: 366, MaxBackup: 10, MaxSize: 100},
		Nodes: []cluster.Node{{Name: "cp-1", Role: cluster.ControlPlane, Address: netip.MustParseAddr("10.0.0.11")},
			{Name: "w-1", Role: cluster.Worker, Address: netip.MustParseAddr("10.0.0.21")}},
	}
	// A CA that kubeadm could not use, if it saw it.
	h.Shell(t, false, `mkdir -p /etc/kubernetes/pki /etc/kubernetes/manifests /var/lib/kubelet; echo mine >/mnt/file
for f in pki/ca.crt pki/ca.key manifests/etcd.yaml admin.conf kubelet.conf; do echo mine >/etc/kubernetes/$f; done`)
	const all = `find /etc /mnt /root /tmp /opt /home /var/lib/kubelet /var/lib/etcd -printf '%p %y %m %U:%G %s %T@ %C@ %l\n' 2>/dev/null | sort; cat /proc/1/mountinfo`
	before := h.Shell(t, true, all)
	for _, n := range c.Nodes {
		cp := n.Role == cluster.ControlPlane
		dry, err := kubeadm.Dry(c, n, script.DryRunDir, cp)
		must(t, err)
		ask := Dry{Skip: dry.Skip, Again: &Memory{}}
		for _, f := range dry.Files {
			ask.Files = append(ask.Files, DryFile{Name: f.Path, Content: f.Content})
		}
		counted := &counted{Host: h}
		d, err := Derive(t.Context(), counted, ask)
		must(t, err)
		long := counted.bytes
		// kubeadm says the same when it is asked again: no token, no time.
		again, err := Derive(t.Context(), counted, ask)
		must(t, err)
		t.Logf("%s: %d bytes, and asked again %d", n.Name, long, counted.bytes)
		if diff := cmp.Diff(d, again); diff != "" || counted.bytes > 400 {
			t.Errorf("%s: asked again it answers with %d bytes: %s", n.Name, counted.bytes, diff)
		}
		names := slices.Sorted(maps.Keys(d.Files))
		want := []string{"config.yaml", "instance-config.yaml", "kubeadm-flags.env"}
		if cp {
			want = []string{"config.yaml", "etcd.yaml", "instance-config.yaml", "kube-apiserver.yaml", "kube-controller-manager.yaml", "kube-scheduler.yaml", "kubeadm-flags.env"}
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s: %q", n.Name, names)
		}
		for name, part := range map[string]string{
			"kube-apiserver.yaml": "--encryption-provider-config=", "etcd.yaml": "--name=cp-1", "config.yaml": "protectKernelDefaults: true",
		} {
			if text := string(d.Files[name]); d.Files[name] != nil && (!strings.Contains(text, part) || strings.Contains(text, "mine")) {
				t.Errorf("%s: %s of %d bytes has no %s: %s", n.Name, name, len(text), part, text)
			}
		}
		if got := len(d.Printed); cp && got != 1 || !cp && got != 0 {
			t.Errorf("%s: it printed %d times", n.Name, got)
		}
		if cp && strings.Contains(string(d.Printed[0]), "disabled: true") {
			t.Errorf("an addon that was not asked for is disabled: %s", d.Printed)
		}
		if cp && (!strings.Contains(string(d.Printed[0]), "name: kubeadm-config\n") || !strings.Contains(string(d.Printed[0]), "name: kube-proxy\n")) {
			t.Errorf("%s", d.Printed)
		}
	}
	if after := h.Shell(t, true, all); after != before {
		t.Errorf("the machine changed:\n%s", difference(before, after))
	}
	if left := h.Shell(t, true, "pgrep -a kubeadm"); left != "" {
		t.Errorf("still running: %s", left)
	}
	// What kubeadm refuses is said, and changes nothing either.
	_, err = Derive(t.Context(), h, Dry{Files: []DryFile{{Name: "kubeadm.yaml", Content: []byte("kind: Nonsense\n")}}, Skip: []string{"certs"}})
	if err == nil || !strings.Contains(err.Error(), "kubeadm init --dry-run") {
		t.Errorf("%v", err)
	}
	if after := h.Shell(t, true, all); after != before {
		t.Errorf("the machine changed:\n%s", difference(before, after))
	}
}

// difference are the lines that only one of two texts has.
func difference(a, b string) string {
	var out []string
	have, now := strings.Split(a, "\n"), strings.Split(b, "\n")
	for _, line := range have {
		if !slices.Contains(now, line) {
			out = append(out, "-"+line)
		}
	}
	for _, line := range now {
		if !slices.Contains(have, line) {
			out = append(out, "+"+line)
		}
	}
	return strings.Join(out, "\n")
}
