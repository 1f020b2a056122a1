package policy

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// AuditPolicy is the policy of the audit log. The standards do not agree:
// V-242403 wants every body written, Secrets among them; CIS 3.2.2 and NSA
// appendix L want Secrets without. The bodies of Secrets in a log would undo
// encryption at rest, so the latter win, unless the spec says otherwise.
//
// Rules are read in order and the first that matches holds.
func AuditPolicy(c *cluster.Cluster) ([]byte, error) {
	if c.Audit.Policy == cluster.AuditEverything {
		return encode(&auditv1.Policy{
			TypeMeta: metav1.TypeMeta{APIVersion: auditv1.SchemeGroupVersion.String(), Kind: "Policy"},
			// V-242403 word by word: one rule, and nothing that takes away from it.
			Rules: everything(),
		})
	}
	return encode(&auditv1.Policy{
		TypeMeta: metav1.TypeMeta{APIVersion: auditv1.SchemeGroupVersion.String(), Kind: "Policy"},
		// A request is written when its response starts, completes or panics;
		// one more line for its arrival would only double the log.
		OmitStages: []auditv1.Stage{auditv1.StageRequestReceived},
		// Who changed which field is in the event already.
		OmitManagedFields: true,
		Rules:             slices.Concat(probes(), confidential(c), frequent(), everything()),
	})
}

// probes are not written at all: several a second, from the kubelet beside,
// anonymous, and the same answer each time. They are the only requests that
// are not ("exclude system noise", CIS 3.2.2).
func probes() []auditv1.PolicyRule {
	return []auditv1.PolicyRule{{
		Level:           auditv1.LevelNone,
		Verbs:           []string{"get"},
		NonResourceURLs: []string{"/healthz", "/livez", "/readyz"},
	}}
}

// confidential requests are written without bodies: who, what, when and with
// which result. Bootstrap tokens are Secrets; a TokenReview holds a token in
// its request, a TokenRequest in its response. What the spec names to be
// encrypted at rest is as little meant for a log, its subresources too, since
// their answers hold the whole object; a wildcard there names nothing.
func confidential(c *cluster.Cluster) []auditv1.PolicyRule {
	groups := map[string][]string{
		"":                      {"configmaps", "secrets", "serviceaccounts/token"},
		"authentication.k8s.io": {"tokenreviews"},
	}
	for _, r := range c.Encryption.Resources {
		// "widgets.example.com" as EncryptionConfiguration writes it.
		resource, group, _ := strings.Cut(r, ".")
		if resource == "*" || slices.Contains(groups[group], resource) {
			continue
		}
		groups[group] = append(groups[group], resource, resource+"/*")
	}
	return []auditv1.PolicyRule{{Level: auditv1.LevelMetadata, Resources: groupResources(groups)}}
}

// frequent requests are written without bodies for their number: leases are
// renewed by every kubelet and controller every few seconds and say a time;
// events are kept in the API for an hour and repeat what else is written.
func frequent() []auditv1.PolicyRule {
	return []auditv1.PolicyRule{{
		Level: auditv1.LevelMetadata,
		Resources: groupResources(map[string][]string{
			"":                    {"events"},
			"coordination.k8s.io": {"leases"},
			"events.k8s.io":       {"events"},
		}),
	}}
}

// everything else is written with request and response, whatever the group, so
// that a resource nobody thought of is logged rather than not. exec, attach,
// port-forward and proxy fall under it: the request names the command, what
// goes over the connection is never written.
func everything() []auditv1.PolicyRule {
	return []auditv1.PolicyRule{{Level: auditv1.LevelRequestResponse}}
}

// groupResources are resources by group, sorted.
func groupResources(groups map[string][]string) []auditv1.GroupResources {
	var out []auditv1.GroupResources
	for group, resources := range groups {
		slices.Sort(resources)
		out = append(out, auditv1.GroupResources{Group: group, Resources: resources})
	}
	slices.SortFunc(out, func(a, b auditv1.GroupResources) int { return strings.Compare(a.Group, b.Group) })
	return out
}
