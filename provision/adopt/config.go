package adopt

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
)

// source is one place that says how a component is configured, and what the
// spec would say in its stead.
type source struct {
	node string // "" for the cluster's own
	have cluster.Config
	want cluster.Config
}

// kubelets takes over what all nodes' kubelets are configured with alike.
func (d *describer) kubelets() error {
	read := func() ([]source, error) {
		var out []source
		for _, m := range d.seen.Machines {
			n, _ := d.c.Node(m.Name)
			have, err := kubeadm.Said(cluster.CompKubelet, m.Look.Files[kubeletConfig].Text)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", m.Name, kubeletConfig, err)
			}
			want, _, err := kubeadm.Configurations(d.c, n)
			if err != nil {
				return nil, err
			}
			out = append(out, source{m.Name, have, want})
		}
		return out, nil
	}
	if err := d.config(cluster.CompKubelet, &d.c.Kubelet, read); err != nil {
		return err
	}
	if err := d.kubeletMap(); err != nil {
		return err
	}
	return d.kubeletArguments()
}

// kubeletMap compares what a node that joins would get with what nodes have.
func (d *describer) kubeletMap() error {
	text, err := d.data(kubeletConfigMap(), "kubelet")
	if err != nil {
		return err
	}
	have, err := kubeadm.Said(cluster.CompKubelet, text)
	if err != nil {
		return fmt.Errorf("%s: %w", kubeletConfigMap(), err)
	}
	first, err := kubeadm.Said(cluster.CompKubelet, d.planes()[0].Look.Files[kubeletConfig].Text)
	if err != nil {
		return err
	}
	in, on := leaves(have), leaves(first)
	for _, path := range paths(in, on) {
		if givenOnTheMachine(path, on[path]) || same(in[path], on[path]) {
			continue
		}
		d.find(Changes, "kubelet.config."+path.String(), "ConfigMap kubelet-config: "+said(in[path])+", "+d.planes()[0].Name+": "+said(on[path]), "one configuration for all",
			"the spec goes by what nodes have")
	}
	return nil
}

// kubeletArguments are flags, which outweigh the configuration and have no
// word in a spec.
func (d *describer) kubeletArguments() error {
	wanted, err := d.wanted()
	if err != nil {
		return err
	}
	for _, m := range d.seen.Machines {
		have, want := arguments(m.Look.Processes["kubelet"].Args), wanted[m.Name]["kubelet"]
		for _, name := range slices.Sorted(maps.Keys(have)) {
			if !slices.Equal(have[name], want[name]) {
				d.found.add(Finding{Kind: LeftOut, Setting: "kubelet.flags." + name, Seen: shown(have[name]), Will: shown(want[name]),
					Consequence: "flags outweigh the configuration: take it out of the kubelet's unit or /etc/default/kubelet, and write what it is for as kubelet { config = { … } }"}, m.Name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if len(have[name]) == 0 {
				d.found.add(Finding{Kind: Changes, Setting: "kubelet.flags." + name, Seen: notSet, Will: shown(want[name]), Consequence: "the kubelet starts again with it"}, m.Name)
			}
		}
	}
	return nil
}

// proxies takes over kube-proxy's configuration, which is one for all.
func (d *describer) proxies() error {
	text, err := d.data(proxyConfig(), "config.conf")
	if err != nil {
		// Some pod networks do without.
		d.find(Changes, "kube_proxy", "not there", "kube-proxy on every node", "whatever does its work now and kube-proxy would do it twice: %v", err)
		return nil
	}
	read := func() ([]source, error) {
		have, err := kubeadm.Said(cluster.CompKubeProxy, text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", proxyConfig(), err)
		}
		_, want, err := kubeadm.Configurations(d.c, d.c.ControlPlanes()[0])
		return []source{{"", have, want}}, err
	}
	return d.config(cluster.CompKubeProxy, &d.c.KubeProxy, read)
}

// config takes over the fields that all sources have alike and that weaken
// nothing, and lists what the spec then has otherwise.
func (d *describer) config(component string, into *cluster.Config, read func() ([]source, error)) error {
	sources, err := read()
	if err != nil {
		return err
	}
	why := map[fieldPath]string{}
	all := map[fieldPath]any{}
	for _, s := range sources {
		want := leaves(s.want)
		for path, v := range leaves(s.have) {
			if !same(v, want[path]) && !givenOnTheMachine(path, v) {
				all[path] = v
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if why[path] = notCarried(component, path, all[path], sources); why[path] == "" {
			if *into == nil {
				*into = cluster.Config{}
			}
			put(*into, path.names(), all[path])
		}
	}
	if sources, err = read(); err != nil {
		return err
	}
	for _, s := range sources {
		have, want := leaves(s.have), leaves(s.want)
		for _, path := range paths(have, want) {
			_, hardened := cluster.Lookup(component, path.String())
			switch {
			case same(have[path], want[path]), givenOnTheMachine(path, have[path]):
			case have[path] == nil && (!hardened || unsaid(component, path.String())): // its default, written out
			default:
				setting := component + ".config." + path.String()
				d.found.add(difference(component, path.String(), setting, said(have[path]), said(want[path]), why[path]), s.node)
			}
		}
	}
	return nil
}

// notCarried says why a field is not written into the spec, or nothing.
func notCarried(component string, path fieldPath, value any, sources []source) string {
	for _, s := range sources {
		if !same(leaves(s.have)[path], value) {
			return "nodes have different values, and a spec has one for all"
		}
	}
	if setting, known := cluster.Lookup(component, path.String()); known && setting.Rule == cluster.Fixed {
		return cmp.Or(setting.Use, "it is not a spec's to set")
	}
	one := cluster.Config{}
	put(one, path.names(), value)
	for _, err := range cluster.CheckConfig(component, one) {
		return err.Error()
	}
	if len(cluster.UnknownFields(component, one)) > 0 {
		return "this version of the component has no such field"
	}
	if strings.Contains(said(value), "<<bulwark:") {
		return "it holds text that bulwark keeps for itself"
	}
	return ""
}

// givenOnTheMachine says whether kubeadm finds a field's value out on each
// machine, as it does for bulwark too.
func givenOnTheMachine(path fieldPath, value any) bool {
	switch path.String() {
	case "containerRuntimeEndpoint":
		s, _ := value.(string)
		return value == nil || strings.Replace(s, "unix:///var/run/", "unix:///run/", 1) == kubeadm.CRISocket
	case "resolvConf":
		return value == nil || value == "/run/systemd/resolve/resolv.conf"
	}
	return false
}

// fieldPath is where a field is, its names divided by NUL: keys of maps hold dots.
type fieldPath string

func (p fieldPath) names() []string { return strings.Split(string(p), "\x00") }

// String is the path with dots.
func (p fieldPath) String() string { return strings.ReplaceAll(string(p), "\x00", ".") }

// leaves are the fields of a configuration that hold no fields themselves.
func leaves(c cluster.Config) map[fieldPath]any {
	out := map[fieldPath]any{}
	var walk func(prefix string, fields map[string]any)
	walk = func(prefix string, fields map[string]any) {
		for name, v := range fields {
			if below, ok := v.(map[string]any); ok {
				walk(prefix+name+"\x00", below)
				continue
			}
			out[fieldPath(prefix+name)] = v
		}
	}
	walk("", c)
	return out
}

// paths are those of both, sorted.
func paths(a, b map[fieldPath]any) []fieldPath {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

func put(at map[string]any, path []string, v any) {
	for _, name := range path[:len(path)-1] {
		below, ok := at[name].(map[string]any)
		if !ok {
			below = map[string]any{}
			at[name] = below
		}
		at = below
	}
	at[path[len(path)-1]] = v
}

// same says whether two values mean the same; times may be written in two ways.
func same(a, b any) bool {
	x, isText := a.(string)
	y, both := b.(string)
	if isText && both && x != y {
		d, err := time.ParseDuration(x)
		e, err2 := time.ParseDuration(y)
		return err == nil && err2 == nil && d == e
	}
	return reflect.DeepEqual(a, b)
}

// said is a value as a person reads it.
func said(v any) string {
	switch v := v.(type) {
	case nil:
		return notSet
	case string:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
