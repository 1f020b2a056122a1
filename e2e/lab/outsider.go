package lab

import (
	"context"
	"fmt"
	"net/netip"
)

// Outsider is someone on the network of a set who is none of its machines: from its
// address a test asks what strangers can reach.
type Outsider struct {
	Address   netip.Addr
	container string
}

// Outsider starts one. It goes when the set is closed.
func (s *Set) Outsider(ctx context.Context) (*Outsider, error) {
	o := &Outsider{
		Address:   host(s.Subnet, byte(200+s.Outsiders)),
		container: s.object(fmt.Sprintf("outsider-%d", s.Outsiders)),
	}
	s.Outsiders++
	if err := s.save(); err != nil {
		return nil, err
	}
	_, err := docker(ctx, nil, "run", "--detach", "--name", o.container, "--hostname", "outsider",
		"--label", label+"="+s.Run, "--network", s.object(""), "--ip", o.Address.String(),
		"--entrypoint", "sleep", s.Image, "infinity")
	return o, err
}

// Exec runs a program there and answers with its standard output. The image has curl,
// bash and busybox.
func (o *Outsider) Exec(ctx context.Context, args ...string) (string, error) {
	return docker(ctx, nil, append([]string{"exec", "-i", o.container}, args...)...)
}

// Reaches tells whether a TCP connection to there is made within two seconds.
func (o *Outsider) Reaches(ctx context.Context, to netip.AddrPort) bool {
	_, err := o.Exec(ctx, "timeout", "2", "bash", "-c", `exec 3<>"/dev/tcp/$0/$1"`, to.Addr().String(), fmt.Sprint(to.Port()))
	return err == nil
}
