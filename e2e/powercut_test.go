//go:build planes

package e2e_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// TestPowerCut cuts the power of machines that then have lost what they had not synced:
// while they become nodes, and in a change of a control plane. bulwark is killed first,
// then the machine: at once in the middle of a step, and two seconds after the end of one.
// Each run goes on from what the last one left. In the end all is as wanted.
func TestPowerCut(t *testing.T) {
	c := newLabClusterOf(t, lab.Options{Names: []string{"cp-1", "w-1"}, Disks: true})
	s := c.standard()
	c.write(t, s)
	k := &changeKiller{labCluster: c, program: alternative(t, "kill"), planFile: filepath.Join(c.dir, "plan.json")}
	for _, n := range c.Nodes() {
		shell(t, c, n, imagesOnDisk)
	}
	step(t, "the disk forgets", func(t *testing.T) { testDiskForgets(t, k) })
	step(t, "while it is made", func(t *testing.T) {
		for _, row := range bootstrapCuts(k.plan(t, s)) {
			at := row.moment + " " + row.step
			step(t, strings.ReplaceAll(at, "/", "_"), func(t *testing.T) {
				k.killed(t, s, at)
				node, _, _ := strings.Cut(row.step, "/")
				if row.moment != killDuring { // names are on the disk then, and data need not be
					time.Sleep(2 * time.Second)
				}
				k.cut(t, node)
			})
		}
		c.Bulwark(t, "apply", "--auto-approve").want(t, 0)
		c.Bulwark(t, "apply", "--auto-approve").want(t, 0).says(t, "Nothing to do")
		allReady(t, c)
		mustKubectl(t, c, "", "-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=60s")
	})
	if t.Failed() {
		t.Fatal("there is no cluster to go on with")
	}
	mustKubectl(t, c, "", "create", "secret", "generic", "e2e-read", "--from-literal=word=kept")
	k.before = members(t, c, "cp-1")
	step(t, "in a change", func(t *testing.T) {
		to := changing(s, 1)
		for _, at := range k.moments(t, to) {
			step(t, strings.ReplaceAll(at, "/", "_"), func(t *testing.T) {
				k.killed(t, to, at)
				time.Sleep(2 * time.Second)
				k.cut(t, "cp-1")
				k.kept(t, "cp-1")
			})
		}
		k.resumed(t, to, 1)
	})
}

// imagesOnDisk has the images on a machine's disk. containerd does not see to it (its
// image_pull_with_sync_fs is false): for half a minute after an image was unpacked a
// power cut leaves its programs empty, and nothing unpacks it again.
const imagesOnDisk = `ctr --namespace k8s.io images list | awk 'NR > 1 && !seen[$3]++ { print $3 }' |
while read -r digest; do ctr --namespace k8s.io snapshots unpack "$digest" >/dev/null; done
sync`

// cut cuts the power of a machine and gives it back.
func (k *changeKiller) cut(t *testing.T, node string) {
	t.Helper()
	m := k.set.Machine(node)
	if err := m.CutPower(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := m.PowerOn(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// testDiskForgets: without this the others would prove nothing.
func testDiskForgets(t *testing.T, k *changeKiller) {
	shell(t, k, "cp-1", "cd /etc; echo kept >synced; sync synced .; echo lost >stage; mv stage renamed")
	time.Sleep(2 * time.Second)
	k.cut(t, "cp-1")
	if got := shell(t, k, "cp-1", "cat /etc/synced; stat -c %s /etc/renamed; rm /etc/synced /etc/renamed"); got != "kept\n0" {
		t.Errorf("after a power cut: %q", got)
	}
}

// bootstrapCuts are moments of a bootstrap: in the middle of what kubeadm does and
// right after it, of the firewall too, and after every fourth of the other steps. The
// worker's are where the control plane does not yet leave it time to be done: before
// it joins, and once it may.
func bootstrapCuts(p *plan.Plan) []killRow {
	var turns [4][]killRow
	turn := map[string]int{"w-1": 0, "cp-1": 1}
	for i, s := range p.Steps {
		if s.ID == "w-1/phase/join" || s.ID == "cp-1/wait/node-object" {
			turn[s.Node] += 2
		}
		rows := &turns[turn[s.Node]]
		switch {
		case s.Node == "":
		case s.Kind == plan.KindPhase || s.Kind == plan.KindTable:
			*rows = append(*rows, killRow{killDuring, s.ID}, killRow{killAfter, s.ID})
		case i%4 == 0:
			*rows = append(*rows, killRow{killAfter, s.ID})
		}
	}
	return slices.Concat(turns[:]...)
}
