package check

import "net/netip"

// covered says whether a word is a prefix all of whose addresses are in others: of a
// firewall's list neighbours are one prefix, where a spec has each of them.
func covered(word string, by []netip.Prefix) bool {
	p, err := netip.ParsePrefix(word)
	return err == nil && inside(p.Masked(), by)
}

func inside(p netip.Prefix, by []netip.Prefix) bool {
	var within []netip.Prefix
	for _, b := range by {
		switch {
		case b.Bits() <= p.Bits() && b.Overlaps(p):
			return true
		case b.Overlaps(p):
			within = append(within, b)
		}
	}
	if len(within) == 0 {
		return false
	}
	lower := netip.PrefixFrom(p.Addr(), p.Bits()+1)
	upper := netip.PrefixFrom(lastOf(lower).Next(), p.Bits()+1)
	return inside(lower, within) && inside(upper, within)
}

// asPrefixes are the words that are prefixes.
func asPrefixes(words []string) []netip.Prefix {
	var out []netip.Prefix
	for _, w := range words {
		if p, err := netip.ParsePrefix(w); err == nil {
			out = append(out, p.Masked())
		}
	}
	return out
}
