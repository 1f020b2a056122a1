package kube

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

func testNode() cluster.Node {
	return cluster.Node{Name: "w-1", Role: cluster.Worker, Address: netip.MustParseAddr("10.0.0.21")}
}

func ecKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// kubeletCSR is what w-1's kubelet asks for.
func kubeletCSR() *x509.CertificateRequest {
	return &x509.CertificateRequest{
		Subject:     pkix.Name{CommonName: "system:node:w-1", Organization: []string{"system:nodes"}},
		DNSNames:    []string{"w-1"},
		IPAddresses: []net.IP{net.ParseIP("10.0.0.21")},
	}
}

func csrPEM(t testing.TB, csr *x509.CertificateRequest, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, csr, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
}

func kubeletRequest(body []byte) state.CertificateRequest {
	return state.CertificateRequest{
		Name: "csr-abcde", User: "system:node:w-1", Groups: []string{"system:nodes", "system:authenticated"},
		PEM: body, Usages: []string{"digital signature", "server auth"},
	}
}

func TestJudge(t *testing.T) {
	p256 := ecKey(t, elliptic.P256())
	ownCSR := func(change func(*x509.CertificateRequest)) func(*state.CertificateRequest) {
		return func(r *state.CertificateRequest) {
			c := kubeletCSR()
			change(c)
			r.PEM = csrPEM(t, c, p256)
		}
	}
	withKey := func(k crypto.Signer) func(*state.CertificateRequest) {
		return func(r *state.CertificateRequest) { r.PEM = csrPEM(t, kubeletCSR(), k) }
	}
	rsaKey := func(bits int) crypto.Signer {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	t.Setenv("GODEBUG", "rsa1024min=0") // to make the weak one
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		change func(*state.CertificateRequest)
		want   string // "" is approved
	}{
		"a kubelet's":               {func(*state.CertificateRequest) {}, ""},
		"with key encipherment":     {func(r *state.CertificateRequest) { r.Usages = append(r.Usages, "key encipherment") }, ""},
		"address only":              {ownCSR(func(c *x509.CertificateRequest) { c.DNSNames = nil }), "node's name"},
		"name only":                 {ownCSR(func(c *x509.CertificateRequest) { c.IPAddresses = nil }), "node's address"},
		"the name twice":            {ownCSR(func(c *x509.CertificateRequest) { c.DNSNames = []string{"w-1", "w-1"} }), "twice"},
		"the address twice":         {ownCSR(func(c *x509.CertificateRequest) { c.IPAddresses = append(c.IPAddresses, c.IPAddresses[0]) }), "twice"},
		"P-384":                     {withKey(ecKey(t, elliptic.P384())), ""},
		"P-521":                     {withKey(ecKey(t, elliptic.P521())), ""},
		"RSA 2048":                  {withKey(rsaKey(2048)), ""},
		"Ed25519":                   {withKey(ed), ""},
		"without authenticated":     {func(r *state.CertificateRequest) { r.Groups = []string{"system:nodes"} }, ""},
		"P-224":                     {withKey(ecKey(t, elliptic.P224())), "curve"},
		"RSA 1024":                  {withKey(rsaKey(1024)), "1024 bits"},
		"another node's user":       {func(r *state.CertificateRequest) { r.User = "system:node:w-2" }, "asked for by"},
		"an admin's user":           {func(r *state.CertificateRequest) { r.User = "kubernetes-admin" }, "asked for by"},
		"a service account":         {func(r *state.CertificateRequest) { r.User = "system:serviceaccount:kube-system:w-1" }, "asked for by"},
		"a bootstrap token":         {func(r *state.CertificateRequest) { r.User = "system:bootstrap:abcdef" }, "asked for by"},
		"a prefix of the user":      {func(r *state.CertificateRequest) { r.User = "system:node:w-10" }, "asked for by"},
		"no user":                   {func(r *state.CertificateRequest) { r.User = "" }, "asked for by"},
		"one group more":            {func(r *state.CertificateRequest) { r.Groups = append(r.Groups, "system:masters") }, "system:masters"},
		"no nodes group":            {func(r *state.CertificateRequest) { r.Groups = []string{"system:authenticated"} }, "not in group"},
		"no group":                  {func(r *state.CertificateRequest) { r.Groups = nil }, "not in group"},
		"client auth":               {func(r *state.CertificateRequest) { r.Usages = append(r.Usages, "client auth") }, "client auth"},
		"only client auth":          {func(r *state.CertificateRequest) { r.Usages = []string{"digital signature", "client auth"} }, "client auth"},
		"cert sign":                 {func(r *state.CertificateRequest) { r.Usages = append(r.Usages, "cert sign") }, "cert sign"},
		"no server auth":            {func(r *state.CertificateRequest) { r.Usages = []string{"digital signature"} }, "server auth"},
		"no usage":                  {func(r *state.CertificateRequest) { r.Usages = nil }, "server auth"},
		"another common name":       {ownCSR(func(c *x509.CertificateRequest) { c.Subject.CommonName = "system:node:cp-1" }), "common name"},
		"no common name":            {ownCSR(func(c *x509.CertificateRequest) { c.Subject.CommonName = "" }), "common name"},
		"another organization":      {ownCSR(func(c *x509.CertificateRequest) { c.Subject.Organization = []string{"system:masters"} }), "organization"},
		"two organizations":         {ownCSR(func(c *x509.CertificateRequest) { c.Subject.Organization = append(c.Subject.Organization, "x") }), "organization"},
		"no organization":           {ownCSR(func(c *x509.CertificateRequest) { c.Subject.Organization = nil }), "organization"},
		"an organizational unit":    {ownCSR(func(c *x509.CertificateRequest) { c.Subject.OrganizationalUnit = []string{"x"} }), "attribute"},
		"two common names":          {ownCSR(twoNames), "more than once"},
		"another node's DNS name":   {ownCSR(func(c *x509.CertificateRequest) { c.DNSNames = []string{"w-1", "w-2"} }), `"w-2"`},
		"the API's DNS name":        {ownCSR(func(c *x509.CertificateRequest) { c.DNSNames = []string{"kubernetes.default.svc"} }), "kubernetes.default.svc"},
		"a wildcard":                {ownCSR(func(c *x509.CertificateRequest) { c.DNSNames = []string{"*"} }), `"*"`},
		"the name as a domain":      {ownCSR(func(c *x509.CertificateRequest) { c.DNSNames = []string{"w-1.evil.example"} }), "w-1.evil.example"},
		"another address":           {ownCSR(func(c *x509.CertificateRequest) { c.IPAddresses = append(c.IPAddresses, net.ParseIP("10.0.0.11")) }), "10.0.0.11"},
		"the service address":       {ownCSR(func(c *x509.CertificateRequest) { c.IPAddresses = []net.IP{net.ParseIP("10.96.0.1")} }), "10.96.0.1"},
		"an IPv6 address":           {ownCSR(func(c *x509.CertificateRequest) { c.IPAddresses = append(c.IPAddresses, net.ParseIP("fd00::1")) }), "fd00::1"},
		"no names":                  {ownCSR(func(c *x509.CertificateRequest) { c.DNSNames, c.IPAddresses = nil, nil }), "node's name"},
		"an e-mail address":         {ownCSR(func(c *x509.CertificateRequest) { c.EmailAddresses = []string{"a@b.c"} }), "e-mail"},
		"a URI":                     {ownCSR(func(c *x509.CertificateRequest) { c.URIs = []*url.URL{{Scheme: "spiffe", Host: "x"}} }), "URI"},
		"a CA extension":            {ownCSR(caExtension), "extension 2.5.29.19"},
		"empty":                     {func(r *state.CertificateRequest) { r.PEM = nil }, "PEM"},
		"not PEM":                   {func(r *state.CertificateRequest) { r.PEM = []byte("hello") }, "PEM"},
		"a certificate":             {func(r *state.CertificateRequest) { r.PEM = bytes.ReplaceAll(r.PEM, []byte(" REQUEST"), nil) }, "PEM"},
		"two requests":              {func(r *state.CertificateRequest) { r.PEM = append(r.PEM, r.PEM...) }, "more than one"},
		"text before":               {func(r *state.CertificateRequest) { r.PEM = append([]byte("x\n"), r.PEM...) }, "more than one"},
		"text behind":               {func(r *state.CertificateRequest) { r.PEM = append(r.PEM, "x"...) }, "more than one"},
		"too long":                  {func(r *state.CertificateRequest) { r.PEM = append(r.PEM, bytes.Repeat([]byte("\n"), maxRequest)...) }, "more than 16384"},
		"a request of another's":    {tamper, "own key"},
		"control characters in CN":  {ownCSR(func(c *x509.CertificateRequest) { c.Subject.CommonName = "system:node:w-1\x1b[2J" }), "common name"},
		"control characters in DNS": {ownCSR(func(c *x509.CertificateRequest) { c.DNSNames = []string{"w-1\x1b[2J"} }), "DNS name"},
	}
	base := csrPEM(t, kubeletCSR(), p256)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			req := kubeletRequest(bytes.Clone(base))
			tt.change(&req)
			err := Judge(req, testNode())
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && err == nil:
				t.Error("approved")
			case err != nil && !strings.Contains(err.Error(), tt.want):
				t.Errorf("the reason %q does not say %q", err, tt.want)
			case err != nil && strings.ContainsAny(err.Error(), "\x1b\n\x00"):
				t.Errorf("the reason %q holds control characters", err)
			}
		})
	}
}

func TestJudgeIPv6Node(t *testing.T) {
	csr := kubeletCSR()
	csr.IPAddresses = []net.IP{net.ParseIP("fd00::21")}
	req := kubeletRequest(csrPEM(t, csr, ecKey(t, elliptic.P256())))
	node := testNode()
	node.Address = netip.MustParseAddr("fd00::21")
	if err := Judge(req, node); err != nil {
		t.Errorf("refused: %v", err)
	}
	if err := Judge(req, testNode()); err == nil {
		t.Error("approved for a node with another address")
	}
}

// twoNames makes a subject whose last common name is the node's: parsers keep
// the last, and another reader might keep the first.
func twoNames(c *x509.CertificateRequest) {
	c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{
		{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "kubernetes-admin"},
		{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "system:node:w-1"},
		{Type: asn1.ObjectIdentifier{2, 5, 4, 10}, Value: "system:nodes"},
	}
}

func caExtension(c *x509.CertificateRequest) {
	der, err := asn1.Marshal(struct{ CA bool }{true})
	if err != nil {
		panic(err)
	}
	c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Critical: true, Value: der})
}

// tamper breaks the signature of a request.
func tamper(r *state.CertificateRequest) {
	block, _ := pem.Decode(r.PEM)
	block.Bytes[len(block.Bytes)-1] ^= 1
	r.PEM = pem.EncodeToMemory(block)
}

func FuzzJudge(f *testing.F) {
	key := ecKey(f, elliptic.P256())
	good := csrPEM(f, kubeletCSR(), key)
	f.Add(good)
	f.Add([]byte("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n"))
	f.Add([]byte{})
	f.Add(append(bytes.Clone(good), good...))
	other := kubeletCSR()
	other.DNSNames = []string{"cp-1"}
	f.Add(csrPEM(f, other, key))
	f.Fuzz(func(t *testing.T, body []byte) {
		err := Judge(kubeletRequest(body), testNode())
		if err != nil {
			if strings.ContainsAny(err.Error(), "\x1b\n\x00") {
				t.Errorf("control characters in %q", err)
			}
			return
		}
		// What was approved asks for the node alone, read by the library once more.
		block, _ := pem.Decode(body)
		csr, err := x509.ParseCertificateRequest(block.Bytes)
		if err != nil {
			t.Fatalf("approved what cannot be read: %v", err)
		}
		if csr.Subject.CommonName != "system:node:w-1" || len(csr.URIs)+len(csr.EmailAddresses) > 0 {
			t.Errorf("approved %v", csr.Subject)
		}
		if !slices.Equal(csr.DNSNames, []string{"w-1"}) || len(csr.IPAddresses) != 1 || !csr.IPAddresses[0].Equal(net.ParseIP("10.0.0.21")) {
			t.Errorf("approved %q and %v", csr.DNSNames, csr.IPAddresses)
		}
	})
}
