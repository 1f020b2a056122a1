package spec

import (
	"maps"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// hardenText are the blocks of a cluster that a control may ask for.
type hardenText struct {
	Encryption *encryptionText `hcl:"encryption,block"`
	Audit      *auditText      `hcl:"audit,block"`
	Admission  *admissionText  `hcl:"admission,block"`
	Policy     *policyText     `hcl:"policy,block"`

	APIServer         *argsText   `hcl:"apiserver,block"`
	ControllerManager *argsText   `hcl:"controller_manager,block"`
	Scheduler         *argsText   `hcl:"scheduler,block"`
	Etcd              *argsText   `hcl:"etcd,block"`
	Kubelet           *configText `hcl:"kubelet,block"`
	KubeProxy         *configText `hcl:"kube_proxy,block"`
}

// wish is one setting that something asks for: where it lies in a cluster, and its value.
type wish struct {
	path    string
	setting cluster.Setting
	value   any
	by      string // whose it is, where that is a profile
	// fields are its name in the args, or the way to it in the config, of a component. The
	// path does not tell: a field's name may have dots of its own.
	fields []string
	get    func(*cluster.Cluster) (any, bool)
	set    func(*cluster.Cluster, any)
	// there says whether a field in a field is there itself: only the outermost one has a
	// place in the spec, and what get has of it may be the default. Nil of all else.
	there func(*cluster.Cluster) bool
}

// wishes are what a layer asks for, read by the code that reads a spec.
func (l *loader) wishes(y Layer) []wish {
	sub := newLoader(Options{})
	var text hardenText
	sub.decode(y.Body, &text)
	sub.encryption(text.Encryption)
	sub.audit(text.Audit)
	sub.admission(text.Admission)
	sub.policy(text.Policy)
	sub.raw(&clusterText{APIServer: text.APIServer, ControllerManager: text.ControllerManager, Scheduler: text.Scheduler, Etcd: text.Etcd,
		Kubelet: text.Kubelet, KubeProxy: text.KubeProxy})
	l.report(sub.diags...)
	if at, images := sub.at["policy.images"]; images { // a policy of images has a mode
		delete(sub.at, "policy.images")
		sub.at["policy.images.mode"] = at
	}
	var out []wish
	for _, path := range slices.Sorted(maps.Keys(sub.at)) {
		if b, ok := cluster.BlockSettingAt(path); ok {
			out = append(out, wish{path: path, setting: b.Setting, value: b.Get(sub.c), set: b.Set,
				get: func(c *cluster.Cluster) (any, bool) { return b.Get(c), true }})
			continue
		}
		component, rest, found := strings.Cut(path, ".")
		kind, key, _ := strings.Cut(rest, ".")
		switch {
		case found && kind == "args":
			out = append(out, argumentWish(component, key, argumentsOf(sub.c, component).Args[key]))
		case found && kind == "config":
			out = append(out, fieldWishes(component, []string{key}, (*configOf(sub.c, component))[key])...)
		default:
			l.report(problem(CodeProfile, sub.at[path], "Not for a control to ask", "%s asks for %s, of which nothing says how several wishes become one. Leave it to the spec.", y.Control, path))
		}
	}
	return out
}

func argumentWish(component, key, value string) wish {
	s, known := cluster.Lookup(component, key)
	if !known {
		s = cluster.Setting{Component: component, Key: key}
	}
	return wish{path: component + ".args." + key, setting: s, value: value, fields: []string{key},
		get: func(c *cluster.Cluster) (any, bool) {
			if v, set := argumentsOf(c, component).Args[key]; set {
				return v, true
			}
			return s.Arg(), s.Written && s.Value != nil
		},
		set: func(c *cluster.Cluster, v any) {
			of := argumentsOf(c, component)
			if of.Args == nil {
				of.Args = map[string]string{}
			}
			of.Args[key] = cluster.Text(v)
		}}
}

// fieldWishes are those of all fields that lie in one: an object is asked for by its
// fields, unless it is a hardened value itself.
func fieldWishes(component string, path []string, value any) []wish {
	key := strings.Join(path, ".")
	s, known := cluster.Lookup(component, key)
	if inner, isObject := value.(map[string]any); isObject && !known {
		var out []wish
		for _, name := range slices.Sorted(maps.Keys(inner)) {
			out = append(out, fieldWishes(component, append(slices.Clone(path), name), inner[name])...)
		}
		return out
	}
	if !known {
		s = cluster.Setting{Component: component, Key: key}
	}
	field := func(c *cluster.Cluster) any {
		var at any = map[string]any(*configOf(c, component))
		for _, name := range path {
			inner, _ := at.(map[string]any)
			at = inner[name]
		}
		return at
	}
	return []wish{{path: component + ".config." + key, setting: s, value: value, fields: path,
		get: func(c *cluster.Cluster) (any, bool) {
			if at := field(c); at != nil {
				return at, true
			}
			return s.Value, s.Written && s.Value != nil
		},
		there: func(c *cluster.Cluster) bool { return field(c) != nil },
		set: func(c *cluster.Cluster, v any) {
			config := configOf(c, component)
			if *config == nil {
				*config = cluster.Config{}
			}
			at := map[string]any(*config)
			for _, name := range path[:len(path)-1] {
				inner, ok := at[name].(map[string]any)
				if !ok {
					inner = map[string]any{}
					at[name] = inner
				}
				at = inner
			}
			at[path[len(path)-1]] = v
		}}}
}

// above is what stands where an object has to be for a field to lie in it, with its path;
// false where nothing else does.
func (w wish) above(c *cluster.Cluster) (path string, value any, is bool) {
	component, rest, _ := strings.Cut(w.path, ".")
	if kind, _, _ := strings.Cut(rest, "."); kind != "config" || len(w.fields) < 2 {
		return "", nil, false
	}
	at := map[string]any(*configOf(c, component))
	for i, name := range w.fields[:len(w.fields)-1] {
		v, there := at[name]
		if !there {
			return "", nil, false
		}
		inner, ok := v.(map[string]any)
		if !ok {
			return component + ".config." + strings.Join(w.fields[:i+1], "."), v, true
		}
		at = inner
	}
	return "", nil, false
}

func argumentsOf(c *cluster.Cluster, component string) *cluster.Component {
	switch component {
	case cluster.CompAPIServer:
		return &c.APIServer
	case cluster.CompControllerManager:
		return &c.ControllerManager
	case cluster.CompScheduler:
		return &c.Scheduler
	}
	return &c.Etcd
}

func configOf(c *cluster.Cluster, component string) *cluster.Config {
	if component == cluster.CompKubelet {
		return &c.Kubelet
	}
	return &c.KubeProxy
}
