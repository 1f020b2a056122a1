package e2e_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// full puts a tiny, full file system over a folder of a node, with what the
// folder holds.
const full = `
dir=$1
mkdir -p "$dir"
keep=$(mktemp -d /run/e2e.XXXXXX)
cp -a "$dir/." "$keep/"
mount -t tmpfs -o size=64m,mode="$(stat -c %a "$dir")" tmpfs "$dir"
cp -a "$keep/." "$dir/"
rm -r "$keep"
used=$(df -k --output=used "$dir" | tail -1)
mount -o remount,size="$((used + 8))"k "$dir"
dd if=/dev/zero of="$dir/.ballast" bs=4k 2>/dev/null || :
`

// room frees what was taken; gone puts the folder back as it was, with what it
// came to hold.
const (
	room = `rm "$1/.ballast"; mount -o remount,size=64m "$1"`
	gone = `
keep=$(mktemp -d /run/e2e.XXXXXX)
cp -a "$1/." "$keep/"
umount "$1"
cp -a "$keep/." "$1/"
rm -r "$keep"`
)

func on(t testing.TB, c *labCluster, node, script string, args ...string) string {
	t.Helper()
	out, err := c.Exec(t.Context(), node, nil, append([]string{"sh", "-euc", script, "sh"}, args...)...)
	if err != nil {
		t.Fatalf("%s: %v", node, err)
	}
	return strings.TrimSpace(out)
}

var noSpace = regexp.MustCompile(`(\S+): no space for (\S+): (\d+) bytes free, (\d+) needed`)

// saysFull judges the message of a run that met a full disk, and answers with
// the path it names.
func saysFull(t *testing.T, c *labCluster, out outcome, node, folder string) string {
	t.Helper()
	for _, m := range noSpace.FindAllStringSubmatch(strings.Join(strings.Fields(out.Stderr+out.Stdout), " "), -1) {
		if !strings.Contains(m[1], c.Address(node).String()) || !strings.HasPrefix(m[2], folder+"/") {
			continue
		}
		free, _ := strconv.Atoi(m[3])
		need, _ := strconv.Atoi(m[4])
		if free >= need || need == 0 {
			t.Errorf("%s %s: it says %q", node, folder, m[0])
		}
		return m[2]
	}
	t.Errorf("%s %s: it does not say what did not fit: %v", node, folder, out)
	return ""
}

// testFullDisk: a file that is there is replaced or is left, never in between.
func testFullDisk(t *testing.T, c *labCluster) {
	const node, folder, file = "w-1", "/etc/bulwark", "/etc/bulwark/firewall.nft"
	const digests = `find /etc/bulwark -type f ! -name .ballast -exec sha256sum {} + | sort`
	on(t, c, node, full, folder)
	before := shell(t, c, node, digests)

	s := c.standard()
	s.Admins = append(s.Admins, "198.51.100.0/24")
	spec := c.file(t, "more-admins.hcl", s.text())
	args := []string{"apply", spec, "--overlay", overlay(), "--ssh-config", c.config, "--auto-approve"}
	out := c.run(t, args...)
	if out.Code != 8 {
		t.Errorf("want exit 8, got %v", out)
	}
	if path := saysFull(t, c, out, node, folder); path != file {
		t.Errorf("it was %s that did not fit", path)
	}
	if diff := difference(before, shell(t, c, node, digests)); diff != "" {
		t.Errorf("the old files are not intact:\n%s", diff)
	}
	on(t, c, node, room, folder)
	c.run(t, args...).want(t, 0)
	if text := shell(t, c, node, "cat "+file+"; nft list table inet bulwark"); strings.Count(text, "198.51.100.0/24") < 2 {
		t.Errorf("after there was room the new table is not both stored and in force")
	}
	on(t, c, node, gone, folder)
	c.run(t, append(args, "-o", "json")...).want(t, 0)
	// Back to the spec of all others.
	c.Bulwark(t, "apply", "--auto-approve").want(t, 0)
	c.Bulwark(t, "apply", "--auto-approve").want(t, 0).says(t, "Nothing to do")
}

// testAgain makes a cluster of machines that were reset. One folder after the
// other is full, and every run goes on from where the last one was cut.
func testAgain(t *testing.T, c *labCluster, guard *prober, s *secrets) {
	c.onLine = func(line string, at time.Time) {
		for _, n := range nodes(c) {
			if strings.Contains(line, "] "+n+": table inet bulwark") {
				guard.closes(n, at)
			}
		}
	}
	stop := s.watch(t)
	defer stop()
	// Nodes go on side by side until they wait for one that failed, so several
	// are stopped in one run.
	type place struct{ node, folder string }
	const lock = "/var/lib/bulwark"
	for _, round := range [][]place{
		// Without the lock of one nothing is done on any.
		{{node: "w-2", folder: lock}},
		// The first file of all, on two nodes. The third comes further, and so the run did something.
		{{node: "cp-1", folder: "/etc/sysctl.d"}, {node: "w-1", folder: "/etc/sysctl.d"}},
		{{node: "cp-1", folder: "/etc/bulwark"}, {node: "w-1", folder: "/etc/systemd/system"}},
		{{node: "cp-1", folder: "/etc/sysusers.d"}, {node: "w-1", folder: "/etc/kubernetes/bulwark"}},
		{{node: "cp-1", folder: "/etc/kubernetes/bulwark"}},
		{{node: "cp-1", folder: lock}},
		{{node: "cp-1", folder: "/etc/kubernetes/pki"}},       // where kubeadm writes,
		{{node: "cp-1", folder: "/etc/kubernetes/manifests"}}, // and is not let to begin
		{{node: "w-1", folder: "/etc/kubernetes"}, {node: "w-2", folder: "/etc/cni/net.d"}},
	} {
		for _, at := range round {
			on(t, c, at.node, full, at.folder)
		}
		out := c.Bulwark(t, "apply", "--auto-approve", "-v")
		s.output(out)
		want := 8
		if round[0].folder == lock {
			want = 1
		}
		if out.Code != want {
			t.Errorf("%v is full: want exit %d, got %v", round, want, out)
		}
		for _, at := range round {
			saysFull(t, c, out, at.node, at.folder)
			on(t, c, at.node, room, at.folder)
			on(t, c, at.node, gone, at.folder)
		}
	}
	out := c.Bulwark(t, "apply", "--auto-approve", "-v")
	s.output(out)
	out.want(t, 0).says(t, "checks passed")
	stop()
	c.onLine = nil
	allReady(t, c)
	c.Bulwark(t, "apply", "--auto-approve").want(t, 0).says(t, "Nothing to do")
	// The second cluster has secrets of its own, said by runs that failed too.
	s.judge(t, s.gather(t))
}
