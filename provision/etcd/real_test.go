package etcd

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// member is an etcd of a test.
type member struct {
	name, client, peer string // addresses
	data               string // its folder
	process            *os.Process
}

// startEtcd starts a cluster of the lab's etcd with client certificates, and
// connects to all of its members. args go to each.
func startEtcd(t *testing.T, members int, args ...string) (*Client, []*member) {
	t.Helper()
	program, dir := scripttest.Program(t, "etcd-*/etcd"), t.TempDir()
	credentials, files := certificates(t, dir)
	var all []*member
	var initial []string
	for i := range members {
		m := &member{name: fmt.Sprintf("cp-%d", i+1), data: filepath.Join(dir, fmt.Sprintf("data-%d", i+1)), client: freeAddress(t), peer: freeAddress(t)}
		all, initial = append(all, m), append(initial, m.name+"=http://"+m.peer)
	}
	var servers []Server
	for _, m := range all {
		log, err := os.Create(filepath.Join(dir, m.name+".log"))
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, append(append([]string{"--name=" + m.name, "--data-dir=" + m.data, "--unsafe-no-fsync",
			"--listen-client-urls=https://" + m.client, "--advertise-client-urls=https://" + m.client,
			"--listen-peer-urls=http://" + m.peer, "--initial-advertise-peer-urls=http://" + m.peer,
			"--initial-cluster=" + strings.Join(initial, ","), "--client-cert-auth"}, files...), args...)...)
		cmd.Stdout, cmd.Stderr, cmd.Env = log, log, []string{"PATH=/usr/bin:/bin"}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		m.process = cmd.Process
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			_ = log.Close()
			if text, _ := os.ReadFile(log.Name()); t.Failed() {
				t.Logf("%s said last:\n%s", m.name, text[max(0, len(text)-1500):])
			}
		})
		servers = append(servers, Server{Host: &scripttest.Host{Name: m.name}, Address: m.client})
	}
	c, err := Connect(t.Context(), credentials, servers...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	eventually(t, func() error { return c.Health(t.Context()) })
	return c, all
}

// eventually is done when ask is nil, within a minute.
func eventually(t *testing.T, ask func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// certificates are an authority with one pair for everybody, and etcd's
// arguments for their files.
func certificates(t *testing.T, dir string) (Credentials, []string) {
	t.Helper()
	make := func(tmpl, parent *x509.Certificate, signer crypto.Signer) (*x509.Certificate, crypto.Signer, []byte) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		tmpl.NotBefore, tmpl.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		if parent == nil {
			parent, signer = tmpl, key
		}
		der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	ca, caKey, caPEM := make(&x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "etcd-ca"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, nil)
	_, key, certPEM := make(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "etcd"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}, ca, caKey)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	var args []string
	for flag, text := range map[string][]byte{"trusted-ca-file": caPEM, "cert-file": certPEM, "key-file": keyPEM} {
		path := filepath.Join(dir, flag)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--"+flag+"="+path)
	}
	return Credentials{CA: caPEM, Cert: certPEM, Key: keyPEM}, args
}
