package e2e_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tree is every file of a folder with its mode and digest, as `find` below
// says it of a folder on a machine.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(text), rel)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestRenderSurroundings: what surrounds a render is in none of its bytes.
func TestRenderSurroundings(t *testing.T) {
	c := &labCluster{operator: newOperator(t)}
	s := clusterSpec{Name: "here", Kubernetes: "1.37.2", Admins: []string{"192.0.2.0/24"}}
	for i, name := range []string{"cp-1", "w-1", "w-2"} {
		n := nodeSpec{Name: name, Role: "worker", Address: netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", 11+i))}
		if i == 0 {
			n.Role = "control-plane"
		}
		s.Nodes = append(s.Nodes, n)
	}
	spec := c.file(t, "cluster.hcl", s.text())
	first, second := filepath.Join(c.dir, "first"), filepath.Join(c.dir, "second")
	c.run(t, "render", spec, "-o", first).want(t, 0)

	other := newOperator(t)
	copied := other.file(t, "cluster.hcl", s.text())
	cmd := exec.Command(program, "render", copied, "-o", second)
	if _, err := exec.LookPath("unshare"); err == nil {
		args := []string{"-u", "sh", "-c", `hostname elsewhere && exec "$@"`, "sh"}
		if os.Geteuid() != 0 {
			args = append([]string{"-r"}, args...)
		}
		if exec.Command("unshare", append(args, "true")...).Run() == nil {
			cmd = exec.Command("unshare", append(args, cmd.Args...)...)
		}
	}
	cmd.Dir = os.TempDir()
	cmd.Env = append(other.environment(), "TZ=Asia/Kathmandu", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8", "USER=someone",
		"KUBECONFIG=/nowhere", "KUBERNETES_SERVICE_HOST=1.2.3.4", "HTTPS_PROXY=http://proxy.example:3128", "GOMAXPROCS=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	a, b := tree(t, first), tree(t, second)
	if a != b {
		t.Errorf("they differ:\n%s", difference(a, b))
	}
	if n := strings.Count(a, "\n"); n < 45 || !strings.Contains(a, "cp-1/files/etc/kubernetes/bulwark/kubeadm.yaml") {
		t.Errorf("only %d files were rendered", n)
	}
}

// testRenderOnMachine: a machine with its own kubeadm, kubelet and host name
// renders the same as this one.
func testRenderOnMachine(t *testing.T, c *labCluster) {
	here := filepath.Join(c.dir, "rendered")
	c.run(t, "render", c.spec, "--overlay", overlay(), "-o", here).want(t, 0)

	m := c.set.Machine("w-1")
	put := func(path, from string) {
		t.Helper()
		text, err := os.ReadFile(from)
		if err == nil {
			_, err = m.Exec(t.Context(), bytes.NewReader(text), "sh", "-c", `cat >"$0"`, path)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	shell(t, c, "w-1", "mkdir /root/there")
	put("/root/there/bulwark", program)
	put("/root/there/cluster.hcl", c.spec)
	put("/root/there/overlay.hcl", overlay())
	there := shell(t, c, "w-1", `cd /root/there && chmod +x bulwark && ./bulwark render cluster.hcl --overlay overlay.hcl -o out >/dev/null 2>&1
cd out && find . -type f | LC_ALL=C sort | sed 's|^\./||' | xargs sha256sum; rm -r /root/there`)
	if diff := difference(strings.TrimSpace(tree(t, here)), there); diff != "" {
		t.Errorf("they differ:\n%s", diff)
	}
}
