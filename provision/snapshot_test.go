package provision_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision"
)

// acme is the quickstart with a profile of its own.
const acme = `
profile "acme" {
  title    = "What ACME asks"
  controls = ["CIS-1.2.15", "CIS-1.2.11"]

  control "ACME-1" {
    title  = "Audit logs are kept for as long as ACME has to"
    check  = !node.control_plane || at_least(arg(apiserver, "audit-log-maxage"), 400)
    remedy = "set audit { max_age = 400 }"
  }

  control "ACME-2" {
    title  = "Swap is left alone"
    check  = sysctl("vm.swappiness") == "10" && unit("swap.target") != null
    remedy = "set vm.swappiness to 10"
  }

  waive "CIS-1.2.11" { reason = "there is no registry yet" }
}
`

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A spec's own profile is asked of what was recorded of a cluster, whatever the spec's own
// machines are.
func TestOwnProfilesAreAskedOfSnapshots(t *testing.T) {
	quickstart, err := os.ReadFile("../examples/quickstart/cluster.hcl")
	if err != nil {
		t.Fatal(err)
	}
	spec := write(t, "cluster.hcl", strings.Replace(string(quickstart), "defaults   = 1", "defaults   = 1\n  profiles   = [\"acme\"]", 1)+acme)
	three, err := provision.Snapshot(t.Context(), provision.Input{Path: "../examples/three-control-planes", Nodes: []string{"cp-2", "w-1"}}, true)
	if err != nil {
		t.Fatal(err)
	}
	longer := strings.ReplaceAll(string(three.Text), "--audit-log-maxage=366", "--audit-log-maxage=400")
	if longer == string(three.Text) {
		t.Fatal("the example does not say how long audit logs are kept")
	}
	files := []provision.SnapshotFile{{Name: "as-rendered", Text: three.Text}, {Name: "longer", Text: []byte(longer)}}
	all, err := provision.AuditSnapshots(t.Context(), provision.Input{Path: spec}, files)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"CIS-1.2.11 cp-2 waived", "CIS-1.2.11 w-1 not applicable", "CIS-1.2.15 cp-2 pass", "CIS-1.2.15 w-1 not applicable",
			"ACME-1 cp-2 fail", "ACME-1 w-1 pass", "ACME-2 cp-2 unknown", "ACME-2 w-1 unknown"},
		{"CIS-1.2.11 cp-2 waived", "CIS-1.2.11 w-1 not applicable", "CIS-1.2.15 cp-2 pass", "CIS-1.2.15 w-1 not applicable",
			"ACME-1 cp-2 pass", "ACME-1 w-1 pass", "ACME-2 cp-2 unknown", "ACME-2 w-1 unknown"},
	}
	for i, a := range all {
		var got []string
		for _, f := range a.Findings {
			got = append(got, f.Control.ID+" "+f.Node+" "+string(f.Verdict))
		}
		r := a.Report()
		if a.Snapshot != files[i].Name || !slices.Equal(got, want[i]) {
			t.Errorf("%s: %q", a.Snapshot, got)
		}
		if r.Cluster == "quickstart" || !slices.Equal(r.Nodes, []string{"cp-2", "w-1"}) || !slices.Equal(r.Profiles, []string{"acme"}) {
			t.Errorf("%s: the report is of %s, %v, %v", a.Snapshot, r.Cluster, r.Nodes, r.Profiles)
		}
	}
	one, err := provision.AuditSnapshots(t.Context(), provision.Input{Path: spec, Profiles: []string{"cis"}}, files[:1])
	if err != nil || len(one) != 1 || len(one[0].Findings) < 100 {
		t.Errorf("%v, %d", err, len(one))
	}
	for _, f := range one[0].Findings {
		if f.Control.ID == "CIS-1.2.11" && f.Node == "cp-2" && f.Verdict != profiles.Waived {
			t.Errorf("the spec waives %s, and it is %s", f.Control.ID, f.Verdict)
		}
	}
}

func TestWhatIsNoSnapshotIsRefusedByName(t *testing.T) {
	good := `{"format_version": 1, "cluster": {"name": "a", "kubernetes": "1.37.2"}, "nodes": [{"name": "a", "role": "worker"}]}`
	for what, c := range map[string]struct{ text, says string }{
		"an empty file":     {" \n", "the file is empty; `bulwark profile snapshot` writes a whole one"},
		"one that was cut":  {good[:len(good)-30], "it ends within; `bulwark profile snapshot` writes a whole one"},
		"cut early":         {good[:10], "it ends within"},
		"no cluster":        {strings.Replace(good, `"cluster": {"name": "a", "kubernetes": "1.37.2"}, `, "", 1), "it has no cluster; `bulwark profile snapshot` writes"},
		"a cluster of null": {strings.Replace(good, `{"name": "a", "kubernetes": "1.37.2"}`, "null", 1), "it has no cluster"},
		"a cluster without": {strings.Replace(good, `, "kubernetes": "1.37.2"`, "", 1), "its cluster has no kubernetes, the version that it runs"},
		"a list for one":    {"[]", "it is no object of JSON; `bulwark profile snapshot` writes"},
		"nodes twice":       {strings.Replace(good, `"nodes"`, `"nodes": [{"name": "b", "role": "worker"}], "nodes"`, 1), `it has "nodes" twice`},
		"a version twice":   {strings.Replace(good, `"nodes"`, `"format_version": 1, "nodes"`, 1), `it has "format_version" twice`},
		"no JSON":           {"cluster {}", "this is no snapshot"},
		"another document":  {`{"a": 1}`, "format_version"},
		"newer":             {`{"format_version": 9}`, "use the bulwark that wrote it"},
		"misspelt":          {strings.Replace(good, `"role"`, `"rule"`, 1), "rule"},
		"no role":           {strings.Replace(good, "worker", "master", 1), `"master" is no role`},
		"a name twice":      {strings.Replace(good, `[`, `[{"name": "a", "role": "worker"}, `, 1), `a node "a" without a name of its own`},
		"no nodes":          {strings.Replace(good, `{"name": "a", "role": "worker"}`, "", 1), "the snapshot has no nodes"},
		"no version":        {strings.Replace(good, "1.37.2", "new", 1), "cluster.kubernetes"},
	} {
		_, err := provision.AuditSnapshots(t.Context(), provision.Input{Path: "../examples/quickstart"}, []provision.SnapshotFile{{Name: "x.json", Text: []byte(c.text)}})
		if err == nil || !strings.HasPrefix(err.Error(), "x.json: ") || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := provision.AuditSnapshots(t.Context(), provision.Input{Path: "../examples/quickstart"}, []provision.SnapshotFile{{Name: "x.json", Text: []byte(good)}}); err != nil {
		t.Error(err)
	}
}

func TestASnapshotIsOfNodesThatThereAre(t *testing.T) {
	_, err := provision.Snapshot(t.Context(), provision.Input{Path: "../examples/quickstart", Nodes: []string{"cp-9"}}, true)
	if err == nil || !strings.Contains(err.Error(), "--node cp-9: there is no such node") {
		t.Error(err)
	}
}
