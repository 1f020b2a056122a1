//go:build planes

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// bad is a configuration that got past every check, and does not work.
type bad struct {
	what string
	// more are blocks of the spec, and admin one more address that may reach the nodes; spoil is what
	// is written otherwise than planned, where no spec can say it.
	more, admin string
	spoil       []spoiled
	// plant and uproot are scripts for the node, before and after.
	plant, uproot string
	// watched prints what is written and put back; asked answers with 200 while all is well.
	watched, asked string
	// says is what the operator is told.
	says string
	// refused is a row where nothing is written at all.
	refused bool
}

// spoiled is a change of what a step writes, see e2e/spoil.
type spoiled struct {
	Step string `json:"step"`
	From string `json:"from"`
	To   string `json:"to"`
}

const (
	// encryptionMarker says that all objects were encrypted; without it they are again.
	encryptionMarker = "/var/lib/bulwark/encryption.spec"

	victim    = "cp-1"
	manifests = "/etc/kubernetes/manifests/"
	readyz    = "https://127.0.0.1:6443/readyz"
)

func manifestStep(name string) string { return victim + "/file" + manifests + name + ".yaml" }

// bads are the rows. All change something that a spec may say, and one thing beside it.
func bads() []bad {
	const audit = "\n  audit {\n    max_age = 400\n  }\n"
	server := manifestStep("kube-apiserver")
	sum := func(path string) string { return "sha256sum " + path }
	apiServer := sum(manifests + "kube-apiserver.yaml")
	return []bad{
		{what: "unknown flag", more: audit, spoil: []spoiled{{server, `--profiling=false`, `--no-such-flag=false`}},
			watched: apiServer, asked: readyz, says: "kube-apiserver"},
		{what: "bad admission file", more: "\n  admission {\n    exempt_namespaces = [\"e2e-exempt\"]\n  }\n",
			spoil:   []spoiled{{victim + "/file" + apiServerFiles + "admission.yaml", `PodSecurityConfiguration`, `PodSafetyConfiguration`}},
			watched: sum(apiServerFiles + "admission.yaml"), asked: readyz, says: "kube-apiserver"},
		// The API server takes no resources of a group that Kubernetes has not got any more. Named in a
		// spec, they would change the audit policy too.
		{what: "bad encryption file", spoil: []spoiled{{"cluster/encryption/rewrite", `(\n  - secrets\n)`, "${1}  - deployments.extensions\n"}},
			plant: "mv " + encryptionMarker + " /root/marker", uproot: "[ ! -e /root/marker ] || mv /root/marker " + encryptionMarker,
			watched: sum(apiServerFiles + "encryption.yaml"), asked: readyz, says: "still works with another"},
		{what: "missing policy", more: audit, spoil: []spoiled{{server, `(--audit-policy-file=\S+)`, `${1}.gone`}},
			watched: apiServer, asked: readyz, says: "audit-policy.yaml.gone (--audit-policy-file), which is not there", refused: true},
		{what: "port taken", more: "\n  controller_manager {\n    args = { \"terminated-pod-gc-threshold\" = \"500\" }\n  }\n",
			spoil:  []spoiled{{manifestStep("kube-controller-manager"), `(\n    - )(--profiling=false)`, `${1}${2}${1}--secure-port=10261`}},
			plant:  "systemd-run --quiet --collect --unit e2e-taken systemd-socket-activate -l 127.0.0.1:10261 sleep 9999",
			uproot: "systemctl stop e2e-taken 2>/dev/null || :", watched: sum(manifests + "kube-controller-manager.yaml"), asked: "https://127.0.0.1:10257/healthz", says: "kube-controller-manager"},
		{what: "never ready", more: "\n  apiserver {\n    args = { \"etcd-readycheck-timeout\" = \"1ns\" }\n  }\n",
			watched: apiServer, asked: readyz, says: "/readyz is 500"},
		// Its startup is over when it is ready, and then it is asked for what it does not have.
		{what: "ready, then crash-looping", more: audit, spoil: []spoiled{
			{server, `(?s)(startupProbe:.*?path: )/livez`, `${1}/readyz`},
			{server, `(?s)(startupProbe:.*?periodSeconds: )\d+`, `${1}1`},
			{server, `(?s)(livenessProbe:.*?failureThreshold: )\d+`, `${1}2`},
			{server, `(?s)(livenessProbe:.*?path: )/livez`, `${1}/nowhere`},
			{server, `(?s)(livenessProbe:.*?periodSeconds: )\d+`, `${1}1`},
		}, watched: apiServer, asked: readyz, says: "came back, and then"},
		{what: "kubelet that will not start", more: "\n  kubelet {\n    config = { featureGates = { NoSuchGate = true } }\n  }\n",
			watched: sum("/var/lib/kubelet/config.yaml"), asked: "http://127.0.0.1:10248/healthz", says: "kubelet"},
		{what: "bad etcd flag", more: "\n  etcd {\n    args = { \"election-timeout\" = \"50\" }\n  }\n",
			watched: sum(manifests + "etcd.yaml"), asked: readyz, says: "etcd"},
		{what: "firewall that cuts 2380", admin: "203.0.113.77/32",
			spoil:   []spoiled{{victim + "/table/bulwark", `(chain before_nat \{\n[^\n]*\n)`, "${1}\t\ttcp dport 2380 drop\n\t\ttcp sport 2380 drop\n"}},
			watched: "nft -s list table inet bulwark", asked: readyz, says: "cuts off etcd"},
	}
}

// newPlanes is a cluster of three control planes behind a load balancer, with a
// Secret to be read.
func newPlanes(t *testing.T) (*labCluster, clusterSpec) {
	t.Helper()
	c := newLabCluster(t, "cp-1", "cp-2", "cp-3")
	s := c.standard()
	newBalancer(t, netip.AddrPortFrom(c.set.Admin, 6443), c.Address("cp-1"), c.Address("cp-2"), c.Address("cp-3"))
	s.More = fmt.Sprintf("  endpoint {\n    host      = %q\n    balancers = [\"%s/32\"]\n  }\n", c.set.Admin, c.set.Admin)
	c.write(t, s)
	// No part of its own, so that a row that runs alone finds a cluster.
	out := c.Bulwark(t, "apply", "--auto-approve", "-o", "json").want(t, 0)
	allPassed(t, out)
	t.Logf("bootstrap: %v", out.Took.Round(time.Second))
	mustKubectl(t, c, "", "create", "secret", "generic", "e2e-read", "--from-literal=word=kept")
	return c, s
}

// alternative builds a program of this folder that stands in for the real one.
func alternative(t *testing.T, pkg string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), pkg)
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./"+pkg).CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return path
}

// TestPutBack gives a living control plane one bad configuration after the other,
// with an operator who stays and with one who is killed once it is written.
func TestPutBack(t *testing.T) {
	c, s := newPlanes(t)
	spoil := alternative(t, "spoil")
	for _, b := range bads() {
		t.Run(b.what, func(t *testing.T) {
			step(t, "alive", func(t *testing.T) { testBad(t, c, s, b, spoil, false) })
			if !b.refused { // what is refused is never in the middle of anything
				step(t, "killed", func(t *testing.T) { testBad(t, c, s, b, spoil, true) })
			}
		})
	}
}

// untouchedPlane is what must not move on a control plane that is not the victim.
const untouchedPlane = `sha256sum ` + manifests + `* ` + apiServerFiles + `* /var/lib/kubelet/config.yaml
ls -A ` + manifests + `
for p in kube-apiserver etcd kubelet; do pgrep -xo $p; done
nft -s list table inet bulwark | sha256sum`

func testBad(t *testing.T, c *labCluster, s clusterSpec, b bad, spoil string, killed bool) {
	if b.plant != "" {
		shell(t, c, victim, b.plant)
		defer func() { _, _ = c.set.Machine(victim).Shell(context.Background(), b.uproot) }()
	}
	others := map[string]string{}
	for _, n := range []string{"cp-2", "cp-3"} {
		others[n] = shell(t, c, n, untouchedPlane)
	}
	before := shell(t, c, victim, b.watched)
	stop := recordVictim(t, c, b)

	s.More += b.more
	if b.admin != "" {
		s.Admins = append(slices.Clone(s.Admins), b.admin)
	}
	o := newOperator(t)
	o.patience = 8 * time.Minute
	if b.spoil != nil {
		text, err := json.Marshal(b.spoil)
		if err != nil {
			t.Fatal(err)
		}
		o.program, o.env = spoil, []string{"BULWARK_SPOIL=" + string(text)}
	}
	if killed {
		o.started = func(p *os.Process) {
			go func() {
				for t.Context().Err() == nil {
					// Which may not be answered while the machine is busy.
					if now, err := c.set.Machine(victim).Shell(t.Context(), b.watched); err == nil && strings.TrimSpace(now) != before {
						_ = p.Kill()
						return
					}
					time.Sleep(200 * time.Millisecond)
				}
			}()
		}
	}
	out := c.with(t, o, s)
	switch {
	case killed && out.Code != -1:
		t.Errorf("it ended before it was killed: %v", out)
	case !killed && out.Code == 0:
		t.Errorf("it went through: %v", out)
	case !killed:
		out.says(t, b.says)
	}
	if b.refused {
		out.says(t, "nothing was changed on "+victim)
		if all := stop(); !readRestoration(all).written.IsZero() || len(all) == 0 {
			t.Errorf("something was written, or nobody looked: %d records", len(all))
		}
	} else {
		eventually(t, mostToRestore+mostToAnswer, "what was before is back and answers", func() error {
			if now, err := c.set.Machine(victim).Shell(t.Context(), b.watched); err != nil || strings.TrimSpace(now) != before {
				return fmt.Errorf("it is another (%v)", err)
			}
			return answers(c, victim, b.asked)
		})
		time.Sleep(3 * time.Second) // some records of it
		r := readRestoration(stop())
		if err := r.late(); err != nil {
			t.Error(err)
		}
		t.Log(r)
	}
	if b.uproot != "" {
		shell(t, c, victim, b.uproot)
	}
	for n, was := range others {
		if diff := difference(was, shell(t, c, n, untouchedPlane)); diff != "" {
			t.Errorf("%s was touched:\n%s", n, diff)
		}
	}
	whole(t, c)
	c.Bulwark(t, "plan", "--detailed-exitcode").want(t, 0).says(t, "Nothing to do")
}

// recordVictim begins to record what a row watches on the victim. What it gives back
// ends that, and answers with the records.
func recordVictim(t *testing.T, c *labCluster, b bad) func() []record {
	t.Helper()
	const end, file = "/run/e2e-recorded", "/run/e2e-records"
	on(t, c, victim, `setsid sh -c "$1" record `+end+` "$2" "$3" >`+file+` 2>/dev/null </dev/null &`, recorder, b.asked, b.watched)
	time.Sleep(2 * time.Second)
	return func() []record {
		t.Helper()
		all, err := records(shell(t, c, victim, "touch "+end+"; while [ -e "+end+" ]; do sleep 0.2; done; cat "+file) + "\n")
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
}

// whole reports what a cluster lacks, once it had time to settle.
func whole(t *testing.T, c *labCluster) {
	t.Helper()
	planes := c.planes()
	for _, n := range planes {
		eventually(t, 2*time.Minute, n+" is ready", func() error { return answers(c, n, readyz) })
	}
	testVoters(t, c, planes...)
	allReady(t, c)
	for _, n := range planes {
		if got := shell(t, c, n, readSecret); got != "a2VwdA==" {
			t.Errorf("%s reads %q", n, got)
		}
	}
}

// planes are the control planes.
func (c *labCluster) planes() []string {
	return slices.DeleteFunc(c.Nodes(), func(n string) bool { return !strings.HasPrefix(n, "cp-") })
}

// readSecret reads all Secrets through a control plane's own API server, and prints one.
const readSecret = adminKubectl + "--server https://127.0.0.1:6443 get secrets -A -o name >/dev/null && " +
	adminKubectl + "--server https://127.0.0.1:6443 get secret e2e-read -o jsonpath='{.data.word}'"
