package observe

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// One look at forty files, as a converged node is asked for, without a network.
func BenchmarkLook(b *testing.B) {
	at, err := exec.LookPath("dash")
	if err != nil {
		b.Skip("NOT RUN: there is no dash here")
	}
	argv := host.Argv()
	h := &scripttest.Host{Name: "local", Argv: []string{at, "-c", argv[len(argv)-1]}, Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}}
	ask := Ask{Node: "n", Sysctls: []string{"vm.overcommit_memory", "kernel.panic"}}
	dir := b.TempDir()
	for i := range 40 {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, make([]byte, 4096), 0o600); err != nil {
			b.Fatal(err)
		}
		ask.Files = append(ask.Files, AskFile{Path: path})
	}
	for b.Loop() {
		if _, err := Node(b.Context(), h, ask); err != nil {
			b.Fatal(err)
		}
	}
}
