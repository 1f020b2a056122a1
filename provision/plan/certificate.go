package plan

import (
	"crypto/x509"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Renewal has a leaf certificate signed anew.
type Renewal struct {
	// Seen is what is wrong with the one that is there, for people.
	Seen string `json:"seen"`
	// Phase is the kubeadm command; what it makes is kept before, where something
	// starts again because of it.
	Phase state.Phase `json:"phase"`
}

// A certificate is renewed when no more than a third of its life is left, which
// is when cert-manager renews one (cert-manager.io, "Certificate resource",
// renewBefore), and 90 days at most: a quarter of the year that kubeadm gives.
const (
	partLeft    = 3
	longestLeft = 90 * 24 * time.Hour
)

// renewed names that a plan has a file of a node written anew by a renewal.
func renewed(node, path string) string { return node + "/renewed" + path }

// certificateStep says whether a certificate lasts and is the authority's. One that
// is not there is made by the phase whose it is.
func (r rules) certificateStep(s Step, want state.WantCertificate, n *state.Node) (Step, bool) {
	got, there := n.Certificates[want.Path]
	if !there || want.Renews == nil {
		return s, false
	}
	s.Kind, s.Action, s.Restarts = KindCertificate, Run, running(want.Restarts, n)
	s.Renewal = &Renewal{Phase: *want.Renews}
	ca, known := n.Certificates[want.CA]
	switch {
	case got == nil:
		s.Renewal.Seen, s.Renewal.Phase = "no certificate in it can be read", *want.Remakes
	case n.Clock > 0 && ends(got, n.Clock, longestLeft, partLeft):
		s.Renewal.Seen = "it ends " + when(got)
	case known && ca != nil && !r.planned[n.Name+"/file"+want.CA] && got.CheckSignatureFrom(ca) != nil:
		s.Renewal.Seen = "it is not signed by " + want.CA
	default:
		return s, false
	}
	for _, path := range s.Renewal.Phase.Makes {
		r.planned[renewed(n.Name, path)] = true
	}
	return s, true
}

// ends says whether of a certificate's life no more is left, at a moment in
// seconds since 1970, than one of so many parts, and no more than longest.
func ends(c *x509.Certificate, now int64, longest time.Duration, parts int64) bool {
	left := c.NotAfter.Unix() - now
	life := c.NotAfter.Unix() - c.NotBefore.Unix()
	return left <= min(life/parts, int64(longest/time.Second))
}

func when(c *x509.Certificate) string { return c.NotAfter.UTC().Format("2006-01-02 15:04:05 UTC") }

// A kubelet asks for its next certificate when between 70 and 90 percent of a
// life are over (Kubernetes, client-go's certificate manager): where less than a
// tenth is left, and less than a week, it does not succeed.
const (
	rotatedPart = 10
	rotatedLeft = 7 * 24 * time.Hour
)

// unrotated are certificates that kubelets should have rotated and have not. Only a
// person can tell why; nothing else waits for that.
func unrotated(w state.Want, n *state.Node) []Problem {
	var out []Problem
	for _, f := range w.Facts {
		if f.Certificate == nil || f.Certificate.Renews != nil || n.Clock == 0 {
			continue
		}
		got, there := n.Certificates[f.Certificate.Path]
		p := Problem{Node: n.Name, Check: "certificate", Remedy: f.Certificate.Remedy, Warning: true}
		switch {
		case !there:
			continue
		case got == nil:
			p.Seen = f.Certificate.Path + ": no certificate in it can be read"
		case got.NotAfter.Unix() <= n.Clock:
			p.Seen = f.Certificate.Path + " ended " + when(got) + ", and the kubelet has not rotated it"
		case ends(got, n.Clock, rotatedLeft, rotatedPart):
			p.Seen = f.Certificate.Path + " ends " + when(got) + ", and the kubelet has not rotated it"
		default:
			continue
		}
		out = append(out, p)
	}
	return out
}
