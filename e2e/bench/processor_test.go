package bench

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

// processor is the processor time that was used up to a moment, on this whole
// machine and by the lab's machines on it. What neither they nor the contestant
// used was somebody else's, and a figure taken beside much of that is worth
// little.
type processor struct {
	all, machines time.Duration
	known         bool
}

func readProcessor(ids []string) processor {
	var p processor
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return p
	}
	line, _, _ := strings.Cut(string(text), "\n")
	for i, field := range strings.Fields(line)[1:] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return p
		}
		if i < 8 && i != 3 && i != 4 { // not idle, and guests are users already
			p.all += time.Duration(n) * 10 * time.Millisecond
		}
	}
	for _, id := range ids {
		used, err := os.ReadFile("/sys/fs/cgroup/cpuacct/docker/" + id + "/cpuacct.usage")
		if err == nil {
			n, _ := strconv.Atoi(strings.TrimSpace(string(used)))
			p.machines += time.Duration(n)
			continue
		}
		used, err = os.ReadFile("/sys/fs/cgroup/system.slice/docker-" + id + ".scope/cpu.stat")
		if err != nil {
			return p
		}
		n, _ := strconv.Atoi(strings.Fields(string(used))[1]) // usage_usec comes first
		p.machines += time.Duration(n) * time.Microsecond
	}
	p.known = len(ids) > 0
	return p
}

// containers are the ids of the machines' containers.
func containers(machines []*lab.Machine) []string {
	var ids []string
	for _, m := range machines {
		out, err := exec.Command("docker", "inspect", "--format", "{{.Id}}", m.Container()).Output()
		if err != nil {
			return nil
		}
		ids = append(ids, strings.TrimSpace(string(out)))
	}
	return ids
}

// usage says who used the processors during a run.
type usage struct{ machines, contestant, others time.Duration }

func (p processor) until(later processor, contestant *os.ProcessState) *usage {
	if !p.known || !later.known {
		return nil
	}
	u := usage{machines: later.machines - p.machines, contestant: contestant.UserTime() + contestant.SystemTime()}
	u.others = later.all - p.all - u.machines - u.contestant
	return &u
}

func (u *usage) String() string {
	if u == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.0f + %.1f + %.0f", u.machines.Seconds(), u.contestant.Seconds(), max(0, u.others.Seconds()))
}

// awaitQuiet waits until this machine has little else to do, for
// BULWARK_BENCH_PATIENCE seconds or three minutes. When that does not come about
// the run goes on.
func awaitQuiet(b *testing.B) {
	const window, busy = 4 * time.Second, 0.15
	limit := time.Duration(number(b, "BULWARK_BENCH_PATIENCE", 180)) * time.Second
	for end := time.Now().Add(limit); ; {
		before := readProcessor(nil)
		time.Sleep(window)
		share := (readProcessor(nil).all - before.all).Seconds() / window.Seconds() / float64(runtime.NumCPU())
		if share < busy {
			return
		}
		if time.Now().After(end) {
			b.Logf("after %v this machine is still %.0f%% busy", limit, 100*share)
			return
		}
	}
}
