package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// encryptingServer is a node whose API server runs with an argument, and whose manifest
// shows it a folder of the machine.
func encryptingServer(argument, folder string) *state.Node {
	text := "spec:\n  containers:\n  - volumeMounts:\n    - {name: k, mountPath: /etc/kubernetes}\n    - {name: e, mountPath: /etc/kubernetes/enc}\n" +
		"  volumes:\n  - {name: k, hostPath: {path: /etc/kubernetes}}\n  - {name: e, hostPath: {path: " + folder + "}}\n"
	return &state.Node{Name: "cp-1", Files: map[string]state.HaveFile{apiServerManifest: {Path: apiServerManifest, Type: "file", Text: []byte(text)}},
		Processes: map[string]state.Process{"kube-apiserver": {PID: 7, Args: []string{"kube-apiserver", argument}}}}
}

// Where the API server's container sees the file is not where it lies.
func TestTheKeyFileIsFoundOnTheMachine(t *testing.T) {
	for argument, want := range map[string][2]string{
		"--encryption-provider-config=/etc/kubernetes/enc/enc.yaml": {"/etc/kubernetes/enc/enc.yaml", "/srv/enc/enc.yaml"},
		"--encryption-provider-config=/etc/kubernetes/enc.yaml":     {"/etc/kubernetes/enc.yaml", "/etc/kubernetes/enc.yaml"},
		"--encryption-provider-config=/etc/kubernetes/encode.yaml":  {"/etc/kubernetes/encode.yaml", "/etc/kubernetes/encode.yaml"},
		"--encryption-provider-config=/elsewhere/enc.yaml":          {"/elsewhere/enc.yaml", "/elsewhere/enc.yaml"},
		"--profiling=false": {},
	} {
		within, on, err := KeyFile(encryptingServer(argument, "/srv/enc"))
		if err != nil || [2]string{within, on} != want {
			t.Errorf("%s: %s, %s, %v", argument, within, on, err)
		}
	}
	n := encryptingServer("--encryption-provider-config=/e.yaml", "/srv")
	n.Files[apiServerManifest] = state.HaveFile{Text: []byte("a: [")}
	if _, _, err := KeyFile(n); err == nil || !strings.Contains(err.Error(), apiServerManifest) {
		t.Errorf("%v", err)
	}
}

// A cluster that encrypts with keys of its own keeps them: each control plane's file
// is copied to where ours lies, and objects are written again afterwards.
func TestKeysOfSomebodyElseAreTakenOver(t *testing.T) {
	const theirs = "--encryption-provider-config=/etc/kubernetes/enc.yaml"
	c, wants, have := encrypting()
	for _, name := range []string{"cp-1", "cp-2"} {
		without(encryptionFile, encryptionMarker)(name, have.Nodes[name])
		have.Nodes[name].Processes["kube-apiserver"] = state.Process{PID: 7, Started: 1000, Args: []string{"kube-apiserver", "--a=1", theirs}}
	}
	p := Compute(c, wants, have, never)
	var got []string
	for _, s := range p.Steps {
		line := s.ID
		if s.File != nil && s.File.Want.CopyOf != "" {
			line += " copies " + s.File.Want.CopyOf
		}
		got = append(got, line)
		if s.File != nil && s.File.Want.Path == encryptionFile && (s.File.Want.Content != nil || s.File.CopyFrom != "" || s.Action != Add) {
			t.Errorf("%+v", s.File)
		}
	}
	want := []string{"cp-1/file" + encryptionFile + " copies /etc/kubernetes/enc.yaml", "cp-1/process/kube-apiserver",
		"cp-2/file" + encryptionFile + " copies /etc/kubernetes/enc.yaml", "cp-2/process/kube-apiserver", "cluster/encryption/rewrite"}
	got = slices.DeleteFunc(got, func(s string) bool { return strings.Contains(s, "/process/") })
	want = slices.DeleteFunc(want, func(s string) bool { return strings.Contains(s, "/process/") })
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if rows := keyless(c, have); len(rows) > 0 {
		t.Errorf("%+v", rows)
	}
}
