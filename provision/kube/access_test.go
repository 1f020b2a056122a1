package kube

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

func realTokens(ctx context.Context, t *testing.T, r *real) {
	first, err := r.client.Token(ctx, "w-1", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	second, err := r.client.Token(ctx, "w-1", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	w10, err := r.client.Token(ctx, "w-10", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	api, err := r.client.Look(ctx, Ask{})
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(api)
	for _, tok := range []state.Secret{first, second, w10} {
		if strings.Contains(string(text), string(tok[7:])) {
			t.Error("a look holds a token's secret")
		}
	}
	id, err := TokenID(second)
	if err != nil {
		t.Fatal(err)
	}
	if len(api.Tokens) != 2 || api.Tokens[id] != "bulwark join w-1" {
		t.Errorf("tokens: %v", api.Tokens)
	}

	// As kubeadm reads cluster-info with it: 403 means known and not allowed, 401 unknown.
	read := func(tok state.Secret) error {
		kc, err := Discovery(r.ca.pem, r.local, tok)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := clientcmd.RESTConfigFromKubeConfig(kc)
		if err != nil {
			t.Fatal(err)
		}
		cs, err := kubernetes.NewForConfig(cfg)
		if err != nil {
			t.Fatal(err)
		}
		_, err = cs.CoreV1().ConfigMaps("kube-public").Get(ctx, "cluster-info", metav1.GetOptions{})
		return err
	}
	if err := eventually(ctx, func() bool { return apierrors.IsForbidden(read(second)) }); err != nil {
		t.Errorf("the token is not accepted: %v", read(second))
	}
	if err := r.client.DeleteTokens(ctx, ""); err == nil {
		t.Error("all tokens were deleted")
	}
	for range 2 {
		if err := r.client.DeleteToken(ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.client.DeleteTokens(ctx, TokenDescription); err != nil {
		t.Fatal(err)
	}
	if left, err := r.client.Tokens(ctx); err != nil || len(left) != 0 {
		t.Errorf("left: %v %v", left, err)
	}
	// Not the one that was used: the API server remembers a good token for 10 s.
	if err := eventually(ctx, func() bool { return apierrors.IsUnauthorized(read(w10)) }); err != nil {
		t.Errorf("a deleted token: %v", read(w10))
	}
}

func eventually(ctx context.Context, ok func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for !ok() {
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func realKubeconfig(ctx context.Context, t *testing.T, r *real) {
	op := Operator{Server: r.local, Context: "prod-east", TTL: time.Hour}
	kc, err := r.client.Kubeconfig(ctx, op)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := clientcmd.Load(kc)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(cfg.AuthInfos["prod-east-bulwark-admin"].ClientCertificateData)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(cert.NotAfter); left > time.Hour+10*time.Minute || left < 50*time.Minute {
		t.Errorf("it is valid for %s", left)
	}
	if cert.Subject.String() != "CN=bulwark-admin,O=kubeadm:cluster-admins" {
		t.Errorf("it is for %s", cert.Subject)
	}
	csrs, err := r.client.typed.CertificatesV1().CertificateSigningRequests().List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range csrs.Items {
		if strings.HasPrefix(c.Name, "bulwark-kubeconfig-") {
			t.Errorf("the request %s was left behind", c.Name)
		}
	}
	// It is good for exactly what its group may do.
	restCfg, err := clientcmd.RESTConfigFromKubeConfig(kc)
	if err != nil {
		t.Fatal(err)
	}
	cs, err := kubernetes.NewForConfig(restCfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cs.CoreV1().Nodes().List(ctx, metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("without a binding: %v", err)
	}
	binding := state.ObjectRef{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "ClusterRoleBinding", Name: AdminGroup}
	err = r.client.Apply(ctx, state.Object{Ref: binding, JSON: []byte(`{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"kubeadm:cluster-admins"},
		"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"kind":"Group","name":"kubeadm:cluster-admins"}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	if err := eventually(ctx, func() bool { _, err := cs.CoreV1().Nodes().List(ctx, metav1.ListOptions{}); return err == nil }); err != nil {
		t.Error("with the binding of its group it still may not list nodes")
	}
	for name, bad := range map[string]Operator{
		"masters":    {Server: r.local, Context: "x", Group: "system:masters"},
		"too short":  {Server: r.local, Context: "x", TTL: time.Minute},
		"no context": {Server: r.local},
		"no server":  {Context: "x"},
	} {
		if _, err := r.client.Kubeconfig(ctx, bad); err == nil {
			t.Errorf("%s was given", name)
		}
	}
}
