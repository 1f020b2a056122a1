package provision

import (
	"context"

	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// texts puts into a plan what the files that it changes say now and will say,
// for people to read. The look knows digests only, so the machines that have such
// files are asked once more. Files with secrets are not asked for.
func (l looker) texts(ctx context.Context, p *plan.Plan, have *state.Cluster) error {
	asks := map[string]*observe.Ask{}
	for _, s := range p.Steps {
		if !changesText(s) {
			continue
		}
		if asks[s.Node] == nil {
			asks[s.Node] = &observe.Ask{Node: s.Node, FilesOnly: true}
		}
		asks[s.Node].Files = append(asks[s.Node].Files, observe.AskFile{Path: s.File.Want.Path, Text: true})
	}
	if len(asks) == 0 {
		return nil
	}
	var list []observe.Ask
	for _, w := range l.wants { // in their order
		if a := asks[w.Node]; a != nil {
			list = append(list, *a)
		}
	}
	nodes, failed := observe.All(ctx, l.hosts, list, parallelism(l.in))
	for _, err := range failed {
		return err
	}
	for _, s := range p.Steps {
		if !changesText(s) {
			continue
		}
		f := nodes[s.Node].Files[s.File.Want.Path]
		if f.SHA256 != s.File.Had {
			continue // it moved since: apply will say so
		}
		s.File.Before, s.File.After = f.Text, known(s.File.Want.Content, have)
	}
	return ctx.Err()
}

// changesText says whether a step replaces a text by another one that people may see.
func changesText(s plan.Step) bool {
	return s.File != nil && s.Action == plan.Change && !s.File.Attributes && !s.File.Want.Secret && !s.File.Want.Mode.IsDir() &&
		s.File.Had != "" && (s.File.Want.Origin == state.Written || s.File.Want.Origin == state.Derived)
}

// known is a text with those references replaced that a look answers for.
func known(text []byte, have *state.Cluster) []byte {
	out, err := state.Resolve(text, func(name string) ([]byte, bool) {
		if v, ok := have.Value(name); ok {
			return v, true
		}
		return []byte(state.Ref(name)), true
	})
	if err != nil {
		return text
	}
	return out
}
