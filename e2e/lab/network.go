package lab

import (
	"context"
	"fmt"
	"hash/fnv"
	"net"
	"net/netip"
	"strings"
)

// network makes the run's network on a free subnet and gives every machine its address.
//
// Docker's bridge passes frames between its members as a switch does, whatever addresses
// they carry, so pod networks can be routed from machine to machine.
func (s *Set) network(ctx context.Context) error {
	taken, err := localPrefixes()
	if err != nil {
		return err
	}
	hash := fnv.New32()
	hash.Write([]byte(s.Run))
	// Clear of Docker's own pools (172.16/12, 192.168/16) and of the usual ranges of
	// clusters (10.96/12, 10.244/16). Runs start to look at different places.
	for i := range uint32(256) {
		subnet := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 213, byte(hash.Sum32() + i), 0}), 24)
		if overlapsAny(subnet, taken) {
			continue
		}
		_, err = docker(ctx, nil, "network", "create", "--label", label+"="+s.Run,
			"--subnet", subnet.String(), "--gateway", host(subnet, 1).String(), s.object(""))
		if err == nil {
			s.Subnet, s.Admin = subnet, host(subnet, 1)
			for i, m := range s.Machines {
				m.Address = host(subnet, byte(11+i))
			}
			return nil
		}
		if !strings.Contains(err.Error(), "overlaps") {
			return err
		}
	}
	return fmt.Errorf("no free subnet in 10.213.0.0/16: %w", err)
}

// Free is an address of the network that no machine has, nor an [Outsider].
func (s *Set) Free() netip.Addr { return host(s.Subnet, 150) }

// object is the name of something Docker keeps for the run.
func (s *Set) object(name string) string {
	if name == "" {
		return "bulwark-" + s.Run
	}
	return "bulwark-" + s.Run + "-" + name
}

func localPrefixes() ([]netip.Prefix, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var prefixes []netip.Prefix
	for _, addr := range addrs {
		if p, err := netip.ParsePrefix(addr.String()); err == nil {
			prefixes = append(prefixes, p)
		}
	}
	return prefixes, nil
}

func overlapsAny(p netip.Prefix, others []netip.Prefix) bool {
	for _, other := range others {
		if p.Overlaps(other) {
			return true
		}
	}
	return false
}

// host is the address with that last byte.
func host(subnet netip.Prefix, last byte) netip.Addr {
	bytes := subnet.Addr().As4()
	bytes[3] = last
	return netip.AddrFrom4(bytes)
}
