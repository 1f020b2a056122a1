package node

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// TestNamesCannotBreakOut: whatever a name or a protocol is, the text is
// refused or differs from the harmless one by that name alone.
func TestNamesCannotBreakOut(t *testing.T) {
	hostile := rapid.OneOf(
		rapid.String(),
		rapid.StringMatching(`[a-z0-9"'\\;{}#\n\r\t $()`+"`"+`<>:/.-]{1,20}`),
		rapid.StringMatching(`[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?`),
		rapid.SampledFrom([]string{"a\" accept\n", "x;flush ruleset", "a\\\"", "$(id)", "a\x00b", "ä", strings.Repeat("a", 64), "-a", "a-", "<<bulwark:x>>", "A", ""}),
	)
	label := regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	domain := regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
	shape := func(c *cluster.Cluster) string {
		text, err := firewall(c, c.Nodes[0])
		if err != nil {
			t.Fatal(err)
		}
		return regexp.MustCompile(`text [0-9a-f]{64}`).ReplaceAllString(string(text), "text")
	}
	rapid.Check(t, func(r *rapid.T) {
		name := hostile.Draw(r, "name")
		field := rapid.SampledFrom([]string{"allow", "cluster", "node", "proto", "range"}).Draw(r, "field")
		c, plain := flat(t), flat(t)
		ok := label.MatchString(name)
		allow := cluster.Allow{Name: "zzz", Ports: []cluster.Port{{Proto: "tcp", First: 1, Last: 1}}, From: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}
		c.Firewall.Allow, plain.Firewall.Allow = []cluster.Allow{allow}, []cluster.Allow{allow}
		switch field {
		case "allow":
			c.Firewall.Allow[0].Name = name
		case "cluster":
			c.Name, plain.Name = name, "zzz"
			ok = domain.MatchString(name)
		case "node":
			c.Nodes[0].Name, plain.Nodes[0].Name = name, "zzz"
			ok = domain.MatchString(name)
		case "proto":
			c.Firewall.Allow[0].Ports = []cluster.Port{{Proto: name}}
			_, ok = protocolNumber(name)
		case "range":
			c.APIServer.Args = map[string]string{"service-node-port-range": name}
			// The API server trims what Unicode calls a space (k8s.io/apimachinery, net.PortRange).
			ok = regexp.MustCompile(`^([0-9]+([-+][0-9]+)?)?$`).MatchString(strings.TrimSpace(name))
		}
		text, err := firewall(c, c.Nodes[0])
		if err != nil {
			if ok && (field != "range" && len(name) <= 63) {
				r.Fatalf("%s %q refused: %v", field, name, err)
			}
			return
		}
		if !ok || len(name) > 253 {
			r.Fatalf("%s %q accepted:\n%s", field, name, text)
		}
		if field == "proto" || field == "range" {
			return
		}
		got := regexp.MustCompile(`text [0-9a-f]{64}`).ReplaceAllString(string(text), "text")
		want := shape(plain)
		for _, frame := range map[string][][2]string{
			"allow":   {{"allow-", "-"}, {"allow.", "\n"}, {"allow ", `"`}},
			"cluster": {{"of cluster ", ".\n"}},
			"node":    {{"applies to ", " ("}},
		}[field] {
			want = strings.ReplaceAll(want, frame[0]+"zzz"+frame[1], frame[0]+name+frame[1])
		}
		if got != want {
			r.Fatalf("%s %q (-want +got):\n%s", field, name, cmp.Diff(want, got))
		}
	})
}

// TestRefused names what else a firewall is not made from.
func TestRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*cluster.Cluster)
		want   string
	}{
		"no ports":     {func(c *cluster.Cluster) { c.Firewall.Allow[0].Ports = nil }, "names no port"},
		"backwards":    {func(c *cluster.Cluster) { c.Firewall.Allow[0].Ports[0] = cluster.Port{Proto: "tcp", First: 9, Last: 8} }, "not a port"},
		"portless tcp": {func(c *cluster.Cluster) { c.Firewall.Allow[0].Ports[0] = cluster.Port{Proto: "tcp"} }, "not a port"},
		"ported vrrp": {func(c *cluster.Cluster) {
			c.Firewall.Allow[0].Ports[0] = cluster.Port{Proto: "vrrp", First: 1, Last: 1}
		}, "not a protocol"},
		"unknown":         {func(c *cluster.Cluster) { c.Network.CNIPorts[0].Proto = "quic" }, "network.cni_ports"},
		"twice":           {func(c *cluster.Cluster) { c.Firewall.Allow[1].Name = c.Firewall.Allow[0].Name }, "twice"},
		"no address":      {func(c *cluster.Cluster) { c.Nodes[1].Address = netip.Addr{} }, "no address"},
		"no prefix":       {func(c *cluster.Cluster) { c.Firewall.Admins[0] = netip.Prefix{} }, "firewall.admins"},
		"mapped prefix":   {func(c *cluster.Cluster) { c.Firewall.Admins[0] = netip.MustParsePrefix("::ffff:0.0.0.0/90") }, "firewall.admins"},
		"node port range": {func(c *cluster.Cluster) { c.APIServer.Args = map[string]string{"service-node-port-range": "9-1"} }, "service-node-port-range"},
	} {
		t.Run(name, func(t *testing.T) {
			c := dual(t)
			c.Firewall.Allow[0].On = ""
			tc.change(c)
			_, err := firewall(c, c.Nodes[0])
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}
