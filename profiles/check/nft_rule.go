package check

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// rule is one of a chain, as far as it matters for who comes in. What it matches
// besides makes it match less: who it lets in is never more than this.
type rule struct {
	verdict, to string // "accept", "drop", "jump" or "goto" and where to; "" of one without
	// always says that it matches every packet.
	always bool
	// away says that no packet is meant that somebody sends to this machine for a first
	// time: those of the machine itself, answers, and what goes elsewhere.
	away bool
	// elsewhere says that no packet is meant by which somebody reaches the machine
	// itself: what belongs to no connection, and what is for the address of a service.
	elsewhere bool
	// family and source are whose packets: "ip" and "@nodes4".
	family, source string
	protocols      []string
	ports          []span
	why            string // what is not understood
}

type span struct{ first, last uint16 }

// about says whether a rule can be about a port.
func (r rule) about(protocol string, port uint16) bool {
	if r.protocols != nil && !slices.Contains(r.protocols, protocol) {
		return false
	}
	return r.ports == nil || slices.ContainsFunc(r.ports, func(s span) bool { return s.first <= port && port <= s.last })
}

// protocolNames are what nft lists as numbers where no file names them.
var protocolNames = map[string]string{"6": "tcp", "17": "udp", "132": "sctp"}

// transports are protocols that have ports.
var transports = []string{"tcp", "udp", "sctp", "dccp", "udplite"}

// readRule reads a rule as this table's are written, and says what of it is none.
func readRule(line string) rule {
	r := rule{always: true}
	words, ok := tokens(line)
	if !ok {
		r.why = "it cannot be read"
		r.verdict = "accept" // as bad as it can be
		return r
	}
	w := &ruleWords{words: words}
	for {
		word, more := w.next()
		if !more {
			return r
		}
		r.word(word, w)
	}
}

// ruleWords are the words of a rule that are still to be read.
type ruleWords struct{ words []string }

func (w *ruleWords) next() (string, bool) {
	if len(w.words) == 0 {
		return "", false
	}
	word := w.words[0]
	w.words = w.words[1:]
	return word, true
}

// value is the next word, where "!=" may stand before it.
func (w *ruleWords) value() (value string, not bool) {
	value, _ = w.next()
	if value == "!=" {
		value, _ = w.next()
		return value, true
	}
	return value, false
}

// word takes in one word and what belongs to it.
func (r *rule) word(word string, w *ruleWords) {
	switch word {
	case "accept", "drop":
		r.verdict = word
	case "reject":
		r.verdict = "drop"
		w.words = nil // how it says so is of no account
	case "jump", "goto":
		r.verdict = word
		r.to, _ = w.next()
	case "comment":
		_, _ = w.next()
	case "counter":
		r.skip(w, "name", "packets", "bytes")
	case "limit": // rate 5/second burst 10 packets
		r.always = false
		r.skip(w, "rate", "burst")
	case "log":
		r.skip(w, "prefix", "level", "flags", "group")
	default:
		r.always = false
		r.match(word, w)
	}
}

// skip leaves out words that say nothing of whom a rule matches, each with its value.
func (r *rule) skip(w *ruleWords, words ...string) {
	for len(w.words) > 1 && slices.Contains(words, w.words[0]) {
		w.words = w.words[2:]
	}
	if len(w.words) > 0 && w.words[0] == "packets" {
		w.words = w.words[1:]
	}
}

func (r *rule) match(word string, w *ruleWords) {
	field, _ := w.next()
	switch what := word + " " + field; what {
	case `iifname "lo"`:
		r.away = true
	case "ct state":
		states, not := w.value()
		r.elsewhere = r.elsewhere || !not && states == "invalid"
		r.away = r.away || !not && !slices.ContainsFunc(listOf(states), func(s string) bool { return s != "established" && s != "related" })
		if !r.away {
			r.misses(what, states)
		}
	case "ct status":
		if value, not := w.value(); not || value != "dnat" {
			r.misses(what, value)
		}
	case "fib daddr":
		kind, _ := w.next()
		value, not := w.value()
		if kind != "type" || !not || value != "local" {
			r.misses(what, kind, value)
			return
		}
		r.away = true
	case "ip saddr", "ip6 saddr":
		value, not := w.value()
		if not || r.source != "" {
			r.misses(what, value)
		}
		r.family, r.source = word, value
	case "ip daddr", "ip6 daddr":
		value, not := w.value()
		if r.family = word; !not && (value == "127.0.0.0/8" || value == "::1") {
			r.away = true // nobody reaches that from outside
		}
		r.elsewhere = r.elsewhere || !not && strings.HasPrefix(value, "@services")
	case "icmp type", "icmpv6 type":
		_, _ = w.value()
		r.protocols = []string{word}
	case "meta l4proto":
		value, not := w.value()
		if not {
			r.misses(what, value)
			return
		}
		r.protocols = nil
		for _, name := range listOf(value) {
			r.protocols = append(r.protocols, cmp.Or(protocolNames[name], name))
		}
	case "tcp dport", "udp dport", "sctp dport", "th dport":
		r.transport(word)
		value, not := w.value()
		spans, ok := spansOf(value)
		if not || !ok || r.ports != nil {
			r.misses(what, value)
			return
		}
		r.ports = spans
	case "tcp sport", "udp sport", "sctp sport", "th sport":
		r.transport(word)
		_, _ = w.value() // whoever asks chooses it
	default:
		r.misses(what)
	}
}

// transport is the protocol of a rule that matches ports.
func (r *rule) transport(word string) {
	switch {
	case word != "th":
		r.protocols = []string{word}
	case r.protocols == nil:
		r.protocols = transports
	}
}

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

// tokens are the words of a rule: text in quotes is one, with them, and so is a set in
// braces.
func tokens(line string) ([]string, bool) {
	var out []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		end := strings.IndexAny(line, " \t")
		switch line[0] {
		case '#':
			return out, true
		case '"':
			end = strings.IndexByte(line[1:], '"') + 2
			if end == 1 {
				return nil, false
			}
		case '{':
			end = strings.IndexByte(line, '}') + 1
			if end == 0 {
				return nil, false
			}
		}
		if end < 0 {
			end = len(line)
		}
		out = append(out, line[:end])
		line = line[end:]
	}
	return out, true
}
