package provision

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// savedFormat is the first member of a saved plan, by which one is known.
const savedFormat = "bulwark plan 1"

// saved is a plan kept for later: what is meant, how its machines are reached,
// what they had, and what would be done. It holds no secret: those are names in
// a plan. It is made and read by one version of bulwark only.
type saved struct {
	Format  string `json:"format"`
	Version string `json:"bulwark"`
	// OnKind, Remove, Nodes and SSHConfig are those of the [Input].
	OnKind    bool             `json:"on_kind,omitempty"`
	Remove    bool             `json:"remove,omitempty"`
	Nodes     []string         `json:"nodes,omitempty"`
	SSHConfig string           `json:"ssh_config,omitempty"`
	Cluster   *cluster.Cluster `json:"cluster"`
	// Looks are digests of what each node had.
	Looks map[string]string `json:"looks"`
	Plan  *plan.Plan        `json:"plan"`
}

// StaleError is a plan, saved or just made, that is not what would be planned now.
type StaleError struct {
	// Moved are the nodes that are not as they were, sorted.
	Moved []string
	// Why says more where it is not that.
	Why string
}

// Error says what differs and what to do.
func (e *StaleError) Error() string {
	why := e.Why
	if len(e.Moved) > 0 {
		why = strings.Join(e.Moved, ", ") + " moved since"
	}
	return "the plan is stale, nothing was changed: " + why + "; plan again and look at what it says now"
}

// Save is the session's plan as a file for [Input.Saved]. version is this
// bulwark's.
func (s *Session) Save(in Input, version string) ([]byte, error) {
	if len(s.looks) == 0 {
		return nil, errors.New("there is no plan to save: not all machines were seen")
	}
	text, err := encode(saved{Format: savedFormat, Version: version, OnKind: in.OnKind, Remove: in.Remove, Nodes: in.Nodes, SSHConfig: in.SSHConfig,
		Cluster: s.Cluster, Looks: s.looks, Plan: s.Plan})
	if err != nil {
		return nil, err
	}
	// What a spec may hold is anything that JSON can say; that it came back the
	// same is not left to hope.
	again, err := readSaved(text, version)
	if err != nil {
		return nil, err
	}
	wants, err := wanted(again.Cluster, s.access.First)
	if err == nil && !bytes.Equal(mark(wants), s.mark) {
		err = errors.New("this spec means something else once it was saved and read again; apply it without a saved plan, and tell bulwark's makers")
	}
	return text, err
}

// IsSaved says whether a file is a saved plan.
func IsSaved(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(text, " \n{"), []byte(`"format": "bulwark plan `))
}

// readSaved reads a saved plan of this version.
func readSaved(text []byte, version string) (*saved, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber() // numbers of raw settings stay as they are written
	dec.DisallowUnknownFields()
	var s saved
	if err := dec.Decode(&s); err != nil {
		return nil, fmt.Errorf("it is no saved plan of this bulwark: %w; plan again", err)
	}
	switch {
	case s.Format != savedFormat, s.Version != version:
		return nil, &StaleError{Why: fmt.Sprintf("it was made by bulwark %s, and this is %s", s.Version, version)}
	case s.Cluster == nil, s.Plan == nil, len(s.Cluster.ControlPlanes()) == 0:
		return nil, errors.New("it is no saved plan: it says no cluster; plan again")
	}
	return &s, nil
}

// OpenSaved opens the cluster of a saved plan, and refuses where one of its
// machines, or the plan for them, is not what it was. Of in, the way to the
// machines and limits count; the spec is in the file.
func OpenSaved(ctx context.Context, in Input, text []byte, version string) (*Session, error) {
	was, err := readSaved(text, version)
	if err != nil {
		return nil, err
	}
	in.OnKind, in.Remove, in.Nodes = was.OnKind, was.Remove, was.Nodes
	if in.SSHConfig == "" {
		in.SSHConfig = was.SSHConfig
	}
	i := &intent{cluster: was.Cluster}
	if err := i.begin(ctx, i.cluster.ControlPlanes()[0].Name); err != nil {
		return nil, err
	}
	s, err := openIntent(ctx, in, i)
	if err != nil {
		return nil, err
	}
	if s.blocked() {
		return s, nil // said by its problems
	}
	if err := stale(was, s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// stale compares what was with what is.
func stale(was *saved, s *Session) error {
	var moved []string
	for _, name := range slices.Sorted(maps.Keys(s.looks)) {
		if was.Looks[name] != s.looks[name] {
			moved = append(moved, name)
		}
	}
	if len(moved) > 0 {
		return &StaleError{Moved: moved}
	}
	before, err := encode(was.Plan)
	now, err2 := encode(s.Plan)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	if !bytes.Equal(before, now) {
		return &StaleError{Why: "what the cluster's API has would be planned for in another way now"}
	}
	return nil
}

// looks are digests of what a plan rests on, for each node.
func looks(have *state.Cluster) map[string]string {
	out := map[string]string{}
	for name, n := range have.Nodes {
		h := sha256.New()
		for _, path := range slices.Sorted(maps.Keys(n.Files)) {
			f := n.Files[path]
			if path == apply.LockFile {
				continue // comes and goes, and changes nothing by itself
			}
			fmt.Fprintf(h, "file %q %s %v %s %s\n", path, f.Type, f.Mode, f.Owner, f.SHA256)
		}
		for _, key := range slices.Sorted(maps.Keys(n.Sysctls)) {
			fmt.Fprintf(h, "sysctl %s %q\n", key, n.Sysctls[key])
		}
		for _, key := range slices.Sorted(maps.Keys(n.Modules)) {
			fmt.Fprintf(h, "module %s %v\n", key, n.Modules[key])
		}
		for _, key := range slices.Sorted(maps.Keys(n.Units)) {
			u := n.Units[key]
			fmt.Fprintf(h, "unit %s %s %s %s\n", key, u.Load, u.Enabled, u.Active)
		}
		fmt.Fprintf(h, "table %q\nmachine %s\n", n.Table, n.Facts.MachineID)
		out[name] = hex.EncodeToString(h.Sum(nil))
	}
	return out
}
