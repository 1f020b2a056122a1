package e2e_test

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"
)

// endSoon signs a certificate of a control plane anew with its own authority and for
// its own key, as one that was made a year ago and ends in two days. Names are those
// of files in kubeadm's folder, without their ending.
func endSoon(t *testing.T, c *labCluster, node, name, ca string) {
	t.Helper()
	const pki = "/etc/kubernetes/pki/"
	read := func(file string) []byte {
		block, _ := pem.Decode([]byte(shell(t, c, node, "cat "+pki+file)))
		if block == nil {
			t.Fatalf("%s is no PEM", file)
		}
		return block.Bytes
	}
	leaf, err := x509.ParseCertificate(read(name + ".crt"))
	if err != nil {
		t.Fatal(err)
	}
	authority, err := x509.ParseCertificate(read(ca + ".crt"))
	if err != nil {
		t.Fatal(err)
	}
	var key any
	for _, parse := range []func([]byte) (any, error){
		func(der []byte) (any, error) { return x509.ParseECPrivateKey(der) },
		func(der []byte) (any, error) { return x509.ParsePKCS1PrivateKey(der) },
		x509.ParsePKCS8PrivateKey,
	} {
		if key, err = parse(read(ca + ".key")); err == nil {
			break
		}
	}
	leaf.NotBefore, leaf.NotAfter = time.Now().AddDate(-1, 0, 0), time.Now().AddDate(0, 0, 2)
	leaf.SignatureAlgorithm = x509.UnknownSignatureAlgorithm
	der, err := x509.CreateCertificate(rand.Reader, leaf, authority, leaf.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	on(t, c, node, "printf '%s\n' \"$1\" >"+pki+name+".crt", strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))))
}

// testCertificates: what ends soon is renewed, with the copy that etcd reads and
// the restarts, and nothing else is done.
func testCertificates(t *testing.T, c *labCluster) {
	const pki, copies = "/etc/kubernetes/pki", "/etc/kubernetes/bulwark/etcd"
	ends := func(path string) bool {
		return strings.Contains(shell(t, c, "cp-1", "openssl x509 -checkend 864000 -noout -in "+path+" || true"), "will expire")
	}
	endSoon(t, c, "cp-1", "apiserver-kubelet-client", "ca")
	endSoon(t, c, "cp-1", "etcd/server", "etcd/ca")
	shell(t, c, "cp-1", "cat "+pki+"/etcd/server.crt >"+copies+"/server.crt")
	// Both run with what they have now, so that nothing but its end is wrong.
	shell(t, c, "cp-1", "pkill -TERM -x etcd; pkill -TERM -x kube-apiserver; sleep 2")
	allReady(t, c)

	want := []string{
		"cp-1/certificate" + pki + "/apiserver-kubelet-client.crt",
		"cp-1/certificate" + pki + "/etcd/server.crt",
		"cp-1/file" + copies + "/server.crt",
		"cp-1/file" + copies + "/server.key",
	}
	var got []string
	for _, s := range c.Bulwark(t, "plan", "-o", "json").want(t, 0).JSON(t).Plan.Steps {
		got = append(got, s.ID)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
	c.Bulwark(t, "apply", "--auto-approve").want(t, 0)
	for _, path := range []string{pki + "/apiserver-kubelet-client.crt", pki + "/etcd/server.crt", copies + "/server.crt"} {
		if ends(path) {
			t.Errorf("%s still ends soon", path)
		}
	}
	serves := `openssl s_client -connect 127.0.0.1:2379 -cert ` + pki + `/etcd/healthcheck-client.crt -key ` + pki + `/etcd/healthcheck-client.key </dev/null 2>/dev/null | openssl x509 -checkend 864000 -noout`
	shell(t, c, "cp-1", serves)
	allReady(t, c)
	c.Bulwark(t, "apply", "--auto-approve").want(t, 0).says(t, "Nothing to do")
}
