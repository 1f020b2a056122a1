package spec

import (
	"strconv"

	"github.com/hashicorp/hcl/v2"
)

var bastionPattern = pattern(`^(?:([^@]*)@)?(\[[^\]]*\]|[^:]*)(?::([0-9]+))?$`)

// ssh resolves the ssh block. The port is the one the firewall keeps open for
// admins: there is no way to write a firewall that shuts ssh out.
func (l *loader) ssh(t *sshText) {
	s := &l.c.SSH
	s.Port = defaultSSHPort
	if t == nil {
		return
	}
	if v, ok := l.str(t.User); ok {
		l.from("ssh.user", t.User.Range)
		l.user(v)
		s.User = v.value
	}
	if n, ok := l.integer(t.Port, 1, 65535); ok {
		l.from("ssh.port", t.Port.Range)
		s.Port = uint16(n)
		l.sshPort(n, t.Port.Expr.Range())
	}
	if v, ok := l.str(t.Bastion); ok {
		l.from("ssh.bastion", t.Bastion.Range)
		l.bastion(v)
		s.Bastion = v.value
	}
	if v, ok := l.str(t.BastionHostKey); ok {
		l.from("ssh.bastion_host_key", t.BastionHostKey.Range)
		s.BastionHostKey, _ = l.hostKey(v)
		if t.Bastion == nil {
			l.report(problem(CodeContra, v.at, "Key of no bastion", "bastion_host_key pins the key of a bastion, and there is none. Write bastion = \"HOST\" too, or remove this line."))
		}
	}
}

// sshPort refuses a port that another part of the cluster has.
func (l *loader) sshPort(n int, at hcl.Range) {
	switch {
	case n == 6443, n >= 2379 && n <= 2381, n >= 10248 && n <= 10259:
		l.report(problem(CodeContra, at, "Port of a Kubernetes component", "Port %d belongs to Kubernetes on these machines, so sshd cannot have it. Write the port that sshd answers on.", n))
	case n >= 30000 && n <= 32767:
		l.report(problem(CodeContra, at, "Port among the NodePorts", "Port %d may be given to a NodePort service, which would take ssh away. Let sshd answer on a port below 30000.", n))
	}
}

func (l *loader) user(s item) bool {
	if userPattern().MatchString(s.value) {
		return true
	}
	l.report(problem(CodeName, s.at, "Not a user", "%s is no user's name: it begins with a letter or _, and has letters, digits, _, - and . only, 32 at most.", short(s.value)))
	return false
}

// bastion is [user@]host[:port].
func (l *loader) bastion(s item) {
	m := bastionPattern().FindStringSubmatch(s.value)
	if m == nil {
		// An IPv6 address without brackets, or nothing that could be meant.
		l.sshTarget(s, "bastion")
		return
	}
	if m[1] != "" || len(s.value) > 0 && s.value[0] == '@' {
		l.user(item{m[1], s.at})
	}
	host := m[2]
	if len(host) > 1 && host[0] == '[' {
		host = host[1 : len(host)-1]
	}
	l.sshTarget(item{host, s.at}, "bastion")
	if m[3] != "" {
		if n, err := strconv.Atoi(m[3]); err != nil || n < 1 || n > 65535 {
			l.report(problem(CodeRange, s.at, "Out of range", "The bastion's port must be a number from 1 to 65535."))
		}
	}
}
