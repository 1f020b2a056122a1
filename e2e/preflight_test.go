package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/templates/node"
)

// plants are the problems of each machine: the row that must come of it, and
// how it is brought about. What a container cannot have for real (swap, little
// memory, a wrong clock) is shown to the look by a file or a program in the
// place of the real one.
var plants = map[string][]struct{ check, script string }{
	"cp-1": {
		{"etcd-account", `useradd --no-create-home --uid 2379 squatter`},
		{"encryption-key", `mkdir -p /var/lib/etcd/member`},
		{"containerd-cgroup", `sed -i 's/SystemdCgroup = true/SystemdCgroup = false/' /etc/containerd/config.toml`},
		{"sandbox-image", `sed -i "s/^  sandbox = .*/  sandbox = ''/" /etc/containerd/config.toml`},
		{"memory", `sed 's/^MemTotal:.*/MemTotal: 1048576 kB/' /proc/meminfo >/root/meminfo; mount --bind /root/meminfo /proc/meminfo`},
		{"cpu", `echo 0 >/root/cpu; mount --bind /root/cpu /sys/devices/system/cpu/online`},
		{"swap", `printf 'Filename Type Size Used Priority\n/dev/sdz1 partition 1 0 -2\n' >/root/swaps; mount --bind /root/swaps /proc/swaps`},
		{"disk", `mkdir -p /var/lib/kubelet; mount -t tmpfs -o size=1m,nr_inodes=100 tmpfs /var/lib/kubelet`},
		{"audit-disk", `mount -t tmpfs -o size=64m tmpfs /var/log`},
		{"kubeadm", `printf '#!/bin/sh\necho v1.36.3\n' >/usr/local/sbin/kubeadm; chmod +x /usr/local/sbin/kubeadm`},
		{"images", `ctr -n k8s.io images ls -q | grep -E 'kube-(proxy|scheduler)' | xargs ctr -n k8s.io images rm`},
		{"modules", `mount -t tmpfs tmpfs /sys/module; sed -i /br_netfilter/d "/lib/modules/$(uname -r)/modules.builtin"`},
		{"address", ``}, // the spec below says another one
		{"admin-address", ``},
	},
	"w-1": {
		{"hostname", `hostname somebody-else`},
		{"clock", `printf '#!/bin/sh\n[ "$1" != +%%s%%N ] || exec /usr/bin/date -d "1 hour ago" "$1"\nexec /usr/bin/date "$@"\n' >/usr/local/sbin/date; chmod +x /usr/local/sbin/date`},
		{"containerd", `systemctl stop containerd`},
		{"runc", `mv /usr/sbin/runc /usr/sbin/runc.gone`},
		{"kubelet", `mv /usr/bin/kubelet /usr/bin/kubelet.gone`},
		{"cni-plugins", `mv /opt/cni/bin/portmap /opt/cni/bin/.portmap`},
		{"systemd", `printf '#!/bin/sh\n[ "$*" != "show -p Version" ] || { echo Version=229; exit; }\nexec /usr/bin/systemctl "$@"\n' >/usr/local/sbin/systemctl; chmod +x /usr/local/sbin/systemctl`},
		{"os", `printf '#!/bin/sh\n[ "$1" != -nrm ] || { echo "$(/usr/bin/uname -nr) i686"; exit; }\nexec /usr/bin/uname "$@"\n' >/usr/local/sbin/uname; chmod +x /usr/local/sbin/uname`},
		{"look", `printf '#!/bin/sh\nexit 3\n' >/usr/local/sbin/getent; chmod +x /usr/local/sbin/getent`},
		{"admin-address", ``},
	},
	"w-2": {
		{"machine-id", ``}, // copied below
		{"firewall", `
for u in ufw firewalld; do printf '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=true\n' >/etc/systemd/system/$u.service; done
mkdir -p /etc/ufw; echo ENABLED=yes >/etc/ufw/ufw.conf
systemctl daemon-reload; systemctl start ufw firewalld; systemctl enable nftables`},
		{"kubelet-arguments", `
touch /usr/lib/systemd/system/kubelet.service
echo 'KUBELET_EXTRA_ARGS="--anonymous-auth=true"' >/etc/default/kubelet
mkdir -p /etc/systemd/system/kubelet.service.d
printf '[Service]\nEnvironment=KUBELET_EXTRA_ARGS=--read-only-port=10255\n' >/etc/systemd/system/kubelet.service.d/20-extra.conf`},
		{"ports", `systemd-run --quiet socat TCP-LISTEN:10250,fork /dev/null`},
		{"ssh-port", `systemd-run --quiet /usr/sbin/sshd -D -p 2222
nft 'table ip e2e { chain c { type nat hook prerouting priority -100; tcp dport 22 redirect to :2222; }; }'`},
		{"admin-address", ``},
	},
}

// kernelModules gives a machine of the lab, which has no folder of the running
// kernel's modules, one in which all that are named are built in.
const kernelModules = `
d=/lib/modules/$(uname -r)
mkdir -p "$d"
: >"$d/modules.dep"
printf 'kernel/lab/%s.ko\n' "$@" >"$d/modules.builtin"`

// several are rows that are there more than once: free bytes and inodes; two
// managers that are active and one that is enabled; a drop-in and a file of
// arguments.
var several = map[string]int{"cp-1 disk": 2, "w-2 firewall": 3, "w-2 kubelet-arguments": 2}

func testPreflight(t *testing.T, c *labCluster) {
	want := map[string]int{}
	var modules []string
	for _, m := range node.Modules(&cluster.Cluster{}) {
		modules = append(modules, m.Name)
	}
	for node, rows := range plants {
		on(t, c, node, kernelModules, modules...)
		for _, p := range rows {
			want[node+" "+p.check] = max(1, several[node+" "+p.check])
			if p.script != "" {
				shell(t, c, node, p.script)
			}
		}
		// The lab's overlay would let these machines off; it is not used here.
		if shell(t, c, node, "stat -f -c %T /sys/fs/cgroup") != "cgroup2fs" {
			want[node+" cgroup"] = 1
		}
	}
	id := shell(t, c, "w-1", "cat /etc/machine-id")
	shell(t, c, "w-2", "echo "+id+" >/etc/machine-id")

	s := c.standard()
	s.Admins = []string{"203.0.113.0/24"}
	s.Nodes[0].More += fmt.Sprintf("\n    ssh_host = %q", s.Nodes[0].Address)
	s.Nodes[0].Address = c.set.Subnet.Addr().Next().Next() // nobody's
	o := newOperator(t)
	spec := o.file(t, "cluster.hcl", s.text())
	args := []string{"apply", spec, "--ssh-config", c.config, "--auto-approve"}
	out := o.run(t, append(args, "-o", "json")...).want(t, 1)

	got := map[string]int{}
	for _, p := range out.JSON(t).Problems {
		row := p.Node + " " + p.Check
		got[row]++
		if p.Remedy == "" || p.Seen == "" {
			t.Errorf("%s says too little: %+v", row, p)
		}
		if want[row] == 0 {
			t.Errorf("nobody planted %s: %s", row, p.Seen)
		}
		if p.Warning {
			t.Errorf("%s would not stop the run", row)
		}
	}
	for row, n := range want {
		if got[row] != n {
			t.Errorf("%s is there %d times, want %d", row, got[row], n)
		}
	}

	// One table for people, with every row of it.
	text := o.run(t, args...).want(t, 1).Stderr
	if n := strings.Count(text, "WHAT WAS SEEN"); n != 1 {
		t.Errorf("there are %d tables:\n%s", n, text)
	}
	var lines []string
	for line := range strings.Lines(text) {
		if f := strings.Fields(strings.TrimLeft(line, "!~ ")); len(f) > 2 {
			lines = append(lines, f[0]+" "+f[1])
		}
	}
	for row := range want {
		if !slices.Contains(lines, row) {
			t.Errorf("the table lacks %s:\n%s", row, text)
		}
	}
	for _, n := range nodes(c) {
		if left := shell(t, c, n, "nft list tables | grep bulwark || true; ls -d /etc/kubernetes/pki /var/lib/kubelet/config.yaml 2>/dev/null || true"); left != "" {
			t.Errorf("%s was changed: %s", n, left)
		}
	}
	t.Logf("%d rows", len(want))

	// Where we may not become root nothing else can be seen: one row instead of
	// all others of that machine, beside those of the other machines.
	shell(t, c, "w-2", "rm /etc/sudoers.d/ops; gpasswd --delete ops sudo >/dev/null 2>&1 || true")
	out = o.run(t, append(args, "-o", "json")...).want(t, 4)
	others := 0
	for _, p := range out.JSON(t).Problems {
		switch {
		case p.Node != "w-2":
			others++
		case p.Check != "sudo" || !strings.Contains(p.Seen, "may not become root without a password") || !strings.Contains(p.Remedy, "ops ALL=(root) NOPASSWD: ALL"):
			t.Errorf("of a machine without sudo: %+v", p)
		}
	}
	if others < 20 {
		t.Errorf("one machine without sudo hides what is wrong with the others: %v", out)
	}
}
