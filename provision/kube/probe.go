package kube

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// probeTimeout bounds one probe, from the dial to the last byte.
const probeTimeout = 10 * time.Second

// Anonymous asks for a path without credentials, connected as h sees the
// address ("10.0.0.11:6443"), and answers the HTTP status. The certificate is
// verified for the address against caPEM: a status of somebody else's is no
// evidence. An error means that there is no verdict.
func Anonymous(ctx context.Context, h host.Host, address, path string, caPEM []byte) (int, error) {
	status, _, err := anonymous(ctx, h, address, path, caPEM)
	return status, err
}

func anonymous(ctx context.Context, h host.Host, address, path string, caPEM []byte) (status int, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	cfg, err := probeTLS(address, caPEM)
	if err != nil {
		return 0, "", fmt.Errorf("%s: asking %s%s without credentials: %w", h, address, path, err)
	}
	tr := newTransport(dialer(h, address), cfg)
	defer tr.CloseIdleConnections()
	client := &http.Client{
		Transport: tr,
		// Where it would send us is not what was asked.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+path, nil)
	if err != nil {
		return 0, "", fmt.Errorf("%s: asking %s%s without credentials: %w", h, address, path, err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", fmt.Errorf("%s: asking %s%s without credentials: %w", h, address, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 16<<10))
	return resp.StatusCode, string(text), nil
}

func probeTLS(address string, caPEM []byte) (*tls.Config, error) {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%q is not host:port", address)
	}
	pool, err := certPool(caPEM)
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, ServerName: name}, nil
}

// RefusesAnonymous says whether the TLS server at address (etcd's 2379) ends a
// connection that shows no client certificate, with a TLS alert that says so,
// and in which words. caPEM is the CA of its serving certificate. An error
// means that there is no verdict: a port that is closed is none.
func RefusesAnonymous(ctx context.Context, h host.Host, address string, caPEM []byte) (seen string, refused bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	status, err := bareRequest(ctx, h, address, caPEM)
	if err == nil {
		return "it answers: " + clean(status, 60), false, nil
	}
	// crypto/tls gives the other side's alert as text in a net.OpError.
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" &&
		(strings.Contains(err.Error(), "certificate required") || strings.Contains(err.Error(), "bad certificate") || strings.Contains(err.Error(), "handshake failure")) {
		return clean(op.Err.Error(), 60), true, nil
	}
	return "", false, fmt.Errorf("%s: whether %s refuses clients without a certificate is not known: %w", h, address, err)
}

// bareRequest shakes hands without a certificate and sends a request: with
// TLS 1.3 the refusal only comes with the first read.
func bareRequest(ctx context.Context, h host.Host, address string, caPEM []byte) (string, error) {
	cfg, err := probeTLS(address, caPEM)
	if err != nil {
		return "", err
	}
	raw, err := h.Dial(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer func() { _ = raw.Close() }()
	// Not every tunnel has deadlines: closing ends it for certain.
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	conn := tls.Client(raw, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, "GET /version HTTP/1.0\r\n\r\n"); err != nil {
		return "", err
	}
	return bufio.NewReader(io.LimitReader(conn, 4<<10)).ReadString('\n')
}

// Reach is what became of a connection.
type Reach string

// The outcomes of [Reachable].
const (
	// Open: the connection was made.
	Open Reach = "open"
	// Refused: the other side, or a firewall on the way, said no.
	Refused Reach = "refused"
	// Silent: nothing came back in the time given; a firewall that drops looks so.
	Silent Reach = "silent"
)

// Reachable says whether h can connect to address within the time given. A
// host that could not try is an error, never "closed".
func Reachable(ctx context.Context, h host.Host, address string, within time.Duration) (Reach, error) {
	one, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	conn, err := h.Dial(one, "tcp", address)
	if err == nil {
		_ = conn.Close()
		return Open, nil
	}
	text := strings.ToLower(err.Error())
	switch {
	case ctx.Err() != nil, errors.Is(err, host.ErrUnreachable), errors.Is(err, host.ErrUntrusted), strings.Contains(text, "prohibited"):
		return "", fmt.Errorf("%s: connecting to %s: %w", h, address, err)
	case strings.Contains(text, "refused"), strings.Contains(text, "no route to host"), strings.Contains(text, "unreachable"):
		return Refused, nil
	case one.Err() != nil, strings.Contains(text, "timed out"), strings.Contains(text, "timeout"):
		return Silent, nil
	}
	return "", fmt.Errorf("%s: whether %s is open is not known: %w", h, address, err)
}

// peerCertificates are the certificates a server shows, verified against the
// CA and for the name in cfg.
func peerCertificates(ctx context.Context, h host.Host, address string, cfg *tls.Config) ([]*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	raw, err := h.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = raw.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	conn := tls.Client(raw, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return conn.ConnectionState().PeerCertificates, nil
}
