package provision

import (
	"maps"
	"slices"

	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// drift are the steps for facts that were read and do not hold, in the order of
// the plan. Where not everything was read, the facts that this leaves open are
// taken out before anything is compared: they may hold or not, and what would
// only follow from them must not be told either. So a machine that is down
// hides nothing of the others, and stands for no drift of its own.
func (s *Session) drift() []plan.Step {
	if len(s.missed) == 0 && s.unread() == 0 && s.apiRead() {
		return s.Plan.Steps
	}
	var wants []state.Want
	for _, w := range s.wants {
		n := s.have.Nodes[w.Node]
		if n == nil && w.Node != "" {
			continue
		}
		w.Facts = slices.DeleteFunc(slices.Clone(w.Facts), func(f state.Fact) bool { return !s.judged(f, n) })
		wants = append(wants, w)
	}
	return plan.Compute(s.Cluster, wants, s.have, kube.Missing).Steps
}

// judged says whether all that a fact rests on was read. n is its node, nil for
// what the API holds.
func (s *Session) judged(f state.Fact, n *state.Node) bool {
	if n != nil && slices.ContainsFunc(restsOn(f), func(name string) bool { _, unread := n.Unread[name]; return unread }) {
		return false
	}
	switch {
	case f.File != nil:
		return s.known(f.File.Content) && !slices.ContainsFunc(f.File.Shared, func(name string) bool {
			other := s.have.Nodes[name]
			if other == nil {
				return true
			}
			_, unread := other.Unread[f.File.Path]
			return unread
		})
	case f.Table != nil:
		return s.known(f.Table.Text)
	case f.Phase != nil: // which phases a node needs depends on who else is there
		return len(s.missed) == 0 && (s.apiRead() || len(f.Phase.Objects) == 0 && !f.Phase.Registered && f.Phase.Label == "")
	case f.Object != nil, f.Approval != nil, f.Wait != nil:
		return s.apiRead()
	case f.Encryption != nil:
		return s.apiRead() && len(s.missed) == 0 && !slices.ContainsFunc(slices.Collect(maps.Values(s.have.Nodes)), func(n *state.Node) bool {
			_, marker := n.Unread[f.Encryption.Marker.Path]
			_, keys := n.Unread[f.Encryption.File.Path]
			return marker || keys
		})
	}
	return true
}

// known says whether the look answers for every reference of a text.
func (s *Session) known(text []byte) bool {
	_, err := state.Resolve(text, s.have.Value)
	return err == nil
}

// apiRead says whether the API was asked and answered.
func (s *Session) apiRead() bool { return s.have.API.Status == state.Answering }

// restsOn are the names under which [state.Node.Unread] has what a fact is
// judged by.
func restsOn(f state.Fact) []string {
	switch {
	case f.File != nil:
		return append([]string{f.File.Path, f.File.CopyOf}, f.File.Unless...)
	case f.Certificate != nil:
		return []string{f.Certificate.Path, f.Certificate.CA}
	case f.Sysctl != nil:
		return []string{f.Sysctl.Key}
	case f.Module != nil:
		return []string{f.Module.Name}
	case f.Unit != nil:
		return []string{f.Unit.Name}
	case f.Table != nil:
		return []string{"Table", state.ConfirmedTablePath}
	case f.Phase != nil:
		return slices.Concat(f.Phase.Makes, f.Phase.Unless, slices.Collect(maps.Keys(f.Phase.Lacks)))
	case f.Approval != nil:
		return []string{f.Approval.Makes}
	}
	return nil
}

// unread counts what was asked of machines that were reached, and not read.
func (s *Session) unread() int {
	count := 0
	for _, n := range s.have.Nodes {
		count += len(n.Unread)
	}
	return count
}
