package kubeadm

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	kubeproxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// What a spec may name in a configuration is what Kubernetes' types have. This
// room alone sees those types, and so keeps the lists of the leaf.
func TestNamesOfFieldsAreThoseOfTheTypes(t *testing.T) {
	for component, typ := range map[string]reflect.Type{
		cluster.CompKubelet:   reflect.TypeFor[kubeletv1beta1.KubeletConfiguration](),
		cluster.CompKubeProxy: reflect.TypeFor[kubeproxyv1alpha1.KubeProxyConfiguration](),
	} {
		paths := fieldPaths(typ, "")
		slices.Sort(paths)
		text := "# The fields of " + typ.Name() + ", read from " + typ.PkgPath() + "\n" +
			"# of Kubernetes 1.37 by templates/kubeadm, which writes this file with -update.\n" + strings.Join(slices.Compact(paths), "\n") + "\n"
		file := "../../provision/cluster/names/" + component + ".txt"
		if *update {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(text, string(have)); diff != "" {
			t.Errorf("%s, -types +file:\n%s", file, diff)
		}
	}
}

// fieldPaths are the paths of everything a type's JSON may have: "*" is any
// key of a map, "[]" any element of a list.
func fieldPaths(t reflect.Type, path string) []string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var out []string
	join := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	switch {
	case reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()): // written as text, as times are
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case name == "-" || !f.IsExported():
			case name == "": // the fields of an embedded type are its owner's
				out = append(out, fieldPaths(f.Type, path)...)
			default:
				out = append(append(out, join(name)), fieldPaths(f.Type, join(name))...)
			}
		}
	case t.Kind() == reflect.Map:
		out = append(append(out, join("*")), fieldPaths(t.Elem(), join("*"))...)
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		out = append(append(out, join("[]")), fieldPaths(t.Elem(), join("[]"))...)
	}
	return out
}
