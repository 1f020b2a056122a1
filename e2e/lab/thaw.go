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

// thaw wakes what is frozen in containers. Whoever removes them says what is wrong.
func thaw(ctx context.Context, names []string) {
	const script = `for id; do
		find /host/freezer -path "*/$id*" -name freezer.state 2>/dev/null | while read -r f; do echo THAWED >"$f"; done
	done`
	ids, err := dockerLines(ctx, append([]string{"inspect", "--format", "{{.Id}}"}, names...)...)
	images, imageErr := dockerLines(ctx, append([]string{"inspect", "--format", "{{.Config.Image}}"}, names...)...)
	if err != nil || imageErr != nil || len(images) == 0 {
		return
	}
	_, _ = docker(ctx, nil, append([]string{"run", "--rm", "--privileged", "--network", "none",
		"--volume", "/sys/fs/cgroup:/host", "--entrypoint", "sh", images[0], "-c", script, "thaw"}, ids...)...)
	time.Sleep(2 * time.Second)
}
