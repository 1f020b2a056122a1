package bulwark_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// unstaged are the modules of k8s.io with versions of their own. All others
// are cut from k8s.io/kubernetes at each release: v1.MINOR.PATCH there and
// v0.MINOR.PATCH here.
var unstaged = map[string]bool{
	"k8s.io/klog/v2": true, "k8s.io/utils": true, "k8s.io/kube-openapi": true, "k8s.io/gengo/v2": true, "k8s.io/system-validators": true,
}

func goMod(t *testing.T) *modfile.File {
	t.Helper()
	b, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	f, err := modfile.Parse("go.mod", b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestKubernetesModulesAreOneRelease guards what k8s.io/kubernetes promises to
// nobody: it works only with the staging modules of its own release.
func TestKubernetesModulesAreOneRelease(t *testing.T) {
	f := goMod(t)
	kubernetes := ""
	for _, r := range f.Require {
		if r.Mod.Path == "k8s.io/kubernetes" {
			kubernetes = r.Mod.Version
		}
	}
	want, ok := strings.CutPrefix(kubernetes, "v1.")
	if !ok {
		t.Fatalf("k8s.io/kubernetes is %q in go.mod, not a v1 release", kubernetes)
	}
	for _, r := range f.Require {
		p := r.Mod.Path
		if strings.HasPrefix(p, "k8s.io/") && p != "k8s.io/kubernetes" && !unstaged[p] && r.Mod.Version != "v0."+want {
			t.Errorf("%s is %s and must be v0.%s, as k8s.io/kubernetes is %s", p, r.Mod.Version, want, kubernetes)
		}
	}
}

// TestGoInstallWorks: a go.mod with replace or exclude cannot be installed by name.
func TestGoInstallWorks(t *testing.T) {
	f := goMod(t)
	for _, r := range f.Replace {
		t.Errorf("go.mod replaces %s; the nested modules of e2e/lab/build are the place for that", r.Old.Path)
	}
	for _, e := range f.Exclude {
		t.Errorf("go.mod excludes %s", e.Mod.Path)
	}
}

// TestVersionFloors are versions below which a known flaw is in.
func TestVersionFloors(t *testing.T) {
	floors := map[string]string{
		"golang.org/x/crypto":         "v0.56.0", // the SSH fixes of 2026
		"github.com/hashicorp/hcl/v2": "v2.24.0", // range tags of gohcl
	}
	release := regexp.MustCompile(`^v\d+\.\d+\.\d+$`)
	for _, r := range goMod(t).Require {
		floor, ok := floors[r.Mod.Path]
		if !ok {
			continue
		}
		delete(floors, r.Mod.Path)
		if !release.MatchString(r.Mod.Version) || semver.Compare(r.Mod.Version, floor) < 0 {
			t.Errorf("%s is %s and must be a release from %s on", r.Mod.Path, r.Mod.Version, floor)
		}
	}
	for p, floor := range floors {
		t.Errorf("%s %s is not in go.mod; take it off the list if it is not used any more", p, floor)
	}
}
