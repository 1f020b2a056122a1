package policy

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiserverv1 "k8s.io/apiserver/pkg/apis/apiserver/v1"
)

// Authentication is the AuthenticationConfiguration (v1, KEP-4633): anonymous
// requests reach the three health paths and nothing else; without it every
// path is open to them as far as RBAC goes, /version, /api and cluster-info
// among them. The paths stay open because the probes of kubeadm's static pods
// carry no credentials. CIS 2.1 1.2.1 names this very list.
//
// The API server refuses to start with this file and --anonymous-auth together.
func Authentication() ([]byte, error) {
	var conditions []apiserverv1.AnonymousAuthCondition
	for _, path := range []string{"/healthz", "/livez", "/readyz"} {
		// Paths are compared whole: /livez/ping is closed.
		conditions = append(conditions, apiserverv1.AnonymousAuthCondition{Path: path})
	}
	return encode(&apiserverv1.AuthenticationConfiguration{
		TypeMeta:  metav1.TypeMeta{APIVersion: apiserverv1.SchemeGroupVersion.String(), Kind: "AuthenticationConfiguration"},
		JWT:       []apiserverv1.JWTAuthenticator{}, // the type would write null
		Anonymous: &apiserverv1.AnonymousAuthConfig{Enabled: true, Conditions: conditions},
	})
}
