package kube

import (
	"context"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509/pkix"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// TestRealAPI runs everything of this package against a real API server, once
// started: what the server makes of our requests is the point.
func TestRealAPI(t *testing.T) {
	r := startReal(t)
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	t.Run("Probes", func(t *testing.T) { realProbes(ctx, t, r) })
	t.Run("Objects", func(t *testing.T) { realObjects(ctx, t, r) })
	t.Run("Rewrite", func(t *testing.T) { realRewrite(ctx, t, r) })
	t.Run("Nodes", func(t *testing.T) { realNodes(ctx, t, r) })
	t.Run("Drain", func(t *testing.T) { realDrain(ctx, t, r) })
	t.Run("Refused", func(t *testing.T) { realRefused(ctx, t, r) })
	t.Run("Inventory", func(t *testing.T) { realInventory(ctx, t, r) })
	t.Run("Policy", func(t *testing.T) { realPolicy(ctx, t, r) })
	t.Run("KubeProxy", func(t *testing.T) { realKubeProxy(ctx, t, r) })
	t.Run("Requests", func(t *testing.T) { realRequests(ctx, t, r) })
	t.Run("Tokens", func(t *testing.T) { realTokens(ctx, t, r) })
	t.Run("Kubeconfig", func(t *testing.T) { realKubeconfig(ctx, t, r) })
}

func realProbes(ctx context.Context, t *testing.T, r *real) {
	for path, want := range map[string]int{
		"/readyz": 200, "/livez": 200, "/version": 401, "/api": 401,
		"/api/v1/namespaces/kube-public/configmaps/cluster-info": 401,
	} {
		if got, err := Anonymous(ctx, r.machine, r.api, path, r.ca.pem); err != nil || got != want {
			t.Errorf("%s: %d %v, want %d", path, got, err, want)
		}
	}
	if seen, refused, err := RefusesAnonymous(ctx, r.machine, r.etcd, r.ca.pem); err != nil || !refused {
		t.Errorf("etcd: %s, %v", seen, err)
	}
	if seen, refused, err := RefusesAnonymous(ctx, r.machine, r.api, r.ca.pem); err != nil || refused {
		t.Errorf("the API server is said to refuse clients without a certificate: %s, %v", seen, err)
	}
}

func realObjects(ctx context.Context, t *testing.T, r *real) {
	text, err := os.ReadFile("testdata/cni.yaml")
	if err != nil {
		t.Fatal(err)
	}
	objects, err := Manifest(text)
	if err != nil {
		t.Fatal(err)
	}
	var ask Ask
	for _, o := range objects {
		ask.Objects = append(ask.Objects, o.Ref)
	}
	before, err := r.client.Look(ctx, ask)
	if err != nil || len(before.Unread) > 0 || len(before.Objects) > 0 {
		t.Fatalf("before: %v %v %v", err, before.Unread, before.Objects)
	}
	for round := range 2 {
		for _, o := range objects {
			if err := r.client.Apply(ctx, o); err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
		}
	}
	after, err := r.client.Look(ctx, ask)
	if err != nil || len(after.Unread) > 0 {
		t.Fatalf("after: %v %v", err, after.Unread)
	}
	for _, o := range objects {
		have, ok := after.Objects[o.Ref.String()]
		if !ok {
			t.Errorf("%s is not there", o.Ref)
			continue
		}
		if Missing(o, have) {
			t.Errorf("%s was just applied and is missing something\nwant %s\nhave %s", o.Ref, o.JSON, have.JSON)
		}
		noise := []string{"managedFields", "resourceVersion", "canary"}
		if o.Ref.Kind != crdKind { // whose schema names a status
			noise = append(noise, `"status"`)
		}
		for _, n := range noise {
			if strings.Contains(string(have.JSON), n) {
				t.Errorf("%s holds %s", o.Ref, n)
			}
		}
	}

	// Somebody adds a subject to a binding.
	if _, err := r.client.typed.RbacV1().ClusterRoleBindings().Patch(ctx, "lab-cni", "application/json-patch+json",
		[]byte(`[{"op":"add","path":"/subjects/-","value":{"kind":"User","name":"mallory","apiGroup":"rbac.authorization.k8s.io"}}]`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.Ref.Kind != "ClusterRoleBinding" {
			continue
		}
		have, _, err := r.client.get(ctx, o.Ref)
		if err != nil || !Missing(o, have) {
			t.Errorf("a subject more is not seen: %v", err)
		}
		if err := r.client.Apply(ctx, o); err != nil {
			t.Fatal(err)
		}
		if have, _, err = r.client.get(ctx, o.Ref); err != nil || Missing(o, have) {
			t.Errorf("a subject more is not put right: %v %s", err, have.JSON)
		}
	}

	// Deletion, also of what is not there and of kinds that are not.
	for _, o := range objects {
		if o.Ref.Kind == "Widget" || o.Ref.Kind == "ClusterRoleBinding" {
			for range 2 {
				if err := r.client.Apply(ctx, state.Object{Ref: o.Ref}); err != nil {
					t.Error(err)
				}
			}
			if _, ok, err := r.client.get(ctx, o.Ref); ok || err != nil {
				t.Errorf("%s is still there: %v", o.Ref, err)
			}
		}
	}
	unknown := state.ObjectRef{APIVersion: "nowhere.example.com/v1", Kind: "Thing", Name: "x"}
	if err := r.client.Apply(ctx, state.Object{Ref: unknown}); err != nil {
		t.Error(err)
	}
	err = r.client.Apply(ctx, state.Object{Ref: unknown, JSON: []byte(`{"apiVersion":"nowhere.example.com/v1","kind":"Thing","metadata":{"name":"x"}}`)})
	if err == nil || !strings.Contains(err.Error(), "has no kind Thing") {
		t.Errorf("an unknown kind: %v", err)
	}
	lie := state.Object{Ref: unknown, JSON: []byte(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"x"}}`)}
	if err := r.client.Apply(ctx, lie); err == nil {
		t.Error("an object other than its reference was applied")
	}
}

func realNodes(ctx context.Context, t *testing.T, r *real) {
	nodes := r.client.typed.CoreV1().Nodes()
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err := r.client.WaitNodeObject(short, "w-1"); err == nil || !strings.Contains(err.Error(), "not registered") {
		t.Errorf("a node that is not there: %v", err)
	}
	n, err := nodes.Create(ctx, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "w-1", Labels: map[string]string{"zone": "a"}},
		Spec:       corev1.NodeSpec{PodCIDR: "10.244.1.0/24", PodCIDRs: []string{"10.244.1.0/24"}, Taints: []corev1.Taint{{Key: "k", Value: "v", Effect: corev1.TaintEffectNoSchedule}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.client.WaitNodeObject(ctx, "w-1"); err != nil || len(got.PodCIDRs) != 1 {
		t.Errorf("%v %v", got, err)
	}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionFalse, Reason: "KubeletNotReady", Message: "cni plugin not initialized"}}
	n.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "10.0.0.21"}}
	n.Status.NodeInfo.KubeletVersion = "v1.37.2"
	if n, err = nodes.UpdateStatus(ctx, n, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	short, cancel = context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := r.client.WaitNodeReady(short, "w-1"); err == nil || !strings.Contains(err.Error(), "cni plugin not initialized") {
		t.Errorf("a node that is not ready: %v", err)
	}
	n.Status.Conditions[0].Status = corev1.ConditionTrue
	if _, err = nodes.UpdateStatus(ctx, n, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := r.client.WaitNodeReady(ctx, "w-1"); err != nil {
		t.Error(err)
	}
	api, err := r.client.Look(ctx, Ask{})
	if err != nil || api.Status != state.Answering {
		t.Fatalf("%v %v", api.Status, err)
	}
	got := api.Nodes["w-1"]
	if !got.Ready || got.KubeletVersion != "v1.37.2" || got.Labels["zone"] != "a" || len(got.Addresses) != 1 || len(got.Internal) != 1 || got.Taints[0] != "k=v:NoSchedule" {
		t.Errorf("%+v", got)
	}
}

// ask makes a request as the user of a client, as a kubelet does.
func ask(ctx context.Context, t *testing.T, c *Client, name, signer string, body []byte) {
	t.Helper()
	_, err := c.typed.CertificatesV1().CertificateSigningRequests().Create(ctx, &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request: body, SignerName: signer,
			Usages: []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageServerAuth},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func realRequests(ctx context.Context, t *testing.T, r *real) {
	node := testNode()
	kubelet := func(name string) *Client {
		c, err := New(r.ca.kubeconfig(t, endpointURL, pkix.Name{CommonName: "system:node:" + name, Organization: []string{"system:nodes"}}), Server{Host: r.machine, Address: r.api})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	w1, w2 := kubelet("w-1"), kubelet("w-2")
	key := ecKey(t, elliptic.P256())
	foreign := kubeletCSR()
	foreign.DNSNames = []string{"cp-1"}
	ask(ctx, t, w1, "good", certificatesv1.KubeletServingSignerName, csrPEM(t, kubeletCSR(), key))
	ask(ctx, t, w1, "greedy", certificatesv1.KubeletServingSignerName, csrPEM(t, foreign, key))
	ask(ctx, t, w2, "impostor", certificatesv1.KubeletServingSignerName, csrPEM(t, kubeletCSR(), key))
	ask(ctx, t, w1, "client", certificatesv1.KubeAPIServerClientKubeletSignerName, csrPEM(t, kubeletCSR(), key))

	reqs, err := r.client.Requests(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, q := range reqs {
		names = append(names, q.Name)
	}
	if strings.Join(names, " ") != "good greedy impostor" {
		t.Errorf("pending: %v", names)
	}
	for _, bad := range []string{"greedy", "impostor", "client"} {
		if err := r.client.Approve(ctx, bad, node); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if err := r.client.Approve(ctx, "gone", node); !apierrors.IsNotFound(err) {
		t.Errorf("gone: %v", err)
	}
	n, err := r.client.ApproveNode(ctx, node)
	if n != 1 || err == nil || !strings.Contains(err.Error(), "greedy") || strings.Contains(err.Error(), "impostor") {
		t.Errorf("approved %d, %v", n, err)
	}
	if err := r.client.Approve(ctx, "good", node); err != nil {
		t.Errorf("approving again: %v", err)
	}
	realServing(ctx, t, r, node, "good", keyText(t, key))
}

// realServing serves with the certificate the cluster signed, as the kubelet will.
func realServing(ctx context.Context, t *testing.T, r *real, node cluster.Node, request string, key []byte) {
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := r.client.WaitServing(short, node); err == nil || !strings.Contains(err.Error(), "not approved yet: greedy") {
		t.Errorf("no kubelet: %v", err)
	}
	var signed []byte
	for signed == nil {
		csr, err := r.client.typed.CertificatesV1().CertificateSigningRequests().Get(ctx, request, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		signed = csr.Status.Certificate
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	serve := func(pair tls.Certificate) func() {
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
		if err != nil {
			t.Fatal(err)
		}
		r.machine.route(net.JoinHostPort(node.Address.String(), kubeletPort), l.Addr().String())
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
			}
		}()
		return func() { _ = l.Close() }
	}
	own := newAuthority(t)
	selfCert, selfKey := own.sign(t, pkix.Name{CommonName: "w-1@1234"}, "w-1", "10.0.0.21")
	self, err := tls.X509KeyPair(selfCert, selfKey)
	if err != nil {
		t.Fatal(err)
	}
	stop := serve(self)
	short, cancel = context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := r.client.WaitServing(short, node); err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("a self-signed kubelet: %v", err)
	}
	stop()
	pair, err := tls.X509KeyPair(signed, key)
	if err != nil {
		t.Fatal(err)
	}
	defer serve(pair)()
	if err := r.client.WaitServing(ctx, node); err != nil {
		t.Error(err)
	}
	// A greedy request is pending still: it is said, and keeps no node that
	// serves already from being done.
	said := ""
	if err := r.client.ApproveServing(ctx, node, func(why string) { said += why }); err != nil || !strings.Contains(said, "greedy") {
		t.Errorf("a greedy kubelet: %q, %v", said, err)
	}
	if reqs, err := r.client.Requests(ctx); err != nil || !slices.ContainsFunc(reqs, func(q state.CertificateRequest) bool { return q.Name == "greedy" }) {
		t.Errorf("the greedy request was decided: %v, %v", reqs, err)
	}
	if err := r.client.typed.CertificatesV1().CertificateSigningRequests().Delete(ctx, "greedy", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	said = ""
	if err := r.client.ApproveServing(ctx, node, func(why string) { said += why }); err != nil || said != "" {
		t.Errorf("%q, %v", said, err)
	}
	other := node
	other.Name = "w-2"
	short, cancel = context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := r.client.WaitServing(short, other); err == nil || !strings.Contains(err.Error(), "system:node:w-1") {
		t.Errorf("another node's certificate: %v", err)
	}
	other = node
	other.Address = netip.MustParseAddr("10.0.0.22")
	r.machine.route("10.0.0.22:10250", r.machine.routes["10.0.0.21:10250"])
	short, cancel = context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := r.client.WaitServing(short, other); err == nil || !strings.Contains(err.Error(), "10.0.0.22") {
		t.Errorf("another node's address: %v", err)
	}
}
