package profiles_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
)

// guidance are the ids of the two texts that are no benchmark, by standard. NSA's are
// ours, since the guide numbers nothing.
var guidance = map[string]string{
	"NSA": `PS-1 PS-2 PS-3 PS-4a PS-4b PS-4c PS-4d PS-4e PS-5 PS-6
		NS-1 NS-2 NS-3 NS-4 NS-5 NS-6 EN-1
		CP-1 CP-2 CP-3 CP-4 CP-5 CP-6 CP-7 KC-1 WN-1 CL-1 ET-1 ET-2 ET-3 SE-1 SE-2 SE-3
		AA-1 AA-2 AA-3 AA-4 AA-5 AA-6
		AL-1 AL-2 AL-3 AL-4 AL-5 AL-6 AL-7 AL-8 AL-9 AL-10 UP-1 UP-2 UP-3 UP-4
		APP-A APP-B APP-C APP-D APP-E APP-F APP-G APP-H APP-I APP-J APP-K APP-L APP-M APP-N`,
	"PCI": `1.1 1.2 1.3 1.4 1.5 1.6 2.1 2.2 2.3 3.1 3.2 3.3 4.1 4.2 4.3 5.1 5.2 6.1 6.2 7.1 8.1 8.2 9.1 9.2
		10.1 10.2 10.3 11.1 12.1 12.2 12.3 12.4 13.1 13.2 13.3 13.4 14.1 15.1 16.1 16.2 16.3 16.4`,
}

func TestGuidanceIsWhole(t *testing.T) {
	all, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	have := map[string][]string{}
	ids := map[string]bool{}
	for _, c := range all {
		have[c.Standard()] = append(have[c.Standard()], strings.TrimPrefix(c.ID, c.Standard()+"-"))
		ids[c.ID] = true
	}
	for standard, count := range map[string]int{"NSA": 67, "PCI": 42} {
		want := strings.Fields(guidance[standard])
		if len(want) != count {
			t.Errorf("%d ids of %s are written here, and the text has %d", len(want), standard, count)
		}
		slices.Sort(want)
		slices.Sort(have[standard])
		if !slices.Equal(want, have[standard]) {
			t.Errorf("%s: the catalogue has\n%v, and the text\n%v", standard, have[standard], want)
		}
	}
	for _, c := range all {
		if guidance[c.Standard()] == "" {
			continue
		}
		if c.Section == "" || c.Level != 0 || c.Cat != 0 || c.Scored || c.Rule != "" {
			t.Errorf("%s has what is of another standard, or no section: %+v", c.ID, c)
		}
		if c.Standard() == "PCI" && !strings.HasPrefix(c.ID, "PCI-"+c.Section+".") {
			t.Errorf("%s is in section %s", c.ID, c.Section)
		}
		if c.Question != "" && !strings.Contains(c.Question, "?") {
			t.Errorf("%s asks nothing: %s", c.ID, c.Question)
		}
		for _, r := range c.Refs {
			standard, _, _ := strings.Cut(r, "-")
			if r == c.ID || guidance[standard] != "" && !ids[r] {
				t.Errorf("%s refers to %s", c.ID, r)
			}
		}
	}
}
