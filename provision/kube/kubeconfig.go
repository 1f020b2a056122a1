package kube

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

const (
	// DefaultUser is who an operator's kubeconfig is for.
	DefaultUser = "bulwark-admin"
	// AdminGroup is kubeadm's own, bound to cluster-admin by an object that can
	// be taken away, which system:masters is not.
	AdminGroup = "kubeadm:cluster-admins"
	// DefaultTTL is how long its certificate is valid.
	DefaultTTL = 24 * time.Hour
	// MinTTL is the least the API signs.
	MinTTL = 10 * time.Minute

	// signTimeout is how long the controller manager may take to sign.
	signTimeout = time.Minute
)

// Operator says whom a kubeconfig is for. Zero fields have defaults, but for
// Server and Context.
type Operator struct {
	// User and Group are in the certificate: "bulwark-admin" of "kubeadm:cluster-admins".
	User, Group string
	// TTL is how long the certificate is valid, a day by default.
	TTL time.Duration
	// Server is the API as the operator reaches it: "https://api.example.com:6443".
	Server string
	// Context names the context, and its cluster.
	Context string
}

// Kubeconfig makes a kubeconfig with a client certificate that expires. The
// key is made here and never leaves memory but in the result; the request is
// approved by ourselves and deleted again.
func (c *Client) Kubeconfig(ctx context.Context, op Operator) (state.Secret, error) {
	if op.User == "" {
		op.User = DefaultUser
	}
	if op.Group == "" {
		op.Group = AdminGroup
	}
	if op.TTL == 0 {
		op.TTL = DefaultTTL
	}
	address, err := dialAddress(op.Server)
	switch {
	case err != nil:
		return nil, fmt.Errorf("kubeconfig: %w", err)
	case op.Context == "":
		return nil, errors.New("kubeconfig: it needs a name for its context")
	case op.TTL < MinTTL:
		return nil, fmt.Errorf("kubeconfig: a certificate for %s is not signed; %s is the least", op.TTL, MinTTL)
	case op.Group == "system:masters":
		return nil, errors.New("kubeconfig: the API signs no certificate for system:masters; use " + AdminGroup)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: making a key: %w", err)
	}
	certPEM, err := c.certificate(ctx, op, key)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: writing the key: %w", err)
	}
	user := op.Context + "-" + op.User
	cfg := clientcmdapi.NewConfig()
	cfg.Clusters[op.Context] = &clientcmdapi.Cluster{Server: "https://" + address, CertificateAuthorityData: c.CA()}
	cfg.AuthInfos[user] = &clientcmdapi.AuthInfo{
		ClientCertificateData: certPEM,
		ClientKeyData:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}
	cfg.Contexts[op.Context] = &clientcmdapi.Context{Cluster: op.Context, AuthInfo: user}
	cfg.CurrentContext = op.Context
	out, err := clientcmd.Write(*cfg)
	return state.Secret(out), err
}

// certificate asks for, approves and reads one client certificate.
func (c *Client) certificate(ctx context.Context, op Operator, key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: op.User, Organization: []string{op.Group}},
	}, key)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: making a certificate request: %w", err)
	}
	seconds := int32(op.TTL / time.Second)
	csr := &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{Name: "bulwark-kubeconfig-" + randomText(10)},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request:           pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}),
			SignerName:        certificatesv1.KubeAPIServerClientSignerName,
			ExpirationSeconds: &seconds,
			Usages:            []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageClientAuth},
		},
	}
	requests := c.typed.CertificatesV1().CertificateSigningRequests()
	// Also after a failure, and when ctx is over: an approved request must not
	// lie around.
	defer func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		defer cancel()
		_ = requests.Delete(clean, csr.Name, metav1.DeleteOptions{}) // the API collects it in an hour at the latest
	}()
	what := "asking for a client certificate for " + op.User
	err = c.call(ctx, what, func(ctx context.Context) error {
		made, err := requests.Create(ctx, csr, metav1.CreateOptions{FieldManager: manager})
		if apierrors.IsAlreadyExists(err) {
			// The name is random: a try whose answer was lost made it.
			made, err = requests.Get(ctx, csr.Name, metav1.GetOptions{})
		}
		if err != nil {
			return err
		}
		if approved(made) {
			return nil
		}
		if !bytes.Equal(made.Spec.Request, csr.Spec.Request) {
			return errors.New("the request is not ours any more")
		}
		return c.approve(ctx, made, "an operator's kubeconfig")
	})
	if err != nil {
		return nil, err
	}
	return c.signed(ctx, csr.Name, op, key)
}

// signed waits for the certificate and makes sure that it is what was asked for.
func (c *Client) signed(ctx context.Context, name string, op Operator, key *ecdsa.PrivateKey) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, signTimeout)
	defer cancel()
	var out []byte
	var final error
	err := c.poll(ctx, "the client certificate of "+op.User, func(ctx context.Context) (bool, string, error) {
		csr, err := c.typed.CertificatesV1().CertificateSigningRequests().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		for _, cond := range csr.Status.Conditions {
			if cond.Type == certificatesv1.CertificateDenied || cond.Type == certificatesv1.CertificateFailed {
				final = fmt.Errorf("%s: the request for %s was answered with %s (%s): %s", c.where, op.User, cond.Type, clean(cond.Reason, 60), clean(cond.Message, 200))
				return true, "", nil
			}
		}
		out = csr.Status.Certificate
		return len(out) > 0, "approved and not signed; the controller manager signs (is it running?)", nil
	})
	if err = errors.Join(err, final); err != nil {
		return nil, err
	}
	if err := c.checkCertificate(out, op, key); err != nil {
		return nil, fmt.Errorf("%s: the certificate that was signed for %s: %w", c.where, op.User, err)
	}
	return out, nil
}

func (c *Client) checkCertificate(certPEM []byte, op Operator, key *ecdsa.PrivateKey) error {
	block, _ := pem.Decode(certPEM)
	if block == nil || block.Type != "CERTIFICATE" {
		return errors.New("it is not a certificate in PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	switch {
	case !key.PublicKey.Equal(cert.PublicKey):
		return errors.New("it is for another key")
	case cert.Subject.CommonName != op.User || !slices.Equal(cert.Subject.Organization, []string{op.Group}):
		return fmt.Errorf("it is for %q", clean(cert.Subject.String(), 100))
	// The signer backdates and adds up to a few minutes.
	case cert.NotAfter.After(time.Now().Add(op.TTL + 10*time.Minute)):
		return fmt.Errorf("it is valid until %s, longer than asked for", cert.NotAfter.UTC().Format(time.RFC3339))
	}
	return nil
}
