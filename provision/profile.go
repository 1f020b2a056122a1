package provision

import (
	"context"
	"fmt"
	"slices"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/spec"
)

// Standards are the profiles and controls that there are: bulwark's, and a spec's own.
type Standards struct {
	Profiles []profiles.Profile
	Controls []profiles.Control
	// Holds are the ids of the controls of each profile, by its name.
	Holds map[string][]string
}

// Profiles are all that bulwark knows; with a path, also those that this spec has.
func Profiles(ctx context.Context, in Input) (*Standards, error) {
	var own []spec.OwnProfile
	if in.Path != "" {
		l, err := Load(ctx, in)
		if err != nil {
			return nil, err
		}
		own = l.reading.Own
	}
	all, diags := library(own)
	if diags.HasErrors() {
		return nil, diags
	}
	out := &Standards{Profiles: all.Profiles(), Controls: all.Controls(), Holds: map[string][]string{}}
	for _, p := range out.Profiles {
		for _, c := range all.Select([]string{p.Name}).Controls {
			out.Holds[p.Name] = append(out.Holds[p.Name], c.ID)
		}
	}
	return out, nil
}

// Control finds one by its id.
func (s *Standards) Control(id string) (profiles.Control, bool) {
	for _, c := range s.Controls {
		if c.ID == id {
			return c, true
		}
	}
	return profiles.Control{}, false
}

// Of is only what has a name: a profile with its controls, or the profiles that have a
// control.
func (s *Standards) Of(name string) (*Standards, error) {
	one := &Standards{Holds: s.Holds}
	var names []string
	for _, p := range s.Profiles {
		names = append(names, p.Name)
		if p.Name == name || slices.Contains(s.Holds[p.Name], name) {
			one.Profiles = append(one.Profiles, p)
		}
	}
	for _, c := range s.Controls {
		names = append(names, c.ID)
		if c.ID == name || slices.Contains(s.Holds[name], c.ID) {
			one.Controls = append(one.Controls, c)
		}
	}
	if len(one.Profiles) == 0 && len(one.Controls) == 0 {
		return nil, &UnknownError{"profile or control", name, spec.Nearest(name, names)}
	}
	return one, nil
}

// UnknownError is a name that nothing has, with one that is spelt alike.
type UnknownError struct {
	// What is "setting", or "profile or control".
	What, Name string
	// Like is the nearest name that there is, "" where none is near.
	Like string
}

// Error names it, and what may have been meant.
func (e *UnknownError) Error() string {
	if e.Like != "" {
		return fmt.Sprintf("there is no %s %q; did you mean %q?", e.What, e.Name, e.Like)
	}
	return fmt.Sprintf("there is no %s %q", e.What, e.Name)
}

// Explain says why a setting of a spec has its value.
func Explain(ctx context.Context, in Input, setting string) (*cluster.Explained, error) {
	l, err := Load(ctx, in)
	if err != nil {
		return nil, err
	}
	e, ok := l.Cluster.Explain(setting)
	if !ok {
		return nil, &UnknownError{"setting", setting, spec.Nearest(setting, cluster.Explainable())}
	}
	return &e, nil
}
