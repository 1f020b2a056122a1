package kube

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// binding is a RoleBinding, or a ClusterRoleBinding where its namespace is empty.
type binding struct {
	metav1.ObjectMeta
	role     rbacv1.RoleRef
	subjects []rbacv1.Subject
}

// roles are the rules of a role by namespace and name. A role of the cluster has no namespace.
type roles map[[2]string][]rbacv1.PolicyRule

func (i *inventory) grants(ctx context.Context) ([]state.Grant, error) {
	rbac := i.c.typed.RbacV1()
	var bindings []binding
	rules := roles{}
	// Bindings first: what is bound later on is not seen, and no role of what is seen is missed.
	err := pages(ctx, i.c, "role bindings of the cluster", rbac.ClusterRoleBindings().List, func(l *rbacv1.ClusterRoleBindingList) {
		for _, b := range l.Items {
			bindings = append(bindings, binding{b.ObjectMeta, b.RoleRef, b.Subjects})
		}
	})
	if err != nil {
		return nil, err
	}
	err = pages(ctx, i.c, "role bindings", rbac.RoleBindings("").List, func(l *rbacv1.RoleBindingList) {
		for _, b := range l.Items {
			bindings = append(bindings, binding{b.ObjectMeta, b.RoleRef, b.Subjects})
		}
	})
	if err != nil {
		return nil, err
	}
	err = pages(ctx, i.c, "roles of the cluster", rbac.ClusterRoles().List, func(l *rbacv1.ClusterRoleList) {
		for _, r := range l.Items {
			rules[[2]string{"", r.Name}] = r.Rules // of aggregated ones too: the API keeps them there
		}
	})
	if err != nil {
		return nil, err
	}
	err = pages(ctx, i.c, "roles", rbac.Roles("").List, func(l *rbacv1.RoleList) {
		for _, r := range l.Items {
			rules[[2]string{r.Namespace, r.Name}] = r.Rules
		}
	})
	if err != nil {
		return nil, err
	}
	var out []state.Grant
	for _, b := range bindings {
		out = append(out, grantsOf(b, rules)...)
	}
	return out, nil
}

// grantsOf is what a binding gives: nothing where its role is gone.
func grantsOf(b binding, rules roles) []state.Grant {
	at := [2]string{"", b.role.Name}
	if b.role.Kind == "Role" {
		at[0] = b.Namespace
	}
	var out []state.Grant
	for _, s := range b.subjects {
		own := builtin(b, s)
		for _, r := range rules[at] {
			if b.Namespace != "" && len(r.NonResourceURLs) > 0 {
				continue // paths are of no namespace, so that nothing is given
			}
			g := state.Grant{Binding: b.Name, Namespace: b.Namespace, RoleKind: b.role.Kind, Role: b.role.Name, SubjectKind: s.Kind, Subject: s.Name,
				Verbs: r.Verbs, Groups: r.APIGroups, Resources: r.Resources, Names: r.ResourceNames, URLs: r.NonResourceURLs, Builtin: own}
			if s.Kind == rbacv1.ServiceAccountKind {
				g.SubjectNamespace = s.Namespace
			}
			out = append(out, g)
		}
	}
	return out
}
