package observe

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// space reads "magic blocks blocksize freeinodes inodes asked existing" for
// the cgroup mount and for each directory.
func (r *reading) space(data []byte) error {
	const cgroup2 = "63677270"
	facts := &r.node.Facts
	for line := range lines(data) {
		words := strings.Fields(line)
		if len(words) != 6 {
			return fmt.Errorf("%s is not what stat was asked for", word(line))
		}
		blocks, err1 := strconv.ParseInt(words[1], 10, 64)
		size, err2 := strconv.ParseInt(words[2], 10, 64)
		inodes, err3 := strconv.ParseInt(words[3], 10, 64)
		total, err4 := strconv.ParseInt(words[4], 10, 64)
		dir := words[5]
		if err1 != nil || err2 != nil || err3 != nil || err4 != nil || blocks < 0 || size < 0 || inodes < 0 || blocks > 1<<50 || size > 1<<24 {
			r.miss("Free", fmt.Sprintf("%s: stat says %.100q", word(dir), line))
			continue
		}
		if dir == "/sys/fs/cgroup" {
			facts.Cgroup = 1
			if words[0] == cgroup2 {
				facts.Cgroup = 2
			}
			continue
		}
		if !slices.Contains(spaceDirs(), dir) {
			return fmt.Errorf("the space of %s, which nobody asked for", word(dir))
		}
		facts.Free[dir] = blocks * size
		// Some file systems make inodes as they need them, and count none.
		if total > 0 {
			facts.FreeInodes[dir] = inodes
		}
	}
	return nil
}

// spaceDirs are the directories whose space is read, in look.sh's order.
func spaceDirs() []string {
	return []string{"/", "/var", "/var/lib/etcd", "/var/lib/kubelet", "/var/lib/containerd", "/var/log", "/etc"}
}
