package policy

import (
	"encoding/json"
	"maps"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Objects are those that bulwark owns in the API for the policy of a spec, in an
// order in which they can be applied. What an object that is all bulwark's says is
// complete: it has the defaults that the API server would fill in, so that a field
// which somebody adds is as much a difference as one that is changed.
func Objects(c *cluster.Cluster) ([]state.Object, error) {
	var owned []owned
	p := c.Policy
	for _, n := range p.Namespaces {
		owned = append(owned, namespace(n))
	}
	if p.NoDefaultTokens {
		for _, name := range p.Tokenless() {
			owned = append(owned, tokenless(name))
		}
	}
	if p.DefaultDeny {
		for _, name := range p.Denied() {
			owned = append(owned, denied(name), dns(name))
		}
	}
	if p.Images.Mode != "" {
		owned = append(owned, imagePolicy(p.Images), imageBinding(p.Images))
	}
	var out []state.Object
	for _, o := range owned {
		object, err := o.object()
		if err != nil {
			return nil, err
		}
		out = append(out, object)
	}
	return out, nil
}

// owned is an object, or fields of one, of the policy.
type owned struct {
	ref state.ObjectRef
	// policy is the label's value, why the setting it rests on.
	policy, why string
	labels      map[string]string
	// spec is the whole of an object that is bulwark's, fields what it owns of
	// one that others have too.
	spec, fields map[string]any
}

// manages is how Kubernetes' own label names who an object is made by.
const manages = "app.kubernetes.io/managed-by"

func (o owned) object() (state.Object, error) {
	labels := map[string]string{state.PolicyLabel: o.policy}
	maps.Copy(labels, o.labels)
	body := map[string]any{"apiVersion": o.ref.APIVersion, "kind": o.ref.Kind}
	if o.spec != nil {
		labels[manages] = "bulwark"
		body["spec"] = o.spec
	}
	maps.Copy(body, o.fields)
	meta := map[string]any{"name": o.ref.Name, "labels": labels}
	if o.ref.Namespace != "" {
		meta["namespace"] = o.ref.Namespace
	}
	body["metadata"] = meta
	text, err := json.Marshal(body) // sorts keys: the same bytes every time
	return state.Object{Ref: o.ref, JSON: text, Why: o.why, Policy: o.policy, Fields: o.spec == nil}, err
}

// namespace is made where it is not there, and held to its standard by labels, which
// outweigh the API server's default in both directions.
func namespace(n cluster.ManagedNamespace) owned {
	labels := map[string]string{}
	for _, mode := range []string{"enforce", "audit", "warn"} {
		labels["pod-security.kubernetes.io/"+mode] = n.PodSecurity
		labels["pod-security.kubernetes.io/"+mode+"-version"] = "latest"
	}
	return owned{ref: state.ObjectRef{APIVersion: "v1", Kind: "Namespace", Name: n.Name}, policy: state.PolicyNamespace,
		why: "policy.namespace." + n.Name, labels: labels}
}

// tokenless is the account that pods have which name none. Every namespace gets one
// from the controller manager, to which this one field is added.
func tokenless(namespace string) owned {
	return owned{ref: state.ObjectRef{APIVersion: "v1", Kind: "ServiceAccount", Namespace: namespace, Name: "default"}, policy: state.PolicyTokens,
		why: "policy.no_default_tokens", fields: map[string]any{"automountServiceAccountToken": false}}
}

// denied selects every pod of a namespace and allows nothing.
func denied(namespace string) owned {
	return owned{ref: networkPolicy(namespace, "bulwark-default-deny"), policy: state.PolicyDefaultDeny, why: "policy.default_deny",
		spec: map[string]any{"podSelector": map[string]any{}, "policyTypes": []string{"Ingress", "Egress"}}}
}

// dns lets every pod of a namespace ask the cluster's DNS: without names nearly no
// other policy would be of use.
func dns(namespace string) owned {
	selects := func(label, value string) map[string]any {
		return map[string]any{"matchLabels": map[string]string{label: value}}
	}
	return owned{ref: networkPolicy(namespace, "bulwark-allow-dns"), policy: state.PolicyDefaultDeny, why: "policy.default_deny",
		spec: map[string]any{
			"podSelector": map[string]any{},
			"policyTypes": []string{"Egress"},
			"egress": []any{map[string]any{
				"to":    []any{map[string]any{"namespaceSelector": selects("kubernetes.io/metadata.name", "kube-system"), "podSelector": selects("k8s-app", "kube-dns")}},
				"ports": []any{map[string]any{"protocol": "UDP", "port": 53}, map[string]any{"protocol": "TCP", "port": 53}},
			}},
		}}
}

func networkPolicy(namespace, name string) state.ObjectRef {
	return state.ObjectRef{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy", Namespace: namespace, Name: name}
}
