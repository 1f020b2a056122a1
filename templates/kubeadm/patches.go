package kubeadm

import (
	"fmt"
	"path"

	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Patches are the files of [PatchesDir] on one node. kubeadm applies them, in
// the order of their names, whenever it writes what they are named after.
func Patches(c *cluster.Cluster, n cluster.Node) ([]File, error) {
	kubelet, err := kubeletPatch(c, n)
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", n.Name, err)
	}
	files := []patch{{name: "kubeletconfiguration0+json.yaml", content: kubelet}}
	if n.Role == cluster.ControlPlane {
		files = append(files, patch{name: "etcd0+strategic.yaml", content: etcdPatch()})
		if c.Policy.UnprivilegedKubeProxy {
			files = append(files, patch{name: path.Base(KubeProxyPatchFile), content: kubeProxyPatch(c)})
		}
	}
	var out []File
	for _, p := range files {
		b, err := yaml.Marshal(p.content)
		if err != nil {
			return nil, err
		}
		out = append(out, File{Path: PatchesDir + "/" + p.name, Content: b})
	}
	return out, nil
}

type patch struct {
	name    string
	content any
}

// kubeletPatch puts back what the typed configuration drops for being zero,
// readOnlyPort above all, and takes static pods away from workers (V-242397):
// whoever can write a file there would otherwise be root without asking the API.
func kubeletPatch(c *cluster.Cluster, n cluster.Node) ([]any, error) {
	conf, err := kubeletConfiguration(c)
	if err != nil {
		return nil, err
	}
	var out []any
	for _, f := range conf.dropped {
		// A map, since omitempty would drop the very zeros this is about.
		out = append(out, map[string]any{"op": "add", "path": f.path, "value": f.value})
	}
	if n.Role == cluster.Worker {
		// kubeadm fills the field in before it patches, so it is always there.
		out = append(out, map[string]any{"op": "remove", "path": "/staticPodPath"})
	}
	return out, nil
}

// etcdPatch makes etcd run as its own account, as kubeadm's alpha gate
// RootlessControlPlane would (util/staticpod.runEtcdAsNonRoot), but with
// certificates of its own: under that gate files of the PKI tree change hands,
// against CIS 1.1.19. The seccomp profile kubeadm sets stays. The directories
// must exist: made by the kubelet they would be root's, and etcd could not
// read its own certificates.
func etcdPatch() any {
	volume := func(name, path string) map[string]any {
		return map[string]any{"name": name, "hostPath": map[string]any{"path": path, "type": "Directory"}}
	}
	return map[string]any{"spec": map[string]any{
		"securityContext": map[string]any{
			"runAsUser":    state.EtcdUID,
			"runAsGroup":   state.EtcdUID,
			"runAsNonRoot": true,
		},
		"containers": []any{map[string]any{
			"name": "etcd",
			"securityContext": map[string]any{
				"allowPrivilegeEscalation": false,
				"capabilities":             map[string]any{"drop": []any{"ALL"}},
			},
			"volumeMounts": []any{map[string]any{
				"name": "etcd-certs", "mountPath": PKIDir + "/etcd", "readOnly": true,
			}},
		}},
		"volumes": []any{volume("etcd-certs", EtcdPKIDir), volume("etcd-data", EtcdDataDir)},
	}}
}

// KubeProxyPatchFile is the patch by which kube-proxy runs without all rights. It is
// there only where the spec says so: kubeadm applies every file that it finds.
const KubeProxyPatchFile = PatchesDir + "/kubeproxydaemonset0+strategic.yaml"

// kubeProxyPatch lets kube-proxy change the tables of the node's network and nothing
// else of the node (CIS 5.2.2 wants no privileged container). The settings
// of the kernel that it would change besides are left alone by its configuration, see
// [leaveKernelAlone]. The label tells a plan of a living cluster whose this is.
func kubeProxyPatch(c *cluster.Cluster) any {
	add := []any{"NET_ADMIN"}
	if c.KubeProxy["mode"] == "iptables" { // bulwark's own is nftables
		add = append(add, "NET_RAW") // iptables asks the kernel by a raw socket which matches it has
	}
	return map[string]any{
		"metadata": map[string]any{"labels": map[string]any{state.PolicyLabel: state.PolicyKubeProxy}},
		"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
			"containers": []any{map[string]any{
				"name": "kube-proxy",
				"securityContext": map[string]any{
					"privileged":               false,
					"allowPrivilegeEscalation": false,
					"capabilities":             map[string]any{"drop": []any{"ALL"}, "add": add},
					"seccompProfile":           map[string]any{"type": "RuntimeDefault"},
				},
			}},
		}}},
	}
}
