package kube

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const (
	// maxManifest and maxObjects bound what a manifest may be; Cilium's is 60 KiB,
	// Calico's CRDs are 600 KiB.
	maxManifest = 16 << 20
	maxObjects  = 2000
)

// Manifest splits a multi-document YAML text into objects in an order that can
// be applied one by one: namespaces, kinds, rights, configuration, the rest,
// custom resources, and webhooks last, so that they never judge what they
// depend on. Within that the order is the text's. The error is of the setting
// network.cni and holds every document that is none.
func Manifest(text []byte) ([]state.Object, error) {
	if len(text) > maxManifest {
		return nil, unfit("it is %d bytes, more than %d; take out what the pod network does not need", len(text), maxManifest)
	}
	var out []state.Object
	var errs []error
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for n := 1; ; n++ {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(append(errs, unfit("document %d cannot be read: %w", n, err))...)
		}
		objects, err := document(doc)
		if err != nil {
			errs = append(errs, unfit("document %d is no object that can be applied: %w", n, err))
		}
		if out = append(out, objects...); len(out)+len(errs) > maxObjects {
			return nil, unfit("it has more than %d objects; take out what the pod network does not need", maxObjects)
		}
	}
	if len(out) == 0 && len(errs) == 0 {
		return nil, unfit("it holds no object; name the YAML file that installs the pod network")
	}
	seen := map[state.ObjectRef]bool{}
	for _, o := range out {
		if seen[o.Ref] {
			errs = append(errs, unfit("%s is in it twice; take one of the two out", o.Ref))
		}
		seen[o.Ref] = true
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	slices.SortStableFunc(out, func(a, b state.Object) int { return rank(a.Ref) - rank(b.Ref) })
	return out, nil
}

// unfit is a manifest that cannot be applied, and why.
func unfit(format string, args ...any) error {
	return cluster.Fault("network.cni", fmt.Errorf("the manifest: "+format, args...))
}

// document decodes one YAML document: an object, a list of them, or nothing.
func document(doc []byte) ([]state.Object, error) {
	// Strict: a key written twice is an error, not the last one.
	body, err := yaml.YAMLToJSONStrict(doc)
	if err != nil {
		return nil, err
	}
	if s := string(bytes.TrimSpace(body)); s == "null" || s == "" {
		return nil, nil
	}
	var obj map[string]any
	if err := decodeNumbers(body, &obj); err != nil {
		return nil, errors.New("it is not an object: apiVersion, kind and metadata are missing")
	}
	if items, ok := obj["items"].([]any); ok && obj["apiVersion"] == "v1" && obj["kind"] == "List" {
		var out []state.Object
		for i, e := range items {
			m, ok := e.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("item %d of the list is not an object", i)
			}
			o, err := object(m)
			if err != nil {
				return nil, fmt.Errorf("item %d of the list: %w", i, err)
			}
			out = append(out, o)
		}
		return out, nil
	}
	o, err := object(obj)
	if err != nil {
		return nil, err
	}
	return []state.Object{o}, nil
}

func object(obj map[string]any) (state.Object, error) {
	ref, err := refOf(obj)
	if err != nil {
		return state.Object{}, err
	}
	// What the server writes is not wanted of it.
	forget(obj)
	body, err := json.Marshal(obj)
	if err != nil {
		return state.Object{}, err
	}
	return state.Object{Ref: ref, JSON: body, Why: "network.cni.manifest"}, nil
}

// refOf reads what an object is called.
func refOf(obj map[string]any) (state.ObjectRef, error) {
	meta, ok := obj["metadata"].(map[string]any)
	if !ok {
		return state.ObjectRef{}, errors.New("it has no metadata")
	}
	var ref state.ObjectRef
	for _, f := range []struct {
		from     map[string]any
		key      string
		to       *string
		optional bool
	}{
		{obj, "apiVersion", &ref.APIVersion, false}, {obj, "kind", &ref.Kind, false},
		{meta, "name", &ref.Name, false}, {meta, "namespace", &ref.Namespace, true},
	} {
		v, present := f.from[f.key]
		s, isText := v.(string)
		switch {
		case present && v != nil && !isText:
			return ref, fmt.Errorf("its %s is not a text", f.key)
		case s == "" && !f.optional:
			return ref, fmt.Errorf("it has no %s", f.key)
		case strings.ContainsAny(s, " \n\t\"\\"):
			return ref, fmt.Errorf("its %s %q cannot be one", f.key, clean(s, 80))
		}
		*f.to = s
	}
	return ref, nil
}

// decodeNumbers decodes JSON keeping numbers as they are written.
func decodeNumbers(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	return d.Decode(into)
}

// rank is when an object of a manifest may be applied.
func rank(ref state.ObjectRef) int {
	group, _, hasGroup := strings.Cut(ref.APIVersion, "/")
	if !hasGroup {
		group = ""
	}
	switch {
	case group == "" && ref.Kind == "Namespace":
		return 0
	case group == crdGroup:
		return 1
	case group == "scheduling.k8s.io", group == "storage.k8s.io", group == "node.k8s.io":
		return 2
	case group == "" && ref.Kind == "ServiceAccount":
		return 3
	case group == "rbac.authorization.k8s.io" && (ref.Kind == "ClusterRole" || ref.Kind == "Role"):
		return 4
	case group == "rbac.authorization.k8s.io":
		return 5
	case group == "networking.k8s.io", group == "policy":
		return 6 // before the pods they are about
	case group == "" && (ref.Kind == "ConfigMap" || ref.Kind == "Secret" || ref.Kind == "Service"):
		return 7
	case group == "admissionregistration.k8s.io", group == "apiregistration.k8s.io":
		return 20
	case group == "", group == "apps", group == "batch", group == "autoscaling", strings.HasSuffix(group, ".k8s.io") && !strings.Contains(group, ".x-"):
		return 8
	}
	return 10
}
