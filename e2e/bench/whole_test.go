package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/e2e/bench/job"
	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/observe"
)

const wholeName = "bulwark, the whole look"

// wholeLook is the second row: all that `bulwark plan` asks of a control plane,
// in place of twenty files.
type wholeLook struct {
	farm
	ask observe.Ask
}

// whole gives every node of a farm the files of a control plane, below a second
// folder, and what else is asked of one.
func (f *farm) whole(b *testing.B) *wholeLook {
	b.Helper()
	w := &wholeLook{farm: *f, ask: controlPlaneAsk(b, f.dir)}
	w.nodes, w.files = slices.Clone(f.nodes), nil
	for i := range w.nodes {
		w.nodes[i].Root = filepath.Join(filepath.Dir(w.nodes[i].Root), "whole")
	}
	asked := w.ask.Files
	w.ask.Files = nil
	for _, a := range asked {
		if slices.ContainsFunc(asked, func(o observe.AskFile) bool { return strings.HasPrefix(o.Path, a.Path+"/") }) {
			w.ask.Files = append(w.ask.Files, a) // a directory
			continue
		}
		w.files = append(w.files, job.File{Path: a.Path, Mode: 0o600, Owner: "root:root", Text: a.Text,
			Content: bytes.Repeat([]byte("of "+a.Path+"\n"), 100)})
	}
	for _, n := range w.nodes {
		w.restore(b, n)
	}
	return w
}

// look has bulwark find what is planted among all of that.
func (w *wholeLook) look(b *testing.B, round int) sample {
	b.Helper()
	planted := w.plant(b, round)
	j := w.job(job.Check, inFlight)
	j.Ask = w.ask
	r, s := w.run(b, "controller", j)
	if !slices.Equal(r.Drift, planted) || len(r.Failed) > 0 {
		b.Fatalf("%s found %q where %q was planted; failed: %v", wholeName, r.Drift, planted, r.Failed)
	}
	for _, n := range w.nodes {
		w.restore(b, n)
	}
	return s
}

func (w *wholeLook) note() string {
	return fmt.Sprintf("all that `bulwark plan` asks of a control plane, %d files (of 2 KB here), %d directories, %d sysctls, %d modules, %d units, %d runs, the firewall table, processes, listeners, addresses and space",
		len(w.files)+len(w.ask.Files), len(w.ask.Dirs), len(w.ask.Sysctls), len(w.ask.Modules), len(w.ask.Units), len(w.ask.Runs))
}

// controlPlaneAsk is what a plan asks of the control plane of a small cluster.
func controlPlaneAsk(b *testing.B, dir string) observe.Ask {
	b.Helper()
	path := filepath.Join(dir, "whole.hcl")
	must(b, os.WriteFile(path, []byte(specOf(1, 1, `"bridge" {}`)), 0o600))
	asks, err := provision.Asks(b.Context(), provision.Input{Path: path})
	must(b, err)
	return asks[0]
}

// specOf is a cluster of so many control planes and workers, with this pod network.
func specOf(planes, workers int, cni string) string {
	var s strings.Builder
	s.WriteString("cluster \"bench\" {\n  defaults   = 1\n  kubernetes = \"1.37.2\"\n  endpoint {\n    host = \"api.example.com\"\n  }\n" +
		"  network {\n    pods = [\"10.128.0.0/9\"]\n    cni " + cni + "\n  }\n  firewall {\n    admins = [\"192.0.2.0/24\"]\n  }\n")
	for i := range planes + workers {
		role, name := "control-plane", fmt.Sprintf("cp-%d", i+1)
		if i >= planes {
			role, name = "worker", fmt.Sprintf("w-%d", i-planes+1)
		}
		fmt.Fprintf(&s, "  node %q {\n    role    = %q\n    address = \"10.1.%d.%d\"\n  }\n", name, role, i/250, i%250+1)
	}
	return s.String() + "}\n"
}
