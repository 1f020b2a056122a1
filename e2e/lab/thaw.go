package lab

import (
	"context"
	"time"
)

// removeContainers removes containers with their volumes, and those too that
// were ended at the moment in which their runtime had a pod frozen: on cgroup
// v1 a frozen process does not see that it was killed, and Docker gives up.
func removeContainers(ctx context.Context, names ...string) error {
	remove := append([]string{"rm", "-f", "-v"}, names...)
	if _, err := docker(ctx, nil, remove...); err == nil {
		return nil
	}
	thaw(ctx, names)
	_, err := docker(ctx, nil, remove...)
	return err
}

// thaw wakes what is frozen in those of the containers that are still there. Whoever removes
// them says what is wrong.
func thaw(ctx context.Context, names []string) {
	const script = `for id; do
		find /host/freezer -path "*/$id*" -name freezer.state 2>/dev/null | while read -r f; do echo THAWED >"$f"; done
	done`
	for _, name := range names {
		// One by one: a name that is gone would make the question about all fail.
		words, err := dockerLines(ctx, "inspect", "--format", "{{.Id}} {{.Config.Image}}", name)
		if err != nil || len(words) != 2 {
			continue
		}
		_, _ = docker(ctx, nil, "run", "--rm", "--privileged", "--network", "none",
			"--volume", "/sys/fs/cgroup:/host", "--entrypoint", "sh", words[1], "-c", script, "thaw", words[0])
	}
	time.Sleep(2 * time.Second)
}
