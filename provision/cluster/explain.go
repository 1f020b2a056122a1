package cluster

import (
	"slices"
	"strings"
)

// Explained is why a setting has the value that it has.
type Explained struct {
	// Path is the setting's, as in "audit.max_age" or "apiserver.args.profiling".
	Path string
	// Value is what it comes to; empty where nothing sets it and the component's own
	// default holds. Origin is the line of the spec, the controls or the default that it
	// is from.
	Value, Origin string
	// Rule says how several wishes become one value.
	Rule string
	// Asked are the controls of the spec's profiles that pulled on it, in the order of the
	// catalogue.
	Asked []Asked
	// Refs are the controls that bulwark's own table names for it, profiles or not.
	Refs []string
}

// Explain says why a setting has its value; false where there is none of that path.
func (c *Cluster) Explain(path string) (Explained, bool) {
	e := Explained{Path: path, Asked: c.Asked[path], Origin: c.Origin(path).String()}
	if b, ok := BlockSettingAt(path); ok {
		e.Value, e.Rule = Text(b.Get(c)), b.because()
		return e, true
	}
	if name, ok := strings.CutPrefix(path, "policy.namespace."); ok {
		name, whole := strings.CutSuffix(name, ".pod_security")
		b, ok := c.NamespaceSetting(name)
		e.Value, e.Rule = Text(b.Get(c)), b.because()
		return e, ok && whole
	}
	component, rest, _ := strings.Cut(path, ".")
	kind, key, _ := strings.Cut(rest, ".")
	s, hardened := Lookup(component, key)
	switch config := isConfig(component); {
	case key == "" || config && kind != "config" || !config && kind != "args":
		return e, false
	case config:
		e.Value = fieldText(c.config(component), strings.Split(key, "."))
	default:
		e.Value = c.component(component).Args[key]
	}
	if e.Value == "" && s.Written && s.Value != nil {
		e.Value = s.Arg()
	}
	e.Rule, e.Refs = s.because(), s.Refs
	return e, hardened || e.Value != "" || len(e.Asked) > 0
}

// Explainable are the paths of all settings that have a rule.
func Explainable() []string {
	var out []string
	for _, b := range BlockSettings() {
		out = append(out, b.Key)
	}
	for _, s := range Hardened() {
		kind := ".args."
		if isConfig(s.Component) {
			kind = ".config."
		}
		out = append(out, s.Component+kind+s.Key)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (c *Cluster) component(name string) Component {
	switch name {
	case CompAPIServer:
		return c.APIServer
	case CompControllerManager:
		return c.ControllerManager
	case CompScheduler:
		return c.Scheduler
	case CompEtcd:
		return c.Etcd
	}
	return Component{}
}

func (c *Cluster) config(component string) Config {
	if component == CompKubelet {
		return c.Kubelet
	}
	return c.KubeProxy
}

// fieldText is one field of a configuration, "" where it is not set.
func fieldText(fields map[string]any, path []string) string {
	v := fields[path[0]]
	if inner, ok := v.(map[string]any); ok && len(path) > 1 {
		return fieldText(inner, path[1:])
	}
	if v == nil || len(path) > 1 {
		return ""
	}
	return Text(v)
}

// because is how several wishes for a setting become one value.
func (s Setting) because() string {
	switch s.Rule {
	case Minimum:
		return "the highest of what is asked for counts"
	case Maximum:
		return "the lowest of what is asked for counts"
	case Between:
		return "anything within the bounds is as strict, so that what was there first stays"
	case TrueWins:
		return "true counts as soon as something asks for it"
	case FalseWins:
		return "false counts as soon as something asks for it"
	case Ordered:
		return "the strictest of what is asked for counts, from weak to strong: " + strings.Join(s.Levels, ", ")
	case Union:
		return "all that is asked for counts together"
	case Intersection:
		return "only what all of them allow counts"
	case Beneath:
		return "only what lies in what all of them allow counts"
	case Exempt:
		return "only what all of them exempt is exempt"
	case OneOf:
		return "one value counts: controls that ask for different ones contradict each other"
	case Fixed:
		return "it has one value, which bulwark or kubeadm supplies"
	case Forbidden:
		return "it is never set"
	case Pairs:
		return "each part is a setting of its own"
	}
	return "no table has it: controls that ask for different values contradict each other"
}
