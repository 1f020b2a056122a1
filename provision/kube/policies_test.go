package kube

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

func TestNetworkPolicies(t *testing.T) {
	type is = state.NetworkPolicy
	for text, want := range map[string]is{
		`{podSelector: {}, policyTypes: [Ingress]}`:                                                          {AllPods: true, DeniesIngress: true},
		`{podSelector: {}, policyTypes: [Ingress, Egress]}`:                                                  {AllPods: true, DeniesIngress: true, DeniesEgress: true},
		`{podSelector: {}, policyTypes: [Egress]}`:                                                           {AllPods: true, DeniesEgress: true},
		`{podSelector: {}}`:                                                                                  {AllPods: true, DeniesIngress: true}, // as it is filled in
		`{podSelector: {matchLabels: {a: b}}, policyTypes: [Ingress]}`:                                       {DeniesIngress: true},
		`{podSelector: {matchExpressions: [{key: a, operator: Exists}]}, policyTypes: [Ingress]}`:            {DeniesIngress: true},
		`{podSelector: {}, policyTypes: [Ingress], ingress: [{}]}`:                                           {AllPods: true},
		`{podSelector: {}, policyTypes: [Ingress], egress: [{ports: [{port: 53}]}]}`:                         {AllPods: true, DeniesIngress: true}, // it is not about egress
		`{podSelector: {}, policyTypes: [Ingress, Egress], egress: [{}]}`:                                    {AllPods: true, DeniesIngress: true},
		`{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}]}`:           {AllPods: true, AllowsDNS: true},
		`{podSelector: {}, egress: [{ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}]}`:       {AllPods: true, DeniesIngress: true, AllowsDNS: true},
		`{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, endPort: 53}]}]}`:             {AllPods: true, AllowsDNS: true},
		`{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, endPort: 60}]}]}`:             {AllPods: true},
		`{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53}, {port: 443}]}]}`:             {AllPods: true},
		`{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53}]}, {ports: []}]}`:             {AllPods: true},
		`{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53}]}, {to: [{}]}]}`:              {AllPods: true},
		`{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: dns}]}]}`:                         {AllPods: true},
		`{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{protocol: UDP}]}]}`:                     {AllPods: true},
		`{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: SCTP}]}]}`:          {AllPods: true},
		`{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}]}`:                  {AllPods: true},
		`{podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}], ports: [{port: 53}]}]}`: {AllPods: true, AllowsDNS: true},
	} {
		p := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "p"}}
		if err := yaml.UnmarshalStrict([]byte(text), &p.Spec); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		want.Namespace, want.Name = "ns", "p"
		if got := networkPolicy(p); got != want {
			t.Errorf("%s\nis   %+v\nwant %+v", text, got, want)
		}
	}
}

func TestWhatIsBulwarksIsWhatItApplied(t *testing.T) {
	apply, update := metav1.ManagedFieldsOperationApply, metav1.ManagedFieldsOperationUpdate
	for name, test := range map[string]struct {
		fields []metav1.ManagedFieldsEntry
		label  bool
		want   bool
	}{
		"nobody's":             {nil, false, false},
		"ours":                 {[]metav1.ManagedFieldsEntry{{Manager: "kubectl", Operation: update}, {Manager: "bulwark", Operation: apply}}, false, true},
		"a person's":           {[]metav1.ManagedFieldsEntry{{Manager: "kubectl", Operation: apply}}, false, false},
		"touched, not made":    {[]metav1.ManagedFieldsEntry{{Manager: "bulwark", Operation: update}}, false, false},
		"its own way to write": {[]metav1.ManagedFieldsEntry{{Manager: "bulwark-policy", Operation: update}}, true, true},
		"given to bulwark's":   {[]metav1.ManagedFieldsEntry{{Manager: "bulwark-policy", Operation: apply}}, false, true},
		"touched and labelled": {[]metav1.ManagedFieldsEntry{{Manager: "bulwark", Operation: update}}, true, true},
		"a copy":               {[]metav1.ManagedFieldsEntry{{Manager: "kubectl", Operation: update}}, true, false},
	} {
		p := &metav1.ObjectMeta{ManagedFields: test.fields}
		if test.label {
			p.Labels = map[string]string{state.PolicyLabel: state.PolicyImages}
		}
		if got := owned(p); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWhatAThingMadeIsNotSaidTwice(t *testing.T) {
	of := func(kind, name string) state.Thing {
		return state.Thing{Namespace: "default", Kind: kind, Name: name}
	}
	deployment, set, pod, other, alone := of("Deployment", "d"), of("ReplicaSet", "d-1"), of("Pod", "d-1-x"), of("Pod", "o"), of("Pod", "a")
	got := byPeople([]state.Thing{deployment, set, pod, other, alone}, map[state.Thing]state.Thing{
		set: deployment, pod: set, other: of("Operator", "not-listed")})
	if len(got) != 3 || got[0] != deployment || got[1] != other || got[2] != alone {
		t.Errorf("%+v", got)
	}
}
