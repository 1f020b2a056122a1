package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// fakeClient is a client of an API that is only a tracker of objects.
func fakeClient(objects ...runtime.Object) (*Client, *fake.Clientset) {
	cs := fake.NewClientset(objects...)
	return &Client{host: &machine{}, where: "ops@cp-1: API", typed: cs, pause: soon}, cs
}

// created is the Secret of a create.
func created(t *testing.T, a clienttesting.Action) *corev1.Secret {
	t.Helper()
	create, ok := a.(clienttesting.CreateAction)
	if !ok {
		t.Fatalf("%T creates nothing", a)
	}
	s, ok := create.GetObject().(*corev1.Secret)
	if !ok {
		t.Fatalf("%T is no Secret", create.GetObject())
	}
	return s
}

func TestTokenIsForOneNodeAndExpires(t *testing.T) {
	c, cs := fakeClient()
	var made *corev1.Secret
	cs.PrependReactor("create", "secrets", func(a clienttesting.Action) (bool, runtime.Object, error) {
		made = created(t, a)
		return false, nil, nil
	})
	tok, err := c.Token(context.Background(), "w-1", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	id, err := TokenID(tok)
	if err != nil {
		t.Fatal(err)
	}
	if made.Name != "bootstrap-token-"+id || made.Namespace != "kube-system" || made.Type != "bootstrap.kubernetes.io/token" {
		t.Errorf("made %s/%s %s", made.Namespace, made.Name, made.Type)
	}
	d := made.StringData
	if d["token-id"]+"."+d["token-secret"] != string(tok) {
		t.Error("the token is not what was made")
	}
	expires, err := time.Parse(time.RFC3339, d["expiration"])
	if err != nil || time.Until(expires) > time.Hour || time.Until(expires) < 59*time.Minute {
		t.Errorf("it expires %s %v", expires, err)
	}
	if d["description"] != "bulwark join w-1" || d["usage-bootstrap-authentication"] != "true" || d["auth-extra-groups"] != tokenGroup {
		t.Errorf("made %s %s %s", d["description"], d["usage-bootstrap-authentication"], d["auth-extra-groups"])
	}
	if _, ok := d["usage-bootstrap-signing"]; ok {
		t.Error("it may sign cluster-info")
	}
	for _, bad := range []func() (state.Secret, error){
		func() (state.Secret, error) { return c.Token(context.Background(), "", time.Hour) },
		func() (state.Secret, error) { return c.Token(context.Background(), "w-1", 0) },
	} {
		if _, err := bad(); err == nil {
			t.Error("a token for nobody or for ever")
		}
	}
}

// A connection that breaks after the token was made must not fail the run.
func TestTokenWhoseAnswerWasLost(t *testing.T) {
	c, cs := fakeClient()
	first := true
	cs.PrependReactor("create", "secrets", func(a clienttesting.Action) (bool, runtime.Object, error) {
		if first {
			first = false
			if err := cs.Tracker().Add(created(t, a)); err != nil {
				return true, nil, err
			}
			return true, nil, errors.New("http2: client connection lost")
		}
		return false, nil, nil
	})
	if _, err := c.Token(context.Background(), "w-1", time.Hour); err != nil {
		t.Error(err)
	}
}

func TestDeleteTokensByDescription(t *testing.T) {
	token := func(id, description string) *corev1.Secret {
		s := &corev1.Secret{Type: tokenType, Data: map[string][]byte{"description": []byte(description), "token-secret": []byte("canarycanarycan1")}}
		s.Name, s.Namespace = tokenNamePrefix+id, tokenNamespace
		return s
	}
	other := &corev1.Secret{Type: corev1.SecretTypeOpaque}
	other.Name, other.Namespace = "other", tokenNamespace
	c, _ := fakeClient(token("aaaaaa", "bulwark join w-1"), token("bbbbbb", "bulwark join w-10"), token("cccccc", "a person's"), other)
	if err := c.DeleteTokens(context.Background(), TokenDescription); err != nil {
		t.Fatal(err)
	}
	left, err := c.Tokens(context.Background())
	if err != nil || len(left) != 1 || left["cccccc"] != "a person's" {
		t.Errorf("left %v %v", left, err)
	}
}

func TestDiscovery(t *testing.T) {
	ca := newAuthority(t).pem
	tok := state.Secret("abcdef.0123456789abcdef")
	got, err := Discovery(ca, "api.example.com:6443", tok)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := clientcmd.Load(got)
	if err != nil {
		t.Fatal(err)
	}
	if err := clientcmd.ConfirmUsable(*cfg, cfg.CurrentContext); err != nil {
		t.Error(err)
	}
	cc := cfg.Contexts[cfg.CurrentContext]
	if cc == nil || cfg.AuthInfos[cc.AuthInfo].Token != string(tok) || cfg.Clusters[cc.Cluster].Server != endpointURL {
		t.Errorf("%v", cc)
	}
	if s := fmt.Sprint(got); strings.Contains(s, "abcdef") {
		t.Error("it prints")
	}
	again, err := Discovery(ca, endpointURL, tok)
	if err != nil || string(again) != string(got) {
		t.Error("the same discovery has other bytes")
	}
	for name, bad := range map[string]func() (state.Secret, error){
		"no CA":     func() (state.Secret, error) { return Discovery(nil, endpointURL, tok) },
		"no token":  func() (state.Secret, error) { return Discovery(ca, endpointURL, nil) },
		"bad token": func() (state.Secret, error) { return Discovery(ca, endpointURL, state.Secret("canary\nx")) },
		"no port":   func() (state.Secret, error) { return Discovery(ca, "api", tok) },
		"http":      func() (state.Secret, error) { return Discovery(ca, "http://api:1", tok) },
	} {
		if _, err := bad(); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRandomText(t *testing.T) {
	counts := map[rune]int{}
	for range 200 {
		s := randomText(16)
		if len(s) != 16 {
			t.Fatal(s)
		}
		for _, r := range s {
			counts[r]++
		}
	}
	if len(counts) != 36 {
		t.Errorf("%d different characters in 3200", len(counts))
	}
	for r, n := range counts { // 89 on average
		if n < 40 || n > 160 {
			t.Errorf("%q came %d times", r, n)
		}
	}
}

func TestTokensOfOneNodeAreNotThoseOfANameThatBeginsTheSame(t *testing.T) {
	token := func(id, node string) *corev1.Secret {
		s := &corev1.Secret{Type: tokenType, Data: map[string][]byte{"description": []byte(TokenDescription + node)}}
		s.Name, s.Namespace = tokenNamePrefix+id, tokenNamespace
		return s
	}
	c, _ := fakeClient(token("aaaaaa", "w-1"), token("bbbbbb", "w-10"))
	if err := c.DeleteNodeTokens(context.Background(), "w-1"); err != nil {
		t.Fatal(err)
	}
	left, err := c.Tokens(context.Background())
	if err != nil || len(left) != 1 || left["bbbbbb"] != TokenDescription+"w-10" {
		t.Errorf("left %v %v", left, err)
	}
}
