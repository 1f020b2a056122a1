package node

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// span is a range of ports, both ends in it.
type span struct{ first, last uint16 }

// spans writes ranges as nft's set of ports, in order and without overlaps,
// which nft refuses in a set without a name.
func spans(in []span) string {
	in = slices.Clone(in)
	slices.SortFunc(in, func(a, b span) int { return int(a.first) - int(b.first) })
	var merged []span
	for _, s := range in {
		if last := len(merged) - 1; last >= 0 && int(s.first) <= int(merged[last].last)+1 {
			merged[last].last = max(merged[last].last, s.last)
			continue
		}
		merged = append(merged, s)
	}
	var words []string
	for _, s := range merged {
		if s.first == s.last {
			words = append(words, strconv.Itoa(int(s.first)))
			continue
		}
		words = append(words, fmt.Sprintf("%d-%d", s.first, s.last))
	}
	if len(words) == 1 {
		return words[0]
	}
	return "{ " + strings.Join(words, ", ") + " }"
}

// portMatches are the nft matches for a list of ports: one for each protocol,
// in the order of their names.
func portMatches(ports []cluster.Port) ([]string, error) {
	ranges := map[string][]span{}
	bare := map[string]bool{}
	for _, p := range ports {
		switch p.Proto {
		case "tcp", "udp", "sctp":
			if p.First == 0 || p.Last < p.First {
				return nil, fmt.Errorf("%q is not a port or a range of ports", p)
			}
			ranges[p.Proto] = append(ranges[p.Proto], span{p.First, p.Last})
		default:
			number, ok := protocolNumber(p.Proto)
			if !ok || p.First != 0 || p.Last != 0 {
				return nil, fmt.Errorf("%q: %q is not a protocol known here", p, p.Proto)
			}
			bare[number] = true
		}
	}
	var out []string
	for _, proto := range slices.Sorted(maps.Keys(ranges)) {
		out = append(out, proto+" dport "+spans(ranges[proto]))
	}
	for _, number := range slices.Sorted(maps.Keys(bare)) {
		out = append(out, "meta l4proto "+number)
	}
	return out, nil
}

// protocolNumber is the number of an IP protocol without ports: the list of
// IANA by the names of Debian's /etc/protocols. Numbers are written into the
// table, since nft finds names only where that file is.
func protocolNumber(name string) (string, bool) {
	number, ok := map[string]string{
		"igmp": "2", "ipip": "4", "ipencap": "4", "ipv6": "41", "gre": "47", "esp": "50", "ah": "51",
		"ospf": "89", "pim": "103", "vrrp": "112", "l2tp": "115",
	}[name]
	return number, ok
}

// nodePorts is the range of NodePort services: the API server's
// --service-node-port-range, read as it reads it ("30000-32767", "30000+99",
// "30000"; k8s.io/apimachinery/pkg/util/net.PortRange), or its default.
func nodePorts(c *cluster.Cluster) (string, error) {
	const arg = "service-node-port-range"
	text := strings.TrimSpace(c.APIServer.Args[arg])
	if text == "" {
		return "30000-32767", nil
	}
	var first, last uint64
	var err, err2 error
	if a, b, ok := strings.Cut(text, "-"); ok {
		first, err = strconv.ParseUint(a, 10, 16)
		last, err2 = strconv.ParseUint(b, 10, 16)
	} else if a, b, ok := strings.Cut(text, "+"); ok {
		first, err = strconv.ParseUint(a, 10, 16)
		last, err2 = strconv.ParseUint(b, 10, 16)
		last += first
	} else {
		first, err = strconv.ParseUint(text, 10, 16)
		last = first
	}
	if err != nil || err2 != nil || first == 0 || last < first || last > 65535 {
		return "", cluster.Fault("apiserver.args."+arg, fmt.Errorf("%q is not a range of ports such as 30000-32767", text))
	}
	return spans([]span{{uint16(first), uint16(last)}}), nil
}
