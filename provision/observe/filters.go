package observe

import (
	"slices"
	"strings"
)

// ownChains are how chains begin that Kubernetes and pod networks lead packets to for
// their own sake: a machine that has no others has no firewall.
var ownChains = [...]string{"KUBE-", "CILIUM_", "FLANNEL-"}

// ownTables are tables of theirs.
var ownTables = [...]string{"kube-proxy", "flannel-ipv4", "flannel-ipv6"}

// neverDrop are targets of iptables by which nothing is dropped.
var neverDrop = [...]string{"ACCEPT", "RETURN", "LOG", "NFLOG", "MARK", "CONNMARK", "NOTRACK", "CT", "TRACE"}

// mostFirewalls is how many chains are named.
const mostFirewalls = 20

// otherFirewalls are the chains of a listing that may drop something, and what of it could
// not be read. No rule of theirs is kept. It is never nil.
func otherFirewalls(listing string) []string {
	out := []string{}
	var table, chain string
	add := func(what string) {
		if what = word(what); !slices.Contains(out, what) && len(out) < mostFirewalls {
			out = append(out, what)
		}
	}
	for line := range strings.Lines(listing) {
		line = strings.TrimSpace(line)
		words := strings.Fields(line)
		switch {
		case line == "" || line == "}" || line[0] == '#':
		case line[0] == '?':
			add(strings.TrimSpace(line[1:]))
		case words[0] == "table" && len(words) > 2:
			table = words[1] + " " + words[2]
		case words[0] == "chain" && len(words) > 1:
			chain = words[1]
		case words[0] == "legacy":
			table = strings.TrimPrefix(line, "legacy ")
		case words[0] == "-P" || words[0] == "-A":
			if len(words) > 2 && (words[1] == "INPUT" || words[1] == "PREROUTING") && legacyDrops(words) {
				add(table + " " + words[1])
			}
		case len(words) > 1 && !slices.Contains(ownTables[:], table[strings.IndexByte(table, ' ')+1:]) && nftDrops(line, words):
			add(table + " " + chain)
		}
	}
	return out
}

// legacyDrops says whether a line of `iptables -S` may drop something.
func legacyDrops(words []string) bool {
	if words[0] == "-P" {
		return words[2] != "ACCEPT"
	}
	for i, w := range words[:len(words)-1] {
		if w == "-j" || w == "-g" {
			return !slices.Contains(neverDrop[:], words[i+1]) && !ownChain(words[i+1])
		}
	}
	return false
}

// nftDrops says the same of a line of a chain as nft lists it.
func nftDrops(line string, words []string) bool {
	if words[0] == "type" {
		return strings.Contains(line, "policy drop")
	}
	for i, w := range words {
		switch w {
		case "drop", "reject", "queue", "vmap", "target": // what iptables has and nft has not is a target
			return true
		case "jump", "goto":
			return i+1 == len(words) || !ownChain(words[i+1])
		}
	}
	return false
}

func ownChain(name string) bool {
	return slices.ContainsFunc(ownChains[:], func(own string) bool { return strings.HasPrefix(name, own) })
}
