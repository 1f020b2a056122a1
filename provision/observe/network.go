package observe

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

var holder = pattern(`\(\("([^"]{1,100})"`)

// listeners reads "LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",…".
func (r *reading) listeners(data []byte) {
	for line := range lines(data) {
		words := strings.Fields(line)
		if len(words) < 4 {
			continue
		}
		_, port, ok := cutLast(words[3], ":")
		n, err := strconv.ParseUint(port, 10, 16)
		if !ok || err != nil || n == 0 {
			continue
		}
		who := "unknown"
		if m := holder().FindStringSubmatch(line); m != nil {
			who = word(m[1])
		}
		r.node.Facts.Listening[uint16(n)] = who
	}
}

// procListeners reads /proc/net/tcp, which knows no holder.
func (r *reading) procListeners(data []byte) {
	for line := range lines(data) {
		words := strings.Fields(line)
		if len(words) < 4 || words[3] != "0A" {
			continue
		}
		_, port, _ := cutLast(words[1], ":")
		if n, err := strconv.ParseUint(port, 16, 16); err == nil && n != 0 {
			r.node.Facts.Listening[uint16(n)] = "unknown"
		}
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// mostAddresses is more than a machine has that is one node.
const mostAddresses = 1000

// addresses reads "2: eth0 inet 10.0.0.1/24 …", without loopback addresses.
func (r *reading) addresses(data []byte) {
	for line := range lines(data) {
		if len(r.node.Facts.Addresses) == mostAddresses {
			r.miss("Addresses", fmt.Sprintf("there are more than %d", mostAddresses))
			return
		}
		words := strings.Fields(line)
		for i, w := range words[:max(0, len(words)-1)] {
			if w != "inet" && w != "inet6" {
				continue
			}
			text, _, _ := strings.Cut(words[i+1], "/")
			if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" && !a.IsLoopback() {
				r.node.Facts.Addresses = append(r.node.Facts.Addresses, a.String())
			}
			break
		}
	}
}

// peer reads SSH_CONNECTION: "client port server port".
func (r *reading) peer(text string) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return // no connection: a container
	}
	if len(words) != 4 {
		r.miss("PeerAddress", fmt.Sprintf("SSH_CONNECTION is %.200q", text))
		return
	}
	peer, err1 := netip.ParseAddr(words[0])
	port, err2 := strconv.ParseUint(words[3], 10, 16)
	if err1 != nil || err2 != nil {
		r.miss("PeerAddress", fmt.Sprintf("SSH_CONNECTION is %.200q", text))
		return
	}
	r.node.Facts.PeerAddress, r.node.Facts.LocalPort = peer.Unmap().WithZone("").String(), uint16(port)
}
