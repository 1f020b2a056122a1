package kube

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	clusterAdmin = "cluster-admin"
	masters      = "system:masters"
	joining      = "Group system:bootstrappers:kubeadm:default-node-token"
	nodesOf      = "Group " + nodeGroup
	known        = "Group system:authenticated"
	manages      = "User system:kube-controller-manager"
	schedules    = "User system:kube-scheduler"
	accountsOf   = "Group system:serviceaccounts"
	inSystem     = "ServiceAccount " + metav1.NamespaceSystem + "/"
	controllers  = "system:controller:"
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

// serverGives are the bindings that an API server of Kubernetes 1.37 makes, in the same
// form, but those of [controllerNames] (plugin/pkg/auth/authorizer/rbac/bootstrappolicy of
// k8s.io/kubernetes). Its label kubernetes.io/bootstrapping is not asked for: anybody can
// set it, or take it away.
func serverGives() map[string][]string {
	const reader, locking = "extension-apiserver-authentication-reader", "system::leader-locking-"
	return map[string][]string{
		"/cluster-admin":                                     {clusterAdmin, "Group " + masters},
		"/system:basic-user":                                 {"system:basic-user", known},
		"/system:cluster-trust-bundle-discovery":             {"system:cluster-trust-bundle-discovery", accountsOf},
		"/system:discovery":                                  {"system:discovery", known},
		"/system:kube-controller-manager":                    {"system:kube-controller-manager", manages},
		"/system:kube-dns":                                   {"system:kube-dns", inSystem + "kube-dns"},
		"/system:kube-scheduler":                             {"system:kube-scheduler", schedules},
		"/system:monitoring":                                 {"system:monitoring", "Group system:monitoring"},
		"/system:node-proxier":                               {"system:node-proxier", "User system:kube-proxy"},
		"/system:public-info-viewer":                         {"system:public-info-viewer", known, "Group system:unauthenticated"},
		"/system:service-account-issuer-discovery":           {"system:service-account-issuer-discovery", accountsOf},
		"/system:volume-scheduler":                           {"system:volume-scheduler", schedules},
		"kube-public/" + controllers + "bootstrap-signer":    {controllers + "bootstrap-signer", inSystem + "bootstrap-signer"},
		"kube-system/" + controllers + "bootstrap-signer":    {controllers + "bootstrap-signer", inSystem + "bootstrap-signer"},
		"kube-system/" + controllers + "cloud-provider":      {controllers + "cloud-provider", inSystem + "cloud-provider"},
		"kube-system/" + controllers + "token-cleaner":       {controllers + "token-cleaner", inSystem + "token-cleaner"},
		"kube-system/system::" + reader:                      {reader, manages, schedules},
		"kube-system/" + locking + "kube-controller-manager": {locking + "kube-controller-manager", manages, inSystem + "kube-controller-manager", inSystem + "leader-election-controller"},
		"kube-system/" + locking + "kube-scheduler":          {locking + "kube-scheduler", schedules, inSystem + "kube-scheduler"},
	}
}

// controllerNames are the controllers to which an API server gives a role of the cluster:
// binding and role are called system:controller:NAME, and the service account NAME. They
// are listed, those behind feature gates too, for a name after that prefix is anybody's to take.
func controllerNames() []string {
	return strings.Fields(`
		attachdetach-controller certificate-controller clusterrole-aggregation-controller cronjob-controller
		daemon-set-controller deployment-controller device-taint-eviction-controller disruption-controller
		endpoint-controller endpointslice-controller endpointslicemirroring-controller ephemeral-volume-controller
		expand-controller generic-garbage-collector horizontal-pod-autoscaler job-controller
		kube-apiserver-serving-clustertrustbundle-publisher legacy-service-account-token-cleaner namespace-controller
		node-controller persistent-volume-binder pod-garbage-collector podcertificaterequestcleaner
		podgroup-protection-controller pv-protection-controller pvc-protection-controller replicaset-controller
		replication-controller resource-claim-controller resourcepoolstatusrequest-controller resourcequota-controller
		root-ca-cert-publisher route-controller selinux-warning-controller service-account-controller
		service-cidrs-controller service-controller statefulset-controller storage-version-garbage-collector
		storage-version-migrator-controller ttl-after-finished-controller ttl-controller
		validatingadmissionpolicy-status-controller volumeattributesclass-protection-controller`)
}

// gives is what Kubernetes or kubeadm makes of a binding: the role's name, and to whom.
func gives(b binding) []string {
	at := b.Namespace + "/" + b.Name
	if g := kubeadmGives()[at]; g != nil {
		return g
	}
	if name, is := strings.CutPrefix(at, "/"+controllers); is && slices.Contains(controllerNames(), name) {
		return []string{b.Name, inSystem + name}
	}
	return serverGives()[at]
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
	kind := "ClusterRole"
	if b.Namespace != "" { // theirs give a role of that namespace there
		kind = "Role"
	}
	g := gives(b)
	return g != nil && b.role.Kind == kind && b.role.Name == g[0] && slices.Contains(g[1:], subject)
}
