package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// tries is how often one call is made at most; the pauses between them double
// from firstPause.
const (
	tries      = 5
	firstPause = 250 * time.Millisecond
)

// call runs one request with a deadline of its own, again when the connection
// failed or the server asked for patience. f must be safe to repeat. The error
// says where and what; it keeps the API's own error inside.
func (c *Client) call(ctx context.Context, what string, f func(ctx context.Context) error) error {
	var err error
	pause := firstPause
	for try := 1; ; try++ {
		one, cancel := context.WithTimeout(ctx, callTimeout)
		err = f(one)
		cancel()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || try == tries || !transient(err) {
			break
		}
		if c.pause(ctx, pause) != nil {
			break
		}
		pause *= 2
	}
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%s: %s: %w (last: %w)", c.where, what, cause, err)
	}
	return fmt.Errorf("%s: %s: %w", c.where, what, err)
}

// transient says whether the same call may well succeed in a moment.
func transient(err error) bool {
	switch {
	case errors.Is(err, host.ErrUnreachable), errors.Is(err, host.ErrUntrusted), untrusted(err):
		return false
	case apierrors.IsTooManyRequests(err), apierrors.IsServerTimeout(err), apierrors.IsTimeout(err),
		apierrors.IsServiceUnavailable(err):
		return true
	case apierrors.IsInternalError(err):
		// An object that does not fit its schema is an "internal error" too.
		return strings.Contains(err.Error(), "failed calling webhook") || strings.Contains(err.Error(), "etcdserver:")
	}
	return disconnected(err)
}

// disconnected says whether the connection failed, not the request.
func disconnected(err error) bool {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return false
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var netErr net.Error
	if errors.As(err, &netErr) {
		return true
	}
	// HTTP/2 and the hosts' own dialers give errors without a type.
	text := strings.ToLower(err.Error())
	for _, s := range []string{"connection refused", "connection reset", "broken pipe", "http2: ", "rejected: connect failed", "connect failed"} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// untrusted says whether the other side showed a certificate that is not the
// cluster's: no patience helps.
func untrusted(err error) bool {
	var verify *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	return errors.As(err, &verify) || errors.As(err, &authority) || errors.As(err, &name)
}

// clean makes text that came from a machine or the API fit to stand in an
// error: one line, no control characters, at most limit bytes.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < 0x20 || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == '\u2028' || r == '\u2029' || (r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069'):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	s = strings.TrimSpace(s)
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}
