package apply

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// references says which path that a manifest refers to is not there, or is not what
// it should be, or is not seen by who is to read it. A static pod with such a
// manifest would never start, and nobody would say why.
func (c *change) references(ctx context.Context, writes []plan.FileStep) error {
	var need []reference
	written := map[string]bool{}
	for _, w := range writes {
		written[w.Want.Path] = w.Want.Origin != state.Forbidden
		if w.Want.Origin == state.Derived && staticPod(w.Want, w.Want.Restarts) != "" && !w.Attributes {
			some, err := referencesOf(w.Want.Path, w.Want.Content)
			if err != nil {
				return err
			}
			need = append(need, some...)
		}
	}
	ask := observe.Ask{Node: c.node.Name}
	for _, r := range need {
		ask.Files = append(ask.Files, observe.AskFile{Path: r.path})
	}
	if len(need) == 0 {
		return nil
	}
	now, err := observe.Node(ctx, c.Hosts[c.node.Name], ask)
	if err != nil {
		return err
	}
	for _, r := range need {
		got := now.Files[r.path]
		switch {
		case written[r.path]:
		case now.Unread[r.path] != "":
			return fmt.Errorf("%s refers to %s, which could not be looked at: %s", r.manifest, r.path, now.Unread[r.path])
		case !got.Exists():
			return fmt.Errorf("%s refers to %s (%s), which is not there", r.manifest, r.path, r.by)
		case r.kind != "" && got.Type != r.kind && got.Type != "symlink":
			return fmt.Errorf("%s refers to %s (%s) as a %s, and it is a %s", r.manifest, r.path, r.by, r.kind, got.Type)
		}
	}
	return nil
}

// reference is a path of the machine that a manifest needs.
type reference struct {
	manifest, path string
	// kind is "file" or "dir", "" where either will do; by is what refers to it.
	kind, by string
}

// made are arguments whose file the component makes by itself.
var made = []string{"audit-log-path", "data-dir", "wal-dir", "log-file", "cert-dir"}

// referencesOf are the paths of a static pod's volumes and arguments. An argument
// that names a path which no volume shows to the container is an error.
func referencesOf(manifest string, text []byte) ([]reference, error) {
	var pod struct {
		Spec struct {
			Containers []struct {
				Command      []string
				VolumeMounts []struct{ Name, MountPath string }
			}
			Volumes []struct {
				Name     string
				HostPath *struct{ Path, Type string }
			}
		}
	}
	if err := yaml.Unmarshal(text, &pod); err != nil {
		return nil, fmt.Errorf("%s: %w", manifest, err)
	}
	if len(pod.Spec.Containers) != 1 {
		return nil, fmt.Errorf("%s: a static pod of the control plane has one container, and this has %d", manifest, len(pod.Spec.Containers))
	}
	var out []reference
	source := map[string]string{}
	for _, v := range pod.Spec.Volumes {
		if v.HostPath == nil {
			continue
		}
		source[v.Name] = v.HostPath.Path
		switch v.HostPath.Type {
		case "Directory":
			out = append(out, reference{manifest, v.HostPath.Path, "dir", "volume " + v.Name})
		case "File":
			out = append(out, reference{manifest, v.HostPath.Path, "file", "volume " + v.Name})
		}
	}
	c := pod.Spec.Containers[0]
	for _, arg := range c.Command {
		name, value, ok := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		if !ok || !path.IsAbs(value) || slices.Contains(made, name) {
			continue
		}
		var from, at string
		for _, m := range c.VolumeMounts {
			if (value == m.MountPath || strings.HasPrefix(value, m.MountPath+"/")) && len(m.MountPath) > len(at) {
				from, at = source[m.Name], m.MountPath
			}
		}
		if from == "" {
			return nil, fmt.Errorf("%s: --%s=%s lies in no volume of the container, so the component would not see it; add a volume for it to the spec", manifest, name, value)
		}
		out = append(out, reference{manifest, path.Join(from, strings.TrimPrefix(value, at)), "", "--" + name})
	}
	return out, nil
}
