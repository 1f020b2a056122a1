package kubeadm

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	validationfield "k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/cmd/kubeadm/app/componentconfigs"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// faults are what kubeadm's validation said, each at the setting of the spec
// that the field was made from. n is the node the configuration is for.
func faults(list validationfield.ErrorList, n cluster.Node) error {
	var errs []error
	for _, e := range list {
		errs = append(errs, cluster.Fault(settingOf(e.Field, n), fmt.Errorf("kubeadm refuses its configuration: %w", e)))
	}
	return errors.Join(errs...)
}

// settingOf is the setting a field of kubeadm's configuration comes from; ""
// is none.
func settingOf(at string, n cluster.Node) string {
	for _, s := range []struct{ field, setting string }{
		{"networking.podSubnet", "network.pods"},
		{"networking.serviceSubnet", "network.services"},
		{"networking.dnsDomain", "network.dns_domain"},
		{"controlPlaneEndpoint", "endpoint.host"},
		{"apiServer.certSANs", "endpoint.host"},
		{"apiServer", cluster.CompAPIServer + ".args"},
		{"controllerManager", cluster.CompControllerManager + ".args"},
		{"scheduler", cluster.CompScheduler + ".args"},
		{"etcd", cluster.CompEtcd + ".args"},
		{"imageRepository", "image_repository"},
		{"dns.imageRepository", "image_repository"},
		{"localAPIEndpoint.bindPort", "endpoint.port"},
		{"localAPIEndpoint", "node." + n.Name + ".address"},
		{"controlPlane", "node." + n.Name},
		{"nodeRegistration.taints", "node." + n.Name + ".taints"},
		{"nodeRegistration", "node." + n.Name},
	} {
		if rest, ok := strings.CutPrefix(at, s.field); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return s.setting
		}
	}
	return ""
}

// checkFields decodes each of the spec's own fields by itself, so that all
// that do not fit are known by name; of a whole document the decoder names one.
func checkFields(gvk schema.GroupVersionKind, component string, config cluster.Config) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(config)) {
		if name == "kind" || name == "apiVersion" {
			errs = append(errs, cluster.Fault(component+".config."+name, errors.New("kind and apiVersion cannot be set; take it out")))
			continue
		}
		text, err := json.Marshal(map[string]any{name: config[name]})
		if err == nil {
			_, err = decodeStrict(componentconfigs.Scheme, gvk, text, false)
		}
		errs = append(errs, cluster.Fault(component+".config."+name, inWords(gvk.Kind, err)))
	}
	return errors.Join(errs...)
}

// inWords says a decoder's complaint about a type as the writer of a spec knows
// types. Complaints of another kind are left as they are.
func inWords(kind string, err error) error {
	e, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return err
	}
	what := "it"
	if e.Field != "" {
		what = e.Field
	}
	given, number := strings.CutPrefix(e.Value, "number ")
	switch {
	case number:
		given = "the number " + given
	default:
		given = map[string]string{"string": "text", "array": "a list", "object": "a map", "bool": "true or false", "number": "a number"}[e.Value]
	}
	return fmt.Errorf("%s is %s where %s takes %s; write it so", what, given, kind, typeInWords(e.Type))
}

func typeInWords(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeInWords(t.Elem())
	case reflect.String:
		return "text, in quotes"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return fmt.Sprintf("a whole number of at most %d bits, without quotes", t.Bits())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number that is not below 0, without quotes"
	case reflect.Float32, reflect.Float64:
		return "a number, without quotes"
	case reflect.Slice, reflect.Array:
		return "a list, in [ ]"
	case reflect.Map, reflect.Struct:
		return "a map, in { }"
	default:
		return t.String()
	}
}

// refusedFields is [checkFields] of all that a spec and its deviations say of
// one component's configuration.
func refusedFields(base runtime.Object, component string, config cluster.Config, deviations []cluster.Config) error {
	gvk := base.GetObjectKind().GroupVersionKind()
	errs := []error{checkFields(gvk, component, config)}
	for _, d := range deviations {
		errs = append(errs, checkFields(gvk, component, d))
	}
	return errors.Join(errs...)
}
