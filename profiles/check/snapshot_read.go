package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Recorded is what a snapshot was taken of, as far as checks can ask.
type Recorded struct {
	Cluster Cluster
	// Nodes are as a spec would have them.
	Nodes []cluster.Node
	// Have is what nodes and API had.
	Have *state.Cluster
}

// ReadSnapshot reads what [Snapshot.Write] wrote, by this version of bulwark or an older
// one. It reads one node after the other: of a large cluster all of them at once, as they
// are written, would take more memory than what they come to.
func ReadSnapshot(text []byte) (*Recorded, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("this is no snapshot: the file is empty; " + writesOne)
	}
	version, err := versionOf(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("this is no snapshot: %w; %s", whole(err), writesOne)
	case version == 0:
		return nil, errors.New("this is no snapshot: it has no format_version; " + writesOne)
	case version > SnapshotVersion:
		return nil, fmt.Errorf("the snapshot has format_version %d, and this bulwark reads %d and older: use the bulwark that wrote it, or a newer one", version, SnapshotVersion)
	}
	out := &Recorded{Have: &state.Cluster{Nodes: map[string]*state.Node{}}}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields() // a misspelt name is no reason for a verdict
	var bad error
	var of *Cluster
	same := newSame()
	err = members(d, func(name string) error {
		switch name {
		case "format_version":
			return d.Decode(new(int))
		case "cluster":
			return d.Decode(&of)
		case "nodes":
			return elements(d, func() error {
				var n SnapshotOf
				if err := d.Decode(&n); err != nil {
					return err
				}
				bad = out.add(n, same)
				return bad
			})
		case "api":
			var api *APISnapshot
			err := d.Decode(&api)
			out.Have.API = api.api()
			return err
		}
		return fmt.Errorf("it has no field %q", name)
	})
	switch {
	case bad != nil:
		return nil, bad
	case err != nil:
		return nil, fmt.Errorf("the snapshot cannot be read: %w; %s", whole(err), writesOne)
	case of == nil:
		return nil, errors.New("the snapshot cannot be read: it has no cluster; " + writesOne)
	}
	out.Cluster = *of
	return out, nil
}

// writesOne is what to do without a snapshot that can be read.
const writesOne = "`bulwark profile snapshot` writes a whole one"

// whole says of a text that is not that it is not.
func whole(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends within")
	}
	return err
}

// versionOf is the version of a snapshot's form, 0 of one without. It is the first thing
// that is written, so that nearly nothing is read for it.
func versionOf(text []byte) (int, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	version, found := 0, errors.New("found")
	err := members(d, func(name string) error {
		if name != "format_version" {
			return d.Decode(new(json.RawMessage))
		}
		if err := d.Decode(&version); err != nil {
			return err
		}
		return found
	})
	if errors.Is(err, found) {
		err = nil
	}
	return version, err
}

// members are those of the object that a text is. Each has to be read by who is told of it.
func members(d *json.Decoder, read func(name string) error) error {
	switch start, err := d.Token(); {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case err != nil:
		return fmt.Errorf("it is no object of JSON: %w", err)
	case start != json.Delim('{'):
		return errors.New("it is no object of JSON")
	}
	had := map[string]bool{} // the second of a name would add to the first, or take its place
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		member := name.(string) // or Token had failed
		if had[member] {
			return fmt.Errorf("it has %q twice", member)
		}
		had[member] = true
		if err := read(member); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind its end")
	}
	return nil
}

// elements are those of a list, or none where there is null.
func elements(d *json.Decoder, read func() error) error {
	switch start, err := d.Token(); {
	case err != nil || start == nil:
		return err
	case start != json.Delim('['):
		return fmt.Errorf("%v stands where a list should be", start)
	}
	for d.More() {
		if err := read(); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// add takes in a node.
func (r *Recorded) add(n SnapshotOf, same *same) error {
	_, twice := same.names[n.Name]
	switch {
	case n.Name == "" || twice:
		return fmt.Errorf("the snapshot has a node %q without a name of its own", n.Name)
	case n.Role != cluster.ControlPlane && n.Role != cluster.Worker: // of another most controls would not be asked
		return fmt.Errorf("the snapshot of node %s: %q is no role; a node is %s or %s", n.Name, n.Role, cluster.ControlPlane, cluster.Worker)
	}
	same.names[n.Name] = struct{}{}
	r.Nodes = append(r.Nodes, cluster.Node{Name: n.Name, Role: n.Role, Labels: n.Labels})
	if n.Has == nil {
		return nil
	}
	if err := n.Has.valid(); err != nil {
		return fmt.Errorf("the snapshot of node %s: %w", n.Name, err)
	}
	r.Have.Nodes[n.Name] = n.Has.node(n.Name, same)
	return nil
}

// api is what the API had.
func (s *APISnapshot) api() state.API {
	if s == nil {
		return state.API{}
	}
	out := state.API{Status: s.Status, Tokens: s.Tokens, Inventory: s.Inventory, Unread: s.Unread, Objects: map[string]state.HaveObject{}}
	if s.Nodes != nil {
		out.Nodes = map[string]state.NodeObject{}
	}
	for _, n := range s.Nodes {
		out.Nodes[n.Name] = state.NodeObject{Name: n.Name, Labels: n.Labels, Taints: n.Taints, KubeletVersion: n.Kubelet, Ready: n.Ready}
	}
	if s.KubeProxy != "" {
		if object, err := json.Marshal(map[string]any{"data": map[string]string{proxyKey: s.KubeProxy}}); err == nil {
			out.Objects[kubeProxy] = state.HaveObject{JSON: object}
		}
	}
	return out
}

// same is what nodes have the same, kept once for all of them: paths, owners, arguments
// and most texts.
type same struct {
	names map[string]struct{} // of nodes
	words map[string]string
	texts map[string][]byte
}

func newSame() *same {
	return &same{map[string]struct{}{}, map[string]string{}, map[string][]byte{}}
}

// word is text as it was met before.
func (s *same) word(text string) string {
	if known, ok := s.words[text]; ok {
		return known
	}
	s.words[text] = text
	return text
}

// list is the same of many. Nil stays nil.
func (s *same) list(all []string) []string {
	for i, text := range all {
		all[i] = s.word(text)
	}
	return all
}

// text is a document as bytes, nil where there is none.
func (s *same) text(of string) []byte {
	if of == "" {
		return nil
	}
	known, ok := s.texts[of]
	if !ok {
		known = []byte(of)
		s.texts[of] = known
	}
	return known
}
