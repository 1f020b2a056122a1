package etcd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// farBehind is how many entries of the log a member may still have to apply. A
// member that keeps up is a few behind; one that is sent a snapshot, thousands.
const farBehind = 1000

// Health is nil when etcd would stand the loss of as many members as its size
// allows: every voting member answers for itself, all follow the same leader,
// none is far behind or raises an alarm, and a read that a majority has to
// confirm succeeds. The error names each member that does not, and why. Members
// that do not vote yet do not count.
func (c *Client) Health(ctx context.Context) error {
	var wrong []error
	list, err := c.members(ctx)
	if err != nil {
		wrong = append(wrong, fmt.Errorf("no majority confirms who its members are: %w", err))
		// One of them still knows whom to ask.
		if list, err = c.members(ctx, clientv3.WithSerializable()); err != nil {
			return fmt.Errorf("%s: listing members: %w", c.where, err)
		}
	}
	var voters []voter
	var newest uint64
	for _, m := range list.Members {
		if m.IsLearner {
			continue
		}
		v := voter{name: called(m.Name, m.ID)}
		if v.says, err = c.status(ctx, m.ClientURLs); err != nil {
			wrong = append(wrong, fmt.Errorf("%s does not answer: %w", v.name, err))
			continue
		}
		voters, newest = append(voters, v), max(newest, v.says.RaftIndex)
	}
	for _, v := range voters {
		switch first := voters[0]; {
		case len(v.says.Errors) > 0:
			wrong = append(wrong, fmt.Errorf("%s reports %s", v.name, printable(strings.Join(v.says.Errors, ", "))))
		case v.says.Leader == 0:
			wrong = append(wrong, fmt.Errorf("%s follows no leader", v.name))
		case v.says.Leader != first.says.Leader:
			wrong = append(wrong, fmt.Errorf("%s follows %s, and %s follows %s", v.name, ID(v.says.Leader), first.name, ID(first.says.Leader)))
		case v.says.RaftAppliedIndex+farBehind < newest:
			wrong = append(wrong, fmt.Errorf("%s is %d entries behind", v.name, newest-v.says.RaftAppliedIndex))
		}
	}
	if len(wrong) == 0 {
		wrong = c.confirmed(ctx)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s: etcd is not healthy: %w", c.where, errors.Join(wrong...))
	}
	return nil
}

// confirmed asks for what only a majority can answer.
func (c *Client) confirmed(ctx context.Context) (wrong []error) {
	if _, err := c.get(ctx, "/registry/health", clientv3.WithCountOnly()); err != nil {
		return []error{fmt.Errorf("a read that a majority must confirm fails: %w", err)}
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	alarms, err := c.client.AlarmList(ctx)
	if err != nil {
		return []error{fmt.Errorf("its alarms cannot be read: %w", err)}
	}
	for _, a := range alarms.Alarms {
		wrong = append(wrong, fmt.Errorf("member %s raises the alarm %s; see etcdctl alarm list", ID(a.MemberID), a.Alarm))
	}
	return wrong
}

// members are those that a majority agrees on, or with serializable those that
// the one who is asked knows of.
func (c *Client) members(ctx context.Context, opts ...clientv3.OpOption) (*clientv3.MemberListResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return c.client.MemberList(ctx, opts...)
}

// voter is a member that votes, and what it says of itself.
type voter struct {
	name string
	says *clientv3.StatusResponse
}

// status asks one member itself.
func (c *Client) status(ctx context.Context, urls []string) (s *clientv3.StatusResponse, err error) {
	err = errors.New("it has not started")
	for _, url := range urls {
		one, cancel := context.WithTimeout(ctx, aliveTimeout)
		s, err = c.client.Status(one, url)
		cancel()
		if err == nil {
			return s, nil
		}
	}
	return nil, err
}

func called(name string, id uint64) string {
	if name == "" {
		return "the member without a name (" + ID(id) + ")"
	}
	return "member " + printable(name) + " (" + ID(id) + ")"
}
