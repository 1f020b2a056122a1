package check

import (
	"strings"
	"testing"
)

// Without bulwark's table a firewall of somebody else's is not known, and none at all is
// none. A snapshot says the same.
func TestAnotherFirewallIsNotJudged(t *testing.T) {
	const dropped, reached = `firewall().loaded && firewall().drops`, `has(open_from("tcp/2379"), "0.0.0.0/0")`
	for name, c := range map[string]struct {
		others  []string
		foreign bool
		want    Verdict
		why     string
	}{
		"nobody asked":                  {nil, false, False, ""},
		"none":                          {[]string{}, false, False, ""},
		"another":                       {[]string{"inet firewalld filter_INPUT"}, false, Unknown, "another firewall is in charge (inet firewalld filter_INPUT)"},
		"nobody asked, without a spec":  {nil, true, Unknown, "may be there"},
		"none, without a spec":          {[]string{}, true, False, ""},
		"another, and there is no spec": {[]string{"ip filter INPUT"}, true, Unknown, "by hand"},
	} {
		s := subject()
		s.Cluster.Foreign = c.foreign
		s.Have.Nodes["cp-1"].Table, s.Have.Nodes["cp-1"].OtherFirewalls = "", c.others
		for _, of := range []Subject{s, again(t, s)} {
			expect(t, of, dropped, c.want)
			expect(t, of, reached, Unknown)
			q, _ := parse(t, dropped)
			of.asked = nil
			if why := strings.Join(reasons(q.Ask(t.Context(), of)), ""); !strings.Contains(why, c.why) {
				t.Errorf("%s: %q", name, why)
			}
		}
	}
}
