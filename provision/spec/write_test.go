package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// loaded is what a spec's text means. Beside it lies what it may name.
func loaded(t *testing.T, text []byte) *cluster.Cluster {
	t.Helper()
	dir := t.TempDir()
	manifest, err := os.ReadFile("testdata/accepted/cni.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"cluster.hcl": text, "cni.yaml": manifest} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return accepted(t, dir, Options{})
}

// What is written is read as the same cluster, is in the one layout, and is
// written as the same text again.
func TestWhatIsWrittenMeansTheSame(t *testing.T) {
	names, _ := filepath.Glob("testdata/accepted/*.hcl")
	names = append(names, "../../examples/three-control-planes/cluster.hcl")
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			c := accepted(t, name, Options{})
			text := Write(c, nil)
			again := loaded(t, text)
			if diff := cmp.Diff(c, again, netipEqual(), cmpopts.IgnoreFields(cluster.Cluster{}, "Origins")); diff != "" {
				t.Errorf("%s\nmeans another cluster:\n%s", text, diff)
			}
			formatted, diags := Format("cluster.hcl", text)
			if diags.HasErrors() || string(formatted) != string(text) {
				t.Errorf("it is not formatted (%v):\n%s", diags, cmp.Diff(string(text), string(formatted)))
			}
			if second := Write(again, nil); string(second) != string(text) {
				t.Errorf("written again, it is another text:\n%s", cmp.Diff(string(text), string(second)))
			}
		})
	}
}

// Values and comments come from machines that somebody else made: none of them
// may end a string or a line of the spec.
func TestWhatIsWrittenCannotBreakOut(t *testing.T) {
	c := accepted(t, "testdata/accepted/minimal.hcl", Options{})
	nasty := "a\"b ${env(\"HOME\")} %{if true} \\ é"
	c.APIServer.Args = map[string]string{"goaway-chance": nasty}
	c.Kubelet = cluster.Config{"evictionHard": map[string]any{"memory.available": nasty}}
	text := Write(c, map[string]string{"": "one\n# two\r}\x1b[2J", "firewall.admins": "x\u202e\u2028y", "apiserver.args": "ok"})
	again := loaded(t, text)
	if got := again.APIServer.Args["goaway-chance"]; got != nasty {
		t.Errorf("%q came back as %q", nasty, got)
	}
	if diff := cmp.Diff(c.Kubelet, again.Kubelet); diff != "" {
		t.Error(diff)
	}
	for _, line := range []string{"# one\n# # two?}?[2J\n\ncluster ", "# x??y\n", "# ok\n    args = {"} {
		if !strings.Contains(string(text), line) {
			t.Errorf("%q is not in\n%s", line, text)
		}
	}
}
