package cluster

import (
	"slices"
	"strings"
	"testing"
)

func programs() []string {
	return []string{CompAPIServer, CompControllerManager, CompScheduler, CompEtcd}
}

// An argument that is hardened has to be one: a name that is gone keeps a
// component from starting. Only what is forbidden may be gone.
func TestEveryHardenedArgumentIsOneOfTheProgram(t *testing.T) {
	for _, s := range Hardened() {
		if isConfig(s.Component) || s.Rule == Forbidden || strings.Contains(s.Key, ".") {
			continue
		}
		if !slices.Contains(Arguments(s.Component), s.Key) {
			t.Errorf("%s has no argument %s", Program(s.Component), s.Key)
		}
	}
}

func TestEveryHardenedFieldIsOneOfTheType(t *testing.T) {
	for _, s := range Hardened() {
		if !isConfig(s.Component) {
			continue
		}
		path := strings.Split(s.Key, ".")
		last := len(path) - 1
		config := Config{path[last]: s.Value}
		for i := range last {
			config = Config{path[last-1-i]: map[string]any(config)}
		}
		for _, f := range UnknownFields(s.Component, config) {
			t.Errorf("%s has no field %s", s.Component, f.Path)
		}
	}
}

func TestListsOfNamesHoldNamesOnly(t *testing.T) {
	for _, c := range programs() {
		list := Arguments(c)
		if len(list) < 50 || len(slices.Compact(slices.Clone(list))) != len(list) {
			t.Errorf("%s has %d names, or one of them twice", c, len(list))
		}
		for _, name := range list {
			if !argName.MatchString(name) {
				t.Errorf("%s: %q is no name of an argument", c, name)
			}
		}
	}
	if Arguments("nothing") != nil {
		t.Error("a component that there is not has arguments")
	}
}

func TestProgramsHaveTheirNames(t *testing.T) {
	want := []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"}
	for i, c := range programs() {
		if got := Program(c); got != want[i] {
			t.Errorf("%s is %s", c, got)
		}
	}
}

func TestUnknownFieldsAreFoundWhereverTheyAre(t *testing.T) {
	var got []string
	for _, f := range UnknownFields(CompKubelet, Config{
		"maxPod":         int64(60),
		"maxPods":        map[string]any{"a": "another type is not this question"},
		"evictionHard":   map[string]any{"memory.available": "200Mi"},
		"featureGates":   map[string]any{"Any": true},
		"authentication": map[string]any{"x509": map[string]any{"clientCaFile": "/x"}},
		"reservedMemory": []any{map[string]any{"numaNode": int64(0), "limit": map[string]any{}}},
		"clusterDNS":     map[string]any{"a": "another type"},
	}) {
		got = append(got, f.Path)
		if len(f.Known) == 0 {
			t.Errorf("%s: nothing is known of its place", f.Path)
		}
	}
	if want := []string{"authentication.x509.clientCaFile", "maxPod", "reservedMemory[0].limit"}; !slices.Equal(got, want) {
		t.Errorf("unknown are %q, want %q", got, want)
	}
	if found := UnknownFields(CompKubeProxy, Config{"ipvs": map[string]any{"sheduler": "rr"}}); len(found) != 1 || !slices.Contains(found[0].Known, "scheduler") {
		t.Errorf("unknown are %v", found)
	}
}
