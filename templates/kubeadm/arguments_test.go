package kubeadm

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	kubeadmapi "k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	"k8s.io/kubernetes/cmd/kubeadm/app/phases/controlplane"
)

// A machine that is, or was, a node itself has a certificate directory, and a
// CA without its key there makes kubeadm leave the signing key out.
func TestCertificatesOfThisMachineAreOfNoAccount(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kubernetes"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}

	versioned, err := clusterConfiguration(small())
	if err != nil {
		t.Fatal(err)
	}
	var cc kubeadmapi.ClusterConfiguration
	if err := internalCluster(versioned, &cc); err != nil {
		t.Fatal(err)
	}
	cc.CertificatesDir = dir
	endpoint := &kubeadmapi.APIEndpoint{AdvertiseAddress: "10.0.0.11", BindPort: 6443}

	left := cc
	if argv := controlplane.GetStaticPodSpecs(&left, endpoint, nil)["kube-controller-manager"].Spec.Containers[0].Command; !slices.Contains(argv, "--cluster-signing-key-file=") {
		t.Fatalf("kubeadm no longer looks into the directory, nothing is left to guard against: %v", argv)
	}
	if argv := staticPods(cc, endpoint)["kube-controller-manager"]; !slices.Contains(argv, "--cluster-signing-key-file=/etc/kubernetes/pki/ca.key") {
		t.Errorf("%v", argv)
	}
}

// Images are always pulled where the spec says so, beside the plugins that it names itself.
func TestAlwaysPullImagesIsAPlugin(t *testing.T) {
	const hardened = "NodeRestriction,EventRateLimit,DenyServiceExternalIPs,ValidatingAdmissionWebhook"
	for raw, want := range map[string]string{"": hardened + ",AlwaysPullImages", "AlwaysPullImages": hardened + ",AlwaysPullImages",
		"PodNodeSelector,AlwaysPullImages": hardened + ",PodNodeSelector,AlwaysPullImages", "PodNodeSelector": hardened + ",PodNodeSelector,AlwaysPullImages"} {
		c := small()
		c.Admission.AlwaysPullImages = true
		if raw != "" {
			c.APIServer.Args = map[string]string{"enable-admission-plugins": raw}
		}
		arguments, err := Arguments(c, c.Nodes[0])
		if err != nil {
			t.Fatal(err)
		}
		if flag := "--enable-admission-plugins=" + want; !slices.Contains(arguments["kube-apiserver"], flag) {
			t.Errorf("%q: no %s in %q", raw, flag, arguments["kube-apiserver"])
		}
		if c.APIServer.Args["enable-admission-plugins"] != raw {
			t.Errorf("the spec's own argument was changed to %q", c.APIServer.Args["enable-admission-plugins"])
		}
	}
}
