package provision

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/provision/verify"
)

// verifiedPath is where the control plane that others joined keeps for which wishes the
// cluster last passed verification. Without it a run that was cut before its
// verification, or failed it, would be followed by "nothing to do".
const verifiedPath = "/var/lib/bulwark/verified"

// mark is what the file says for a session's wishes.
func mark(wants []state.Want) []byte {
	text, err := json.Marshal(wants)
	if err != nil {
		panic(err) // plain values
	}
	return []byte("v1 " + state.SHA256(text) + "\n")
}

// Verified says whether the cluster passed verification as its spec is now, and
// nothing was applied since.
func (s *Session) Verified() bool {
	n := s.have.Nodes[s.controlPlane()]
	return n != nil && bytes.Equal(n.Files[verifiedPath].Text, s.mark)
}

// forgetVerified takes the mark away before anything is changed, wherever it is:
// another control plane may have remembered before.
func (s *Session) forgetVerified(ctx context.Context) error {
	var errs []error
	for _, cp := range s.Cluster.ControlPlanes() {
		if n := s.have.Nodes[cp.Name]; n == nil || !n.Files[verifiedPath].Exists() {
			continue
		}
		_, err := machine.Do(ctx, s.hosts[cp.Name], []machine.Op{{Kind: machine.Remove, Path: verifiedPath, Had: machine.AnyDigest}})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Verify asks the cluster whether it is as hardened as its spec says, and
// remembers on the control plane that it was.
func (s *Session) Verify(ctx context.Context) ([]apply.Check, error) {
	checks, err := verify.Cluster(ctx, s.access)
	if err != nil {
		return checks, err
	}
	for _, c := range checks {
		if c.Verdict != verify.Pass {
			return checks, nil
		}
	}
	_, err = machine.Do(ctx, s.hosts[s.controlPlane()], []machine.Op{{
		Kind: machine.PutFile, Path: verifiedPath, Mode: 0o600, Owner: "root:root", Content: s.mark, Had: machine.AnyDigest,
	}})
	return checks, err
}

// NotPassed is the error of a verification that did not pass. What could not
// be answered has not passed.
func NotPassed(checks []apply.Check) error {
	failed, unknown := 0, 0
	for _, c := range checks {
		switch c.Verdict {
		case verify.Pass:
		case verify.Fail:
			failed++
		default:
			unknown++
		}
	}
	if failed+unknown == 0 {
		return nil
	}
	return fmt.Errorf("verified, but of %d checks %d failed and %d could not be answered", len(checks), failed, unknown)
}

// controlPlane is the one that remembers for the cluster.
func (s *Session) controlPlane() string { return s.access.First }
