package plan

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// fileStep compares a wanted path with what is there.
func (r rules) fileStep(s Step, want state.File, n *state.Node) (Step, bool) {
	s.Kind = KindFile
	got := n.Files[want.Path]
	s.File = &FileStep{Want: want, Had: got.SHA256}

	if want.Origin == state.Forbidden {
		s.Action, s.File.Had = Remove, got.Seen()
		if r.planned[want.MadeBy] {
			s.File.Had = AnyBytes
			return s, true
		}
		return s, got.Exists()
	}
	if from := r.adopted[n.Name]; from != "" && want.Path == encryptionFile {
		s.Action, s.File.Want.CopyOf, s.File.Want.Content, s.File.Want.Shared = Add, from, nil, nil
		return s, true
	}
	if r.leftToEncryption(want, got, n) {
		return s, false
	}
	if slices.ContainsFunc(want.Unless, func(path string) bool { return n.Files[path].Exists() }) {
		return s, false
	}
	if source := r.source(want); source != n.Name {
		s.File.CopyFrom = source
	} else if source != "" && !got.Exists() && want.Content == nil {
		return s, false // a phase makes it
	}
	if want.Content != nil && r.encryption != nil && want.Path == r.encryption.File.Path {
		s.File.Want.Content = r.encryption.Reads // a cluster that never encrypted
	}
	if want.Origin == state.Derived && r.planned[want.MadeBy] {
		return s, false // a phase of this plan writes it
	}
	derived, known := n.Derived[want.Path]
	if want.Origin == state.Derived && known {
		s.File.Want.Content = derived
	}
	if !want.Mode.IsDir() {
		s.Restarts = r.restarts(want, got, derived, n)
	}
	if !got.Exists() {
		s.Action = Add
		return s, !want.Optional || known
	}
	s.Action = Change
	if wantType(want) != got.Type {
		if got.Type == "symlink" {
			s.File.Link = got.LeadsTo
		}
		return s, true
	}
	if !r.bytesMet(want, got, n) {
		if len(s.Restarts) > 0 {
			s.Drains = r.drains(want.Path, got.Text, derived, n)
		}
		return s, true
	}
	s.File.CopyFrom = ""
	s.File.Attributes = true
	if want.Tree && slices.ContainsFunc(got.Owners, func(o string) bool { return o != want.Owner }) {
		s.Restarts = running(want.Restarts, n) // it runs as somebody else, and may write more
		return s, true
	}
	s.Restarts = nil
	return s, got.Mode.Perm() != want.Mode.Perm() || got.Owner != want.Owner
}

// wantType is the type of a wanted path as a look reports types.
func wantType(want state.File) string {
	if want.Mode.IsDir() {
		return "dir"
	}
	return "file"
}

// bytesMet says whether the bytes that are there are those wanted. Bytes that
// only run time knows are compared once the look knows them too.
func (r rules) bytesMet(want state.File, got state.HaveFile, n *state.Node) bool {
	switch {
	case want.Path == encryptionFile && living(r.have, n.Name):
		return true // the step that encrypts judges it, and alone replaces it
	case len(want.Shared) > 0:
		return got.SHA256 != "" && got.SHA256 == digest(r.have, r.source(want), want.Path)
	case want.Origin == state.Derived:
		derived, known := n.Derived[want.Path]
		return !known || state.SHA256(derived) == got.SHA256
	case want.Mode.IsDir(), want.Origin == state.Adopted && want.CopyOf == "":
		return true
	case want.CopyOf != "" && r.planned[renewed(n.Name, want.CopyOf)]:
		return false // what it is a copy of is about to change
	case want.CopyOf != "":
		source := n.Files[want.CopyOf]
		return source.SHA256 != "" && source.SHA256 == got.SHA256
	}
	if want.Foreign() != "" {
		return false // apply refuses it, and says why
	}
	text, err := state.Resolve(want.Content, r.have.Value)
	if err != nil && r.have.API.Status == state.Unreachable {
		return got.SHA256 != "" // what it has to hold is the API's to say
	}
	return err == nil && state.SHA256(text) == got.SHA256
}

// restarts are the components that start again because a file changes: those of a
// node that has begun, also where one is just not there. Where a manifest only says the same in other words, the kubelet sees no change.
func (r rules) restarts(want state.File, got state.HaveFile, derived []byte, n *state.Node) []string {
	if want.Origin == state.Derived && derived != nil && Command(derived) != nil && samePod(got.Text, derived) {
		return nil
	}
	if starts(want) && got.Type != "file" {
		// Nothing can be put back that would start it, and a unit is enabled only where
		// its file is: it is put there at once.
		return nil
	}
	return running(want.Restarts, n)
}

// running are those of some components that run, on a machine that is a node.
func running(names []string, n *state.Node) []string {
	if !n.Files[kubeletConf].Exists() {
		return nil
	}
	var out []string
	for _, name := range names {
		if _, runs := n.Processes[name]; runs || n.Derived != nil {
			out = append(out, name)
		}
	}
	return out
}

// unitStep compares a wanted unit with systemd's.
func (r rules) unitStep(s Step, want state.WantUnit, n *state.Node) (Step, bool) {
	s.Kind, s.Action = KindUnit, Change
	got, known := n.Units[want.Name]
	u := &UnitStep{Name: want.Name, Verbs: []string{"daemon-reload"}}
	s.Unit = u
	unmet := false
	if got.Load == "masked" {
		u.Verbs = append(u.Verbs, "unmask")
	}
	if want.Enabled && got.Enabled != "enabled" {
		u.Verbs = append(u.Verbs, "enable")
		unmet = true
		if !known || got.Load == "not-found" {
			s.Action = Add
		}
	}
	if r.stale(want, got, n) {
		unmet = true // the reload that every step of a unit begins with
	}
	follows := slices.ContainsFunc(want.Follows, func(path string) bool { return r.planned[n.Name+"/file"+path] })
	switch {
	case want.Active && got.Active != "active":
		u.Verbs = append(u.Verbs, "start")
		unmet = true
	case want.Active && follows:
		u.Verbs = append(u.Verbs, "restart")
		unmet = true
	}
	return s, unmet
}

// tableMet says whether the wanted table was loaded and confirmed, and is
// still the one in force. nft prints a table in its own words, so what was
// live when it was confirmed is remembered on the machine beside the text it
// came from.
func tableMet(want state.Table, n *state.Node) bool {
	confirmed := n.Files[state.ConfirmedTablePath]
	return n.Table != "" && bytes.Equal(bytes.TrimSpace(confirmed.Text), state.ConfirmedTable(want.Text, n.Table))
}

// phaseMet says whether everything a kubeadm phase makes is there.
func (r rules) phaseMet(want state.Phase, n *state.Node) bool {
	for _, path := range want.Unless {
		if n.Files[path].Exists() {
			return true
		}
	}
	for _, path := range want.Makes {
		if _, derived := n.Derived[path]; derived && want.Rewritten {
			continue // a fact of its own puts it there, without the phase
		}
		if !n.Files[path].Exists() || empty(n.Files[path]) {
			return false
		}
	}
	for path, text := range want.Lacks {
		if f := n.Files[path]; !f.Exists() || bytes.Contains(f.Text, []byte(text)) {
			return false
		}
	}
	if r.have.API.Status == state.Unreachable {
		return true
	}
	for _, ref := range want.Objects {
		if _, ok := r.have.API.Objects[ref.String()]; !ok {
			return false
		}
	}
	if _, ok := r.have.API.Nodes[n.Name]; want.Registered && !ok {
		return false
	}
	if want.Label != "" {
		if _, ok := r.have.API.Nodes[n.Name].Labels[want.Label]; !ok {
			return false
		}
	}
	return true
}

// resumed is the phase as it has to run where an earlier run was cut in it.
func resumed(want state.Phase, n *state.Node) state.Phase {
	if want.Again != nil && slices.ContainsFunc(want.Makes, func(path string) bool { return n.Files[path].Exists() }) {
		want.Args = want.Again
	}
	want.Again = nil
	for _, path := range want.Makes {
		if empty(n.Files[path]) || unpaired(want.Makes, path, n) {
			want.Clear = append(want.Clear, path)
		}
	}
	want.Clear = append(want.Clear, orphans(want, n)...)
	for _, path := range want.Besides {
		if empty(n.Files[path]) {
			want.Clear = append(want.Clear, path)
		}
	}
	return want
}

// orphans are certificates and keys that a power cut left of a phase whose authorities
// it took: those are made anew, and kubeadm stops at what they did not sign.
func orphans(want state.Phase, n *state.Node) []string {
	authority := func(path string) bool { return strings.HasSuffix(path, "ca.crt") || strings.HasSuffix(path, "ca.key") }
	lost := slices.ContainsFunc(want.Makes, func(path string) bool {
		return authority(path) && (!n.Files[path].Exists() || slices.Contains(want.Clear, path))
	})
	if !lost || n.Files[etcdData].Exists() {
		return nil
	}
	var out []string
	for _, path := range want.Makes {
		certificate := strings.HasSuffix(path, ".crt") || strings.HasSuffix(path, ".key")
		if certificate && !authority(path) && !strings.HasSuffix(path, "/sa.key") && n.Files[path].Exists() && !slices.Contains(want.Clear, path) {
			out = append(out, path)
		}
	}
	return out
}

// empty is a file that was made and not written, as a full disk or a power cut leaves it.
func empty(f state.HaveFile) bool { return f.Type == "file" && f.SHA256 == state.SHA256(nil) }

// unpaired is a key without its certificate, or the other way round, from a
// phase that was cut between the two. Where etcd has data they are in use, and
// what is missing is for a person to put back.
func unpaired(makes []string, path string, n *state.Node) bool {
	if !n.Files[path].Exists() || n.Files[etcdData].Exists() {
		return false
	}
	other, isKey := strings.CutSuffix(path, ".key")
	if isKey && slices.Contains(makes, other+".pub") {
		other += ".pub" // kubeadm takes a key without its public half for done
	} else if isKey {
		other += ".crt"
	} else if other, isKey = strings.CutSuffix(path, ".crt"); isKey {
		other += ".key"
	}
	return isKey && slices.Contains(makes, other) && (!n.Files[other].Exists() || empty(n.Files[other]))
}

// objectStep compares a wanted object with the API's. What has to go is also
// unmet when a step of this plan, which it comes after, may yet make it.
func (r rules) objectStep(s Step, want state.Object) (Step, bool) {
	s.Kind, s.Object = KindObject, &want
	expected := r.have.API.Status != state.Answering ||
		slices.ContainsFunc(s.After, func(id string) bool { return r.planned[id] })
	if want.Tokens {
		s.Action = Remove
		for _, description := range r.have.API.Tokens {
			expected = expected || state.JoinToken(description)
		}
		return s, expected
	}
	got, ok := r.have.API.Objects[want.Ref.String()]
	if want.Undo && !owned(got) || foreign(want, got) {
		return s, false // the second is said by preflight
	}
	switch {
	case want.JSON == nil:
		s.Action = Remove
		return s, ok || expected
	case !ok:
		s.Action = Add
		return s, true
	}
	s.Action = Change
	return s, r.missing(want, got)
}

// approvalMet says whether a kubelet has its serving certificate and asks for
// no other.
func (r rules) approvalMet(want state.Approval, n *state.Node) bool {
	pending := slices.ContainsFunc(r.have.API.Requests, func(req state.CertificateRequest) bool {
		return req.User == "system:node:"+want.Node
	})
	return n.Files[want.Makes].Exists() && !pending
}

// waitMet says whether a condition already holds.
func (r rules) waitMet(want state.Wait) bool {
	if r.have.API.Status != state.Answering {
		return false
	}
	node, ok := r.have.API.Nodes[want.Subject]
	switch want.For {
	case state.WaitAPI:
		return r.have.API.Ready[want.Subject]
	case state.WaitNodeObject:
		return ok && len(node.PodCIDRs) > 0
	case state.WaitNodeReady:
		return ok && node.Ready
	case state.WaitDeployment:
		return r.have.API.Deployments[want.Subject]
	}
	panic(fmt.Sprintf("no rule for waiting for %q", want.For))
}
