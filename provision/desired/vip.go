package desired

import (
	"encoding/json"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
)

// What kube-vip may do: take its own lease, and make it.
var (
	vipRole    = state.ObjectRef{APIVersion: rbac, Kind: "Role", Namespace: "kube-system", Name: kubeadm.VIPUser}
	vipBinding = state.ObjectRef{APIVersion: rbac, Kind: "RoleBinding", Namespace: "kube-system", Name: kubeadm.VIPUser}
)

// vip is what holds the endpoint's virtual address while this machine's API
// server answers.
func (b *builder) vip() error {
	if !b.c.Endpoint.VIP.IsValid() {
		return nil
	}
	const why = "endpoint.vip"
	phase := &state.Phase{
		Name: "kubeconfig-kube-vip", Args: []string{"kubeconfig", "user", "--client-name", kubeadm.VIPUser, "--config", kubeadm.ConfigFile},
		Makes: []string{kubeadm.VIPKubeconfig}, Into: kubeadm.VIPKubeconfig}
	b.add(state.Fact{ID: b.id("phase", phase.Name), Title: "kubeconfig of kube-vip", Why: why, Phase: phase})
	// kubeadm renews no kubeconfig but its own; it makes this one again.
	b.lasting(state.WantCertificate{Path: kubeadm.VIPKubeconfig, CA: caFile, Renews: phase, Remakes: phase, Restarts: []string{kubeVIP}})
	b.path(state.File{Path: kubeadm.VIPKubeconfig, Origin: state.Derived, Mode: 0o600, Owner: root, Optional: true, Secret: true, Why: why})
	manifest, err := kubeadm.VIPManifest(b.c)
	if err != nil {
		return err
	}
	b.file(kubeadm.VIPManifestFile, 0o600, manifest, why, kubeVIP)
	return nil
}

// vipRights are the objects that let it. They come before anything that goes to
// the API by the endpoint.
func vipRights(c *cluster.Cluster, cp string) ([]state.Fact, error) {
	if !c.Endpoint.VIP.IsValid() {
		return nil, nil
	}
	meta := map[string]any{"name": vipRole.Name, "namespace": vipRole.Namespace}
	var facts []state.Fact
	for _, o := range []struct {
		ref  state.ObjectRef
		more map[string]any
	}{
		{vipRole, map[string]any{"rules": []any{
			map[string]any{"apiGroups": []string{"coordination.k8s.io"}, "resources": []string{"leases"}, "resourceNames": []string{kubeadm.VIPLease}, "verbs": []string{"get", "list", "watch", "update", "patch"}},
			map[string]any{"apiGroups": []string{"coordination.k8s.io"}, "resources": []string{"leases"}, "verbs": []string{"create"}},
		}}},
		{vipBinding, map[string]any{
			"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": vipRole.Kind, "name": vipRole.Name},
			"subjects": []any{map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": kubeadm.VIPUser}},
		}},
	} {
		object := map[string]any{"apiVersion": o.ref.APIVersion, "kind": o.ref.Kind, "metadata": meta}
		for k, v := range o.more {
			object[k] = v
		}
		text, err := json.Marshal(object) // sorts keys: the same bytes every time
		if err != nil {
			return nil, err
		}
		facts = append(facts, state.Fact{ID: id(api, "object", o.ref.String()), Title: o.ref.String(), Why: "endpoint.vip",
			After: []string{id(cp, "wait", "api")}, Object: &state.Object{Ref: o.ref, JSON: text}})
	}
	return facts, nil
}
