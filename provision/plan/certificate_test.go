package plan

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const (
	serverCert = "/etc/kubernetes/pki/etcd/server.crt"
	serverKey  = "/etc/kubernetes/pki/etcd/server.key"
	serverCopy = "/etc/kubernetes/bulwark/etcd/server.crt"
	etcdCA     = "/etc/kubernetes/pki/etcd/ca.crt"
	rotated    = "/var/lib/kubelet/pki/kubelet-client-current.pem"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := authority{key: key}
	a.cert = a.sign(t, &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil)
	return a
}

func (a authority) sign(t *testing.T, c, parent *x509.Certificate) *x509.Certificate {
	t.Helper()
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// leaf is a certificate of a life in days.
func (a authority) leaf(t *testing.T, from time.Time, days int) *x509.Certificate {
	t.Helper()
	return a.sign(t, &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: from, NotAfter: from.AddDate(0, 0, days)}, a.cert)
}

// certified is a control plane whose etcd has a copy of its certificate.
func certified(t *testing.T, name string, ca authority, leaf *x509.Certificate, now time.Time) *state.Node {
	t.Helper()
	file := func(path, text string) state.HaveFile {
		return state.HaveFile{Path: path, Type: "file", Mode: 0o600, Owner: "root:root", SHA256: state.SHA256([]byte(text))}
	}
	return &state.Node{
		Name: name, Clock: now.Unix(),
		Files: map[string]state.HaveFile{
			kubeletConf: {Type: "file"}, serverCert: file(serverCert, "c"), serverKey: file(serverKey, "k"), serverCopy: file(serverCopy, "c"),
		},
		Certificates: map[string]*x509.Certificate{serverCert: leaf, etcdCA: ca.cert},
		Processes:    map[string]state.Process{"etcd": {PID: 7}},
	}
}

func certificateFacts(node string) []state.Fact {
	phase := func(name string, clear ...string) *state.Phase {
		return &state.Phase{Name: name, Makes: []string{serverCert, serverKey}, Clear: clear}
	}
	return []state.Fact{
		{ID: node + "/certificate" + serverCert, Certificate: &state.WantCertificate{Path: serverCert, CA: etcdCA, Restarts: []string{"etcd"},
			Renews: phase("renew-etcd-server"), Remakes: phase("remake-etcd-server", serverCert, serverKey)}},
		{ID: node + "/file" + serverCopy, File: &state.File{Path: serverCopy, CopyOf: serverCert, Origin: state.Adopted, Mode: 0o600, Owner: "root:root", Secret: true, Restarts: []string{"etcd"}}},
		{ID: node + "/certificate" + rotated, Certificate: &state.WantCertificate{Path: rotated, CA: etcdCA, Remedy: "see why"}},
	}
}

func TestACertificateThatDoesNotLastIsRenewedWithItsCopies(t *testing.T) {
	now := time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)
	ca, other := newAuthority(t), newAuthority(t)
	both := []string{"cp-1/certificate" + serverCert + " restarts etcd guarded", "cp-1/file" + serverCopy + " restarts etcd guarded"}
	for what, c := range map[string]struct {
		leaf   *x509.Certificate
		change func(*state.Node)
		want   []string
		seen   string
	}{
		"a year, 91 days left":            {ca.leaf(t, now.AddDate(0, 0, 91-365), 365), nil, nil, ""},
		"a year, 90 days left":            {ca.leaf(t, now.AddDate(0, 0, 90-365), 365), nil, both, "it ends 2030-08-30 12:00:00 UTC"},
		"30 days, 11 left":                {ca.leaf(t, now.AddDate(0, 0, 11-30), 30), nil, nil, ""},
		"30 days, 10 left":                {ca.leaf(t, now.AddDate(0, 0, 10-30), 30), nil, both, "it ends 2030-06-11"},
		"ended":                           {ca.leaf(t, now.AddDate(0, 0, -366), 365), nil, both, "it ends 2030-05-31"},
		"another authority":               {other.leaf(t, now, 365), nil, both, "not signed by " + etcdCA},
		"another authority's that goes":   {other.leaf(t, now, 365), func(n *state.Node) { n.Files[etcdCA] = state.HaveFile{Type: "file"} }, []string{"cp-1/file" + etcdCA}, ""},
		"no certificate":                  {nil, nil, both, "can be read"},
		"not there":                       {nil, func(n *state.Node) { delete(n.Certificates, serverCert) }, nil, ""},
		"a machine that tells no time":    {ca.leaf(t, now.AddDate(0, 0, -366), 365), func(n *state.Node) { n.Clock = 0 }, nil, ""},
		"an authority that was not read":  {other.leaf(t, now, 365), func(n *state.Node) { delete(n.Certificates, etcdCA) }, nil, ""},
		"the kubelet's own, which it has": {ca.leaf(t, now, 365), func(n *state.Node) { n.Certificates[rotated] = ca.leaf(t, now, 1) }, nil, ""},
	} {
		n := certified(t, "cp-1", ca, c.leaf, now)
		facts := certificateFacts("cp-1")
		if c.change != nil {
			c.change(n)
		}
		if n.Files[etcdCA].Exists() { // wanted otherwise than it is
			facts = append([]state.Fact{{ID: "cp-1/file" + etcdCA, File: &state.File{Path: etcdCA, Origin: state.Written, Mode: 0o644, Owner: "root:root"}}}, facts...)
		}
		p := Compute(&cluster.Cluster{Nodes: []cluster.Node{{Name: "cp-1", Role: cluster.ControlPlane}}},
			[]state.Want{{Node: "cp-1", Facts: facts}}, &state.Cluster{Nodes: map[string]*state.Node{"cp-1": n}}, nil)
		if got := steps(p); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", what, got)
			continue
		}
		if c.seen == "" {
			continue
		}
		r := p.Steps[0].Renewal
		if !strings.Contains(r.Seen, c.seen) {
			t.Errorf("%s: %q", what, r.Seen)
		}
		if remade := r.Phase.Name == "remake-etcd-server" && len(r.Phase.Clear) == 2; remade != (c.leaf == nil) {
			t.Errorf("%s: %+v", what, r.Phase)
		}
	}
}

// Everywhere at once they came to be, so everywhere at once they end.
func TestCertificatesAreRenewedOneControlPlaneAtATime(t *testing.T) {
	now := time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)
	ca := newAuthority(t)
	c := &cluster.Cluster{}
	have := &state.Cluster{Nodes: map[string]*state.Node{}}
	var wants []state.Want
	for _, name := range []string{"cp-1", "cp-2"} {
		c.Nodes = append(c.Nodes, cluster.Node{Name: name, Role: cluster.ControlPlane})
		have.Nodes[name] = certified(t, name, ca, ca.leaf(t, now, 1), now.AddDate(0, 0, 1))
		feeds := state.Fact{ID: name + "/file/etc/kubeadm", File: &state.File{Path: "/etc/kubeadm", Origin: state.Written, Mode: 0o600, Owner: "root:root", Feeds: true}}
		wants = append(wants, state.Want{Node: name, Facts: append(certificateFacts(name), feeds)})
	}
	var want []string
	for _, name := range []string{"cp-1", "cp-2"} {
		first := name + "/file/etc/kubeadm guarded" // kubeadm reads it to renew
		if name == "cp-2" {
			first += " after cp-1/file" + serverCopy
		}
		want = append(want, first, name+"/certificate"+serverCert+" restarts etcd guarded", name+"/file"+serverCopy+" restarts etcd guarded")
	}
	if got := steps(Compute(c, wants, have, nil)); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestWhatAKubeletDoesNotRotateIsSaid(t *testing.T) {
	now := time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)
	ca := newAuthority(t)
	for what, c := range map[string]struct {
		leaf *x509.Certificate
		want string
	}{
		"8 days left": {ca.leaf(t, now.AddDate(0, 0, 8-365), 365), ""},
		"7 days left": {ca.leaf(t, now.AddDate(0, 0, 7-365), 365), "ends 2030-06-08"},
		"a short one": {ca.leaf(t, now.AddDate(0, 0, 4-10), 10), ""},
		"ended":       {ca.leaf(t, now.AddDate(0, 0, -366), 365), "ended 2030-05-31"},
		"none":        {nil, "no certificate"},
	} {
		n := certified(t, "cp-1", ca, ca.leaf(t, now, 365), now)
		n.Certificates[rotated] = c.leaf
		got := unrotated(state.Want{Facts: certificateFacts("cp-1")}, n)
		if c.want == "" && len(got) == 0 {
			continue
		}
		if c.want == "" || len(got) != 1 || !strings.Contains(got[0].Seen, c.want) || !got[0].Warning || got[0].Remedy == "" {
			t.Errorf("%s: %+v", what, got)
		}
	}
}
