package desired

import (
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/policy"
)

// policies are the objects that bulwark owns in the API for the policy of the spec. What
// an earlier one asked for and this one does not goes first.
func policies(c *cluster.Cluster, cp string) ([]state.Fact, error) {
	objects, err := policy.Objects(c)
	if err != nil {
		return nil, err
	}
	facts := []state.Fact{{ID: id(api, "object", "policy"), Title: "nothing is left of a policy that the spec does not have", Why: "policy",
		Object: &state.Object{Retired: true}}}
	for _, o := range objects {
		facts = append(facts, state.Fact{ID: id(api, "object", o.Ref.String()), Title: title(o), Why: o.Why,
			// Our rights come with that phase. Where a node is registered, the namespaces
			// are there that the API server makes by itself.
			After: []string{id(cp, "phase", "init-upload-config"), id(cp, "wait", "node-object")}, Object: &o})
	}
	return facts, nil
}

// title says what an object of the policy is for.
func title(o state.Object) string {
	in := o.Ref.Namespace
	switch {
	case o.Ref.Kind == "Namespace":
		return "namespace " + o.Ref.Name + ", with the labels of its Pod Security standard"
	case o.Policy == state.PolicyTokens:
		return "no token of the service account default in pods of " + in
	case o.Policy == state.PolicyDefaultDeny:
		return o.Ref.Name[len("bulwark-"):] + " for the pods of " + in
	}
	return o.Ref.Kind + " " + o.Ref.Name
}
