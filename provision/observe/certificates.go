package observe

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// certificate reads the certificates of one file: its path, a line break, and
// PEM. Only the first is made into anything, so many of them cost nothing.
func (r *reading) certificate(f script.Frame) error {
	p, text, _ := bytes.Cut(f.Data, []byte("\n"))
	path := string(p)
	if !r.files[path].Certificate {
		return fmt.Errorf("the certificate of %s, which nobody asked for", word(path))
	}
	if _, ok := r.node.Certificates[path]; ok {
		return fmt.Errorf("the certificate of %s twice", word(path))
	}
	r.node.Certificates[path] = firstCertificate(text)
	return nil
}

// maxCertificate is the most that is parsed of one; the largest that kubeadm
// makes has some 2 KiB.
const maxCertificate = 64 << 10

// firstCertificate is nil where the text does not begin with one.
func firstCertificate(text []byte) *x509.Certificate {
	if len(text) > maxCertificate {
		text = text[:maxCertificate]
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return c
}

// closeCertificates notes files that are there and of which nothing was said, and
// forgets what was said of those that could not be read.
func (r *reading) closeCertificates() {
	for path, asked := range r.files {
		if _, unread := r.node.Unread[path]; unread {
			delete(r.node.Certificates, path)
		}
		_, said := r.node.Certificates[path]
		if asked.Certificate && !said && r.node.Files[path].Exists() {
			r.miss(path, "its certificate was not read")
		}
	}
}
