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
// while they become nodes, at every step, and in a change of a control plane. bulwark is
// killed first, then the machines: at once in the middle of a step, and two seconds
// after the end of one.
// Each run goes on from what the last one left. In the end all is as wanted.
func TestPowerCut(t *testing.T) {
	lab.RequireDisks(t)
	c := newLabClusterOf(t, lab.Options{Names: []string{"cp-1", "w-1"}, Disks: true})
	s := c.standard()
	c.write(t, s)
	k := &changeKiller{labCluster: c, program: alternative(t, "kill"), planFile: filepath.Join(c.dir, "plan.json")}
	for _, n := range c.Nodes() {
		shell(t, c, n, imagesOnDisk)
	}
	step(t, "the disk forgets", func(t *testing.T) { testDiskForgets(t, k) })
	step(t, "while it is made", func(t *testing.T) {
		for _, all := range powerCuts(k.plan(t, s)) {
			step(t, strings.ReplaceAll(all.String(), "/", "_"), func(t *testing.T) { k.bootstrapCut(t, s, all) })
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

// cut cuts the power of machines and gives it back.
func (k *changeKiller) cut(t *testing.T, machines ...string) {
	t.Helper()
	for _, m := range machines {
		if err := k.set.Machine(m).CutPower(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range machines {
		if err := k.set.Machine(m).PowerOn(t.Context()); err != nil {
			t.Fatal(err)
		}
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

// powerCuts are the kills of the whole matrix in the order of the work: in the middle of
// a step right before it is done.
func powerCuts(p *plan.Plan) []cut {
	var out, middles []cut
	for _, c := range cuts(p) {
		if c[0].moment == killDuring {
			middles = append(middles, c)
		} else {
			out = append(out, c)
		}
	}
	for _, m := range middles {
		at := slices.IndexFunc(out, func(c cut) bool { return slices.Contains(c, killRow{killAfter, m[0].step}) })
		out = slices.Insert(out, at, m)
	}
	return out
}

// bootstrapCut has a bootstrap come to where a cut says, as far as no run did so before,
// and then cuts the power of all machines that are held there.
func (k *changeKiller) bootstrapCut(t *testing.T, s clusterSpec, all cut) {
	p := k.plan(t, s)
	open := slices.DeleteFunc(slices.Clone(all), func(r killRow) bool {
		return !slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.ID == r.step })
	})
	if len(open) == 0 {
		t.Log("an earlier run did it while it was held elsewhere")
		return
	}
	var at, machines []string
	pause := 2 * time.Second // names are on the disk then, and data need not be
	for _, r := range open {
		at = append(at, r.String())
		node, _, _ := strings.Cut(r.step, "/")
		if node == "cluster" {
			node = "cp-1"
		}
		machines = append(machines, node)
		if r.moment == killDuring {
			pause = 0
		}
	}
	k.killed(t, s, strings.Join(at, "\n"))
	time.Sleep(pause)
	k.cut(t, slices.Compact(machines)...)
}
