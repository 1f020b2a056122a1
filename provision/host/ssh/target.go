package ssh

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Target is one machine as the spec names it. Empty fields are left to the
// operator's own SSH configuration.
type Target struct {
	// Name is the node's name, for messages.
	Name string
	// Host is an address, a DNS name or an alias of ~/.ssh/config.
	Host string
	Port uint16
	User string
	// HostKey pins the machine's key, in authorized_keys form.
	HostKey string
	// Bastion is "[user@]host[:port]" of the one hop on the way.
	Bastion        string
	BastionHostKey string
}

// TargetOf is where a node of a cluster is reached.
func TargetOf(c *cluster.Cluster, n cluster.Node) Target {
	t := Target{
		Name: n.Name, Host: n.SSHHost, User: c.SSH.User, HostKey: n.HostKey,
		Bastion: c.SSH.Bastion, BastionHostKey: c.SSH.BastionHostKey,
	}
	// A default is not insisted on: where a port is forwarded to the machine, the
	// operator's configuration knows it. Which one sshd has, and the firewall
	// opens, is compared by preflight with what the machine itself sees.
	if c.Origin("ssh.port").File != "" {
		t.Port = c.SSH.Port
	}
	if t.Host == "" {
		t.Host = n.Address.String()
	}
	return t
}

// endpoint is one sshd to talk to, before and after the operator's
// configuration was asked.
type endpoint struct {
	// asked is what the spec or ProxyJump said; host is where to connect.
	asked, host string
	port        uint16
	user        string
	pin         string
	// alias is what known_hosts calls it, when HostKeyAlias says so.
	alias                  string
	identities             []string
	identitiesOnly         bool
	agent                  string
	knownHosts, globalKeys []string
	jump                   string
	proxyCommand           string
}

// address is what to dial.
func (e endpoint) address() string {
	return net.JoinHostPort(e.host, strconv.Itoa(int(e.port)))
}

// lookup is the name known_hosts has it under, always with a port.
func (e endpoint) lookup() string {
	if e.alias != "" {
		return net.JoinHostPort(e.alias, "22")
	}
	return e.address()
}

func (e endpoint) String() string { return e.user + "@" + e.address() }

// A host never begins with a dash, which ssh would take for an option, and
// holds nothing that a shell or a tool could trip over.
var hostPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_:\[][A-Za-z0-9_.:%\[\]-]{0,254}$`)
})

func checkHost(h string) error {
	if !hostPattern().MatchString(h) {
		return fmt.Errorf("%q is not a host name or an address", h)
	}
	return nil
}

var userPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@\\+$-]{0,63}$`)
})

// parseHop reads "[ssh://][user@]host[:port]".
func parseHop(s string) (endpoint, error) {
	var e endpoint
	rest := strings.TrimPrefix(s, "ssh://")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		e.user, rest = rest[:i], rest[i+1:]
		if !userPattern().MatchString(e.user) {
			return e, fmt.Errorf("bastion %q: %q is not a user name", s, e.user)
		}
	}
	if host, port, err := net.SplitHostPort(rest); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return e, fmt.Errorf("bastion %q: %q is not a port", s, port)
		}
		e.port, rest = uint16(n), host
	}
	e.asked = strings.Trim(rest, "[]")
	if err := checkHost(e.asked); err != nil {
		return e, fmt.Errorf("bastion: %w", err)
	}
	return e, nil
}
