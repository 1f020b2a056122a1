package kube

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const (
	nodeUserPrefix = "system:node:"
	nodeGroup      = "system:nodes"
	// maxRequest bounds a request before it is parsed; a kubelet's is under 1 KiB.
	maxRequest = 16 << 10
)

// The attributes of a subject and the one extension a serving request has.
func oidCommonName() asn1.ObjectIdentifier   { return asn1.ObjectIdentifier{2, 5, 4, 3} }
func oidOrganization() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 5, 4, 10} }
func oidAltNames() asn1.ObjectIdentifier     { return asn1.ObjectIdentifier{2, 5, 29, 17} }

// Judge says whether a request is node's own kubelet asking for a serving
// certificate for node's own name and address and nothing else. The signer is
// not in a [state.CertificateRequest]: only kubelet-serving ones become one.
func Judge(req state.CertificateRequest, node cluster.Node) error {
	user := nodeUserPrefix + node.Name
	if req.User != user {
		return fmt.Errorf("it was asked for by %q, and only %q may ask for node %s", clean(req.User, 100), user, node.Name)
	}
	if err := judgeGroups(req.Groups); err != nil {
		return err
	}
	if err := judgeUsages(req.Usages); err != nil {
		return err
	}
	csr, err := parseRequest(req.PEM)
	if err != nil {
		return err
	}
	if err := judgeSubject(csr, user); err != nil {
		return err
	}
	if err := judgeNames(csr, node); err != nil {
		return err
	}
	return judgeKey(csr)
}

func judgeGroups(groups []string) error {
	seen := false
	for _, g := range groups {
		switch g {
		case nodeGroup:
			seen = true
		case "system:authenticated":
		default:
			return fmt.Errorf("its user is in group %q, and a kubelet is in %s only", clean(g, 100), nodeGroup)
		}
	}
	if !seen {
		return fmt.Errorf("its user is not in group %s", nodeGroup)
	}
	return nil
}

func judgeUsages(usages []string) error {
	allowed := []string{"digital signature", "key encipherment", "server auth"}
	for _, u := range usages {
		if !slices.Contains(allowed, u) {
			return fmt.Errorf("it asks for the usage %q, and a serving certificate has only %s", clean(u, 60), strings.Join(allowed, ", "))
		}
	}
	if !slices.Contains(usages, "server auth") {
		return errors.New(`it does not ask for the usage "server auth"`)
	}
	return nil
}

// parseRequest reads exactly one certificate request and checks its signature.
func parseRequest(text []byte) (*x509.CertificateRequest, error) {
	if len(text) > maxRequest {
		return nil, fmt.Errorf("it is %d bytes, more than %d", len(text), maxRequest)
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE REQUEST" {
		return nil, errors.New("it is not a certificate request in PEM")
	}
	if len(block.Headers) > 0 || len(bytes.TrimSpace(rest)) > 0 || !bytes.HasPrefix(bytes.TrimSpace(text), []byte("-----BEGIN ")) {
		return nil, errors.New("it holds more than one certificate request")
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the certificate request cannot be read: %s", clean(err.Error(), 200))
	}
	if err := csr.CheckSignature(); err != nil {
		return nil, fmt.Errorf("the certificate request is not signed by its own key: %s", clean(err.Error(), 200))
	}
	return csr, nil
}

// judgeSubject wants exactly one common name and one organization.
func judgeSubject(csr *x509.CertificateRequest, user string) error {
	if csr.Subject.CommonName != user {
		return fmt.Errorf("its common name is %q, and must be %q", clean(csr.Subject.CommonName, 100), user)
	}
	if !slices.Equal(csr.Subject.Organization, []string{nodeGroup}) {
		return fmt.Errorf("its organization is %q, and must be %q", clean(strings.Join(csr.Subject.Organization, ","), 100), nodeGroup)
	}
	names := 0
	for _, n := range csr.Subject.Names {
		if !n.Type.Equal(oidCommonName()) && !n.Type.Equal(oidOrganization()) {
			return fmt.Errorf("its subject has the attribute %s besides common name and organization", n.Type)
		}
		names++
	}
	if names != 2 {
		return errors.New("its subject names itself more than once")
	}
	return nil
}

// judgeNames wants the node's name and its address, both and no other. A
// kubelet knows both at once: its host name, and the address that --node-ip
// tells it, the only one of a node also where pods have two families.
func judgeNames(csr *x509.CertificateRequest, node cluster.Node) error {
	for _, name := range csr.DNSNames {
		if name != node.Name {
			return fmt.Errorf("it asks for the DNS name %q, and the node's is %q", clean(name, 100), node.Name)
		}
	}
	for _, ip := range csr.IPAddresses {
		// A request writes an IPv4 address in 4 or 16 bytes; a zone it cannot hold.
		addr, ok := netip.AddrFromSlice(ip)
		if !ok || addr.Unmap() != node.Address.Unmap() {
			return fmt.Errorf("it asks for the address %s, and the node's is %s", ip, node.Address)
		}
	}
	switch {
	case len(csr.EmailAddresses) > 0:
		return errors.New("it asks for an e-mail address")
	case len(csr.URIs) > 0:
		return errors.New("it asks for a URI")
	case len(csr.DNSNames) == 0:
		return fmt.Errorf("it does not ask for the node's name, %s", node.Name)
	case len(csr.IPAddresses) == 0:
		return fmt.Errorf("it does not ask for the node's address, %s", node.Address)
	case len(csr.DNSNames) > 1 || len(csr.IPAddresses) > 1:
		return errors.New("it asks for the same name or address twice")
	}
	for _, e := range csr.Extensions {
		if !e.Id.Equal(oidAltNames()) {
			return fmt.Errorf("it asks for the extension %s, and a kubelet asks for names only", e.Id)
		}
	}
	return nil
}

// judgeKey refuses keys that are weak, or so large that they are a nuisance.
func judgeKey(csr *x509.CertificateRequest) error {
	switch key := csr.PublicKey.(type) {
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() || key.Curve == elliptic.P384() || key.Curve == elliptic.P521() {
			return nil
		}
		return errors.New("its ECDSA key is on a curve other than P-256, P-384 and P-521")
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < 2048 || bits > 8192 {
			return fmt.Errorf("its RSA key has %d bits, and 2048 to 8192 are accepted", bits)
		}
		return nil
	case ed25519.PublicKey:
		return nil
	}
	return fmt.Errorf("its key is a %s, and ECDSA, RSA or Ed25519 are accepted", csr.PublicKeyAlgorithm)
}
