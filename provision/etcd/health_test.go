package etcd

import (
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

func TestHealthNamesWhoIsNotWell(t *testing.T) {
	c, members := startEtcd(t, 3)
	// Who does not vote yet is nobody that a quorum rests on.
	var learner *clientv3.MemberAddResponse
	eventually(t, func() (err error) { // etcd wants to have seen its peers for some seconds
		learner, err = c.client.MemberAddAsLearner(t.Context(), []string{"http://127.0.0.1:1"})
		return err
	})
	if err := c.Health(t.Context()); err != nil {
		t.Errorf("with a learner: %v", err)
	}
	if _, err := c.client.MemberRemove(t.Context(), learner.Member.ID); err != nil {
		t.Fatal(err)
	}
	unstarted, err := c.client.MemberAdd(t.Context(), []string{"http://127.0.0.1:2"})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Health(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the member without a name ("+ID(unstarted.Member.ID)+") does not answer: it has not started") {
		t.Errorf("with a member that never started: %v", err)
	}
	if _, err := c.client.MemberRemove(t.Context(), unstarted.Member.ID); err != nil {
		t.Fatal(err)
	}

	// One that hangs is as bad as one that is gone.
	if err := members[1].process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := c.Health(t.Context()); err == nil || !strings.Contains(err.Error(), "member cp-2 (") || strings.Contains(err.Error(), "member cp-1 (") {
		t.Errorf("one hangs: %v", err)
	}
	if err := members[1].process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { return c.Health(t.Context()) })

	for _, m := range members[1:] {
		if err := m.process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	err = c.Health(t.Context())
	if err == nil || !strings.Contains(err.Error(), "member cp-2 (") || !strings.Contains(err.Error(), "member cp-3 (") {
		t.Errorf("no quorum: %v", err)
	}
}

func TestHealthSaysAlarms(t *testing.T) {
	c, _ := startEtcd(t, 1, "--quota-backend-bytes=1000000")
	// The size that etcd compares with its quota is that of the last commit, which
	// is up to 100 ms old: a fast machine writes a lot before it is refused.
	for range 500 {
		if _, err := c.client.Put(t.Context(), "/registry/configmaps/a/b", strings.Repeat("x", 200_000)); err != nil {
			break
		}
	}
	if err := c.Health(t.Context()); err == nil || !strings.Contains(err.Error(), "NOSPACE") {
		t.Errorf("a full one: %v", err)
	}
	// It is there all the same.
	members, err := c.Members(t.Context())
	if err != nil || len(members) != 1 || !members[0].Alive || !slices.Equal(members[0].Alarms, []string{"NOSPACE"}) {
		t.Errorf("%+v, %v", members, err)
	}
}

func TestWhatIsAnAlarm(t *testing.T) {
	for text, want := range map[string]string{
		"memberID:10501334649042878790 alarm:NOSPACE ": "10501334649042878790 NOSPACE",
		"memberID:7  alarm:CORRUPT":                    "7 CORRUPT",
		"etcdserver: no leader":                        "",
		"memberID:x alarm:NOSPACE":                     "",
		"":                                             "",
	} {
		got := ""
		if id, kind, is := alarm(text); is {
			got = strconv.FormatUint(id, 10) + " " + kind
		}
		if got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
	// Each tells those of all, and one of a member that is gone has nobody else.
	members := []state.Member{{ID: "1"}, {ID: "2"}}
	for teller := range members {
		raises(members, teller, "memberID:2 alarm:NOSPACE")
		raises(members, teller, "etcdserver: no leader")
	}
	raises(members, 0, "memberID:9 alarm:CORRUPT")
	if !slices.Equal(members[0].Alarms, []string{"CORRUPT"}) || !slices.Equal(members[1].Alarms, []string{"NOSPACE"}) {
		t.Errorf("%+v", members)
	}
}
