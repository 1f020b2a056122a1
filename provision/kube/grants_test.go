package kube

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

func TestGrantsOfABinding(t *testing.T) {
	read := rbacv1.PolicyRule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"s"}}
	all := rbacv1.PolicyRule{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}
	paths := rbacv1.PolicyRule{Verbs: []string{"get"}, NonResourceURLs: []string{"/metrics"}}
	rules := roles{
		{"", "r"}: {all, paths}, {"web", "r"}: {read}, {"other", "r"}: {all}, {"", "none"}: nil,
	}
	user := rbacv1.Subject{Kind: "User", Name: "ann"}
	account := rbacv1.Subject{Kind: "ServiceAccount", Name: "bot", Namespace: "ci"}
	grant := func(namespace, kind, subject, from string, r rbacv1.PolicyRule) state.Grant {
		return state.Grant{Binding: "b", Namespace: namespace, RoleKind: "ClusterRole", Role: "r", SubjectKind: kind, Subject: subject, SubjectNamespace: from,
			Verbs: r.Verbs, Groups: r.APIGroups, Resources: r.Resources, Names: r.ResourceNames, URLs: r.NonResourceURLs}
	}
	own := grant("web", "ServiceAccount", "bot", "ci", read)
	own.RoleKind = "Role"
	for name, test := range map[string]struct {
		namespace, kind, role string
		subjects              []rbacv1.Subject
		want                  []state.Grant
	}{
		"everywhere": {"", "ClusterRole", "r", []rbacv1.Subject{user, account},
			[]state.Grant{grant("", "User", "ann", "", all), grant("", "User", "ann", "", paths), grant("", "ServiceAccount", "bot", "ci", all), grant("", "ServiceAccount", "bot", "ci", paths)}},
		"a role of the cluster in one namespace": {"web", "ClusterRole", "r", []rbacv1.Subject{user}, []state.Grant{grant("web", "User", "ann", "", all)}},
		"a role of the namespace":                {"web", "Role", "r", []rbacv1.Subject{account}, []state.Grant{own}},
		"the role is gone":                       {"web", "Role", "gone", []rbacv1.Subject{user}, nil},
		"the role is of another namespace":       {"empty", "Role", "r", []rbacv1.Subject{user}, nil},
		"the role has no rule":                   {"", "ClusterRole", "none", []rbacv1.Subject{user}, nil},
		"nobody":                                 {"", "ClusterRole", "r", nil, nil},
	} {
		got := grantsOf(binding{metav1.ObjectMeta{Name: "b", Namespace: test.namespace}, rbacv1.RoleRef{Kind: test.kind, Name: test.role}, test.subjects}, rules)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// What a person adds to Kubernetes' own is not Kubernetes' own.
func TestBuiltin(t *testing.T) {
	user := func(name string) rbacv1.Subject { return rbacv1.Subject{Kind: "User", Name: name} }
	group := func(name string) rbacv1.Subject { return rbacv1.Subject{Kind: "Group", Name: name} }
	account := func(ns, name string) rbacv1.Subject {
		return rbacv1.Subject{Kind: "ServiceAccount", Namespace: ns, Name: name}
	}
	const joiners = "system:bootstrappers:kubeadm:default-node-token"
	for _, test := range []struct {
		labelled              bool
		namespace, name, role string
		subject               rbacv1.Subject
		want                  bool
	}{
		{true, "", "cluster-admin", "cluster-admin", group("system:masters"), true},
		{true, "", "cluster-admin", "cluster-admin", user("mallory"), false},
		{true, "", "cluster-admin", "cluster-admin", user("system:kube-scheduler"), false},
		{true, "", "cluster-admin", "cluster-admin", account("kube-system", "x"), false},
		{true, "", "system:helper", "cluster-admin", group("system:masters"), false},
		{false, "", "admins", "cluster-admin", group("system:masters"), false}, // the role is Kubernetes', the binding is not
		{true, "", "system:discovery", "system:discovery", group("system:authenticated"), true},
		{true, "", "system:kube-scheduler", "system:kube-scheduler", group("system:authenticated"), false},
		{true, "", "system:kube-scheduler", "system:kube-scheduler", user("system:kube-scheduler"), true},
		{true, "", "system:kube-scheduler", "system:kube-scheduler", user("system:serviceaccount:web:x"), false},
		{true, "", "system:discovery", "system:discovery", user("system:anonymous"), false},
		{true, "", "system:public-info-viewer", "system:public-info-viewer", group("system:unauthenticated"), true},
		{true, "", "system:service-account-issuer-discovery", "system:service-account-issuer-discovery", group("system:serviceaccounts"), true},
		{true, "", "system:controller:job-controller", "system:controller:job-controller", account("kube-system", "job-controller"), true},
		{true, "", "system:controller:job-controller", "system:controller:job-controller", account("web", "job-controller"), false},
		{true, "", "system:controller:mine", "system:controller:mine", account("kube-system", "mine"), false}, // a prefix, and a label, are anybody's
		{true, "", "system:controller:job-controller", "mine", account("kube-system", "job-controller"), false},
		{true, "", "system:controller:job-controller", "system:controller:job-controller", account("kube-system", "node-controller"), false},
		{true, "web", "system:controller:job-controller", "system:controller:job-controller", account("kube-system", "job-controller"), false},
		{true, "", "mine", "mine", account("kube-system", "mine"), false},
		{true, "", "system:discovery", "mine", group("system:authenticated"), false},
		{true, "", "system:node", "system:node", group("system:nodes"), false},
		{true, "", "system:monitoring", "system:monitoring", user("system:kube-scheduler"), false},
		{true, "kube-public", "system:controller:bootstrap-signer", "system:controller:bootstrap-signer", account("kube-system", "bootstrap-signer"), true},
		{true, "kube-public", "system:controller:token-cleaner", "system:controller:token-cleaner", account("kube-system", "token-cleaner"), false},
		{true, "kube-system", "system::leader-locking-kube-scheduler", "system::leader-locking-kube-scheduler", account("kube-system", "kube-scheduler"), true},
		{true, "kube-system", "extension-apiserver-authentication-reader", "extension-apiserver-authentication-reader", user("system:kube-scheduler"), false},
		{true, "kube-system", "system::extension-apiserver-authentication-reader", "extension-apiserver-authentication-reader", user("system:kube-scheduler"), true},
		{false, "", "system:metrics-server", "system:metrics-server", account("kube-system", "metrics-server"), false}, // a prefix is anybody's to take
		{false, "", "system:coredns", "system:coredns", account("kube-system", "coredns"), true},
		{false, "", "system:coredns", "cluster-admin", account("kube-system", "coredns"), false},
		{false, "", "kubeadm:cluster-admins", "cluster-admin", group("kubeadm:cluster-admins"), true},
		{false, "", "kubeadm:cluster-admins", "cluster-admin", user("mallory"), false},
		{false, "", "kubeadm:cluster-admins", "cluster-admin", user("kubeadm:cluster-admins"), false}, // a user is no group
		{false, "", "kubeadm:mine", "cluster-admin", group("kubeadm:cluster-admins"), false},
		{false, "", "kubeadm:get-nodes", "kubeadm:get-nodes", group(joiners), true},
		{false, "", "kubeadm:apiserver-kubelet-client", "system:kubelet-api-admin", user("kube-apiserver-kubelet-client"), true},
		{false, "", "kubeadm:node-proxier", "system:node-proxier", account("kube-system", "kube-proxy"), true},
		{false, "kube-system", "kube-proxy", "kube-proxy", group(joiners), true},
		{false, "web", "kube-proxy", "kube-proxy", group(joiners), false},
		{false, "kube-system", "kubeadm:kubelet-config", "kubeadm:kubelet-config", group("system:nodes"), true},
		{false, "kube-public", "kubeadm:bootstrap-signer-clusterinfo", "kubeadm:bootstrap-signer-clusterinfo", user("system:anonymous"), true},
	} {
		kind, other := "ClusterRole", "Role"
		if test.namespace != "" {
			kind, other = other, kind
		}
		b := binding{metav1.ObjectMeta{Namespace: test.namespace, Name: test.name}, rbacv1.RoleRef{Kind: kind, Name: test.role}, nil}
		if test.labelled {
			b.Labels = map[string]string{"kubernetes.io/bootstrapping": "rbac-defaults"}
		}
		if got := builtin(b, test.subject); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
		if b.role.Kind = other; builtin(b, test.subject) {
			t.Errorf("%+v: so is a %s of that name", test, other)
		}
	}
}
