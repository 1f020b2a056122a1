package kubeadm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	kubeproxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Said is what a configuration file of the kubelet or of kube-proxy says, YAML
// or JSON, as kubeadm and people write it: without what an empty document of
// its type says too, since those zeros stand for defaults. component is
// [cluster.CompKubelet] or [cluster.CompKubeProxy]. Fields that the type does
// not have are kept, for who wants to name them.
func Said(component string, text []byte) (cluster.Config, error) {
	b, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, fmt.Errorf("%s: its configuration cannot be read: %w", component, err)
	}
	var said map[string]any
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&said); err != nil {
		return nil, fmt.Errorf("%s: its configuration is no document of fields: %w", component, err)
	}
	return without(said, component)
}

// Configurations are what the kubelet of a node, and every kube-proxy, will be
// configured with, as [Said] tells it. What kubeadm finds out on the machine
// itself, resolvConf, is not among it.
func Configurations(c *cluster.Cluster, n cluster.Node) (kubelet, proxy cluster.Config, err error) {
	typed, err := kubeletConfiguration(c)
	if err != nil {
		return nil, nil, err
	}
	document, err := object(typed.typed)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range typed.dropped { // the patch puts them back
		put(document, strings.Split(strings.TrimPrefix(f.path, "/"), "/"), f.value)
	}
	if n.Role == cluster.Worker {
		delete(document, "staticPodPath")
	}
	if kubelet, err = without(document, cluster.CompKubelet); err != nil {
		return nil, nil, err
	}
	p, err := kubeProxyConfiguration(c)
	if err != nil {
		return nil, nil, err
	}
	if document, err = object(p); err != nil {
		return nil, nil, err
	}
	proxy, err = without(document, cluster.CompKubeProxy)
	return kubelet, proxy, err
}

// put sets a field behind a path of fields.
func put(at map[string]any, path []string, v any) {
	for _, name := range path[:len(path)-1] {
		sub, ok := at[name].(map[string]any)
		if !ok {
			sub = map[string]any{}
			at[name] = sub
		}
		at = sub
	}
	at[path[len(path)-1]] = v
}

// without takes from a document what an empty one of its type says too.
func without(document map[string]any, component string) (cluster.Config, error) {
	var empty any = &kubeletv1beta1.KubeletConfiguration{}
	if component == cluster.CompKubeProxy {
		empty = &kubeproxyv1alpha1.KubeProxyConfiguration{}
	}
	unsaid, err := object(empty)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"apiVersion", "kind"} {
		delete(document, name)
	}
	return cluster.Config(subtract(document, unsaid)), nil
}

// subtract is a document without the fields that are the same in another one,
// and with plain numbers.
func subtract(document, unsaid map[string]any) map[string]any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(document)) {
		v, same := document[name], unsaid[name]
		if v == nil || reflect.DeepEqual(v, same) {
			continue
		}
		if fields, ok := v.(map[string]any); ok {
			below, _ := same.(map[string]any)
			if rest := subtract(fields, below); len(rest) > 0 {
				out[name] = rest
			}
			continue
		}
		out[name] = plain(v)
	}
	return out
}

// plain is decoded JSON as [cluster.Config] holds it.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = plain(e)
		}
		return out
	case map[string]any:
		return subtract(v, nil)
	}
	return v
}
