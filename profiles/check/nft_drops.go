package check

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
)

// drops says whether what no rule lets in is dropped: on its way in, and before it is
// translated. It follows the rules for ports that none of them names, since a policy or
// a last rule that drops is worth nothing behind one that accepts nearly everything.
func (t *table) drops() (drops bool, why string) {
	if t.dormant {
		return false, ""
	}
	for _, hook := range hooks {
		if len(t.hooked(hook)) == 0 {
			return false, ""
		}
		for _, protocol := range []string{"tcp", "udp"} {
			p := t.through(hook, protocol, t.unnamed(protocol))
			switch {
			case !wide(p.from): // by the chains that are understood, and one of them is enough
			case p.why != "":
				why = cmp.Or(why, p.why)
			case p.partly != "": // what is dropped before may be all that should be
				why = cmp.Or(why, fmt.Sprintf("rule `%.200s` drops a part of what is accepted behind it", p.partly))
			case wide(p.sure):
				return false, ""
			default: // the address may be one that nobody has from outside
				why = cmp.Or(why, fmt.Sprintf("rule `%.200s` accepts everything for some addresses", p.aimed))
			}
		}
	}
	return why == "", why
}

// wide says whether so many get in that a list of them keeps nearly nobody off: of the
// addresses that are no private network's more than a /8, of IPv6 more than a /16.
func wide(from []netip.Prefix) bool {
	var four, six float64 // shares of all addresses
	for _, p := range merged(from) {
		switch share := math.Ldexp(1, -p.Bits()); {
		case inside(p, private):
		case p.Addr().Is4():
			four += share
		default:
			six += share
		}
	}
	return four > 1./(1<<8) || six > 1./(1<<16)
}

// private are addresses that nobody has on the internet.
var private = asPrefixes([]string{"10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10"})

// unnamed is a port of a protocol that no rule is about, the first one where all are.
func (t *table) unnamed(protocol string) uint16 {
	named := []span{}
	for _, c := range t.chains {
		for _, line := range c.rules {
			if r := readRule(line); r.protocols == nil || slices.Contains(r.protocols, protocol) {
				named = append(named, r.ports...)
			}
		}
	}
	slices.SortFunc(named, func(a, b span) int { return int(a.first) - int(b.first) })
	port := 1
	for _, s := range named {
		if int(s.first) > port {
			break
		}
		port = max(port, int(s.last)+1)
	}
	if port > 65535 {
		return 1
	}
	return uint16(port)
}
