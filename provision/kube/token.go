package kube

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

const (
	// TokenDescription begins the description of every token of bulwark's;
	// the node's name follows.
	TokenDescription = state.TokenDescription

	tokenNamespace  = metav1.NamespaceSystem
	tokenNamePrefix = "bootstrap-token-"
	tokenType       = corev1.SecretType("bootstrap.kubernetes.io/token")
	// tokenGroup is the group kubeadm's own role bindings name.
	tokenGroup = "system:bootstrappers:kubeadm:default-node-token"
)

var tokenPattern = regexp.MustCompile(`^([a-z0-9]{6})\.([a-z0-9]{16})$`)

// Token makes a bootstrap token for one node, for authentication only, and
// takes away any that was left for it by an earlier run.
func (c *Client) Token(ctx context.Context, node string, ttl time.Duration) (state.Secret, error) {
	if node == "" || ttl <= 0 {
		return nil, errors.New("a bootstrap token needs a node and a time to live")
	}
	description := TokenDescription + node
	if err := c.deleteTokens(ctx, func(d string) bool { return d == description }); err != nil {
		return nil, err
	}
	id, secret := randomText(6), randomText(16)
	obj := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: tokenNamePrefix + id, Namespace: tokenNamespace},
		Type:       tokenType,
		StringData: map[string]string{
			"token-id":                       id,
			"token-secret":                   secret,
			"description":                    description,
			"expiration":                     time.Now().Add(ttl).UTC().Format(time.RFC3339),
			"usage-bootstrap-authentication": "true",
			"auth-extra-groups":              tokenGroup,
		},
	}
	first := true
	err := c.call(ctx, "making a bootstrap token for "+node, func(ctx context.Context) error {
		_, err := c.typed.CoreV1().Secrets(tokenNamespace).Create(ctx, obj, metav1.CreateOptions{FieldManager: manager})
		// A connection that broke after the first try had its effect left this very token.
		if !first && apierrors.IsAlreadyExists(err) {
			return nil
		}
		first = false
		return err
	})
	if err != nil {
		return nil, err
	}
	return state.Secret(id + "." + secret), nil
}

// TokenID is the public part of a token.
func TokenID(token state.Secret) (string, error) {
	m := tokenPattern.FindSubmatch(token)
	if m == nil {
		return "", errors.New("this is not a bootstrap token")
	}
	return string(m[1]), nil
}

// Tokens are the bootstrap tokens that exist: description by id. The secret
// part is left where it is.
func (c *Client) Tokens(ctx context.Context) (map[string]string, error) {
	var list *corev1.SecretList
	err := c.call(ctx, "listing bootstrap tokens", func(ctx context.Context) (err error) {
		list, err = c.typed.CoreV1().Secrets(tokenNamespace).List(ctx, metav1.ListOptions{FieldSelector: "type=" + string(tokenType)})
		return err
	})
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for i := range list.Items {
		if s := &list.Items[i]; s.Type == tokenType {
			out[strings.TrimPrefix(s.Name, tokenNamePrefix)] = clean(string(s.Data["description"]), 200)
		}
	}
	return out, nil
}

// DeleteToken deletes the token of that id; one that is gone is done.
func (c *Client) DeleteToken(ctx context.Context, id string) error {
	return c.call(ctx, "deleting bootstrap token "+clean(id, 20), func(ctx context.Context) error {
		err := c.typed.CoreV1().Secrets(tokenNamespace).Delete(ctx, tokenNamePrefix+id, metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	})
}

// DeleteNodeTokens deletes the tokens made for one node, and for no other whose
// name begins the same: that one may be joining with its own.
func (c *Client) DeleteNodeTokens(ctx context.Context, node string) error {
	return c.deleteTokens(ctx, func(description string) bool { return description == TokenDescription+node })
}

// DeleteTokens deletes every token whose description begins with prefix;
// [TokenDescription] is all of bulwark's.
func (c *Client) DeleteTokens(ctx context.Context, prefix string) error {
	if prefix == "" {
		return errors.New("deleting bootstrap tokens needs a description: every token of the cluster would be meant")
	}
	return c.deleteTokens(ctx, func(d string) bool { return strings.HasPrefix(d, prefix) })
}

// DeleteJoinTokens deletes every token that was made for joining, by bulwark or
// by the kubeadm it ran; see [state.JoinToken].
func (c *Client) DeleteJoinTokens(ctx context.Context) error {
	return c.deleteTokens(ctx, state.JoinToken)
}

func (c *Client) deleteTokens(ctx context.Context, match func(description string) bool) error {
	tokens, err := c.Tokens(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for id, description := range tokens {
		if match(description) {
			errs = append(errs, c.DeleteToken(ctx, id))
		}
	}
	return errors.Join(errs...)
}

// Discovery is the file a joining node discovers the cluster by. It names a
// current context whose user carries the token: kubeadm would otherwise read
// cluster-info anonymously, be refused, and try for five minutes.
func Discovery(caPEM []byte, server string, token state.Secret) (state.Secret, error) {
	if _, err := certPool(caPEM); err != nil {
		return nil, fmt.Errorf("discovery file: %w", err)
	}
	if !tokenPattern.Match(token) {
		return nil, errors.New("discovery file: this is not a bootstrap token")
	}
	address, err := dialAddress(server)
	if err != nil {
		return nil, fmt.Errorf("discovery file: %w", err)
	}
	const name = "bulwark"
	cfg := clientcmdapi.NewConfig()
	cfg.Clusters[name] = &clientcmdapi.Cluster{Server: "https://" + address, CertificateAuthorityData: caPEM}
	cfg.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: string(token)}
	cfg.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	cfg.CurrentContext = name
	out, err := clientcmd.Write(*cfg)
	return state.Secret(out), err
}

// randomText is n characters of a-z0-9, all equally likely.
func randomText(n int) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	// Bytes from the last multiple of 36 on would favour the first letters.
	const limit = 256 - 256%len(alphabet)
	out := make([]byte, 0, n)
	buf := make([]byte, 2*n)
	for len(out) < n {
		_, _ = rand.Read(buf) // never fails: the program ends instead
		for _, b := range buf {
			if int(b) < limit && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out)
}
