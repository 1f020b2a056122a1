package e2e_test

import (
	"slices"
	"strings"
	"testing"
)

// shortLived signs a certificate of a control plane anew with its own authority, for
// one day.
const shortLived = `set -e
cd /etc/kubernetes/pki
sign() {
  openssl x509 -in "$1.crt" -x509toreq -signkey "$1.key" -copy_extensions copyall -out /run/short.csr
  openssl x509 -req -in /run/short.csr -CA "$2.crt" -CAkey "$2.key" -days 1 -copy_extensions copyall -out /run/short.crt
  cat /run/short.crt >"$1.crt"
  rm -f /run/short.csr /run/short.crt
}`

// testCertificates: what ends soon is renewed, with the copy that etcd reads and
// the restarts, and nothing else is done.
func testCertificates(t *testing.T, c *labCluster) {
	const pki, copies = "/etc/kubernetes/pki", "/etc/kubernetes/bulwark/etcd"
	ends := func(path string) bool {
		return strings.Contains(shell(t, c, "cp-1", "openssl x509 -checkend 864000 -noout -in "+path+" || true"), "will expire")
	}
	shell(t, c, "cp-1", shortLived+"\nsign apiserver-kubelet-client ca; sign etcd/server etcd/ca; cat etcd/server.crt >"+copies+"/server.crt")
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
