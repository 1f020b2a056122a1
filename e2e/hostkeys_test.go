package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

// testHostKeys: a machine whose key is not the one known is told nothing, not
// even who wants to log in. sshd's own journal is asked. It uses w-2 alone,
// as its own bastion too.
func testHostKeys(t *testing.T, c *labCluster) {
	m := c.set.Machine("w-2")
	address := m.Address.String()
	foreign := c.set.Machine("cp-1").HostKeys
	var own []string
	for _, k := range m.HostKeys {
		own = append(own, address+" "+k)
	}
	o := newOperator(t)
	known := func(name string, lines ...string) string {
		return o.file(t, name, sshConfig(c.set.Key, o.file(t, name+".known_hosts", strings.Join(lines, "\n")+"\n")))
	}
	none, right := known("none"), known("right", own...)
	changed := known("changed", address+" "+foreign[0], address+" "+foreign[1])
	hop := fmt.Sprintf("bastion = %q\n", lab.User+"@"+address)
	pin := func(key string) string { return fmt.Sprintf("host_key = %q\n", key) }
	hopPin := func(key string) string { return hop + fmt.Sprintf("bastion_host_key = %q\n", key) }
	// What sshd writes when somebody says who he is.
	authentications := func() int {
		out := shell(t, c, "w-2", `journalctl --quiet --no-pager -o cat _COMM=sshd | grep -cE 'Accepted|Failed|authenticating user|nvalid user|session opened' || true`)
		n := 0
		if _, err := fmt.Sscan(out, &n); err != nil {
			t.Fatalf("journal: %q", out)
		}
		return n
	}
	apply := func(t *testing.T, config, ssh, node string) outcome {
		s := c.standard().only("w-2")
		s.Kubernetes = "1.37.1" // so that preflight ends every run that gets in
		s.SSH, s.Nodes[0].More = ssh, node
		spec := o.file(t, "cluster.hcl", s.text())
		return o.run(t, "apply", spec, "--overlay", overlay(), "--ssh-config", config, "--auto-approve")
	}

	for _, row := range []struct {
		name, config, ssh, node string
		says                    string
		bastion                 bool // that is who is not trusted
		through                 bool // the bastion is trusted, the machine is not
	}{
		{name: "unknown", config: none, says: "is unknown, and nothing was sent to it"},
		{name: "changed", config: changed, says: "is not the one known, and nothing was sent to it"},
		{name: "pinned to another", config: right, node: pin(foreign[0]), says: "the spec pins"},
		{name: "unknown bastion", config: none, ssh: hop, node: pin(m.HostKeys[0]), says: "is unknown, and nothing was sent to it", bastion: true},
		{name: "changed bastion", config: changed, ssh: hop, node: pin(m.HostKeys[0]), says: "is not the one known", bastion: true},
		{name: "bastion pinned to another", config: right, ssh: hopPin(foreign[1]), says: "the spec pins", bastion: true},
		{name: "changed behind a bastion", config: changed, ssh: hopPin(m.HostKeys[0]), says: "is not the one known", through: true},
	} {
		before := authentications()
		out := apply(t, row.config, row.ssh, row.node)
		if out.Code != 4 {
			t.Errorf("%s: want exit 4, got %v", row.name, out)
			continue
		}
		out.says(t, row.says, "w-2")
		if row.bastion {
			out.says(t, "bastion")
		}
		at := authentications() - before
		switch {
		case row.through && at == 0:
			t.Errorf("%s: the journal shows no login to the bastion, so it would show none at all", row.name)
		case row.through && at > 2: // "Accepted" and "session opened"
			t.Errorf("%s: %d lines about authentication, more than the bastion's own", row.name, at)
		case !row.through && at != 0:
			t.Errorf("%s: sshd was told who we are:\n%s", row.name, shell(t, c, "w-2", "journalctl --no-pager -o cat _COMM=sshd | tail -5"))
		}
	}
	// The same journal shows those who get in, directly and over the bastion.
	for _, ssh := range []string{"", hop, hopPin(m.HostKeys[1])} {
		before := authentications()
		apply(t, right, ssh, "").want(t, 1).says(t, "kubeadm", "nothing was changed")
		if authentications() == before {
			t.Errorf("with %q nobody logged in, says the journal", ssh)
		}
	}
}
