package provision

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// planned is a session for fresh machines of a spec.
func planned(t *testing.T, path string) *Session {
	t.Helper()
	i, err := intended(t.Context(), Input{Path: path, LookupEnv: func(string) (string, bool) { return "", false }})
	if err != nil {
		t.Fatal(err)
	}
	have := &state.Cluster{Nodes: map[string]*state.Node{}}
	for _, n := range i.cluster.Nodes {
		have.Nodes[n.Name] = &state.Node{Name: n.Name}
	}
	return &Session{Cluster: i.cluster, Plan: plan.Compute(i.cluster, i.wants, have, kube.Missing), have: have,
		looks: looks(have), mark: mark(i.wants), access: apply.Access{Cluster: i.cluster, First: i.first}}
}

// Every example means the same once it was saved and read again, raw settings
// with their numbers among them.
func TestASavedPlanMeansTheSame(t *testing.T) {
	raw := filepath.Join(t.TempDir(), "cluster.hcl")
	text := `cluster "raw" {
  firewall { admins = ["203.0.113.0/24"] }
  kubelet { config = { maxPods = 60, evictionHard = { "memory.available" = "5%" }, cpuCFSQuota = true, containerLogMaxFiles = 7 } }
  apiserver { args = { "event-ttl" = "2h" } }
  node "cp-1" {
    role    = "control-plane"
    address = "10.0.0.11"
    taints  = []
  }
}
`
	if err := os.WriteFile(raw, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"../examples/quickstart", "../examples/bare-metal", "../examples/flannel", "../examples/private-network", "../examples/three-control-planes", raw} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			s := planned(t, path)
			file, err := s.Save(Input{SSHConfig: "/c"}, "v1")
			if err != nil {
				t.Fatal(err)
			}
			if !IsSaved(file) || IsSaved([]byte(text)) {
				t.Error("it is not known for what it is")
			}
			was, err := readSaved(file, "v1")
			if err != nil {
				t.Fatal(err)
			}
			if err := stale(was, s); err != nil {
				t.Error(err)
			}
			if was.SSHConfig != "/c" || was.Cluster.Name != s.Cluster.Name {
				t.Errorf("%+v", was)
			}
		})
	}
}

func TestASavedPlanGoesStale(t *testing.T) {
	for name, test := range map[string]struct {
		move func(s *Session)
		says string
	}{
		"a file":   {func(s *Session) { s.have.Nodes["w-1"].Files = map[string]state.HaveFile{"/a": {Type: "file"}} }, "w-1 moved"},
		"a table":  {func(s *Session) { s.have.Nodes["cp-1"].Table = "table inet bulwark {}" }, "cp-1 moved"},
		"a sysctl": {func(s *Session) { s.have.Nodes["cp-1"].Sysctls = map[string]string{"vm.panic_on_oom": "1"} }, "cp-1 moved"},
		"machines": {func(s *Session) {
			s.have.Nodes["w-1"].Facts.MachineID = "1"
			s.have.Nodes["cp-1"].Facts.MachineID = "2"
		}, "cp-1, w-1 moved"},
		"the API": {func(s *Session) { s.Plan.Steps = s.Plan.Steps[1:] }, "planned for in another way"},
	} {
		t.Run(name, func(t *testing.T) {
			s := planned(t, "../examples/quickstart")
			file, err := s.Save(Input{}, "v1")
			if err != nil {
				t.Fatal(err)
			}
			was, err := readSaved(file, "v1")
			if err != nil {
				t.Fatal(err)
			}
			test.move(s)
			s.looks = looks(s.have)
			err = stale(was, s)
			if e, ok := errors.AsType[*StaleError](err); !ok || !strings.Contains(e.Error(), test.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestWhatIsNoSavedPlan(t *testing.T) {
	good, err := planned(t, "../examples/quickstart").Save(Input{}, "v1")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"cut": string(good[:len(good)/2]), "another version": strings.Replace(string(good), `"v1"`, `"v2"`, 1), "empty": `{"format": "bulwark plan 1", "bulwark": "v1"}`,
		"more": strings.Replace(string(good), `"bulwark": "v1"`, `"bulwark": "v1", "more": 1`, 1), "nothing": "",
	} {
		if _, err := readSaved([]byte(text), "v1"); err == nil || !strings.Contains(err.Error(), "plan again") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
