package kube

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"regexp"
)

// encryptionInfo is the metric by which an API server says which
// EncryptionConfiguration it works with: set at its start, and after each reload
// once that is in force (pkg/server/options/encryptionconfig of k8s.io/apiserver).
var encryptionInfo = regexp.MustCompile(`^apiserver_encryption_config_controller_last_config_info\{.*\bhash="sha256:([0-9a-f]{64})"`)

// mostMetrics bounds what is read of an API server's metrics.
const mostMetrics = 64 << 20

// EncryptionDigest is the SHA-256, in hex, of the EncryptionConfiguration that the
// API server works with now, as it says itself. The client should be for one
// server, see [New]. One that encrypts nothing is an error.
func (c *Client) EncryptionDigest(ctx context.Context) (string, error) {
	var digest string
	const what = "asking which encryption configuration is in force"
	err := c.call(ctx, what, func(ctx context.Context) error {
		body, err := c.discovery.RESTClient().Get().AbsPath("/metrics").Stream(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = body.Close() }()
		digest, err = digestIn(body)
		return err
	})
	if err == nil && digest == "" {
		err = fmt.Errorf("%s: %s: its metrics do not say", c.where, what)
	}
	return digest, err
}

// digestIn finds the digest among metrics, "" where none says it.
func digestIn(metrics io.Reader) (string, error) {
	lines := bufio.NewScanner(io.LimitReader(metrics, mostMetrics))
	for lines.Scan() {
		if m := encryptionInfo.FindSubmatch(lines.Bytes()); m != nil {
			return string(m[1]), nil
		}
	}
	return "", lines.Err()
}
