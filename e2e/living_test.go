package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// testLiving: the two rows of preflight that need a cluster that lives. A
// worker that holds another cluster's CA is not touched, and a change of the
// spec that no component would see is not written.
func testLiving(t *testing.T, c *labCluster) {
	const ca = "/etc/kubernetes/pki/ca.crt"
	before := shell(t, c, "cp-1", kept)
	on(t, c, "w-2", `mv `+ca+` /root/ca.crt && printf %s "$1" >`+ca, otherCA(t))
	back := func() { shell(t, c, "w-2", "[ ! -e /root/ca.crt ] || mv -f /root/ca.crt "+ca) }
	defer back()

	s := c.standard()
	s.More += "\n  audit {\n    max_age = 400\n  }\n"
	got := map[string]string{}
	for _, p := range c.with(t, newOperator(t), s, "-o", "json").want(t, 1).JSON(t).Problems {
		if p.Warning || p.Remedy == "" {
			t.Errorf("it would not stop the run, or says too little: %+v", p)
		}
		got[p.Node+" "+p.Check] += p.Seen
	}
	if len(got) != 2 || !strings.Contains(got["w-2 other-cluster"], "another CA than cp-1's") || !strings.Contains(got["cp-1 living-change"], "differs from the spec") {
		t.Errorf("got %q", got)
	}
	if diff := difference(before, shell(t, c, "cp-1", kept)); diff != "" {
		t.Errorf("it was refused, and all the same it moved:\n%s", diff)
	}

	back()
	c.Bulwark(t, "apply", "--auto-approve").want(t, 0).says(t, "Nothing to do")
}

// otherCA is a certificate of a CA that nobody knows.
func otherCA(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	self := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, self, self, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
