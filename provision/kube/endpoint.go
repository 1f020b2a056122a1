package kube

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// maxKubeconfig bounds what is parsed of a node's file.
const maxKubeconfig = 256 << 10

// endpoint is what a kubeconfig comes to once it was found harmless.
type endpoint struct {
	// url is the API as requests name it, dial the host:port to connect to.
	url, dial string
	// name is what the server's certificate must be for.
	name      string
	ca        []byte
	cert, key []byte
}

// parseEndpoint reads the current context of a kubeconfig. The file came from
// a machine: everything that would read our files, run programs or send
// requests elsewhere is refused, not ignored.
func parseEndpoint(kubeconfig []byte, server string) (endpoint, error) {
	if len(kubeconfig) > maxKubeconfig {
		return endpoint{}, fmt.Errorf("it is %d bytes, more than %d", len(kubeconfig), maxKubeconfig)
	}
	cfg, err := clientcmd.Load(kubeconfig)
	if err != nil {
		// The parser's message may quote the file.
		return endpoint{}, errors.New("it is not a kubeconfig")
	}
	current := cfg.Contexts[cfg.CurrentContext]
	if current == nil {
		return endpoint{}, fmt.Errorf("its current-context %q is not in it", cfg.CurrentContext)
	}
	cl, user := cfg.Clusters[current.Cluster], cfg.AuthInfos[current.AuthInfo]
	if cl == nil || user == nil {
		return endpoint{}, fmt.Errorf("context %q names cluster %q and user %q, which are not both in it", cfg.CurrentContext, current.Cluster, current.AuthInfo)
	}
	if err := errors.Join(harmlessCluster(cl), harmlessUser(user)); err != nil {
		return endpoint{}, err
	}
	u, err := url.Parse(cl.Server)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || (u.Path != "" && u.Path != "/") || u.User != nil {
		return endpoint{}, fmt.Errorf("its server %q is not an https address without a path", clean(cl.Server, 200))
	}
	ep := endpoint{
		dial: hostPort(u), name: u.Hostname(), ca: cl.CertificateAuthorityData,
		cert: user.ClientCertificateData, key: user.ClientKeyData,
	}
	ep.url = "https://" + ep.dial
	if cl.TLSServerName != "" {
		ep.name = cl.TLSServerName
	}
	if server != "" {
		if ep.dial, err = dialAddress(server); err != nil {
			return endpoint{}, err
		}
	}
	return ep, nil
}

func harmlessCluster(c *clientcmdapi.Cluster) error {
	switch {
	case c.InsecureSkipTLSVerify:
		return errors.New("it says insecure-skip-tls-verify; the API is only talked to when its certificate is verified")
	case c.ProxyURL != "":
		return errors.New("it names a proxy")
	case c.CertificateAuthority != "":
		return errors.New("its certificate-authority is a file name; the certificate must be embedded")
	case len(c.CertificateAuthorityData) == 0:
		return errors.New("it has no certificate-authority-data")
	}
	return nil
}

func harmlessUser(u *clientcmdapi.AuthInfo) error {
	switch {
	case u.Exec != nil:
		return errors.New("its user runs a program")
	case u.AuthProvider != nil:
		return errors.New("its user names an auth provider")
	case u.ClientCertificate != "" || u.ClientKey != "" || u.TokenFile != "":
		return errors.New("its user names files; credentials must be embedded")
	case u.Impersonate != "" || u.ImpersonateUID != "" || len(u.ImpersonateGroups) > 0 || len(u.ImpersonateUserExtra) > 0:
		return errors.New("its user impersonates another")
	case len(u.ClientCertificateData) == 0 || len(u.ClientKeyData) == 0:
		return errors.New("its user has no client certificate and key")
	}
	return nil
}

// hostPort is the address of a URL, with the port of https unless it says another.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// dialAddress reads "host:port" or "https://host:port".
func dialAddress(server string) (string, error) {
	if !strings.Contains(server, "://") {
		if _, _, err := net.SplitHostPort(server); err != nil {
			return "", fmt.Errorf("the address %q of the API is not host:port", server)
		}
		return server, nil
	}
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		return "", fmt.Errorf("the address %q of the API is not https://host:port", server)
	}
	return hostPort(u), nil
}

// tls is the client's side of the connection.
func (e endpoint) tls() (*tls.Config, error) {
	pool, err := certPool(e.ca)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(e.cert, e.key)
	if err != nil {
		return nil, errors.New("its client certificate and key do not belong together")
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: pool, ServerName: e.name,
		Certificates: []tls.Certificate{pair},
	}, nil
}

// certPool holds the certificates of a PEM text, and nothing of the machine we run on.
func certPool(caPEM []byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	n := 0
	for rest := caPEM; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("the CA has a PEM block %q where only certificates belong", clean(block.Type, 40))
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("the CA certificate cannot be read: %w", err)
		}
		pool.AddCert(cert)
		n++
	}
	if n == 0 {
		return nil, errors.New("the CA holds no certificate in PEM")
	}
	return pool, nil
}

// newTransport is an HTTP/2 transport that connects by d and asks no environment
// for a proxy.
func newTransport(d dial, cfg *tls.Config) *http.Transport {
	return &http.Transport{
		Proxy:                 nil,
		DialContext:           d,
		TLSClientConfig:       cfg,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: callTimeout,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   8,
		ForceAttemptHTTP2:     true,
		// A connection that died in a bastion says nothing: ask it.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second},
	}
}
