package spec

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// checkExposed cautions where the firewall lets more reach sshd and the API
// than its lines seem to say. It needs the network and the ports of all.
func (l *loader) checkExposed(near hcl.Range) {
	n, at := l.c.Network, l.where("firewall.admins", near)
	for _, admin := range l.c.Firewall.Admins {
		if admin.Bits() == 0 {
			continue // everybody: said where admins are read
		}
		if p, ok := overlapsAny(admin, n.Pods); ok {
			l.report(caution(at, "Pods are admins", "%s shares addresses with %s, which pods get, so that pods reach sshd and the API of every node. Name the addresses you work from, outside of it.", admin, p))
		}
		if p, ok := overlapsAny(admin, n.Services); ok {
			l.report(caution(at, "Services' addresses among the admins", "%s shares addresses with %s, which services get: nobody works from there, and pods may come to. Name the addresses you work from.", admin, p))
		}
	}
	for _, a := range l.c.Firewall.Allow {
		path := "firewall.allow." + a.Name
		for _, from := range a.From {
			if from.Bits() != 0 {
				continue
			}
			if holdsPort(a.Ports, l.c.SSH.Port) {
				l.report(caution(l.where(path, near), "Everybody reaches sshd", "allow %q opens port %d, which is sshd's, to %s. Leave it out of the range: admins have it open.", a.Name, l.c.SSH.Port, from))
			}
			if holdsPort(a.Ports, l.c.Endpoint.Port) && a.On != cluster.Worker {
				l.report(caution(l.where(path, near), "Everybody reaches the API", "allow %q opens port %d, which is the API's, to %s. Leave it out of the range: admins have it open.", a.Name, l.c.Endpoint.Port, from))
			}
		}
	}
}

func holdsPort(ports []cluster.Port, port uint16) bool {
	for _, p := range ports {
		if p.Proto == "tcp" && p.First <= port && port <= p.Last {
			return true
		}
	}
	return false
}
