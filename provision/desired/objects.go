package desired

import (
	"encoding/json"
	"maps"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const rbac = "rbac.authorization.k8s.io/v1"

// api is the node name in the ids of facts that no machine holds.
const api = "cluster"

func configMap(name string) state.ObjectRef {
	return state.ObjectRef{APIVersion: "v1", Kind: "ConfigMap", Namespace: "kube-system", Name: name}
}

// objects are the facts the API holds: pod networking by manifest, labels, and
// what joining must not leave behind. cp is the control plane that others join.
func objects(c *cluster.Cluster, manifest []state.Object, cp string) ([]state.Fact, error) {
	facts, err := vipRights(c, cp) // first: others come after what waits for these
	if err != nil {
		return nil, err
	}
	for _, o := range manifest {
		facts = append(facts, state.Fact{ID: id(api, "object", o.Ref.String()), Title: o.Ref.String(), Why: "network.cni",
			// Our rights come with that phase, not with the API.
			After: []string{id(cp, "phase", "init-upload-config")}, Object: &o})
	}
	ref := state.ObjectRef{APIVersion: rbac, Kind: "RoleBinding", Namespace: "kube-public", Name: "kubeadm:bootstrap-signer-clusterinfo"}
	facts = append(facts, state.Fact{ID: id(api, "object", ref.String()), Title: "nobody reads cluster-info without credentials", Why: "defaults",
		After: []string{id(cp, "phase", "init-bootstrap-token")}, Object: &state.Object{Ref: ref}})

	policies, err := policies(c, cp)
	if err != nil {
		return nil, err
	}
	facts = append(facts, policies...)

	joined := []string{id(cp, "phase", "init-bootstrap-token")} // it makes a token as well
	var ready []string
	for _, n := range c.Nodes {
		joined = append(joined, id(n.Name, "wait", "node-object"))
		ready = append(ready, id(n.Name, "wait", "ready"))
		if len(n.Labels) == 0 {
			continue
		}
		f, err := labels(n)
		if err != nil {
			return nil, err
		}
		facts = append(facts, f)
	}
	facts = append(facts, state.Fact{ID: id(api, "object", "bootstrap-tokens"), Title: "no token is left with which a node could join", Why: "defaults",
		After: joined, Object: &state.Object{Tokens: true}})
	encrypted, err := encrypted(c)
	if err != nil {
		return nil, err
	}
	return append(facts, state.Fact{ID: id(api, "wait", "coredns"), Title: "CoreDNS is available", Why: "kubernetes",
		After: ready, Wait: &state.Wait{For: state.WaitDeployment, Subject: "kube-system/coredns", Seconds: 300}}, encrypted), nil
}

// Derived are the facts of objects that kubeadm would make of the configuration
// now, for a cluster that has begun.
func Derived(objects []state.Object) state.Want {
	var w state.Want
	for _, o := range objects {
		w.Facts = append(w.Facts, state.Fact{ID: id(api, "object", o.Ref.String()), Title: o.Ref.String(), Why: "kubernetes", Object: &o})
	}
	return w
}

// labels are those of the spec on one Node; others are left alone.
func labels(n cluster.Node) (state.Fact, error) {
	ref := state.ObjectRef{APIVersion: "v1", Kind: "Node", Name: n.Name}
	object := map[string]any{
		"apiVersion": ref.APIVersion, "kind": ref.Kind,
		"metadata": map[string]any{"name": n.Name, "labels": maps.Clone(n.Labels)},
	}
	text, err := json.Marshal(object) // sorts keys: the same bytes every time
	if err != nil {
		return state.Fact{}, err
	}
	return state.Fact{ID: id(n.Name, "object", "labels"), Title: "labels of the spec", Why: "node." + n.Name + ".labels",
		After: []string{id(n.Name, "wait", "node-object")}, Object: &state.Object{Ref: ref, JSON: text}}, nil
}
