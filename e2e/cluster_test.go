package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// acceptance is the claims that hold for every cluster, over SSH and on kind.
// The last one restarts the control plane.
func acceptance(t *testing.T, s subject) {
	t.Run("nodes are ready and pods reach services", func(t *testing.T) { testPods(t, s) })
	t.Run("without credentials nothing but health", func(t *testing.T) { testAnonymous(t, s) })
	t.Run("a privileged pod is refused", func(t *testing.T) { testPrivileged(t, s) })
	t.Run("a serving certificate in another's name is not approved", func(t *testing.T) { testServing(t, s) })
	t.Run("a profile from the documentation is asked", func(t *testing.T) { testStranger(t, s) })
	t.Run("a second apply does nothing", func(t *testing.T) { testSecondApply(t, s) })
	t.Run("an audit says of the rendered what it says of the living", func(t *testing.T) { testAudit(t, s) })
	t.Run("secrets are encrypted and reads are recorded", func(t *testing.T) { testSecret(t, s) })
}

// pod is a pod that PodSecurity's restricted profile admits.
func pod(name, node, command string) string {
	return fmt.Sprintf(`---
apiVersion: v1
kind: Pod
metadata: {name: %[1]s, labels: {app: %[1]s}}
spec:
  nodeName: %[2]s
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  securityContext: {runAsNonRoot: true, runAsUser: 65534, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: main
    image: localhost/busybox:lab
    imagePullPolicy: Never
    command: [sh, -c, %[3]q]
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
    volumeMounts: [{name: tmp, mountPath: /tmp}]
  volumes: [{name: tmp, emptyDir: {}}]
`, name, node, command)
}

func testPods(t *testing.T, s subject) {
	allReady(t, s)
	mustKubectl(t, s, "", "-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=60s")

	w := s.Workers()
	create(t, s, pod("e2e-server", w[1], `mkdir -p /tmp/www/cgi-bin && cd /tmp/www && printf '#!/bin/sh\necho\necho "you are $REMOTE_ADDR"\n' >cgi-bin/who && chmod +x cgi-bin/who && echo serving && exec httpd -f -p 8080`)+
		pod("e2e-client", w[0], "sleep 3600")+pod("e2e-neighbour", w[1], "sleep 3600")+`---
apiVersion: v1
kind: Service
metadata: {name: e2e-server}
spec:
  selector: {app: e2e-server}
  ports: [{port: 80, targetPort: 8080}]
`)
	mustKubectl(t, s, "", "wait", "--for=condition=Ready", "--timeout=60s", "pod/e2e-server", "pod/e2e-client", "pod/e2e-neighbour")
	own := mustKubectl(t, s, "", "get", "pod", "e2e-client", "-o", "jsonpath={.status.podIP}")
	if _, err := netip.ParseAddr(own); err != nil {
		t.Fatalf("the pod's address: %v", err)
	}
	service := mustKubectl(t, s, "", "get", "service", "e2e-server", "-o", "jsonpath={.spec.clusterIP}")
	inside := func(script string) (string, error) {
		return kubectl(t, s, "", "exec", "e2e-client", "--", "sh", "-c", script)
	}
	defer func() {
		if t.Failed() {
			said, err := kubectl(t, s, "", "logs", "e2e-server")
			t.Logf("the server says: %s %v", said, err)
		}
	}()
	var got string
	eventually(t, 30*time.Second, "the service answers", func() (err error) {
		got, err = inside(`printf 'GET /cgi-bin/who HTTP/1.0\r\n\r\n' | nc -w 5 ` + service + ` 80`)
		if err == nil && !strings.Contains(got, "you are") {
			err = fmt.Errorf("it says %q", got)
		}
		return err
	})
	// httpd writes an IPv4 address in the way of IPv6.
	if !strings.HasSuffix(strings.ReplaceAll(got, "[::ffff:"+own+"]", own), "you are "+own) {
		t.Errorf("the pod with address %s heard %q", own, got)
	}
	// Without a service between them: from another node, from the same one, and
	// a pod that comes back to itself through its service.
	server := mustKubectl(t, s, "", "get", "pod", "e2e-server", "-o", "jsonpath={.status.podIP}")
	for from, to := range map[string]string{"e2e-client": server + " 8080", "e2e-neighbour": server + " 8080", "e2e-server": service + " 80"} {
		as := mustKubectl(t, s, "", "get", "pod", from, "-o", "jsonpath={.status.podIP}")
		got, err := kubectl(t, s, "", "exec", from, "--", "sh", "-c", `printf 'GET /cgi-bin/who HTTP/1.0\r\n\r\n' | nc -w 5 `+to)
		if got = strings.ReplaceAll(got, "[::ffff:"+as+"]", as); err != nil || !strings.Contains(got, "you are") ||
			from != "e2e-server" && !strings.HasSuffix(got, "you are "+as) {
			t.Errorf("%s with address %s at %s heard %q: %v", from, as, to, got, err)
		}
	}
	eventually(t, 30*time.Second, "CoreDNS knows the service", func() error {
		got, err := inside("nslookup -type=a e2e-server.default.svc.cluster.local.")
		if err == nil && !strings.Contains(got, service) {
			err = fmt.Errorf("it says %q", got)
		}
		return err
	})

	if got := mustKubectl(t, s, "", "logs", "e2e-server"); got != "serving" {
		t.Errorf("kubectl logs says %q", got)
	}
	if got := mustKubectl(t, s, "given\n", "exec", "-i", "e2e-server", "--", "sed", "s/^/heard /"); got != "heard given" {
		t.Errorf("kubectl exec says %q", got)
	}
}

func testAnonymous(t *testing.T, s subject) {
	cp, workers := s.ControlPlane(), s.Workers()
	api := "https://" + net.JoinHostPort(s.Address(cp).String(), "6443")
	for _, from := range []string{cp, workers[0]} {
		for path, want := range map[string]string{
			"/readyz": "200", "/livez": "200", "/healthz": "200",
			"/version": "401", "/api": "401", "/apis": "401", "/openapi/v2": "401", "/metrics": "401",
			"/api/v1/namespaces/kube-public/configmaps/cluster-info": "401",
		} {
			if got := status(t, s, from, api+path); got != want {
				t.Errorf("%s from %s: %s, want %s", path, from, got, want)
			}
		}
	}
	mustBeClosed := map[string][]netip.AddrPort{}
	for _, n := range nodes(s) {
		kubelet := netip.AddrPortFrom(s.Address(n), 10250)
		for _, path := range []string{"/pods", "/metrics", "/healthz", "/exec/default/p/c"} {
			if got := status(t, s, cp, "https://"+kubelet.String()+path); got != "401" {
				t.Errorf("kubelet of %s, %s from a control plane: %s, want 401", n, path, got)
			}
		}
		for _, from := range workers {
			if from != n {
				mustBeClosed[from] = append(mustBeClosed[from], kubelet)
			}
		}
		mustBeClosed[cp] = append(mustBeClosed[cp], netip.AddrPortFrom(s.Address(n), 10255)) // a read-only port
	}
	for _, port := range []uint16{2379, 2380, 10257, 10259} {
		for _, from := range workers {
			mustBeClosed[from] = append(mustBeClosed[from], netip.AddrPortFrom(s.Address(cp), port))
		}
	}
	for from, all := range mustBeClosed {
		for _, at := range open(t, s, from, all...) {
			t.Errorf("%v is open to %s", at, from)
		}
	}
	// That it is there at all makes "closed" worth something.
	if len(open(t, s, cp, netip.AddrPortFrom(s.Address(cp), 2379))) != 1 {
		t.Error("etcd does not answer its own machine")
	}
	if _, err := s.Exec(t.Context(), cp, nil, "curl", "-sfk", "--max-time", "5", "https://127.0.0.1:2379/version"); err == nil {
		t.Error("etcd answers who shows no certificate")
	}
}

func testPrivileged(t *testing.T, s subject) {
	yaml := strings.ReplaceAll(pod("e2e-privileged", s.Workers()[0], "true"), "allowPrivilegeEscalation: false", "privileged: true")
	out, err := kubectl(t, s, yaml, "create", "-f", "-")
	if err == nil {
		cleanup(t, s, yaml, "delete", "--now", "-f", "-")
		t.Fatalf("it was let in: %s", out)
	}
	if !strings.Contains(err.Error(), "violates PodSecurity") {
		t.Errorf("it was refused for another reason: %v", err)
	}
}

// testServing: a node asks for a certificate in its neighbour's name. The API
// server lets it ask; it is bulwark that has to say no.
func testServing(t *testing.T, s subject) {
	thief, victim := s.Workers()[0], s.Workers()[1]
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject:     pkix.Name{CommonName: "system:node:" + thief, Organization: []string{"system:nodes"}},
		DNSNames:    []string{victim},
		IPAddresses: []net.IP{s.Address(victim).AsSlice()},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	request := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	mustKubectl(t, s, fmt.Sprintf(`
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: e2e-thief}
spec:
  signerName: kubernetes.io/kubelet-serving
  usages: [digital signature, server auth]
  request: %s
`, request), "create", "-f", "-", "--as", "system:node:"+thief, "--as-group", "system:nodes", "--as-group", "system:authenticated")
	cleanup(t, s, "", "delete", "--ignore-not-found", "csr/e2e-thief")

	out := s.Bulwark(t, "apply", "--auto-approve", "-o", "json").want(t, 0)
	out.says(t, "e2e-thief", victim)
	// Anything else in this plan would be work that bootstrap left undone, which
	// the second apply below could not see any more.
	d := out.JSON(t)
	if d.Plan == nil {
		t.Fatalf("there is no plan: %v", out)
	}
	for _, step := range d.Plan.Steps {
		if step.Kind != "approval" || step.Node != thief {
			t.Errorf("a cluster that was just made has more to do than %s's request: %+v", thief, step)
		}
	}
	if got := mustKubectl(t, s, "", "get", "csr", "e2e-thief", "-o", "jsonpath={.status}"); got != "" && got != "{}" {
		t.Errorf("the request was decided: %s", got)
	}
	if got := mustKubectl(t, s, "", "get", "csr", "e2e-thief", "-o", "jsonpath={.spec.username}"); got != "system:node:"+thief {
		t.Errorf("it was asked by %q, so this proves nothing", got)
	}
}

// kept is what a second apply may not touch.
const kept = `
find /etc/kubernetes /etc/systemd/system /etc/cni/net.d /etc/sysctl.d /etc/modules-load.d /etc/bulwark /etc/sysusers.d \
  /var/lib/kubelet/config.yaml /var/lib/kubelet/*.env /var/lib/kubelet/pki /var/lib/bulwark \
  -printf '%p %y %m %U:%G %s %C@\n' 2>/dev/null | sort
crictl ps -q | xargs -n1 crictl inspect | jq -r '.status | "container \(.id) \(.startedAt) \(.metadata.name)"' | sort
systemctl show -p Id -p InvocationID kubelet containerd bulwark-firewall bulwark-account bulwark-routes
`

func testSecondApply(t *testing.T, s subject) {
	look := func() map[string]string {
		have := map[string]string{}
		for _, n := range nodes(s) {
			have[n] = shell(t, s, n, kept)
			for _, sign := range []string{"/etc/kubernetes/kubelet.conf f ", "/var/lib/kubelet/config.yaml f ", "/var/lib/bulwark d ", "container ", "InvocationID="} {
				if !strings.Contains(have[n], sign) {
					t.Fatalf("%s: no %q was looked at:\n%s", n, sign, have[n])
				}
			}
		}
		return have
	}
	before := look()
	d := s.Bulwark(t, "apply", "--auto-approve", "-o", "json").want(t, 0).JSON(t)
	if d.Plan == nil || !d.Plan.Empty || len(d.Plan.Steps) != 0 {
		t.Errorf("there was something to do: %+v", d.Plan)
	}
	s.Bulwark(t, "apply", "--auto-approve").want(t, 0).says(t, "Nothing to do")
	for n, now := range look() {
		if diff := difference(before[n], now); diff != "" {
			t.Errorf("%s: it moved:\n%s", n, diff)
		}
	}
}

// difference are the lines that only one of two texts has.
func difference(before, after string) string {
	var out []string
	only := func(mark, these, those string) {
		known := map[string]bool{}
		for line := range strings.SplitSeq(those, "\n") {
			known[line] = true
		}
		for line := range strings.SplitSeq(these, "\n") {
			if !known[line] {
				out = append(out, mark+line)
			}
		}
	}
	only("- ", before, after)
	only("+ ", after, before)
	return strings.Join(out, "\n")
}

func testSecret(t *testing.T, s subject) {
	raw := make([]byte, 16)
	rand.Read(raw)
	canary := "canary-" + hex.EncodeToString(raw)
	encoded := base64.StdEncoding.EncodeToString([]byte(canary))
	create(t, s, fmt.Sprintf(`
apiVersion: v1
kind: Secret
metadata: {name: e2e-canary}
stringData: {word: %s}
`, canary))

	stored := shell(t, s, s.ControlPlane(), `
crictl exec "$(crictl ps --name '^etcd$' -q)" etcdctl --endpoints=https://127.0.0.1:2379 \
  --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key \
  get --print-value-only /registry/secrets/default/e2e-canary`)
	if !strings.HasPrefix(stored, "k8s:enc:secretbox:") {
		t.Errorf("in etcd it begins %.40q", stored)
	}
	if strings.Contains(stored, canary) || strings.Contains(stored, encoded) {
		t.Error("in etcd its text can be read")
	}

	// Read by somebody, with a kubeconfig that bulwark made.
	config := s.Bulwark(t, "kubeconfig").want(t, 0).Stdout
	read := func() (string, error) {
		out, err := s.Exec(t.Context(), s.ControlPlane(), strings.NewReader(config),
			"kubectl", "--kubeconfig", "/dev/stdin", "--cache-dir", kubectlCache, "--request-timeout", "10s", "get", "secret", "e2e-canary", "-o", "jsonpath={.data.word}")
		if err == nil && out != encoded {
			err = fmt.Errorf("it reads %q", out)
		}
		return out, err
	}
	if _, err := read(); err != nil {
		t.Errorf("before the restart: %v", err)
	}

	if err := s.Restart(t.Context(), s.ControlPlane()); err != nil {
		t.Fatal(err)
	}
	eventually(t, 2*time.Minute, "the Secret is readable after a restart", func() error {
		_, err := read()
		return err
	})
	allReady(t, s)

	var readers []string
	for line := range strings.Lines(shell(t, s, s.ControlPlane(), `cat /var/log/kubernetes/audit/*.log | grep e2e-canary`)) {
		var e struct {
			Stage, Verb    string
			User           struct{ Username string }
			ObjectRef      struct{ Resource, Namespace, Name string }
			RequestObject  json.RawMessage
			ResponseObject json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("a line of the audit log is no JSON: %v\n%s", err, line)
		}
		if e.Verb == "get" && e.ObjectRef.Resource == "secrets" && e.ObjectRef.Name == "e2e-canary" {
			readers = append(readers, e.User.Username)
		}
		if e.ObjectRef.Resource == "secrets" && (e.RequestObject != nil || e.ResponseObject != nil) {
			t.Errorf("the audit log has a body: %s", line)
		}
	}
	if !slices.Contains(readers, "bulwark-admin") {
		t.Errorf("the audit log knows these readers of the Secret only: %q", readers)
	}
	for _, needle := range []string{canary, encoded} {
		out, err := s.Exec(t.Context(), s.ControlPlane(), strings.NewReader(needle+"\n"), "sh", "-c", "grep -rqaFf - /var/log; echo $?")
		if err != nil || strings.TrimSpace(out) != "1" {
			t.Errorf("grep of the logs for what the Secret says ends with %q, want 1: %v", out, err)
		}
	}
}
