package observe

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

func TestLookAtThisMachine(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		content := "line\n$(touch " + dir + "/canary)\n\n"
		file := filepath.Join(dir, "fi le;`id`")
		if err := os.WriteFile(file, []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
		n, err := Node(t.Context(), h, Ask{
			Node: "n", Files: []AskFile{{Path: file, Text: true}, {Path: dir + "/none"}, {Path: file + "/below"}},
			Sysctls: []string{"vm.overcommit_memory", "net.ipv4.tcp_rmem", "no.such_key"},
			Modules: []string{"nf_tables"}, Units: []string{"containerd.service"}, Runs: []string{"x"}, Software: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		b, _ := json.MarshalIndent(n, "", " ")
		t.Logf("%s", b)
		if f := n.Files[file]; string(f.Text) != content || f.SHA256 != state.SHA256([]byte(content)) || f.Mode != 0o640 {
			t.Errorf("%+v", f)
		}
	})
}
