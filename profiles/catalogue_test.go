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
	scored := 0
	var ids []string
	for _, c := range all {
		ids = append(ids, c.ID)
		if c.Standard() == "CIS" && c.Scored {
			scored++
		}
		if !strings.HasPrefix(strings.TrimPrefix(c.ID, "CIS-"), c.Section+".") {
			t.Errorf("%s is in section %s", c.ID, c.Section)
		}
	}
	if scored != 65 {
		t.Errorf("%d controls of the CIS benchmark are scored, want 65", scored)
	}
	if slices.Sort(ids); len(slices.Compact(ids)) != len(all) {
		t.Error("an id comes twice")
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
