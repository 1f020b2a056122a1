package check

import (
	"regexp"
	"slices"
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
	// aimed says that only packets for some addresses are meant, which may be the machine's.
	aimed bool
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

// value is the next word, where "!=" may stand before it. Plain says that it is one: what
// is looked up in a map, compared in another way or joined with more is none, and nobody
// knows then what the rest of the rule belongs to.
func (w *ruleWords) value() (value string, not, plain bool) {
	value, _ = w.next()
	if not = value == "!="; not {
		value, _ = w.next()
	}
	return value, not, plainValue.MatchString(value) && !slices.Contains(operators, value)
}

// plainValue begins as names, numbers, addresses, texts, lists and names of sets do.
var plainValue = regexp.MustCompile(`^[0-9A-Za-z:"{@]`)

// operators are words that stand where a value may.
var operators = []string{"vmap", "map", "and", "or", "xor", "lshift", "rshift", "eq", "ne", "lt", "gt", "le", "ge"}

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
