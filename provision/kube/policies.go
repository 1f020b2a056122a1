package kube

import (
	"context"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

func (i *inventory) networkPolicies(ctx context.Context) (out []state.NetworkPolicy, err error) {
	err = pages(ctx, i.c, "network policies", i.c.typed.NetworkingV1().NetworkPolicies("").List, func(l *networkingv1.NetworkPolicyList) {
		for n := range l.Items {
			out = append(out, networkPolicy(&l.Items[n]))
		}
	})
	return out, err
}

// networkPolicy is what a policy comes to.
func networkPolicy(p *networkingv1.NetworkPolicy) state.NetworkPolicy {
	of := func(t networkingv1.PolicyType) bool { return slices.Contains(p.Spec.PolicyTypes, t) }
	ingress, egress := of(networkingv1.PolicyTypeIngress), of(networkingv1.PolicyTypeEgress)
	if len(p.Spec.PolicyTypes) == 0 { // as the API server fills it in
		ingress, egress = true, len(p.Spec.Egress) > 0
	}
	out := state.NetworkPolicy{Namespace: p.Namespace, Name: p.Name,
		AllPods:       len(p.Spec.PodSelector.MatchLabels)+len(p.Spec.PodSelector.MatchExpressions) == 0,
		DeniesIngress: ingress && len(p.Spec.Ingress) == 0,
		DeniesEgress:  egress && len(p.Spec.Egress) == 0,
	}
	out.AllowsDNS = egress && len(p.Spec.Egress) > 0 && !slices.ContainsFunc(p.Spec.Egress, func(r networkingv1.NetworkPolicyEgressRule) bool {
		return len(r.Ports) == 0 || slices.ContainsFunc(r.Ports, func(port networkingv1.NetworkPolicyPort) bool { return !isDNS(port) })
	})
	return out
}

// isDNS says whether a port is 53 and no other. What a name stands for is each pod's to
// say, and no port at all is every one.
func isDNS(p networkingv1.NetworkPolicyPort) bool {
	return p.Port != nil && p.Port.Type == intstr.Int && p.Port.IntVal == 53 && (p.EndPort == nil || *p.EndPort == 53) &&
		(p.Protocol == nil || *p.Protocol == corev1.ProtocolUDP || *p.Protocol == corev1.ProtocolTCP)
}

func (i *inventory) admissionPolicies(ctx context.Context) (out []state.AdmissionPolicy, err error) {
	admission := i.c.typed.AdmissionregistrationV1()
	err = pages(ctx, i.c, "admission policies", admission.ValidatingAdmissionPolicies().List, func(l *admissionv1.ValidatingAdmissionPolicyList) {
		for n := range l.Items {
			p := &l.Items[n].ObjectMeta
			out = append(out, state.AdmissionPolicy{Name: p.Name, Owned: owned(p)})
		}
	})
	if err != nil {
		return nil, err
	}
	actions := map[string][]string{}
	err = pages(ctx, i.c, "bindings of admission policies", admission.ValidatingAdmissionPolicyBindings().List, func(l *admissionv1.ValidatingAdmissionPolicyBindingList) {
		for _, b := range l.Items {
			for _, a := range b.Spec.ValidationActions {
				actions[b.Spec.PolicyName] = append(actions[b.Spec.PolicyName], string(a))
			}
		}
	})
	for n, p := range out {
		bound := actions[p.Name]
		slices.Sort(bound)
		out[n].Actions = slices.Compact(bound)
	}
	return out, err
}

// owned says that bulwark made a policy: it applied a manifest's, or wrote its own, which
// it does with Create and Update, and whose label alone proves nothing, for a copy has it too.
func owned(p *metav1.ObjectMeta) bool {
	_, labelled := p.Labels[state.PolicyLabel]
	return slices.ContainsFunc(p.ManagedFields, func(f metav1.ManagedFieldsEntry) bool {
		switch f.Manager {
		case policyManager:
			return true
		case manager:
			return labelled || f.Operation == metav1.ManagedFieldsOperationApply
		}
		return false
	})
}
