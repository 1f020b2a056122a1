package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

// testLiving: a worker that holds another cluster's CA is not touched, and keeps
// the rest from being touched. Afterwards a changed spec reaches the running API
// server, and so does its way back, though it does not run any more.
func testLiving(t *testing.T, c *labCluster) {
	const ca = "/etc/kubernetes/pki/ca.crt"
	before := atRest(t, c, "cp-1")
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
	if len(got) != 1 || !strings.Contains(got["w-2 other-cluster"], "another CA than cp-1's") {
		t.Errorf("got %q", got)
	}
	if diff := difference(before, shell(t, c, "cp-1", kept)); diff != "" {
		t.Errorf("it was refused, and all the same it moved:\n%s", diff)
	}

	back()
	c.with(t, newOperator(t), s).want(t, 0)
	if args := shell(t, c, "cp-1", "tr '\\0' '\\n' </proc/$(pgrep -xo kube-apiserver)/cmdline"); !strings.Contains(args, "--audit-log-maxage=400") {
		t.Errorf("the API server runs with\n%s", args)
	}
	// Somebody edits it, and the only API server of the cluster answers nobody any more.
	shell(t, c, "cp-1", `sed -i 's/--event-ttl=.*/--event-ttl=soon/; t; s/^    - --profiling=false$/&\n    - --event-ttl=soon/' /etc/kubernetes/manifests/kube-apiserver.yaml
		for i in $(seq 60); do curl -sk --max-time 2 -o /dev/null https://127.0.0.1:6443/readyz || exit 0; sleep 1; done; exit 1`)
	c.Bulwark(t, "apply", "--auto-approve").want(t, 0).says(t, "does not answer, and what it holds was not compared", "plan again")
	// What the API holds of the other spec was not known of, and is seen now.
	c.Bulwark(t, "apply", "--auto-approve").want(t, 0).says(t, "v1/ConfigMap/kube-system/kubeadm-config")
	c.Bulwark(t, "apply", "--auto-approve").want(t, 0).says(t, "Nothing to do")
}

// atRest is what lies and runs on a machine that was restarted a moment ago, once
// its pods are all back.
func atRest(t *testing.T, c *labCluster, node string) string {
	t.Helper()
	before := ""
	eventually(t, 3*time.Minute, node+" is at rest", func() error {
		before = shell(t, c, node, kept)
		time.Sleep(10 * time.Second)
		if diff := difference(before, shell(t, c, node, kept)); diff != "" || !strings.Contains(before, " kube-proxy\n") {
			return fmt.Errorf("pods come back: %s", diff)
		}
		return nil
	})
	return before
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
