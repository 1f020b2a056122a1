package provision

import (
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/desired"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// said is how kubeadm tells what it would put into the API.
const said = `[upload-config] Storing the configuration used in ConfigMap "kubeadm-config" in the "kube-system" Namespace
[dryrun] Would perform action GET on resource "configmaps" in API group "core/v1"
[dryrun] Would perform action CREATE on resource "configmaps" in API group "core/v1"
[dryrun] Attached object:
apiVersion: v1
data:
  ClusterConfiguration: |
    a: |
      before

      [after]
    kind: ClusterConfiguration
kind: ConfigMap
metadata:
  name: kubeadm-config
  namespace: kube-system

[dryrun] Attached object:
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: kubeadm:get-nodes
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: kubeadm:get-nodes

`

func TestPrintedObjectsAreRead(t *testing.T) {
	token := "[dryrun] Attached object:\napiVersion: v1\ndata:\n  token-secret: c2VjcmV0\nkind: Secret\nmetadata:\n  name: bootstrap-token-abcdef\n  namespace: kube-system\n\n"
	public := "[dryrun] Attached object:\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cluster-info\n  namespace: kube-public\n\n" +
		"[dryrun] Attached object:\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: kubeadm:bootstrap-signer-clusterinfo\n  namespace: kube-public\n\n"
	public += "[dryrun] Attached object:\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: coredns\n  namespace: kube-system\n\n" +
		"[dryrun] Attached object:\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: system:coredns\n\n"
	other := "[dryrun] Attached object:\napiVersion: v1\nkind: Node\nmetadata:\n  name: cp-1\n\n[bootstrap-token] Using token\n"
	objects, err := printed([][]byte{[]byte(said), []byte(token + public + other)}, false)
	if err != nil {
		t.Fatal(err)
	}
	var refs []string
	for _, o := range objects {
		refs = append(refs, o.Ref.APIVersion+" "+o.Ref.Kind+" "+o.Ref.Namespace+"/"+o.Ref.Name)
		if !o.Derived || o.Why == "" || strings.Contains(string(o.JSON), "c2VjcmV0") {
			t.Errorf("%+v", o)
		}
	}
	if got := strings.Join(refs, ", "); got != "v1 ConfigMap kube-system/kubeadm-config, rbac.authorization.k8s.io/v1 ClusterRoleBinding /kubeadm:get-nodes" {
		t.Errorf("%s", got)
	}
	// An empty line inside does not end it.
	if got := string(objects[0].JSON); !strings.Contains(got, `before\n\n  [after]\nkind: ClusterConfiguration\n`) {
		t.Errorf("%s", got)
	}
}

func TestPrintedTextThatCannotBeRead(t *testing.T) {
	for name, text := range map[string]string{
		"no YAML":       "[dryrun] Attached object:\n\tkind: {\n",
		"no object":     "[dryrun] Attached object:\n- a\n- b\n",
		"another shape": "[dryrun] Attached object:\nkind: [ConfigMap]\n",
		"half a line":   "[dryrun] Attached object:\nkind: ConfigMap\nmetad",
	} {
		if objects, err := printed([][]byte{[]byte(text)}, false); err == nil || !strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("%s: %+v, %v", name, objects, err)
		}
	}
	for name, text := range map[string]string{"nothing": "", "no object": "[upload-config] all is well\n"} {
		if objects, err := printed([][]byte{[]byte(text)}, false); err != nil || len(objects) > 0 {
			t.Errorf("%s: %+v, %v", name, objects, err)
		}
	}
}

// Only a machine that is a node already is asked; one that is being made is not.
func TestWhichMachinesAreAsked(t *testing.T) {
	for name, c := range map[string]struct {
		role  cluster.Role
		files []string
		want  bool
	}{
		"fresh":          {cluster.Worker, nil, false},
		"worker":         {cluster.Worker, []string{desired.KubeletConf, desired.KubeletConfig}, true},
		"joining":        {cluster.Worker, []string{desired.KubeletConfig}, false},
		"control plane":  {cluster.ControlPlane, []string{desired.KubeletConf, desired.KubeletConfig, desired.EtcdData, desired.AdminConf, desired.EtcdManifest}, true},
		"before etcd":    {cluster.ControlPlane, []string{desired.KubeletConf, desired.KubeletConfig, desired.AdminConf, desired.APIServerManifest}, false},
		"all taken away": {cluster.ControlPlane, []string{desired.KubeletConf, desired.KubeletConfig, desired.EtcdData, desired.AdminConf}, false},
	} {
		n := &state.Node{Files: map[string]state.HaveFile{}}
		for _, f := range c.files {
			n.Files[f] = state.HaveFile{Type: "file"}
		}
		if got := living(cluster.Node{Role: c.role}, n); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// kube-proxy's DaemonSet is behind its configuration where that is what it may not do
// without all rights any more, and before it where it gets them back.
func TestKubeProxyIsDerivedInTheOrderThatItNeeds(t *testing.T) {
	const proxy = "[dryrun] Attached object:\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kube-proxy\n  namespace: kube-system\n\n" +
		"[patches] Applied patch\n[dryrun] Attached object:\napiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: kube-proxy\n  namespace: kube-system\n\n"
	for unprivileged, want := range map[bool]string{true: "ConfigMap DaemonSet", false: "DaemonSet ConfigMap"} {
		objects, err := printed([][]byte{[]byte(proxy)}, unprivileged)
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for _, o := range objects {
			kinds = append(kinds, o.Ref.Kind)
			if is := o.Ref.Kind == "DaemonSet"; !o.Derived || is != (o.Policy == state.PolicyKubeProxy) || o.Undo != (is && !unprivileged) {
				t.Errorf("%+v", o)
			}
		}
		if got := strings.Join(kinds, " "); got != want {
			t.Errorf("unprivileged %v: %s", unprivileged, got)
		}
	}
}
