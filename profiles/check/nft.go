package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// table is `table inet bulwark`, as the file that loads it has it or as nft lists it.
type table struct {
	sets   map[string]addresses
	chains map[string]*chain
	// dormant says that the kernel keeps it and judges nothing by it.
	dormant bool

	mu   sync.Mutex
	open map[string]opening // by port, as it was asked before
}

// addresses are a set's, by what it is a set of.
type addresses struct {
	prefixes []netip.Prefix
	why      string // what keeps them from being known
}

// chain is one of a table: hook and policy are "" where packets only come by a jump.
type chain struct {
	hook, policy string
	rules        []string
}

// readTable reads the text of a table. It knows the layout in which nft lists one,
// where each rule has a line.
func readTable(text []byte) (*table, error) {
	r := &tableReader{table: &table{sets: map[string]addresses{}, chains: map[string]*chain{}, open: map[string]opening{}}}
	for line := range strings.SplitSeq(string(text), "\n") {
		if line = strings.TrimSpace(uncommented(line)); line == "" {
			continue
		}
		if err := r.line(line); err != nil {
			return nil, err
		}
	}
	if r.in != "" {
		return nil, fmt.Errorf("the text of the table ends within %s", r.in)
	}
	return r.table, nil
}

// uncommented is a line without what stands behind a #, but for one in quotes.
func uncommented(line string) string {
	quoted := false
	for i, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '#' && !quoted:
			return line[:i]
		}
	}
	return line
}

// tableReader is what was read of a table so far.
type tableReader struct {
	table    *table
	in, name string // the block that is open within the table: "chain", "set", …
	within   bool   // the table's own block is open
	header   string // what a set says before its elements
	elements string // of a set, until they end
	open     bool   // its elements go on in the next line
}

func (r *tableReader) line(line string) error {
	words := strings.Fields(line)
	switch {
	case r.open:
		r.more(line)
	case line == "}" && r.in != "":
		r.close()
	case line == "}" && r.within:
		r.within = false
	case !r.within && len(words) == 4 && words[0] == "table" && words[1] == "inet" && words[2] == "bulwark" && words[3] == "{":
		r.within = true
	case !r.within && strings.HasPrefix(line, "delete table inet bulwark"), !r.within && strings.HasPrefix(line, "add table inet bulwark"):
		clear(r.table.sets)
		clear(r.table.chains)
		r.table.dormant = false
	case r.within && r.in == "" && len(words) > 2 && words[len(words)-1] == "{": // "set x {", "ct helper x {"
		r.in, r.name, r.header, r.elements = words[0], words[len(words)-2], "", ""
		if r.in == "chain" {
			r.table.chains[r.name] = &chain{}
		}
	case r.in == "chain" && words[0] == "type":
		return r.hook(line)
	case r.in == "chain":
		c := r.table.chains[r.name]
		c.rules = append(c.rules, line)
	case r.in == "set" && words[0] == "elements":
		r.more(line)
	case r.in == "set":
		r.header += line + "\n"
	case r.within && r.in == "":
		return r.says(line)
	case r.in != "":
		// counters, maps and what else there may be: a rule that asks of one is not understood
	default:
		return fmt.Errorf("%q stands outside of the table", line)
	}
	return nil
}

// says takes in what a table says of itself.
func (r *tableReader) says(line string) error {
	if strings.HasPrefix(line, "comment ") {
		return nil
	}
	flags, is := strings.CutPrefix(strings.TrimSuffix(line, ";"), "flags ")
	for _, flag := range listOf(flags) {
		switch {
		case is && flag == "dormant":
			r.table.dormant = true
		case is && (flag == "owner" || flag == "persist"): // whose it is, and for how long
		default:
			return fmt.Errorf("%.200q of table inet bulwark is not understood; %s", line, readIt)
		}
	}
	return nil
}

// more takes in a line of a set's elements.
func (r *tableReader) more(line string) {
	r.elements += line
	r.open = !strings.HasSuffix(line, "}")
}

// hook reads "type filter hook input priority filter - 5; policy drop;".
func (r *tableReader) hook(line string) error {
	c := r.table.chains[r.name]
	words := strings.Fields(strings.ReplaceAll(line, ";", " "))
	at := slices.Index(words, "hook")
	if at < 0 || at+1 >= len(words) {
		return fmt.Errorf("chain %s: %q is not understood", r.name, line)
	}
	c.hook, c.policy = words[at+1], "accept"
	if words[1] != "filter" {
		c.hook = words[1] + " " + c.hook
	}
	if at := slices.Index(words, "policy"); at > 0 && at+1 < len(words) {
		c.policy = words[at+1]
	}
	return nil
}

// close ends a block.
func (r *tableReader) close() {
	if r.in == "set" {
		r.table.sets[r.name] = readSet(r.header, r.elements)
	}
	r.in = ""
}

func readSet(header, elements string) addresses {
	var out addresses
	for line := range strings.Lines(header) {
		switch line = strings.TrimSpace(line); {
		case slices.Contains([]string{"type ipv4_addr", "type ipv6_addr", "flags interval", "flags constant", "flags constant,interval", "auto-merge"}, line):
		case strings.HasPrefix(line, "comment "):
		default:
			return addresses{why: fmt.Sprintf("%q of a set is not understood", line)}
		}
	}
	if elements == "" {
		return out
	}
	_, list, _ := strings.Cut(elements, "{")
	prefixes, err := elementsOf(strings.TrimSuffix(strings.TrimSpace(list), "}"))
	if err != nil {
		return addresses{why: err.Error()}
	}
	out.prefixes = prefixes
	return out
}

// elementsOf reads addresses, prefixes and ranges with commas between them.
func elementsOf(list string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for element := range strings.SplitSeq(list, ",") {
		if element = strings.TrimSpace(element); element == "" {
			continue
		}
		prefixes, ok := prefixesOf(element)
		if !ok {
			return nil, fmt.Errorf("%.100q is no address that is understood", element)
		}
		out = append(out, prefixes...)
	}
	return out, nil
}

// prefixesOf are what one element comes to.
func prefixesOf(element string) ([]netip.Prefix, bool) {
	if first, last, is := strings.Cut(element, "-"); is {
		a, err := netip.ParseAddr(first)
		b, err2 := netip.ParseAddr(last)
		if err != nil || err2 != nil || a.Is4() != b.Is4() || b.Less(a) {
			return nil, false
		}
		return rangeOf(a, b), true
	}
	if p, err := netip.ParsePrefix(element); err == nil {
		return []netip.Prefix{p.Masked()}, true
	}
	a, err := netip.ParseAddr(element)
	if err != nil || a.Zone() != "" {
		return nil, false
	}
	return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}, true
}

// rangeOf is a range of addresses as prefixes, each as large as it can be.
func rangeOf(first, last netip.Addr) []netip.Prefix {
	var out []netip.Prefix
	for {
		p := netip.PrefixFrom(first, first.BitLen())
		for p.Bits() > 0 {
			wider := netip.PrefixFrom(first, p.Bits()-1)
			if wider.Masked().Addr() != first || last.Less(lastOf(wider)) {
				break
			}
			p = wider
		}
		out = append(out, p)
		end := lastOf(p)
		if !end.Less(last) {
			return out
		}
		first = end.Next()
	}
}

// lastOf is the last address of a prefix.
func lastOf(p netip.Prefix) netip.Addr {
	bytes := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < p.Addr().BitLen(); bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	out, _ := netip.AddrFromSlice(bytes)
	return out
}
