package profiles_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
)

func TestCatalogueIsRead(t *testing.T) {
	all, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	if slices.Sort(ids); len(slices.Compact(ids)) != len(all) {
		t.Error("an id comes twice")
	}
}

// The CIS benchmark has 131 rules, 65 of them scored, and one that its next version words
// otherwise.
func TestTheCISBenchmark(t *testing.T) {
	all, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	var sections []string
	rules, newer, scored, second := 0, 0, 0, 0
	for _, c := range all {
		if c.Standard() != "CIS" {
			continue
		}
		number := strings.TrimPrefix(c.ID, "CIS-")
		if after, ok := strings.CutPrefix(number, "2.1.0-"); ok {
			number = after
			newer++
		} else {
			rules++
		}
		if !strings.HasPrefix(number, c.Section+".") {
			t.Errorf("%s: %s is in section %s", c.Range, c.ID, c.Section)
		}
		if file := "cis/" + c.Section + ".hcl"; c.Range.Filename != file && c.Range.Filename != "cis/"+c.Section[:1]+".hcl" {
			t.Errorf("%s stands in %s, want %s", c.ID, c.Range.Filename, file)
		}
		switch c.Level {
		case 1:
		case 2:
			second++
		default:
			t.Errorf("%s: %s has level %d", c.Range, c.ID, c.Level)
		}
		if c.Scored {
			scored++
			if c.Check == nil {
				t.Errorf("%s: %s is scored and has no check", c.Range, c.ID)
			}
		}
		sections = append(sections, c.Section)
	}
	if rules != 131 || newer != 1 || scored != 65 || second != 13 {
		t.Errorf("%d rules, %d of a newer version, %d scored, %d of level 2; want 131, 1, 65 and 13", rules, newer, scored, second)
	}
	want := []string{"1.1", "1.2", "1.3", "1.4", "2", "3.1", "3.2", "4.1", "4.2", "4.3", "5.1", "5.2", "5.3", "5.4", "5.5", "5.6"}
	if sections = slices.Compact(sections); !slices.Equal(sections, want) {
		t.Errorf("the sections are %v, want %v", sections, want)
	}
}

func TestABadFileIsRefusedWhole(t *testing.T) {
	_, diags := profiles.Load("acme.hcl", []byte(`control "acme" {
  titel = "x"
  check = arg(apiserver, "nope") == null
}
other = 1
control "ACME-1" {
  title  = "t"
  remedy = "r"
  check  = path("/x") == null
}
control "ACME-1" {
  title  = "t"
  remedy = "r"
  check  = path("/x") == null
  refs   = 3
}
`))
	said := diags.Error()
	var all []string
	for _, d := range diags {
		all = append(all, d.Error())
	}
	for _, want := range []string{`acme.hcl:1`, `no id of a control`, `no "titel"`, `no argument "nope"`, `acme has no title`, `acme has no remedy`, `"other" stands outside`, `ACME-1 is at`, `acme.hcl:15`} {
		if !slices.ContainsFunc(all, func(d string) bool { return strings.Contains(d, want) }) {
			t.Errorf("nothing says %q: %s, %q", want, said, all)
		}
	}
}
