package bulwark_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestTheLinterHoldsTheSameArrows keeps .golangci.yml and the table in step.
func TestTheLinterHoldsTheSameArrows(t *testing.T) {
	b, err := os.ReadFile(".golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]struct {
						Files []string `json:"files"`
						Allow []string `json:"allow"`
					} `json:"rules"`
				} `json:"depguard"`
			} `json:"settings"`
		} `json:"linters"`
	}
	if err := yaml.Unmarshal(b, &config); err != nil {
		t.Fatal(err)
	}
	for r, to := range arrows {
		if slices.Equal(to, []string{"..."}) {
			continue
		}
		rule, ok := config.Linters.Settings.Depguard.Rules[strings.ReplaceAll(r, "/", "-")]
		if !ok {
			t.Errorf(".golangci.yml has no depguard rule for %s", r)
			continue
		}
		want := wantAllow(r, to)
		slices.Sort(want)
		slices.Sort(rule.Allow)
		if !slices.Equal(rule.Allow, want) {
			t.Errorf(".golangci.yml lets %s import\n  %v, the table\n  %v", r, rule.Allow, want)
		}
	}
}

// wantAllow is what depguard must allow a room: a path, with $ behind it when
// what lies below is not meant.
func wantAllow(r string, to []string) []string {
	var want []string
	if r != "provision" {
		want = append(want, module+r)
	}
	for _, a := range to {
		if tree, ok := strings.CutSuffix(a, "/..."); ok {
			want = append(want, module+tree)
		} else {
			want = append(want, module+a+"$")
		}
	}
	for arrow := range departures {
		if from, path, _ := strings.Cut(arrow, " > "); from == r && !strings.Contains(path, ".") {
			want = append(want, module+path+"$")
		}
	}
	return want
}
