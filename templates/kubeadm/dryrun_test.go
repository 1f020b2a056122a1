package kubeadm

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// A dry run gets the node's own patches, where the configuration looks for them;
// the rest of it is golden.
func TestADryRunGetsThePatches(t *testing.T) {
	for _, c := range []struct {
		node   string
		speaks bool
		phases []string
	}{
		{"cp-1", true, []string{"etcd", "control-plane", "kubelet-start", "upload-config", "bootstrap-token", "addon"}},
		{"cp-2", false, []string{"etcd", "control-plane", "kubelet-start"}},
		{"w-1", false, []string{"kubelet-start"}},
	} {
		full := full()
		n, ok := full.Node(c.node)
		if !ok {
			t.Fatal(c.node)
		}
		dry, err := Dry(full, n, script.DryRunDir, c.speaks)
		asked := slices.DeleteFunc(initPhases(), func(p string) bool { return slices.Contains(dry.Skip, p) })
		if err != nil || !slices.Equal(asked, c.phases) {
			t.Errorf("%s: %q, %v", c.node, asked, err)
		}
		patches, err := Patches(full, n)
		if err != nil || len(patches) == 0 {
			t.Fatal(err)
		}
		var want, got []string
		for _, p := range patches {
			want = append(want, "patches/"+path.Base(p.Path)+"\n"+string(p.Content))
		}
		for _, f := range dry.Files {
			switch {
			case f.Path == "kubeadm.yaml":
				if !bytes.Contains(f.Content, []byte("directory: "+script.DryRunDir+"/patches\n")) {
					t.Errorf("%s: %s", c.node, f.Content)
				}
			case f.Path == "admin.conf" && c.speaks: // of nobody
			default:
				got = append(got, f.Path+"\n"+string(f.Content))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", c.node, got, want)
		}
	}
}

func TestAdoptMembership(t *testing.T) {
	const (
		derived = "  - command:\n    - etcd\n    - --initial-advertise-peer-urls=https://10.0.0.12:2380\n    - --initial-cluster=cp-2=https://10.0.0.12:2380\n    - --name=cp-2\n"
		joined  = "  - command:\n    - etcd\n    - --initial-cluster=cp-1=https://10.0.0.11:2380,cp-2=https://10.0.0.12:2380\n    - --initial-cluster-state=existing\n    - --quota-backend-bytes=1\n"
		adopted = "  - command:\n    - etcd\n    - --initial-advertise-peer-urls=https://10.0.0.12:2380\n    - --initial-cluster=cp-1=https://10.0.0.11:2380,cp-2=https://10.0.0.12:2380\n    - --initial-cluster-state=existing\n    - --name=cp-2\n"
	)
	for name, c := range map[string]struct{ derived, own, want string }{
		"joined":             {derived, joined, adopted},
		"again":              {adopted, joined, adopted},
		"the first":          {derived, derived, derived},
		"no manifest yet":    {derived, "", derived},
		"one without":        {derived, "  - command:\n    - etcd\n", derived},
		"in a comment":       {derived, "# - --initial-cluster=evil\n", derived},
		"cut":                {derived, "    - --initial-cluster=cp-1", derived},
		"nothing to replace": {"  - command:\n", joined, "  - command:\n"},
	} {
		before := strings.Clone(c.derived)
		in := []byte(c.derived)
		if got := string(AdoptMembership(in, []byte(c.own))); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
		if string(in) != before {
			t.Errorf("%s: what it was given changed", name)
		}
	}
}

func TestDerivedPaths(t *testing.T) {
	for name, want := range map[string]string{
		"etcd.yaml": "/etc/kubernetes/manifests/etcd.yaml", "kube-scheduler.yaml": "/etc/kubernetes/manifests/kube-scheduler.yaml",
		"config.yaml": "/var/lib/kubelet/config.yaml", "kubeadm-flags.env": "/var/lib/kubelet/kubeadm-flags.env",
		"../../etc/passwd": "", "admin.conf": "", "": "",
	} {
		if got := DerivedPath(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}
