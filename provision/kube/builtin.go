package kube

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The label by which an API server marks the roles and bindings that it makes.
const (
	bootstrapping = "kubernetes.io/bootstrapping"
	bootstrapped  = "rbac-defaults"
)

const (
	clusterAdmin = "cluster-admin"
	masters      = "system:masters"
	joining      = "Group system:bootstrappers:kubeadm:default-node-token"
	nodesOf      = "Group " + nodeGroup
)

// kubeadmGives are the bindings that kubeadm makes, by namespace and name, each with the
// role and to whom it gives that (cmd/kubeadm/app/phases of k8s.io/kubernetes).
func kubeadmGives() map[string][]string {
	return map[string][]string{
		"/kubeadm:apiserver-kubelet-client":                {"system:kubelet-api-admin", "User kube-apiserver-kubelet-client"},
		"/kubeadm:cluster-admins":                          {clusterAdmin, "Group kubeadm:cluster-admins"},
		"/kubeadm:get-nodes":                               {"kubeadm:get-nodes", joining},
		"/kubeadm:kubelet-bootstrap":                       {"system:node-bootstrapper", joining},
		"/kubeadm:node-autoapprove-bootstrap":              {"system:certificates.k8s.io:certificatesigningrequests:nodeclient", joining},
		"/kubeadm:node-autoapprove-certificate-rotation":   {"system:certificates.k8s.io:certificatesigningrequests:selfnodeclient", nodesOf},
		"/kubeadm:node-proxier":                            {"system:node-proxier", "ServiceAccount kube-system/kube-proxy"},
		"/system:coredns":                                  {"system:coredns", "ServiceAccount kube-system/coredns"},
		"kube-public/kubeadm:bootstrap-signer-clusterinfo": {"kubeadm:bootstrap-signer-clusterinfo", "User system:anonymous"},
		"kube-system/kube-proxy":                           {"kube-proxy", joining},
		"kube-system/kubeadm:kubeadm-certs":                {"kubeadm:kubeadm-certs", joining},
		"kube-system/kubeadm:kubelet-config":               {"kubeadm:kubelet-config", joining, nodesOf},
		"kube-system/kubeadm:nodes-kubeadm-config":         {"kubeadm:nodes-kubeadm-config", joining, nodesOf},
	}
}

// builtin says whether Kubernetes or kubeadm gives a subject what a binding says. That a
// binding is one of theirs is not enough: who is added to it by hand stays in it, also
// when an API server that starts puts its own in order. That a role is theirs says
// nothing: whom a person binds to cluster-admin, no default did.
func builtin(b binding, s rbacv1.Subject) bool {
	subject := s.Kind + " " + s.Name
	if s.Kind == rbacv1.ServiceAccountKind {
		subject = s.Kind + " " + s.Namespace + "/" + s.Name
	}
	if gives := kubeadmGives()[b.Namespace+"/"+b.Name]; gives != nil && gives[0] == b.role.Name {
		return slices.Contains(gives[1:], subject)
	}
	switch {
	case b.Labels[bootstrapping] != bootstrapped:
		return false
	case b.role.Name == clusterAdmin:
		return b.Name == clusterAdmin && subject == "Group "+masters
	case s.Kind == rbacv1.ServiceAccountKind:
		return s.Namespace == metav1.NamespaceSystem
	case slices.Contains(componentSubjects(), subject):
		return true
	}
	return slices.Contains(anybody(), subject) && slices.Contains(forAnybody(), b.Name)
}

// componentSubjects are whom an API server's own bindings give something, but service
// accounts; anybody are the groups of whoever is or is not known, and forAnybody the
// bindings for those (plugin/pkg/auth/authorizer/rbac/bootstrappolicy of k8s.io/kubernetes).
func componentSubjects() []string {
	return []string{"User system:kube-controller-manager", "User system:kube-scheduler", "User system:kube-proxy", "Group system:monitoring"}
}

func anybody() []string {
	return []string{"Group system:authenticated", "Group system:unauthenticated", "Group system:serviceaccounts"}
}

func forAnybody() []string {
	return []string{"system:basic-user", "system:cluster-trust-bundle-discovery", "system:discovery", "system:public-info-viewer",
		"system:service-account-issuer-discovery"}
}
