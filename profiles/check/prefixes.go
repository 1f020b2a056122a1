package check

import (
	"net/netip"
	"slices"
)

// merged are the same addresses by as few prefixes as there can be, sorted: nft lists
// neighbours as one range, where the text that it was given has each of them.
func merged(in []netip.Prefix) []netip.Prefix {
	in = slices.Clone(in)
	slices.SortFunc(in, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits() // what holds others comes before them
	})
	var out []netip.Prefix
	for _, p := range in {
		if last := len(out) - 1; last >= 0 && out[last].Overlaps(p) {
			continue
		}
		out = append(out, p)
		for len(out) > 1 && out[len(out)-1].Bits() > 0 {
			a, b := out[len(out)-2], out[len(out)-1]
			both := netip.PrefixFrom(a.Addr(), a.Bits()-1)
			if a.Bits() != b.Bits() || both != both.Masked() || !both.Overlaps(b) {
				break
			}
			out = append(out[:len(out)-2], both)
		}
	}
	return out
}

// common are the addresses that both have.
func common(a, b []netip.Prefix) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range a {
		for _, q := range b {
			switch {
			case !p.Overlaps(q):
			case p.Bits() < q.Bits():
				out = append(out, q)
			default:
				out = append(out, p)
			}
		}
	}
	return merged(out)
}

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
