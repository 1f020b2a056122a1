package e2e_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// secrets are the real secrets of a run, and everything that was said or shown
// while it ran.
type secrets struct {
	c        *labCluster
	variable string
	mu       sync.Mutex
	// discovery is what workers joined with, which is there for seconds only.
	discovery map[string]string
	// spoken is what came out: by the name of the way.
	spoken map[string]*strings.Builder
	seen   map[string]bool
}

func newSecrets(c *labCluster) *secrets {
	raw := make([]byte, 16)
	rand.Read(raw)
	s := &secrets{c: c, variable: "canary" + hex.EncodeToString(raw), discovery: map[string]string{},
		spoken: map[string]*strings.Builder{}, seen: map[string]bool{}}
	c.env = append(c.env, "BULWARK_VAR_canary="+s.variable)
	return s
}

// hears keeps something that came out, once.
func (s *secrets) hears(way, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[way+text] {
		return
	}
	s.seen[way+text] = true
	if s.spoken[way] == nil {
		s.spoken[way] = new(strings.Builder)
	}
	s.spoken[way].WriteString(text + "\n")
}

func (s *secrets) output(o outcome) {
	s.hears("standard output", o.Stdout)
	s.hears("standard error", o.Stderr)
}

// watch looks at processes and waits for discovery files while something
// runs. The returned function ends that.
func (s *secrets) watch(t testing.TB) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	// The machines are containers of this host, which shows their processes
	// without starting any.
	all.Go(func() {
		looks := map[string]int{}
		for ctx.Err() == nil {
			processes, _ := filepath.Glob("/proc/[0-9]*")
			for _, p := range processes {
				// What a process began with may not be what it came to be.
				if looks[p]++; looks[p] > 5 && looks[p]%25 != 0 {
					continue
				}
				if text, err := os.ReadFile(p + "/cmdline"); err == nil && len(text) > 0 {
					s.hears("arguments", strings.ReplaceAll(string(text), "\x00", " "))
				}
				// The program's own has the variable: that is how it was given.
				if exe, err := os.Readlink(p + "/exe"); err == nil && exe != program {
					if text, err := os.ReadFile(p + "/environ"); err == nil && len(text) > 0 {
						s.hears("environment", strings.ReplaceAll(string(text), "\x00", "\n"))
					}
				}
			}
			time.Sleep(30 * time.Millisecond)
		}
	})
	for _, w := range s.c.Workers() {
		all.Go(func() {
			const file = "/etc/kubernetes/bulwark/discovery.conf"
			out, err := s.c.Exec(ctx, w, nil, "sh", "-c", `until cat "$0" 2>/dev/null; do sleep 0.02; done`, file)
			if err == nil {
				s.mu.Lock()
				s.discovery[w] = out
				s.mu.Unlock()
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

// needles are the forms in which a secret would be recognised.
type needles map[string][]string

func (n needles) add(name string, forms ...string) { n[name] = append(n[name], forms...) }

// key adds a private key in PEM.
func (n needles) key(t testing.TB, name, text string) {
	t.Helper()
	var block *pem.Block
	rest := []byte(text)
	for {
		if block, rest = pem.Decode(rest); block == nil {
			t.Fatalf("%s: no private key", name)
		}
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			break
		}
	}
	var number []byte
	switch key := parseKey(block).(type) {
	case *ecdsa.PrivateKey:
		number, _ = key.Bytes()
	case *rsa.PrivateKey:
		number = key.D.Bytes()
	default:
		t.Fatalf("%s: a key of type %T", name, key)
	}
	n.bytes(name, number)
	// The first line of an EC key holds all of it; of longer ones, all but the
	// first line is nobody else's.
	lines := strings.Split(string(pem.EncodeToMemory(block)), "\n")
	n.add(name, lines[1])
	n.wrapped(name, string(pem.EncodeToMemory(block)))
}

func parseKey(block *pem.Block) any {
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key
	}
	key, _ := x509.ParsePKCS8PrivateKey(block.Bytes)
	return key
}

// bytes adds raw bytes and how they are usually written.
func (n needles) bytes(name string, raw []byte) {
	n.add(name, hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)), base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw))
	if !bytes.ContainsAny(raw, "\n\x00") {
		n.add(name, string(raw))
	}
}

// wrapped adds a text inside of base64, wherever it begins there.
func (n needles) wrapped(name, text string) {
	n.add(name, text) // as it is
	for shift := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + text))
		if len(encoded) > 24 { // the ends depend on what is beside
			n.add(name, encoded[8:len(encoded)-8])
		}
	}
}

// gather reads the secrets of the cluster as it is now.
func (s *secrets) gather(t testing.TB) needles {
	t.Helper()
	n := needles{}
	file := func(node, path string) string { t.Helper(); return shell(t, s.c, node, "cat "+path) }
	cp := s.c.ControlPlane()

	found := regexp.MustCompile(`secret:\s*(\S+)`).FindStringSubmatch(file(cp, "/etc/kubernetes/bulwark/apiserver/encryption.yaml"))
	if found == nil {
		t.Fatal("there is no encryption key")
	}
	raw, err := base64.StdEncoding.DecodeString(found[1])
	if err != nil || len(raw) != 32 {
		t.Fatalf("the encryption key has %d bytes: %v", len(raw), err)
	}
	n.bytes("encryption key", raw)

	for _, w := range s.c.Workers() {
		s.mu.Lock()
		text := s.discovery[w]
		s.mu.Unlock()
		token := regexp.MustCompile(`token: ([a-z0-9]{6})\.([a-z0-9]{16})`).FindStringSubmatch(text)
		if token == nil {
			t.Fatalf("the discovery file of %s was not seen while it joined: %q", w, text)
		}
		n.wrapped("bootstrap token of "+w, token[2])
	}

	for name, path := range map[string]string{
		"CA's key": "pki/ca.key", "etcd CA's key": "pki/etcd/ca.key", "etcd's server key": "pki/etcd/server.key",
		"etcd's key, the copy": "bulwark/etcd/server.key", "API server's key": "pki/apiserver.key",
		"service account key": "pki/sa.key", "front proxy CA's key": "pki/front-proxy-ca.key", "front proxy client's key": "pki/front-proxy-client.key",
		"API server's key for kubelets": "pki/apiserver-kubelet-client.key", "API server's key for etcd": "pki/apiserver-etcd-client.key",
	} {
		n.key(t, name, file(cp, "/etc/kubernetes/"+path))
	}
	for _, node := range nodes(s.c) {
		n.key(t, "kubelet's client key on "+node, file(node, "/var/lib/kubelet/pki/kubelet-client-current.pem"))
		n.key(t, "kubelet's serving key on "+node, file(node, "/var/lib/kubelet/pki/kubelet-server-current.pem"))
	}
	for _, conf := range []string{"admin.conf", "controller-manager.conf", "scheduler.conf"} {
		n.kubeconfig(t, conf, file(cp, "/etc/kubernetes/"+conf))
	}

	text, err := os.ReadFile(s.c.set.Key)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	n.add("SSH key", lines[3:len(lines)-1]...) // what comes before is public
	n.wrapped("variable", s.variable)
	return n
}

// kubeconfig adds the client key in a kubeconfig.
func (n needles) kubeconfig(t testing.TB, name, text string) {
	t.Helper()
	data := regexp.MustCompile(`client-key-data: (\S+)`).FindStringSubmatch(text)
	if data == nil {
		t.Fatalf("%s has no key", name)
	}
	key, err := base64.StdEncoding.DecodeString(data[1])
	if err != nil {
		t.Fatal(err)
	}
	n.key(t, name, string(key))
}

// in are the names of the secrets that a text has.
func (n needles) in(text string) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(n)) {
		if slices.ContainsFunc(n[name], func(form string) bool { return form != "" && strings.Contains(text, form) }) {
			found = append(found, name)
		}
	}
	return found
}

// lines are all forms that grep can take as patterns.
func (n needles) lines() string {
	var out []string
	for _, forms := range n {
		for _, f := range forms {
			if !strings.ContainsAny(f, "\n\x00") && f != "" {
				out = append(out, f)
			}
		}
	}
	return strings.Join(out, "\n") + "\n"
}

// searches are where a machine is searched, and as whom.
var searches = []struct{ what, as, script string }{
	// Whatever everybody can read; programs come with the machine.
	{"world-readable files", "nobody", `find / -xdev -path /usr -prune -o -type f -readable -print0 2>/dev/null; find /var /run /tmp /dev/shm -xdev -type f -readable -print0 2>/dev/null`},
	{"temporary folders", "root", `find /tmp /var/tmp /dev/shm -type f -print0`},
	{"logs", "root", `find /var/log /run/log -type f -print0 2>/dev/null`},
}

// search is the files of a machine that hold a needle.
func (s *secrets) search(t testing.TB, node, as, find string, patterns string) string {
	t.Helper()
	// Patterns come on standard input and are kept in a variable of the shell:
	// neither a file nor an argument of this search is to be found by it.
	out, err := s.c.Exec(t.Context(), node, strings.NewReader(patterns), "runuser", "-u", as, "--", "bash", "-c",
		`IFS= read -rd '' patterns
mapfile -d '' files < <(`+find+`)
for ((i = 0; i < ${#files[@]}; i += 500)); do
  LC_ALL=C grep -laFf <(printf %s "$patterns") "${files[@]:i:500}" 2>/dev/null
done; :`)
	if err != nil {
		t.Fatalf("%s: %v", node, err)
	}
	return strings.TrimSpace(out)
}

func testBootstrap(t *testing.T, c *labCluster, guard *prober, s *secrets) {
	stop := s.watch(t)
	defer stop()
	log := filepath.Join(c.dir, "debug.log")
	c.onLine = func(line string, at time.Time) {
		// Done is said once it is in force and confirmed.
		for _, n := range nodes(c) {
			if strings.Contains(line, `"event":"done"`) && strings.Contains(line, `"`+n+`/table/bulwark"`) {
				guard.closes(n, at)
			}
		}
	}
	out := c.Bulwark(t, "apply", "--auto-approve", "-o", "json", "-v", "--log-file", log)
	c.onLine = nil
	s.output(out)
	out.want(t, 0)
	stop()

	d := allPassed(t, out)
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(log); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the debug log has mode %v: %v", info.Mode(), err)
	}
	s.hears("debug log", string(text))
	for _, n := range nodes(c) {
		if windows := guard.open[netip.AddrPortFrom(c.Address(n), 22)]; windows[0].to.IsZero() {
			t.Errorf("no event said that the firewall of %s is in force", n)
		}
	}
	t.Logf("%d steps and %d checks in %v", len(d.Result.Done), len(d.Checks), out.Took.Round(time.Millisecond))
}

// allPassed judges an apply that made a cluster: every step was done, and
// everything that was verified is so.
func allPassed(t *testing.T, out outcome) document {
	t.Helper()
	d := out.want(t, 0).JSON(t)
	if len(d.Checks) < 10 {
		t.Errorf("only %d things were verified", len(d.Checks))
	}
	for _, check := range d.Checks {
		if check.Verdict != "pass" {
			t.Errorf("%s %s: %s: %s", check.Node, check.ID, check.Verdict, check.Seen)
		}
	}
	if len(d.Result.Done) != len(d.Plan.Steps) || len(d.Result.Failed)+len(d.Result.NotReached) != 0 {
		t.Errorf("%d of %d steps were done", len(d.Result.Done), len(d.Plan.Steps))
	}
	return d
}

func testCanaries(t *testing.T, c *labCluster, s *secrets) {
	n := s.gather(t)
	// The kubeconfig that a person gets: in its file, and nowhere else.
	config := filepath.Join(c.dir, "kubeconfig")
	stop := s.watch(t)
	out := c.Bulwark(t, "kubeconfig", "--file", config, "-v").want(t, 0)
	stop()
	s.output(out)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(config); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the kubeconfig has mode %v: %v", info.Mode(), err)
	}
	n.kubeconfig(t, "kubeconfig for people", string(text))
	if len(n) < 12 {
		t.Fatalf("there are only %d canaries: %q", len(n), slices.Sorted(maps.Keys(n)))
	}
	s.judge(t, n)
	t.Logf("%d secrets", len(n))
}

// judge searches everything there is for the needles. Each place is also
// searched for something that must be there.
func (s *secrets) judge(t *testing.T, n needles) {
	t.Helper()
	s.mu.Lock()
	spoken := map[string]string{}
	for way, b := range s.spoken {
		spoken[way] = b.String()
	}
	s.mu.Unlock()
	for way, there := range map[string]string{
		"standard output": "cp-1/table/bulwark", "standard error": "cp-1/phase/init-certs", "debug log": "cp-1",
		"arguments": "kubeadm join --config", "environment": "LC_ALL=C",
	} {
		if way == "environment" && os.Geteuid() != 0 {
			continue // only root sees others'; the machines are asked below
		}
		if !strings.Contains(spoken[way], there) {
			t.Errorf("%s (%d bytes) lacks even %q: it proves nothing", way, len(spoken[way]), there)
		}
		for _, name := range n.in(spoken[way]) {
			t.Errorf("%s: the %s is in it", way, name)
		}
	}

	// The operator's own side: nothing is kept there but what was asked for.
	if err := filepath.WalkDir(s.c.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(path) == "kubeconfig" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, name := range n.in(string(text)) {
			t.Errorf("%s: the %s is in it", path, name)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}

	// The API: every object of every kind.
	objects := shell(t, s.c, s.c.ControlPlane(), `
export KUBECONFIG=/etc/kubernetes/admin.conf KUBECACHEDIR=`+kubectlCache+`
kubectl get --all-namespaces -o json "$(kubectl api-resources --verbs=list -o name | paste -sd, -)"`)
	for _, kind := range []string{`"kind": "ConfigMap"`, `"kind": "Node"`, `"kind": "CertificateSigningRequest"`, "kubeadm-config"} {
		if !strings.Contains(objects, kind) {
			t.Errorf("the API was not asked for %s", kind)
		}
	}
	for _, name := range n.in(objects) {
		t.Errorf("the API: the %s is in it", name)
	}

	// The machines.
	for _, node := range nodes(s.c) {
		const decoy = "e2e-decoy-4be1f2c09d"
		shell(t, s.c, node, "echo "+decoy+" | tee /var/tmp/decoy /var/log/decoy >/dev/null; chmod 644 /var/tmp/decoy")
		for _, where := range searches {
			found := strings.Fields(s.search(t, node, where.as, where.script, n.lines()+decoy+"\n"))
			if len(found) == 0 {
				t.Errorf("%s, %s: not even the decoy was found", node, where.what)
			}
			for _, path := range found {
				if !strings.HasSuffix(path, "/decoy") {
					t.Errorf("%s, %s: %s holds a secret", node, where.what, path)
				}
			}
		}
		shell(t, s.c, node, "rm /var/tmp/decoy /var/log/decoy")
		for what, script := range map[string]string{
			"the journal": "journalctl --no-pager -o cat", "the kernel's messages": "dmesg",
			"arguments": "cat /proc/[0-9]*/cmdline 2>/dev/null || true", "environments": "cat /proc/[0-9]*/environ 2>/dev/null || true",
			"units": "systemctl show --all '*' 2>/dev/null",
		} {
			for _, name := range n.in(shell(t, s.c, node, script)) {
				t.Errorf("%s, %s: the %s is in it", node, what, name)
			}
		}
	}
}
