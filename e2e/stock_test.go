//go:build planes

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

// packagedKubelet is the unit that Kubernetes' packages bring, in the words of
// kubeadm's documentation ("The kubelet drop-in file for systemd").
const packagedKubelet = `set -e
at=$(command -v kubelet)
mkdir -p /usr/lib/systemd/system/kubelet.service.d
cat >/usr/lib/systemd/system/kubelet.service <<END
[Unit]
Wants=network-online.target
After=network-online.target
[Service]
ExecStart=$at
Restart=always
StartLimitInterval=0
RestartSec=10
[Install]
WantedBy=multi-user.target
END
cat >/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf <<END
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=$at \$KUBELET_KUBECONFIG_ARGS \$KUBELET_CONFIG_ARGS \$KUBELET_KUBEADM_ARGS \$KUBELET_EXTRA_ARGS
END
systemctl daemon-reload
systemctl enable kubelet.service
`

// stockInit is `kubeadm init` with nothing set but what the lab's machines need, where
// pods get their addresses, and words of the ClusterConfiguration.
const stockInit = `set -e
cat >/root/init.yaml <<END
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
nodeRegistration: {name: cp-1, ignorePreflightErrors: [SystemVerification]}
localAPIEndpoint: {advertiseAddress: %[1]s}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.37.2
networking: {podSubnet: 10.244.0.0/16}
%[2]s
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
conntrack: {maxPerCore: 0}
END
kubeadm init --config /root/init.yaml >/root/init.log 2>&1 || { tail -n 40 /root/init.log; exit 1; }
kubeadm token create --print-join-command 2>/dev/null`

// asker asks a service five times a second over a new connection each time, and
// writes when, and whether it was answered.
const asker = `while true; do
  if printf 'GET / HTTP/1.0\r\n\r\n' | timeout 2 nc -w 2 %[1]s 80 2>/dev/null | grep -q hello; then r=ok; else r=fail; fi
  echo "$(date +%%s) $r"; sleep 0.2
done`

// TestStockCluster: a cluster that kubeadm made as it does, with a workload that is
// asked all the time, is imported and hardened in place.
func TestStockCluster(t *testing.T) {
	c := newLabCluster(t)
	if !step(t, "kubeadm makes a cluster", func(t *testing.T) { stockCluster(t, c, "") }) {
		t.Fatal("there is no cluster to go on with")
	}
	workload(t, c)
	if _, clear := stored(t, c, "secrets"); clear == 0 {
		t.Fatal("secrets are encrypted before anything was done")
	}
	if !step(t, "it is imported", func(t *testing.T) { testImported(t, c) }) {
		t.Fatal("there is no spec to go on with")
	}
	began := time.Now()
	step(t, "the plan says what restarts", func(t *testing.T) { c.Bulwark(t, "plan").want(t, 0).says(t, "cp-1", "w-1", "w-2", "restarts") })
	if !step(t, "it is hardened in place", func(t *testing.T) { allPassed(t, c.Bulwark(t, "apply", "--auto-approve", "-o", "json")) }) {
		t.Fatal("it is not what its spec says")
	}
	step(t, "its workload was answered all the time", func(t *testing.T) { answered(t, c, began) })
	step(t, "a second apply does nothing", func(t *testing.T) { c.Bulwark(t, "apply", "--auto-approve").want(t, 0).says(t, "Nothing to do") })
	step(t, "no object of those that are encrypted is in the clear", func(t *testing.T) {
		if n, clear := stored(t, c, "secrets"); clear != 0 || n < 1 {
			t.Errorf("etcd holds %d secrets, %d in the clear", n, clear)
		}
		if got := mustKubectl(t, c, "", "get", "secret", "e2e-old", "-o", "jsonpath={.data.word}"); got != "b3BlbnNlc2FtZQ==" {
			t.Errorf("what was in the clear reads as %q", got)
		}
	})
	step(t, "without credentials nothing but health", func(t *testing.T) { testAnonymous(t, c) })
	step(t, "a privileged pod is refused", func(t *testing.T) { testPrivileged(t, c) })
	step(t, "requests are recorded", func(t *testing.T) {
		if got := shell(t, c, "cp-1", "grep -c e2e-old /var/log/kubernetes/audit/audit.log || true"); got == "0" {
			t.Error("the reading of a secret is not in the audit log")
		}
	})
	step(t, "etcd runs as its own account", func(t *testing.T) {
		if got := shell(t, c, "cp-1", "stat -c %u /proc/$(pgrep -xo etcd)"); got != "2379" {
			t.Errorf("etcd runs as %s", got)
		}
	})
}

// ownKeys has the API server of a stock cluster encrypt ConfigMaps with a key of its
// own, in a folder of its own, as Kubernetes' documentation says.
const ownKeys = `set -e
mkdir -m 700 /srv/keys
cat >/srv/keys/enc.yaml <<END
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [configmaps]
  providers:
  - aescbc: {keys: [{name: theirs, secret: $(head -c 32 /dev/urandom | base64)}]}
  - identity: {}
END
chmod 600 /srv/keys/enc.yaml
m=/etc/kubernetes/manifests/kube-apiserver.yaml
sed -e 's#^    - --tls-private-key-file=.*#&\n    - --encryption-provider-config=/keys/enc.yaml#' \
  -e 's#^    volumeMounts:#&\n    - {name: keys, mountPath: /keys, readOnly: true}#' \
  -e 's#^  volumes:#&\n  - {name: keys, hostPath: {path: /srv/keys, type: Directory}}#' $m >/root/m
cat /root/m >$m
for i in $(seq 90); do
  if tr '\0' '\n' </proc/$(pgrep -xo kube-apiserver)/cmdline 2>/dev/null | grep -q encryption-provider && [ "$(curl -sk -o /dev/null -w '%{http_code}' https://127.0.0.1:6443/readyz)" = 200 ]; then exit 0; fi
  sleep 1
done
exit 1`

// TestStockClusterWithKeys: a cluster that encrypts with a key of its own keeps the
// key, and all that it has to encrypt is encrypted with it.
func TestStockClusterWithKeys(t *testing.T) {
	c := newLabCluster(t, "cp-1")
	if !step(t, "kubeadm makes a cluster, and somebody encrypts", func(t *testing.T) { stockCluster(t, c, ""); shell(t, c, "cp-1", ownKeys); allReady(t, c) }) {
		t.Fatal("there is no cluster to go on with")
	}
	mustKubectl(t, c, "", "create", "configmap", "e2e-theirs", "--from-literal=word=opensesame")
	mustKubectl(t, c, "", "create", "secret", "generic", "e2e-clear", "--from-literal=word=opensesame")
	key := shell(t, c, "cp-1", "sed -n 's/.*secret: \\(.*\\)}]}/\\1/p' /srv/keys/enc.yaml")
	if !step(t, "it is imported", func(t *testing.T) { testImported(t, c) }) {
		t.Fatal("there is no spec to go on with")
	}
	if !step(t, "it is hardened in place", func(t *testing.T) { c.Bulwark(t, "apply", "--auto-approve").want(t, 0) }) {
		t.Fatal("it is not what its spec says")
	}
	for _, resource := range []string{"configmaps", "secrets"} {
		if n, clear := storedUnder(t, c, resource, "k8s:enc:aescbc:v1:theirs:"); clear != 0 || n < 1 {
			t.Errorf("etcd holds %d %s, %d of them not under their key", n, resource, clear)
		}
	}
	if got := shell(t, c, "cp-1", "grep -c 'name: theirs' /etc/kubernetes/bulwark/apiserver/encryption.yaml; grep -cF '"+key+"' /etc/kubernetes/bulwark/apiserver/encryption.yaml"); got != "1\n1" {
		t.Errorf("its key file has another key: %q", got)
	}
	for _, what := range []string{"configmap/e2e-theirs", "secret/e2e-clear"} {
		if got := mustKubectl(t, c, "", "get", what, "-o", "jsonpath={.data.word}"); got != "opensesame" && got != "b3BlbnNlc2FtZQ==" {
			t.Errorf("%s reads as %q", what, got)
		}
	}
	c.Bulwark(t, "apply", "--auto-approve").want(t, 0).says(t, "Nothing to do")
}

// stockCluster has kubeadm make a cluster of all machines, with these words in its
// ClusterConfiguration.
func stockCluster(t *testing.T, c *labCluster, words string) {
	for _, n := range c.Nodes() {
		shell(t, c, n, packagedKubelet)
	}
	join := shell(t, c, "cp-1", fmt.Sprintf(stockInit, c.Address("cp-1"), words))
	key := ""
	for _, n := range c.Nodes()[1:] {
		as := ""
		if strings.HasPrefix(n, "cp-") {
			if key == "" {
				key = shell(t, c, "cp-1", "kubeadm init phase upload-certs --upload-certs 2>/dev/null | tail -n 1")
			}
			as = " --control-plane --certificate-key " + key + " --apiserver-advertise-address " + c.Address(n).String()
		}
		shell(t, c, n, join+as+" --node-name "+n+" --ignore-preflight-errors SystemVerification >/root/join.log 2>&1 || { cat /root/join.log; exit 1; }")
	}
	mustKubectl(t, c, exampleManifest(t), "apply", "-f", "-")
	if len(c.Nodes()) == 1 { // for CoreDNS
		mustKubectl(t, c, "", "taint", "node", "cp-1", "node-role.kubernetes.io/control-plane-")
	}
	allReady(t, c)
	for _, what := range []string{"-n kube-flannel daemonset/flannel", "-n kube-system deployment/coredns"} {
		w := strings.Fields(what)
		mustKubectl(t, c, "", w[0], w[1], "rollout", "status", w[2], "--timeout=90s")
	}
}

// workload starts a server, who asks it from another node, and a secret.
func workload(t *testing.T, c *labCluster) {
	create(t, c, pod("e2e-server", "w-2", `mkdir -p /tmp/www && cd /tmp/www && echo hello >index.html && exec httpd -f -p 8080`)+`---
apiVersion: v1
kind: Service
metadata: {name: e2e-server}
spec:
  selector: {app: e2e-server}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Secret
metadata: {name: e2e-old}
stringData: {word: opensesame}
`)
	service := mustKubectl(t, c, "", "get", "service", "e2e-server", "-o", "jsonpath={.spec.clusterIP}")
	create(t, c, pod("e2e-asker", "w-1", fmt.Sprintf(asker, service)))
	mustKubectl(t, c, "", "wait", "--for=condition=Ready", "--timeout=100s", "pod/e2e-server", "pod/e2e-asker")
	eventually(t, 30*time.Second, "the workload is answered", func() error {
		if out := mustKubectl(t, c, "", "logs", "e2e-asker", "--tail=3"); !strings.HasSuffix(out, "ok") {
			return fmt.Errorf("%q", out)
		}
		return nil
	})
}

// testImported writes the spec of what is there, and has it be valid.
func testImported(t *testing.T, c *labCluster) {
	c.config = c.file(t, "ssh_config", sshConfig(c.set.Key, c.set.KnownHosts))
	folder := filepath.Join(c.dir, "imported")
	out := c.run(t, "import", folder, "--host", "cp-1="+c.Address("cp-1").String(), "--ssh-user", lab.User, "--ssh-config", c.config).want(t, 0)
	out.says(t, "Weaker than bulwark's defaults", "apiserver.args.encryption-provider-config")
	c.spec = filepath.Join(folder, "cluster.hcl")
	text, err := os.ReadFile(c.spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s\n%s", out.Stdout, text)
	c.run(t, "validate", c.spec, "--overlay", overlay()).want(t, 0)
}

// answered counts what the workload was not answered since, and how long without a
// break at most.
func answered(t *testing.T, c *labCluster, since time.Time) {
	all, failed, row, longest := 0, 0, 0, 0
	for line := range strings.Lines(mustKubectl(t, c, "", "logs", "e2e-asker")) {
		at, result, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseInt(at, 10, 64); err != nil || n < since.Unix() {
			continue
		}
		all++
		if result == "ok" {
			row = 0
			continue
		}
		failed++
		row++
		longest = max(longest, row)
	}
	t.Logf("%d requests, %d not answered, %d of them in a row", all, failed, longest)
	if all < 100 || failed > 0 {
		t.Errorf("of %d requests %d were not answered", all, failed)
	}
	restarts := mustKubectl(t, c, "", "get", "pods", "e2e-server", "e2e-asker", "-o", "jsonpath={range .items[*]}{.status.containerStatuses[0].restartCount} {end}")
	if !slices.Equal(strings.Fields(restarts), []string{"0", "0"}) {
		t.Errorf("its pods were restarted: %s", restarts)
	}
}
