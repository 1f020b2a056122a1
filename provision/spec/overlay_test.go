package spec

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

func overlaid(t *testing.T, text string) Options {
	t.Helper()
	path := filepath.Join(t.TempDir(), "overlay.hcl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Options{Overlay: path}
}

func TestAnOverlayMayWeakenAndSaysWhy(t *testing.T) {
	c := accepted(t, "testdata/accepted/minimal.hcl", overlaid(t, `deviation "cgroup-v1" {
  reason = "the lab's kernel has cgroup v1"
  kubelet { config = { failCgroupV1 = false, protectKernelDefaults = false } }
  kube_proxy { config = { conntrack = { maxPerCore = 0 } } }
  ignore_preflight = ["SystemVerification"]
  skip_preflight   = ["cgroup"]
  skip_sysctls     = ["*", "vm.overcommit_memory"]
  skip_modules     = true
}
deviation "other" { reason = "another" }
`))
	want := []cluster.Deviation{{
		ID: "cgroup-v1", Reason: "the lab's kernel has cgroup v1", Origin: cluster.Origin{File: "overlay.hcl", Line: 1},
		Kubelet:         cluster.Config{"failCgroupV1": false, "protectKernelDefaults": false},
		KubeProxy:       cluster.Config{"conntrack": map[string]any{"maxPerCore": int64(0)}},
		IgnorePreflight: []string{"SystemVerification"}, SkipPreflight: []string{"cgroup"},
		SkipSysctls: []string{"*", "vm.overcommit_memory"}, SkipModules: true,
	}, {ID: "other", Reason: "another", Origin: cluster.Origin{File: "overlay.hcl", Line: 10}}}
	if d := cmp.Diff(want, c.Deviations); d != "" {
		t.Error(d)
	}
}

func TestAnOverlayIsReadAsStrictlyAsASpec(t *testing.T) {
	for text, code := range map[string]Code{
		`deviation "a" {}`:                                                           CodeOverlay,
		`deviation "a" { reason = "  " }`:                                            CodeOverlay,
		`deviation "a" { raeson = "x" }`:                                             CodeUnknown,
		`deviation "A b" { reason = "x" }`:                                           CodeName,
		`deviation "a" { skip_sysctls = ["a;b"] }`:                                   CodeName,
		`deviation "a" { reason = file("/etc/passwd") }`:                             CodeEval,
		`cluster "a" {}`:                                                             CodeUnknown,
		"deviation \"a\" { reason = \"x\" }\ndeviation \"a\" { reason = \"y\" }":     CodeDuplicate,
		"deviation \"a\" {\nreason = \"x\"\nkubelet { config = { maxPod = 60 } }\n}": CodeArgument,
		"\x00": CodeEncoding,
	} {
		_, _, diags := Load("testdata/accepted/minimal.hcl", overlaid(t, text))
		if !hasCode(diags, code) {
			t.Errorf("%s: %v", text, diags)
		}
	}
	for _, path := range []string{t.TempDir(), "/nothing/there", "/dev/zero"} {
		if c, _, diags := Load("testdata/accepted/minimal.hcl", Options{Overlay: path}); c != nil || !hasCode(diags, CodeFile) {
			t.Errorf("%s: %v", path, diags)
		}
	}
}
