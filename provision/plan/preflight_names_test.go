package plan

import (
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Clients would end a connection to an API server that has no certificate for the
// name they go by, and nothing that is planned gives it one.
func TestAnAPIServersCertificateIsForItsNames(t *testing.T) {
	const path = "/etc/kubernetes/pki/apiserver.crt"
	ca := newAuthority(t)
	cert := ca.sign(t, &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{"api.example.com", "kubernetes", "*.example.net"}, IPAddresses: []net.IP{net.ParseIP("192.0.2.11")}}, ca.cert)
	for names, missing := range map[string]string{
		"api.example.com kubernetes 192.0.2.11": "",
		"new.example.net":                       "",
		"kubernetes new.example.com":            "new.example.com",
		"192.0.2.10 new.example.com":            "192.0.2.10, new.example.com",
	} {
		have, wants := fitCluster(), wantedImages()
		wants[0].Facts = []state.Fact{{Certificate: &state.WantCertificate{Path: path, Names: strings.Fields(names)}}}
		if got := Preflight(small(), wants, have); len(got) != 0 {
			t.Errorf("%s, without a certificate: %+v", names, got)
		}
		have.Nodes["cp-1"].Certificates = map[string]*x509.Certificate{path: cert}
		got := Preflight(small(), wants, have)
		if missing == "" && len(got) != 0 || missing != "" && (len(got) != 1 || got[0].Node != "cp-1" || got[0].Check != "certificate-names" || got[0].Warning ||
			got[0].Seen != path+" is not for "+missing || !strings.Contains(got[0].Remedy, "add "+missing+" to apiServer.certSANs")) {
			t.Errorf("%s: %+v", names, got)
		}
	}
}
