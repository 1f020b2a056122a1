package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"sigs.k8s.io/yaml"
)

// auditPolicy is what is read of an audit policy (audit.k8s.io/v1).
type auditPolicy struct {
	Rules      []auditRule `json:"rules"`
	OmitStages []string    `json:"omitStages,omitempty"`
}

type auditRule struct {
	Level           string          `json:"level"`
	Users           []string        `json:"users,omitempty"`
	UserGroups      []string        `json:"userGroups,omitempty"`
	Verbs           []string        `json:"verbs,omitempty"`
	Resources       []auditResource `json:"resources,omitempty"`
	Namespaces      []string        `json:"namespaces,omitempty"`
	NonResourceURLs []string        `json:"nonResourceURLs,omitempty"`
	OmitStages      []string        `json:"omitStages,omitempty"`
}

type auditResource struct {
	Group         string   `json:"group"`
	Resources     []string `json:"resources,omitempty"`
	ResourceNames []string `json:"resourceNames,omitempty"`
}

// auditLevels are all levels, from the least that is written to the most.
var auditLevels = []string{"None", "Metadata", "Request", "RequestResponse"}

// readAuditPolicy reads a policy that an API server would start with.
func readAuditPolicy(text []byte) (auditPolicy, error) {
	var out auditPolicy
	if yaml.Unmarshal(text, &out) != nil || len(out.Rules) == 0 {
		return out, errors.New("it is no audit policy that can be read")
	}
	for i, r := range out.Rules {
		if !slices.Contains(auditLevels, r.Level) {
			return out, fmt.Errorf("rule %d of it has no level that the API server knows", i+1)
		}
	}
	return out, nil
}

func (f *found) auditPolicy() (policy auditPolicy, set bool, why string) {
	text, at, set, why := f.text(auditPolicyFile)
	if why != "" || !set {
		return auditPolicy{}, set, why
	}
	policy, err := readOnce(f.texts, "audit policy", text, readAuditPolicy)
	if err != nil {
		return policy, set, at + ": " + err.Error()
	}
	return policy, set, ""
}

func (f *found) auditRules() (value any, shown, why string) {
	policy, set, why := f.auditPolicy()
	if why != "" || !set {
		return nil, none, why
	}
	rules := []AuditRule{}
	for _, r := range policy.Rules {
		out := AuditRule{Level: auditLevels[policy.written(r)], Verbs: full(r.Verbs), Users: full(r.Users), Groups: full(r.UserGroups), Resources: []string{},
			Namespaces: full(r.Namespaces), URLs: full(r.NonResourceURLs)}
		for _, g := range r.Resources {
			out.Resources = append(out.Resources, g.names()...)
		}
		rules = append(rules, out)
	}
	return rules, fmt.Sprintf("%d rules", len(rules)), ""
}

// names are the resources as people write them, those of a whole group as "*.apps".
func (g auditResource) names() []string {
	all := g.Resources
	if len(all) == 0 {
		all = []string{"*"}
	}
	if g.Group == "" {
		return all
	}
	var out []string
	for _, name := range all {
		resource, sub, has := strings.Cut(name, "/")
		name = resource + "." + g.Group
		if has {
			name += "/" + sub
		}
		out = append(out, name)
	}
	return out
}

// auditLevel is the least that is kept of a request, whoever sends it and whatever
// object it is about. Where a rule for some of them keeps more, it is not known: who
// asks that no bodies are kept wants to hear of it.
func (f *found) auditLevel(verb, resource string) (cty.Value, error) {
	what := "audit level of " + verb + " " + resource
	if f.node == nil {
		return f.unread(cty.String, what, notReached)
	}
	policy, set, why := f.auditPolicy()
	switch {
	case why != "":
		return f.unread(cty.String, what, "%s", why)
	case !set:
		return f.known(what, cty.NullVal(cty.String))
	}
	log, _ := f.given("audit-log-path")
	webhook, _ := f.given("audit-webhook-config-file")
	if log == "" && webhook == "" {
		f.saw(Seen{What: what, Value: "None, there is no log to keep it in"})
		return cty.StringVal(auditLevels[0]), nil
	}
	level, by, more := policy.level(verb, resource)
	least := auditLevels[level]
	if more > 0 && level > 0 {
		return f.unread(cty.String, what, "it is %s, and more by rule %d for some of these requests: read the policy", least, more)
	}
	shown := least + ", no rule is about it"
	if by > 0 {
		shown = fmt.Sprintf("%s, by rule %d", least, by)
	}
	f.saw(Seen{What: what, Value: shown})
	return cty.StringVal(least), nil
}

// level is the least of [auditLevels] that a request can meet, and the rule (from 1)
// that says so; and a rule by which some meet a higher one. Both are 0 where there is
// none.
func (p auditPolicy) level(verb, resource string) (least, by, more int) {
	var met []int // the rules that may be the first one for a request
	all := false
	for i, r := range p.Rules {
		matches, some := r.matches(verb, resource)
		if matches {
			met = append(met, i)
		}
		if all = matches && !some; all {
			break
		}
	}
	of := func(i int) int { return p.written(p.Rules[i]) }
	if all { // else nothing is kept of who meets none of them
		by = met[len(met)-1] + 1
		least = of(met[len(met)-1])
	}
	for _, i := range met {
		if of(i) < least {
			least, by = of(i), i+1
		}
	}
	for _, i := range met {
		if of(i) > least {
			return least, by, i + 1
		}
	}
	return least, by, 0
}

// written is the level that comes of a rule: nothing where it leaves out each stage at
// which a request that ends is written, and no bodies where it leaves out the last, since
// none was read before.
func (p auditPolicy) written(r auditRule) int {
	level := slices.Index(auditLevels, r.Level)
	switch omits := slices.Concat(p.OmitStages, r.OmitStages); {
	case !slices.Contains(omits, "ResponseComplete"):
		return level
	case slices.Contains(omits, "RequestReceived"):
		return 0
	}
	return min(level, 1)
}

// matches says whether a rule is about requests for a resource, as the API server's
// evaluator has it, and whether it is about some of them only: of some users, in some
// namespaces, or for objects of some names.
func (r auditRule) matches(verb, resource string) (matches, some bool) {
	if len(r.Verbs) > 0 && !slices.Contains(r.Verbs, verb) {
		return false, false
	}
	some = len(r.Users)+len(r.UserGroups)+len(r.Namespaces) > 0
	if len(r.Resources) == 0 {
		// A rule about URLs alone is about no resource.
		return len(r.NonResourceURLs) == 0 || len(r.Namespaces) > 0, some
	}
	name, sub, _ := strings.Cut(resource, "/")
	name, group, _ := strings.Cut(name, ".")
	whole := name
	if sub != "" {
		whole += "/" + sub
	}
	named := false
	for _, g := range r.Resources {
		if g.Group != group && g.Group != "*" {
			continue
		}
		about := func(res string) bool {
			return res == whole || res == "*" || sub != "" && res == "*/"+sub || res == name+"/*"
		}
		if len(g.Resources) > 0 && !slices.ContainsFunc(g.Resources, about) {
			continue
		}
		if len(g.Resources) == 0 || len(g.ResourceNames) == 0 {
			return true, some
		}
		named = true
	}
	return named, true
}
