package kube

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// machine is a host that only dials: an address of the cluster's network leads
// to a listener of the test.
type machine struct {
	mu     sync.Mutex
	routes map[string]string
	dials  []string
	// fail is answered by the next dials, one each.
	fail []error
}

func (m *machine) route(address, to string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.routes == nil {
		m.routes = map[string]string{}
	}
	m.routes[address] = to
}

func (m *machine) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	m.mu.Lock()
	m.dials = append(m.dials, address)
	if len(m.fail) > 0 {
		err := m.fail[0]
		m.fail = m.fail[1:]
		m.mu.Unlock()
		return nil, err
	}
	to, ok := m.routes[address]
	m.mu.Unlock()
	if !ok {
		return nil, errors.New("ssh: rejected: connect failed (Connection refused)")
	}
	var d net.Dialer
	return d.DialContext(ctx, network, to)
}

func (m *machine) Exec(context.Context, host.Program, []byte) (host.Result, error) {
	return host.Result{}, errors.New("this machine runs nothing")
}
func (m *machine) Fresh(context.Context) (host.Host, error) { return m, nil }
func (m *machine) String() string                           { return "ops@cp-1" }
func (m *machine) Close() error                             { return nil }

// authority signs certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
	pem  []byte
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key := ecKey(t, elliptic.P256())
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kubernetes"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// sign makes a certificate and its key in PEM.
func (a *authority) sign(t testing.TB, name pkix.Name, hosts ...string) (certPEM, keyPEM []byte) {
	t.Helper()
	key := ecKey(t, elliptic.P256())
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: name,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			tmpl.IPAddresses = append(tmpl.IPAddresses, ip)
		} else {
			tmpl.DNSNames = append(tmpl.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), keyText(t, key)
}

func keyText(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// kubeconfig is an admin.conf for a user of the authority's.
func (a *authority) kubeconfig(t testing.TB, server string, user pkix.Name, change ...func(*clientcmdapi.Config)) []byte {
	t.Helper()
	cert, key := a.sign(t, user)
	cfg := clientcmdapi.NewConfig()
	cfg.Clusters["kubernetes"] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: a.pem}
	cfg.AuthInfos["admin"] = &clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key}
	cfg.Contexts["c"] = &clientcmdapi.Context{Cluster: "kubernetes", AuthInfo: "admin"}
	cfg.CurrentContext = "c"
	for _, f := range change {
		f(cfg)
	}
	out, err := clientcmd.Write(*cfg)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func admin() pkix.Name {
	return pkix.Name{CommonName: "kubernetes-admin", Organization: []string{"system:masters"}}
}

// soon is a pause that takes no time.
func soon(ctx context.Context, _ time.Duration) error { return ctx.Err() }
