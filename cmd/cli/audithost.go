package cli

import (
	"net"
	"strconv"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision"
)

// without refuses what is about a spec where there is none.
func (o *auditOptions) without(args []string) error {
	for _, c := range []struct {
		said bool
		what string
	}{
		{len(args) > 0, "SPEC"}, {o.Rendered, "--rendered"}, {o.OnKind, "--on kind"}, {o.Overlay != "", "--overlay"}, {len(o.Vars) > 0, "--var"},
	} {
		if c.said {
			return usagef("--host and %s exclude each other: with --host the cluster is asked as it is found, and no spec is read", c.what)
		}
	}
	return nil
}

// auditHosts reads [NAME=][USER@]ADDRESS[:PORT].
func auditHosts(args []string) ([]provision.ImportHost, error) {
	var out []provision.ImportHost
	seen := map[string]bool{}
	for _, arg := range args {
		h, err := auditHost(arg)
		if err != nil {
			return nil, err
		}
		if seen[h.String()] {
			return nil, usagef("--host %s: %s is named twice", arg, h)
		}
		seen[h.String()] = true
		out = append(out, h)
	}
	return out, nil
}

func auditHost(arg string) (provision.ImportHost, error) {
	var h provision.ImportHost
	rest, empty := arg, false
	if name, after, named := strings.Cut(rest, "="); named {
		h.Name, rest, empty = name, after, name == ""
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		h.User, rest, empty = rest[:at], rest[at+1:], empty || at == 0
	}
	h.Address = strings.TrimSuffix(strings.TrimPrefix(rest, "["), "]")
	if address, port, err := net.SplitHostPort(rest); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return h, usagef("--host %s: %q is not a port", arg, port)
		}
		h.Address, h.Port = address, uint16(n)
	}
	if empty || h.Address == "" {
		return h, usagef("--host %s: it is written --host [NAME=][USER@]ADDRESS[:PORT]", arg)
	}
	return h, nil
}
