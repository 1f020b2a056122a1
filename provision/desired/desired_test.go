package desired

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/spec"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func quickstart(t *testing.T) *cluster.Cluster {
	t.Helper()
	c, _, diags := spec.Load("../../examples/quickstart", spec.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return c
}

func wants(t *testing.T, c *cluster.Cluster) []state.Want {
	t.Helper()
	return wantsFrom(t, c, c.ControlPlanes()[0].Name)
}

// wantsFrom is the same with another control plane as the first.
func wantsFrom(t *testing.T, c *cluster.Cluster, first string) []state.Want {
	t.Helper()
	w, err := Wants(c, nil, first)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// several is a cluster of three control planes.
func several(t *testing.T) *cluster.Cluster {
	t.Helper()
	c, _, diags := spec.Load("../../examples/three-control-planes", spec.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return c
}

// everyWants are the facts of a cluster of each kind there is.
func everyWants(t *testing.T) map[string][]state.Want {
	t.Helper()
	return map[string][]state.Want{
		"one": wants(t, quickstart(t)), "several": wants(t, several(t)), "several, the second first": wantsFrom(t, several(t), "cp-2"),
	}
}

// The order of facts is the order of a bootstrap: a reviewer should see it move.
func TestFactsInOrder(t *testing.T) {
	var b strings.Builder
	for _, w := range wants(t, quickstart(t)) {
		fmt.Fprintf(&b, "# %s\n", w.Node)
		for _, f := range w.Facts {
			fmt.Fprint(&b, f.ID)
			if len(f.After) > 0 {
				fmt.Fprintf(&b, "\n    after %s", strings.Join(f.After, ", "))
			}
			b.WriteString("\n")
		}
	}
	const golden = "testdata/facts.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("facts moved; if that is meant, run with -update:\n%s", diff)
	}
}

func TestFactsAreSound(t *testing.T) {
	for name, all := range everyWants(t) {
		t.Run(name, func(t *testing.T) { sound(t, all) })
	}
}

func sound(t *testing.T, wants []state.Want) {
	all := map[string]bool{}
	for _, w := range wants {
		for _, f := range w.Facts {
			if all[f.ID] {
				t.Errorf("%s twice", f.ID)
			}
			all[f.ID] = true
			if f.Title == "" || f.Why == "" {
				t.Errorf("%s says not what it is, or why: %q, %q", f.ID, f.Title, f.Why)
			}
			payloads := 0
			for _, set := range []bool{f.File != nil, f.Sysctl != nil, f.Module != nil, f.Unit != nil, f.Table != nil, f.Phase != nil, f.Object != nil, f.Approval != nil, f.Wait != nil, f.Process != nil, f.Folder != nil, f.Encryption != nil, f.Certificate != nil} {
				if set {
					payloads++
				}
			}
			if payloads != 1 {
				t.Errorf("%s has %d payloads", f.ID, payloads)
			}
		}
	}
	for _, w := range wants {
		for _, f := range w.Facts {
			for _, id := range f.After {
				if !all[id] {
					t.Errorf("%s comes after %s, which nobody wants", f.ID, id)
				}
			}
		}
	}
}

// A fact may only wait for what can happen before it: with one queue a node,
// a cycle would wait for ever.
func TestNothingWaitsForItself(t *testing.T) {
	for name, all := range everyWants(t) {
		t.Run(name, func(t *testing.T) { acyclic(t, all) })
	}
}

func acyclic(t *testing.T, wants []state.Want) {
	needs := map[string][]string{}
	for _, w := range wants {
		last := ""
		for _, f := range w.Facts {
			needs[f.ID] = append(needs[f.ID], f.After...)
			if last != "" {
				needs[f.ID] = append(needs[f.ID], last)
			}
			last = f.ID
		}
	}
	visited := map[string]int{}
	var visit func(id string, path []string)
	visit = func(id string, path []string) {
		if visited[id] == 2 {
			return
		}
		if visited[id] == 1 {
			t.Fatalf("a cycle: %v", append(path, id))
		}
		visited[id] = 1
		for _, n := range needs[id] {
			visit(n, append(path, id))
		}
		visited[id] = 2
	}
	for id := range needs {
		visit(id, nil)
	}
}

func TestTheFirewallComesBeforeAnythingListens(t *testing.T) {
	for _, w := range wants(t, quickstart(t)) {
		if w.Node == "" {
			continue
		}
		at := func(ok func(state.Fact) bool) int { return slices.IndexFunc(w.Facts, ok) }
		table := at(func(f state.Fact) bool { return f.Table != nil })
		phase := at(func(f state.Fact) bool { return f.Phase != nil })
		if table < 0 || phase < 0 || table > phase {
			t.Errorf("%s: table at %d, first phase at %d", w.Node, table, phase)
		}
	}
}

func TestAWorkerGetsNothingOfAControlPlane(t *testing.T) {
	for _, w := range wants(t, quickstart(t)) {
		if w.Node != "w-1" {
			continue
		}
		text, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"encryption", "ca.key", "sa.key", "etcd/server.key", "admin.conf"} {
			if strings.Contains(string(text), word) {
				t.Errorf("%q is wanted on a worker", word)
			}
		}
	}
}

func TestSecretsAreOnlyReferences(t *testing.T) {
	for _, w := range wants(t, quickstart(t)) {
		for _, f := range w.Facts {
			if f.File != nil && f.File.Secret && f.File.Content != nil && len(state.Refs(f.File.Content)) == 0 {
				t.Errorf("%s is secret and its text is known: %s", f.ID, f.File.Content)
			}
		}
	}
}

// A file says which references are its template's: apply refuses the others.
func TestReferencesOfTemplatesAreHeldAndNoOthers(t *testing.T) {
	held := 0
	for _, w := range wants(t, quickstart(t)) {
		for _, f := range w.Facts {
			var files []state.File
			if f.File != nil {
				files = append(files, *f.File)
			}
			if f.Phase != nil {
				files = append(files, f.Phase.Transient...)
			}
			for _, file := range files {
				held += len(state.Refs(file.Content))
				if ref := file.Foreign(); ref != "" {
					t.Errorf("%s: %s could not be written, since %s is none of %v", f.ID, file.Path, ref, file.Holds)
				}
			}
		}
	}
	if held == 0 {
		t.Error("no file has a reference, and this proves nothing")
	}
	c := quickstart(t)
	c.APIServer.Args = map[string]string{"external-hostname": state.Ref("encryption-key")}
	refused := false
	for _, f := range wants(t, c)[0].Facts {
		refused = refused || f.File != nil && f.File.Path == kubeadm.ConfigFile && f.File.Foreign() == state.Ref("encryption-key")
	}
	if !refused {
		t.Error("a reference from a spec's text would be resolved")
	}
}

// A reference to the key may stand in one file only: every other would be a
// copy of it.
func TestTheKeyIsInOnePlace(t *testing.T) {
	var paths []string
	for _, w := range wants(t, quickstart(t)) {
		for _, f := range w.Facts {
			if f.File != nil && slices.Contains(state.Refs(f.File.Content), "encryption-key") {
				paths = append(paths, f.File.Path)
			}
		}
	}
	if !slices.Equal(paths, []string{"/etc/kubernetes/bulwark/apiserver/encryption.yaml"}) {
		t.Errorf("the key goes to %v", paths)
	}
}

func TestTheSameClusterGivesTheSameFacts(t *testing.T) {
	one, err := json.Marshal(wants(t, quickstart(t)))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		two, _ := json.Marshal(wants(t, quickstart(t)))
		if !slices.Equal(one, two) {
			t.Fatal("two runs differ")
		}
	}
}

func TestAManifestIsAppliedInstead(t *testing.T) {
	c := quickstart(t)
	c.Network.CNI = cluster.CNI{Kind: cluster.CNIManifest}
	object := state.Object{Ref: state.ObjectRef{APIVersion: "v1", Kind: "Namespace", Name: "cni"}, JSON: []byte(`{}`)}
	w, err := Wants(c, []state.Object{object}, c.ControlPlanes()[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	if got := w[len(w)-1].Facts[0]; got.Object == nil || got.Object.Ref != object.Ref || !slices.Equal(got.After, []string{"cp-1/phase/init-upload-config"}) {
		t.Errorf("first fact of the API: %+v", got)
	}
	for _, node := range w[:len(w)-1] {
		for _, f := range node.Facts {
			if strings.Contains(f.ID, "cni/net.d") || strings.Contains(f.ID, "routes") {
				t.Errorf("%s although a manifest makes the pod network", f.ID)
			}
		}
	}
}
