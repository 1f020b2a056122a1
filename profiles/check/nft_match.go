package check

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// match takes in what a rule asks of a packet: a field, and what it has to be. Of fields
// that are not known nobody knows how many words follow, so that what stands behind them
// is not read: it could make the rule one that is about less than it is.
func (r *rule) match(word string, w *ruleWords) {
	what := word
	if word != "iif" && word != "iifname" {
		field, _ := w.next()
		what += " " + field
	}
	if what == "fib daddr" {
		kind, _ := w.next()
		what += " " + kind
	}
	take := r.taker(what)
	if take == nil {
		r.misses(what)
		w.words = nil
		return
	}
	value, not, plain := w.value()
	if !plain {
		r.protocol(what)
		r.misses(what, value)
		w.words = nil
		return
	}
	take(what, value, not)
}

// taker is what takes in the value of a field, nil for one that is not known.
func (r *rule) taker(what string) func(what, value string, not bool) {
	switch what {
	case "iif", "iifname":
		return r.device
	case "ct state":
		return r.state
	case "ct status": // who comes by a translation is not told by the rules here
		return func(what, value string, _ bool) { r.misses(what, value) }
	case "fib daddr type":
		return r.targetKind
	case "ip saddr", "ip6 saddr":
		return r.sender
	case "ip daddr", "ip6 daddr":
		return r.target
	case "icmp type", "icmpv6 type":
		return func(what, _ string, _ bool) { r.protocol(what) }
	case "meta l4proto", "ip protocol", "ip6 nexthdr":
		return r.l4proto
	case "tcp dport", "udp dport", "sctp dport", "th dport":
		return r.dport
	case "tcp sport", "udp sport", "sctp sport", "th sport":
		return func(what, _ string, _ bool) { r.protocol(what) } // whoever asks chooses the port
	}
	return nil
}

func (r *rule) device(what, value string, not bool) {
	if not || value != `"lo"` {
		r.misses(what, value)
		return
	}
	r.away = true
}

func (r *rule) state(what, value string, not bool) {
	r.elsewhere = r.elsewhere || !not && value == "invalid"
	r.away = r.away || !not && !slices.ContainsFunc(listOf(value), func(s string) bool { return s != "established" && s != "related" })
	if !r.away {
		r.misses(what, value)
	}
}

// targetKind is of the address that a packet is for.
func (r *rule) targetKind(what, value string, not bool) {
	if !not || value != "local" {
		r.misses(what, value)
		return
	}
	r.away = true
}

func (r *rule) sender(what, value string, not bool) {
	if not || r.source != "" {
		r.misses(what, value)
	}
	r.family, r.source = firstOf(what), value
}

// target takes in the address that a packet is for.
func (r *rule) target(what, value string, not bool) {
	r.family = firstOf(what)
	if not {
		return // nearly every address is another
	}
	r.elsewhere = r.elsewhere || strings.HasPrefix(value, "@services")
	prefixes, err := elementsOf(strings.Trim(value, "{ }"))
	outside := func(p netip.Prefix) bool { return !inside(p, loopback) }
	r.away = r.away || err == nil && !slices.ContainsFunc(prefixes, outside) // nobody reaches those from outside
	r.aimed = r.aimed || err != nil || !slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Bits() == 0 })
}

// loopback are addresses that a machine has for itself.
var loopback = asPrefixes([]string{"127.0.0.0/8", "::1/128"})

// l4proto takes in protocols by their names or numbers.
func (r *rule) l4proto(what, value string, not bool) {
	if word := firstOf(what); word != "meta" {
		r.family = word
	}
	var names []string
	for _, name := range listOf(value) {
		if n, err := strconv.ParseUint(name, 10, 8); err == nil {
			number := strconv.FormatUint(n, 10)
			name = cmp.Or(protocolNames[number], number)
		} else if !protocolName.MatchString(name) && !slices.Contains(dashedProtocols, name) {
			not = true // nor does anybody know which are not meant
		}
		names = append(names, name)
	}
	if not {
		r.misses(what, value)
		return
	}
	r.protocols = names
}

func (r *rule) dport(what, value string, not bool) {
	r.protocol(what)
	spans, ok := spansOf(value)
	if not || !ok || r.ports != nil {
		r.misses(what, value)
		return
	}
	r.ports = spans
}

// protocol is that of a rule which asks of a field of it.
func (r *rule) protocol(what string) {
	switch word := firstOf(what); word {
	case "tcp", "udp", "sctp", "icmp", "icmpv6":
		r.protocols = []string{word}
	case "th":
		if r.protocols == nil {
			r.protocols = transports
		}
	}
}

// firstOf is the first word of a field: what its header is of.
func firstOf(what string) string {
	word, _, _ := strings.Cut(what, " ")
	return word
}

// protocolNames are what nft lists as numbers where no file names them.
var protocolNames = map[string]string{"6": "tcp", "17": "udp", "132": "sctp"}

// protocolName is one without a dash, which stands in ranges too; dashedProtocols are
// those with one.
var protocolName = regexp.MustCompile(`^[a-z][a-z0-9.+/]*$`)

var dashedProtocols = []string{"idpr-cmtp", "ipv6-frag", "ipv6-icmp", "ipv6-nonxt", "ipv6-opts", "ipv6-route", "iso-tp4", "mobility-header", "mpls-in-ip", "xns-idp"}

// transports are protocols that have ports.
var transports = []string{"tcp", "udp", "sctp", "dccp", "udplite"}

func (r *rule) misses(words ...string) {
	if r.why == "" {
		r.why = `"` + strings.Join(words, " ") + `" is not understood`
	}
}

// listOf are the words of "{ a, b }" or "a,b".
func listOf(value string) []string {
	var out []string
	for word := range strings.SplitSeq(strings.Trim(value, "{ }"), ",") {
		out = append(out, strings.TrimSpace(word))
	}
	return out
}

func spansOf(value string) ([]span, bool) {
	out := []span{}
	for _, word := range listOf(value) {
		first, last, is := strings.Cut(word, "-")
		if !is {
			last = first
		}
		a, err := strconv.ParseUint(first, 10, 16)
		b, err2 := strconv.ParseUint(last, 10, 16)
		if err != nil || err2 != nil {
			return out, false
		}
		out = append(out, span{uint16(a), uint16(b)})
	}
	return out, true
}
