package kube

import (
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/etcd"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// real is an API of its own: etcd, kube-apiserver and the signing part of
// kube-controller-manager, started from the programs the lab has compiled.
type real struct {
	ca       *authority
	machine  *machine
	api      string // as the machine sees it
	etcd     string
	local    string // https://127.0.0.1:port
	admin    []byte
	client   *Client
	stored   etcd.Credentials
	logs     string
	files    string // of keys and certificates
	programs map[string]string
}

const anonymousConfig = `apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
anonymous:
  enabled: true
  conditions: [{path: /livez}, {path: /readyz}, {path: /healthz}]
`

// encryptionConfig encrypts what the rest of this package's tests never makes.
const encryptionConfig = `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [configmaps, widgets.example.com]
  providers:
  - secretbox: {keys: [{name: key1, secret: MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=}]}
  - identity: {}
`

// startReal starts an API for one test, or says NOT RUN where the lab's
// programs are not there; with BULWARK_E2E=required that is a failure.
func startReal(t *testing.T) *real {
	t.Helper()
	r := &real{ca: newAuthority(t), machine: &machine{}, api: "10.0.0.11:6443", etcd: "10.0.0.11:2379", logs: t.TempDir()}
	kubernetes := scripttest.Program(t, "kubernetes-*/kubernetes")
	r.programs = map[string]string{"etcd": scripttest.Program(t, "etcd-*/etcd"), "kube-apiserver": kubernetes, "kube-controller-manager": kubernetes}
	dir := t.TempDir()
	r.files = dir
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sign := func(name string, subject pkix.Name, hosts ...string) (string, string) {
		c, k := r.ca.sign(t, subject, hosts...)
		return write(name+".crt", c), write(name+".key", k)
	}
	ca := write("ca.crt", r.ca.pem)
	caKey := write("ca.key", keyText(t, r.ca.key))
	etcdCert, etcdKey := sign("etcd", pkix.Name{CommonName: "etcd"}, "127.0.0.1", "10.0.0.11")
	r.stored.CA = r.ca.pem
	r.stored.Cert, r.stored.Key = r.ca.sign(t, pkix.Name{CommonName: "reader"})
	apiCert, apiKey := sign("api", pkix.Name{CommonName: "kube-apiserver"}, "127.0.0.1", "10.0.0.11", "api.example.com")
	accounts := ecKey(t, elliptic.P256())
	public, err := x509.MarshalPKIXPublicKey(accounts.Public())
	if err != nil {
		t.Fatal(err)
	}
	sa := write("sa.key", keyText(t, accounts))
	saPub := write("sa.pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))

	etcdPort, peerPort, apiPort := freePort(t), freePort(t), freePort(t)
	r.machine.route(r.etcd, "127.0.0.1:"+etcdPort)
	r.machine.route(r.api, "127.0.0.1:"+apiPort)
	r.local = "https://127.0.0.1:" + apiPort
	etcdURL := "https://127.0.0.1:" + etcdPort
	r.start(t, "etcd", "--data-dir="+filepath.Join(dir, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls="+etcdURL, "--advertise-client-urls="+etcdURL,
		"--listen-peer-urls=http://127.0.0.1:"+peerPort,
		"--client-cert-auth", "--trusted-ca-file="+ca, "--cert-file="+etcdCert, "--key-file="+etcdKey)
	r.start(t, "kube-apiserver", "--etcd-servers="+etcdURL, "--etcd-cafile="+ca, "--etcd-certfile="+etcdCert, "--etcd-keyfile="+etcdKey,
		"--client-ca-file="+ca, "--tls-cert-file="+apiCert, "--tls-private-key-file="+apiKey,
		"--bind-address=127.0.0.1", "--secure-port="+apiPort, "--endpoint-reconciler-type=none", "--cert-dir="+dir,
		"--authorization-mode=Node,RBAC", "--allow-privileged", "--enable-bootstrap-token-auth", "--service-cluster-ip-range=10.96.0.0/24",
		"--encryption-provider-config="+write("encryption.yaml", []byte(encryptionConfig)),
		"--authentication-config="+write("authentication.yaml", []byte(anonymousConfig)),
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+saPub, "--service-account-signing-key-file="+sa)
	ready, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	if err := WaitReady(ready, r.machine, r.api, r.ca.pem); err != nil {
		t.Fatal(err)
	}
	manager := write("manager.conf", r.ca.kubeconfig(t, r.local, admin()))
	r.start(t, "kube-controller-manager", "--kubeconfig="+manager, "--controllers=certificatesigningrequest-signing-controller", "--leader-elect=false",
		"--bind-address=127.0.0.1", "--secure-port="+freePort(t), "--cert-dir="+dir,
		"--cluster-signing-cert-file="+ca, "--cluster-signing-key-file="+caKey)

	r.admin = r.ca.kubeconfig(t, endpointURL, admin())
	c, err := New(r.admin, Server{Host: r.machine, Address: r.api})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	r.client = c
	return r
}

// start runs a program until the test ends. What it said is shown when the
// test failed.
func (r *real) start(t *testing.T, name string, args ...string) {
	t.Helper()
	path := filepath.Join(r.logs, name+".log")
	log, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	// The lab's binary is the program it is called.
	cmd := &exec.Cmd{Path: r.programs[name], Args: append([]string{name}, args...), Stdout: log, Stderr: log, Env: []string{"PATH=/usr/bin:/bin", "HOME=" + r.logs}}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(path)
			t.Logf("%s said last:\n%s", name, text[max(0, len(text)-2000):])
		}
	})
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
