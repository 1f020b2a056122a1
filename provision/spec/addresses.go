package spec

import (
	"net/netip"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// address reads an IP address that a machine can have.
func (l *loader) address(s item, what string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s.value)
	if err != nil {
		hint := "Write it as 10.0.0.11 or 2001:db8::11."
		if strings.Contains(s.value, "/") {
			hint = "Write the address alone, without a prefix length."
		}
		l.report(problem(CodeAddress, s.at, "Not an address", "%s is no IP address for the %s. %s", short(s.value), what, hint))
		return netip.Addr{}, false
	}
	if !l.usableAddress(addr, s, what) {
		return netip.Addr{}, false
	}
	return addr, true
}

// usableAddress refuses addresses that mean something else on each machine, or
// that can be written in another way.
func (l *loader) usableAddress(addr netip.Addr, s item, what string) bool {
	why := ""
	switch {
	case addr.Zone() != "":
		why = "its zone means another interface on each machine; use an address without one"
	case addr.Is4In6():
		why = "it is an IPv4 address in IPv6 form; write " + addr.Unmap().String()
	case addr.IsUnspecified():
		why = "it means every interface, and no machine"
	case addr.IsLoopback():
		why = "it is each machine itself"
	case addr.IsMulticast(), addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		why = "it is no single machine's"
	case addr.IsLinkLocalUnicast():
		why = "it is valid on one link only"
	default:
		return true
	}
	l.report(problem(CodeAddress, s.at, "Address that cannot be meant", "%s cannot be the %s: %s.", short(s.value), what, why))
	return false
}

// prefixes reads a list of prefixes, each written as the network it is.
func (l *loader) prefixes(a *hcl.Attribute) []netip.Prefix {
	items, _ := l.list(a)
	var out []netip.Prefix
	seen := map[netip.Prefix]bool{}
	for _, s := range items {
		p, ok := l.prefix(s, a.Name)
		switch {
		case !ok:
		case seen[p]:
			l.report(problem(CodeDuplicate, s.at, "Prefix given twice", "%s is already in %q. Remove one of the two.", p, a.Name))
		default:
			seen[p] = true
			out = append(out, p)
		}
	}
	return out
}

func (l *loader) prefix(s item, what string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(s.value)
	why := ""
	switch addr, addrErr := netip.ParseAddr(s.value); {
	case s.value == "":
		return p, false // its wrong type was reported
	case addrErr == nil && addr.Zone() == "":
		why = "it is one address; write " + netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()).String()
	case err != nil:
		why = "it is none; write it as 10.0.0.0/24 or 2001:db8::/64"
	case p.Addr().Is4In6():
		why = "it is an IPv4 prefix in IPv6 form; write it as 10.0.0.0/24"
	case p != p.Masked():
		why = "it has bits behind its length; write " + p.Masked().String()
	case p.Addr().IsMulticast() || p.Addr().IsLoopback():
		why = "no traffic between machines comes from there"
	default:
		return p, true
	}
	l.report(problem(CodeAddress, s.at, "Not a prefix", "%s cannot be a prefix of %q: %s.", short(s.value), what, why))
	return netip.Prefix{}, false
}

// onePerFamily refuses a list with two prefixes of a family, or none at all.
func (l *loader) onePerFamily(a *hcl.Attribute, ps []netip.Prefix) bool {
	if len(ps) == 0 {
		return false // each was refused, or the list is empty, which the caller says
	}
	if len(ps) > 2 || len(ps) == 2 && ps[0].Addr().Is4() == ps[1].Addr().Is4() {
		l.report(problem(CodeAddress, a.Expr.Range(), "More than one prefix of a family", "%q holds one IPv4 prefix, one IPv6 prefix, or one of each with the more important one first.", a.Name))
		return false
	}
	return true
}
