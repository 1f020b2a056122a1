package check

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// opening is whom a table lets reach a port.
type opening struct {
	from []string // prefixes, sorted
	why  string   // what keeps it from being known
}

// hooks are where a table has to judge what comes in: on its way to the machine, and
// before a packet is translated and led on.
var hooks = [...]string{"input", "prerouting"}

// everybody is who may reach what nothing restricts.
var everybody = []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 0), netip.PrefixFrom(netip.IPv6Unspecified(), 0)}

// reach is whom a table lets reach a port of the machine: by its own chain for what
// comes in, or before a packet is translated and led on, as one for a NodePort is.
func (t *table) reach(port string) opening {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o, known := t.open[port]; known {
		return o
	}
	o := t.judge(port)
	t.open[port] = o
	return o
}

func (t *table) judge(port string) opening {
	protocol, number, _ := strings.Cut(port, "/")
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return opening{why: port + " is no port"}
	}
	if t.dormant {
		return opening{from: []string{everybody[0].String(), everybody[1].String()}}
	}
	var all []netip.Prefix
	for _, hook := range hooks {
		p := t.through(hook, protocol, uint16(n))
		if p.why != "" && len(p.from) > 0 {
			return opening{why: p.why}
		}
		all = append(all, p.from...)
	}
	out := opening{from: []string{}}
	for _, p := range merged(all) {
		out.from = append(out.from, p.String())
	}
	return out
}

// passage is whom the chains of a hook let reach a port.
type passage struct {
	// from is nobody too few, and sure those of them that get in whatever address of the
	// machine they ask for.
	from, sure []netip.Prefix
	// partly is a rule that drops some of them before, "" where none does: both may be
	// somebody too many then. Aimed is one that lets in who asks for one address.
	partly, aimed string
	why           string // what of the chains is not understood: from is what the others say
}

// through follows each chain of a hook: who comes in has to pass all of them, so that
// what one drops is dropped, also where another is not understood.
func (t *table) through(hook, protocol string, port uint16) passage {
	chains := t.hooked(hook)
	if len(chains) == 0 {
		return passage{from: everybody, sure: everybody, why: "the table has no chain of its own for " + hook}
	}
	out := passage{from: everybody, sure: everybody}
	for _, c := range chains {
		j := judge{table: t, protocol: protocol, port: port}
		if ended := j.chain(c, 0); !ended && c.policy != "drop" {
			j.from, j.sure = append(j.from, everybody...), append(j.sure, everybody...)
		}
		if j.why != "" {
			out.why = cmp.Or(out.why, j.why)
			continue
		}
		out.from, out.sure = common(out.from, merged(j.from)), common(out.sure, merged(j.sure))
		out.partly, out.aimed = cmp.Or(out.partly, j.partly), cmp.Or(out.aimed, j.aimed)
	}
	return out
}

// hooked are the chains of a hook that judge packets.
func (t *table) hooked(hook string) []*chain {
	var out []*chain
	for _, name := range slices.Sorted(maps.Keys(t.chains)) {
		if c := t.chains[name]; c.hook == hook {
			out = append(out, c)
		}
	}
	return out
}

// judge follows the rules for one port.
type judge struct {
	table    *table
	protocol string
	port     uint16
	// from are whom they let in, and sure those of them who are let in whatever address of
	// the machine they ask for.
	from, sure []netip.Prefix
	aimed      string // the first rule that lets in who asks for one address
	why        string
	// partly is the first rule that drops some of who asks for the port, and not all.
	partly string
}

// mostJumps is how deep chains may lead into each other.
const mostJumps = 8

// chain takes in whom a chain accepts, and says whether it is the end of everything.
func (j *judge) chain(c *chain, depth int) (ended bool) {
	for _, line := range c.rules {
		r := readRule(line)
		switch {
		case r.verdict == "drop" && r.always:
			return true
		case r.away || !r.about(j.protocol, j.port):
			continue // it is not about who asks for this port
		case r.verdict == "drop":
			if !r.elsewhere {
				j.partly = cmp.Or(j.partly, line)
			}
			continue // it lets nobody in
		case r.why != "": // what has no verdict that is known may have another
			j.miss(line, r.why)
		case r.verdict == "jump", r.verdict == "goto":
			next := j.table.chains[r.to]
			if next == nil || depth == mostJumps || !r.always {
				j.miss(line, "where it leads is not understood")
				continue
			}
			if j.chain(next, depth+1) {
				return true
			}
			if r.verdict == "goto" {
				return false // what follows it in this chain is never reached
			}
		case r.verdict == "accept":
			j.accept(line, r)
			if r.always {
				return true
			}
		}
	}
	return false
}

func (j *judge) miss(line, why string) {
	if j.why == "" {
		j.why = fmt.Sprintf("rule `%.200s`: %s", line, why)
	}
}

// accept takes in a rule's sources.
func (j *judge) accept(line string, r rule) {
	var from []netip.Prefix
	switch {
	case r.source == "":
		for _, all := range everybody {
			if r.family == "" || (r.family == "ip") == all.Addr().Is4() {
				from = append(from, all)
			}
		}
	case strings.HasPrefix(r.source, "@"):
		set, known := j.table.sets[r.source[1:]]
		if !known {
			set.why = "the table has no such set"
		}
		if set.why != "" {
			j.miss(line, set.why)
		}
		from = set.prefixes
	default:
		prefixes, err := elementsOf(strings.Trim(r.source, "{ }"))
		if err != nil {
			j.miss(line, err.Error())
		}
		from = prefixes
	}
	j.from = append(j.from, from...)
	if r.aimed {
		j.aimed = cmp.Or(j.aimed, line)
	} else {
		j.sure = append(j.sure, from...)
	}
}
