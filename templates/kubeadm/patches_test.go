package kubeadm

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"k8s.io/kubernetes/cmd/kubeadm/app/util/patches"
	"k8s.io/kubernetes/cmd/kubeadm/app/util/staticpod"
	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// patched is what kubeadm makes of a document with a node's patches.
func patched(t *testing.T, c *cluster.Cluster, n cluster.Node, target string, kind any, doc any) map[string]any {
	t.Helper()
	dir := t.TempDir()
	files, err := Patches(c, n)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if filepath.Dir(f.Path) != PatchesDir {
			t.Fatalf("%s lies outside of %s", f.Path, PatchesDir)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f.Path)), f.Content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := yaml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	manager, err := patches.GetPatchManagerForPath(dir, patches.KnownTargets(), nil)
	if err != nil {
		t.Fatal(err)
	}
	pt := &patches.PatchTarget{Name: target, StrategicMergePatchObject: kind, Data: text}
	if err := manager.ApplyPatchesToTarget(pt); err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := yaml.Unmarshal(pt.Data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestKubeletOfEachRole(t *testing.T) {
	c := full()
	conf, err := kubeletConfiguration(c)
	if err != nil {
		t.Fatal(err)
	}
	if conf.typed.ReadOnlyPort != 0 {
		t.Fatal("the typed form is no longer what the patch is for")
	}
	for _, n := range c.Nodes {
		got := patched(t, c, n, patches.KubeletConfiguration, kubeletv1beta1.KubeletConfiguration{}, conf.typed)
		if port, ok := got["readOnlyPort"]; !ok || port != float64(0) {
			t.Errorf("%s: readOnlyPort %v is not there as 0", n.Name, port)
		}
		if burst, ok := got["registryBurst"]; !ok || burst != float64(0) {
			t.Errorf("%s: the spec's zero is lost: %v", n.Name, burst)
		}
		if _, ok := got["staticPodPath"]; ok != (n.Role == cluster.ControlPlane) {
			t.Errorf("%s, a %s: staticPodPath is there: %v", n.Name, n.Role, ok)
		}
		// Deviations come after the spec, which comes after the defaults.
		for field, want := range map[string]any{"failSwapOn": false, "failCgroupV1": false, "maxPods": float64(60), "protectKernelDefaults": true} {
			if diff := cmp.Diff(want, got[field]); diff != "" {
				t.Errorf("%s: %s %s", n.Name, field, diff)
			}
		}
	}
}

// TestEtcdPod lays the patch over a pod as kubeadm's phases/etcd makes it.
func TestEtcdPod(t *testing.T) {
	make := corev1.HostPathDirectoryOrCreate
	pod := staticpod.ComponentPod(corev1.Container{
		Name: "etcd", Image: "registry.k8s.io/etcd:3.7.0-0", Command: []string{"etcd"},
		VolumeMounts: []corev1.VolumeMount{
			staticpod.NewVolumeMount("etcd-data", EtcdDataDir, false),
			staticpod.NewVolumeMount("etcd-certs", PKIDir+"/etcd", false),
		},
	}, map[string]corev1.Volume{
		"etcd-data":  staticpod.NewVolume("etcd-data", EtcdDataDir, &make),
		"etcd-certs": staticpod.NewVolume("etcd-certs", PKIDir+"/etcd", &make),
	}, nil)

	c := small()
	got := patched(t, c, c.Nodes[0], "etcd", corev1.Pod{}, pod)["spec"].(map[string]any)
	container := got["containers"].([]any)[0].(map[string]any)

	want := map[string]any{
		"securityContext": map[string]any{
			"runAsUser": 2379.0, "runAsGroup": 2379.0, "runAsNonRoot": true,
			"seccompProfile": map[string]any{"type": "RuntimeDefault"},
		},
		"container": map[string]any{"allowPrivilegeEscalation": false, "capabilities": map[string]any{"drop": []any{"ALL"}}},
		"image":     "registry.k8s.io/etcd:3.7.0-0",
		"mounts": []any{
			map[string]any{"name": "etcd-data", "mountPath": "/var/lib/etcd"},
			map[string]any{"name": "etcd-certs", "mountPath": "/etc/kubernetes/pki/etcd", "readOnly": true},
		},
		"volumes": []any{
			map[string]any{"name": "etcd-certs", "hostPath": map[string]any{"path": "/etc/kubernetes/bulwark/etcd", "type": "Directory"}},
			map[string]any{"name": "etcd-data", "hostPath": map[string]any{"path": "/var/lib/etcd", "type": "Directory"}},
		},
	}
	if diff := cmp.Diff(want, map[string]any{
		"securityContext": got["securityContext"], "container": container["securityContext"], "image": container["image"],
		"mounts": container["volumeMounts"], "volumes": got["volumes"],
	}); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A kube-proxy without all rights has what the tables of its mode need and nothing else,
// and tries nothing that it may not. Without the switch there is no patch of it.
func TestAKubeProxyWithoutAllRights(t *testing.T) {
	daemonSet := map[string]any{"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": map[string]any{"name": "kube-proxy", "labels": map[string]any{"k8s-app": "kube-proxy"}},
		"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{
			"name": "kube-proxy", "image": "registry.k8s.io/kube-proxy:v1.37.2", "securityContext": map[string]any{"privileged": true}}}}}}}
	for mode, add := range map[string][]any{"": {"NET_ADMIN"}, "nftables": {"NET_ADMIN"}, "iptables": {"NET_ADMIN", "NET_RAW"}} {
		c := small()
		c.Policy.UnprivilegedKubeProxy = true
		if mode != "" {
			c.KubeProxy = cluster.Config{"mode": mode}
		}
		got := patched(t, c, c.Nodes[0], patches.KubeProxyDaemonSet, appsv1.DaemonSet{}, daemonSet)
		container := got["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any)
		want := map[string]any{"privileged": false, "allowPrivilegeEscalation": false, "capabilities": map[string]any{"drop": []any{"ALL"}, "add": add},
			"seccompProfile": map[string]any{"type": "RuntimeDefault"}}
		if diff := cmp.Diff(want, container["securityContext"]); diff != "" {
			t.Errorf("%s: %s", mode, diff)
		}
		labels := map[string]any{"k8s-app": "kube-proxy", "bulwark/policy": "unprivileged-kube-proxy"}
		if diff := cmp.Diff(labels, got["metadata"].(map[string]any)["labels"]); diff != "" || container["image"] != "registry.k8s.io/kube-proxy:v1.37.2" {
			t.Errorf("%s: %s, %v", mode, diff, container)
		}
	}
	for _, on := range []bool{true, false} {
		c := small()
		c.Policy.UnprivilegedKubeProxy = on
		for _, n := range c.Nodes {
			files, err := Patches(c, n)
			if err != nil {
				t.Fatal(err)
			}
			has := slices.ContainsFunc(files, func(f File) bool { return f.Path == KubeProxyPatchFile })
			if has != (on && n.Role == cluster.ControlPlane) {
				t.Errorf("%s, switched on %v: the patch is there: %v", n.Name, on, has)
			}
		}
		conf, err := kubeProxyConfiguration(c)
		if err != nil {
			t.Fatal(err)
		}
		// Nil means a default, each of which is one that kube-proxy sets.
		silent := conf.Conntrack.MaxPerCore != nil && *conf.Conntrack.MaxPerCore == 0 && conf.Conntrack.TCPEstablishedTimeout != nil && conf.Conntrack.TCPEstablishedTimeout.Duration == 0 &&
			conf.Conntrack.TCPCloseWaitTimeout != nil && conf.Conntrack.TCPCloseWaitTimeout.Duration == 0 && conf.IPTables.LocalhostNodePorts != nil && !*conf.IPTables.LocalhostNodePorts
		if silent != on {
			t.Errorf("switched on %v: %+v, %+v", on, conf.Conntrack, conf.IPTables)
		}
	}
}
