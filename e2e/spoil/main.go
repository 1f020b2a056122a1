// Command spoil is bulwark, except that it writes other bytes than its plan shows,
// as if something bad had got past every check of a spec:
//
//	BULWARK_SPOIL  JSON, a list of {"step": ID, "from": REGEXP, "to": TEXT}: what matches in the
//	               file, the table or the key file of a step is replaced.
//
// It fails before it changes anything where its plan has no such step, or nothing
// in it matches.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"

	"github.com/bulwark-k8s/bulwark/cmd/cli"
	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

func main() {
	var changes []change
	if err := json.Unmarshal([]byte(os.Getenv("BULWARK_SPOIL")), &changes); err != nil {
		fmt.Fprintln(os.Stderr, "spoil: BULWARK_SPOIL:", err)
		os.Exit(64)
	}
	os.Exit(cli.MainWith(spoiler{cli.Real(), changes}))
}

// change is what is other in a step.
type change struct{ Step, From, To string }

// spoiler is package provision, whose sessions have plans that were changed.
type spoiler struct {
	cli.Provision
	changes []change
}

// Open opens a session, and spoils its plan.
func (s spoiler) Open(ctx context.Context, in provision.Input) (cli.Session, error) {
	session, err := s.Provision.Open(ctx, in)
	if err != nil {
		return session, err
	}
	for _, c := range s.changes {
		if err := c.spoil(session.Look().Plan); err != nil {
			return session, errors.Join(err, session.Close())
		}
	}
	return session, nil
}

// spoil changes a step of a plan.
func (c change) spoil(p *plan.Plan) error {
	from, err := regexp.Compile(c.From)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return s.ID == c.Step })
	if i < 0 {
		return fmt.Errorf("spoil: this plan has no step %s", c.Step)
	}
	var text []byte
	var put func([]byte)
	switch s := p.Steps[i]; {
	case s.File != nil:
		text, put = s.File.Want.Content, func(b []byte) { s.File.Want.Content = b }
	case s.Encryption != nil:
		text, put = s.Encryption.File.Content, func(b []byte) { s.Encryption.File.Content = b }
	case s.Table != nil:
		text, put = s.Table.Text, func(b []byte) { s.Table.Text = b }
	}
	if !from.Match(text) {
		return fmt.Errorf("spoil: %q matches nothing in %s:\n%s", c.From, c.Step, text)
	}
	put(from.ReplaceAll(text, []byte(c.To)))
	return nil
}
