package plan

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// encrypting is two control planes, what is wanted of their key files and objects,
// and a cluster that has all of it.
func encrypting() (*cluster.Cluster, []state.Want, *state.Cluster) {
	c := small()
	c.Nodes = []cluster.Node{{Name: "cp-1", Role: cluster.ControlPlane, Address: netip.MustParseAddr("192.0.2.11")},
		{Name: "cp-2", Role: cluster.ControlPlane, Address: netip.MustParseAddr("192.0.2.12")}}
	file := state.File{Path: encryptionFile, Origin: state.Adopted, Mode: 0o600, Owner: "root:root", Content: []byte("final")}
	marker := state.File{Path: encryptionMarker, Origin: state.Adopted, Mode: 0o600, Owner: "root:root", Once: true, Content: []byte("v1 wanted\n")}
	have := &state.Cluster{Nodes: map[string]*state.Node{}, API: state.API{Status: state.Answering, Ready: map[string]bool{"cp-1": true, "cp-2": true}}}
	var wants []state.Want
	for _, n := range c.Nodes {
		keys := file
		keys.Shared, keys.Maker = []string{"cp-1", "cp-2"}, "cp-1"
		if n.Name != "cp-1" {
			keys.Content = nil
		}
		wants = append(wants, state.Want{Node: n.Name, Facts: append([]state.Fact{
			{ID: n.Name + "/file" + encryptionFile, File: &keys}, {ID: n.Name + "/file" + encryptionMarker, File: &marker}}, livingFacts(n.Name)[1:3]...)})
		node := livingNode(n.Name, manifest("--a=1"))
		for path, text := range map[string]string{encryptionFile: "with a key", encryptionMarker: "v1 wanted\n", clusterCA: "ca"} {
			node.Files[path] = state.HaveFile{Path: path, Type: "file", Mode: 0o600, Owner: "root:root", SHA256: state.SHA256([]byte(text)), Masked: state.SHA256(state.Masked(file.Content))}
		}
		node.Files[etcdData] = state.HaveFile{Type: "dir"}
		node.Processes["kube-apiserver"] = state.Process{PID: 7, Started: 1000, Args: []string{"kube-apiserver", "--a=1"}}
		have.Nodes[n.Name] = node
	}
	all := state.Fact{ID: "cluster/encryption/rewrite", After: []string{"cp-1/wait/api", "cp-2/wait/api"},
		Encryption: &state.Encryption{File: file, Reads: []byte("reads"), Resources: []string{"secrets"}, Marker: marker}}
	return c, append(wants, state.Want{Facts: []state.Fact{all}}), have
}

func TestWhenObjectsAreEncryptedAgain(t *testing.T) {
	const rewrite, keys, mark = "cluster/encryption/rewrite", "/file" + encryptionFile, "/file" + encryptionMarker
	set := func(have *state.Cluster, node, path, text string) {
		if f := have.Nodes[node].Files[path]; text == "" {
			delete(have.Nodes[node].Files, path)
		} else {
			f.Type, f.SHA256, f.Mode, f.Owner = "file", state.SHA256([]byte(text)), 0o600, "root:root"
			have.Nodes[node].Files[path] = f
		}
	}
	fresh := func(have *state.Cluster, node string) {
		for _, path := range []string{encryptionFile, encryptionMarker, etcdData, kubeletConf, apiManifest} {
			delete(have.Nodes[node].Files, path)
		}
		have.Nodes[node].Processes, have.Nodes[node].Derived = nil, nil
		have.API.Ready[node] = false
	}
	for what, test := range map[string]struct {
		change func(*state.Cluster)
		want   []string
		text   string // of the key file that is made, "" where none is
	}{
		"a cluster as it should be": {func(*state.Cluster) {}, nil, ""},
		"fresh machines": {func(have *state.Cluster) {
			fresh(have, "cp-1")
			fresh(have, "cp-2")
			have.API = state.API{Status: state.NoAPI}
		}, []string{"cp-1" + keys, "cp-1" + mark, "cp-1/wait/api", "cp-2" + keys, "cp-2" + mark, "cp-2/wait/api"}, "final"},
		"resources were added": {func(have *state.Cluster) {
			set(have, "cp-1", encryptionMarker, "v1 before\n")
			set(have, "cp-2", encryptionMarker, "v1 before\n")
		}, []string{rewrite}, ""},
		"a run was cut between the key files": {func(have *state.Cluster) {
			set(have, "cp-1", encryptionMarker, "v1 before\n")
			set(have, "cp-2", encryptionMarker, "v1 before\n")
			set(have, "cp-1", encryptionFile, "the next one")
		}, []string{rewrite}, ""},
		"a run was cut between the markers": {func(have *state.Cluster) { set(have, "cp-2", encryptionMarker, "v1 before\n") }, []string{rewrite}, ""},
		"a marker is gone":                  {func(have *state.Cluster) { set(have, "cp-2", encryptionMarker, "") }, []string{rewrite}, ""},
		"one key file differs":              {func(have *state.Cluster) { set(have, "cp-2", encryptionFile, "another") }, nil, ""},
		"a cluster that never encrypted": {func(have *state.Cluster) {
			for _, n := range []string{"cp-1", "cp-2"} {
				set(have, n, encryptionFile, "")
				set(have, n, encryptionMarker, "")
				have.Nodes[n].Derived = map[string][]byte{apiManifest: manifest("--a=1", "--encryption-provider-config="+encryptionFile)}
			}
		}, []string{"cp-1" + keys, "cp-1/file" + apiManifest + " restarts kube-apiserver guarded", "cp-2" + keys + " after cp-1" + keys,
			"cp-2/file" + apiManifest + " restarts kube-apiserver guarded after cp-1/file" + apiManifest, rewrite + " after cp-2/file" + apiManifest}, "reads"},
		"a control plane joins": {func(have *state.Cluster) { fresh(have, "cp-2") }, []string{"cp-2" + keys, "cp-2" + mark, "cp-2/wait/api"}, ""},
		"one joins, and resources were added": {func(have *state.Cluster) {
			fresh(have, "cp-2")
			set(have, "cp-1", encryptionMarker, "v1 before\n")
		}, []string{"cp-2" + keys, "cp-2" + mark, "cp-2/wait/api", rewrite + " after cp-2/wait/api"}, ""},
		"its API does not answer": {func(have *state.Cluster) {
			set(have, "cp-1", encryptionMarker, "v1 before\n")
			have.API.Status = state.Starting
		}, []string{"cp-1/wait/api", "cp-2/wait/api"}, ""},
	} {
		c, wants, have := encrypting()
		wants[1].Facts[0].After = []string{"cp-1" + keys}
		test.change(have)
		p := Compute(c, wants, have, never)
		got := steps(p)
		if what != "a cluster that never encrypted" { // who copies waits for who makes, see shared_test.go
			for i := range got {
				got[i] = strings.TrimSuffix(got[i], " after cp-1"+keys)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
		for _, s := range p.Steps {
			if s.ID == "cp-1"+keys && string(s.File.Want.Content) != test.text {
				t.Errorf("%s: the key file is made of %q", what, s.File.Want.Content)
			}
		}
		if rows := undecided(c, wants, have); (len(rows) > 0) != (what == "one key file differs") {
			t.Errorf("%s: rows %+v", what, rows)
		}
	}
}

// A key is made for a cluster that never had one, and for no other.
func TestWhoseKeyIsMissing(t *testing.T) {
	const ours = "--encryption-provider-config=" + encryptionFile
	for what, test := range map[string]struct {
		args   [2]string
		change func(name string, n *state.Node)
		want   []string
	}{
		"all is there":                          {[2]string{ours, ours}, nil, nil},
		"never encrypted":                       {[2]string{"", ""}, without(encryptionFile, encryptionMarker), nil},
		"lost, and the server has it":           {[2]string{ours, ours}, without(encryptionFile, encryptionMarker), []string{"cp-1 encryption-key", "cp-2 encryption-key"}},
		"lost on one, never there on the other": {[2]string{ours, ""}, without(encryptionFile, encryptionMarker), []string{"cp-1 encryption-key"}},
		"lost, and the marker tells":            {[2]string{"", ""}, without(encryptionFile), []string{"cp-1 encryption-key", "cp-2 encryption-key"}},
		"no server runs": {[2]string{"", ""}, func(name string, n *state.Node) {
			without(encryptionFile, encryptionMarker)(name, n)
			n.Processes = nil
		}, []string{"cp-1 encryption-key", "cp-2 encryption-key"}},
		"somebody else's": {[2]string{"--encryption-provider-config=/etc/kubernetes/enc.yaml", "--encryption-provider-config=/etc/kubernetes/enc.yaml"},
			without(encryptionFile, encryptionMarker), nil},
		"somebody else's on one": {[2]string{"--encryption-provider-config=/etc/kubernetes/enc.yaml", ""},
			without(encryptionFile, encryptionMarker), []string{"cp-1 foreign-encryption"}},
		"somebody else's beside ours": {[2]string{ours, "--encryption-provider-config=/etc/kubernetes/enc.yaml"}, nil, []string{"cp-2 foreign-encryption"}},
	} {
		c, _, have := encrypting()
		for i, name := range []string{"cp-1", "cp-2"} {
			n := have.Nodes[name]
			n.Processes["kube-apiserver"] = state.Process{PID: 7, Args: []string{"kube-apiserver", test.args[i]}}
			if test.change != nil {
				test.change(name, n)
			}
		}
		var got []string
		for _, p := range keyless(c, have) {
			got = append(got, p.Node+" "+p.Check)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", what, got, test.want)
		}
	}
}

func without(paths ...string) func(string, *state.Node) {
	return func(_ string, n *state.Node) {
		for _, p := range paths {
			delete(n.Files, p)
		}
	}
}
