package check

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/gocty"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// list answers one of [clusterLists] from what the API has. A list that nobody read is
// nil there, and never taken for an empty one.
func (f *found) list(name string) (cty.Value, error) {
	what, api := strings.ReplaceAll(name, "_", " "), f.subject.Have.API
	if why := unreadList(api, name); why != "" {
		return f.unread(listTypes[name], what, "%s", why)
	}
	all, read := objects(api, name)
	if !read {
		return f.unread(listTypes[name], what, "the API was not asked for it")
	}
	v, err := listValue(all, listTypes[name])
	if err != nil {
		return cty.DynamicVal, fmt.Errorf("%s: %w", what, err)
	}
	// What is in a list goes into evidence by what the control shows of it.
	f.saw(Seen{What: what, Value: strconv.Itoa(v.LengthInt())})
	return v, nil
}

// partOf are the lists that every look reads, by the name that it has for them where it
// could not.
var partOf = map[string]string{"bootstrap_tokens": "tokens"}

// unreadList says why a list is not known, "" where nothing speaks against it.
func unreadList(api state.API, name string) string {
	for _, part := range []string{name, partOf[name], "api"} {
		if why := api.Unread[part]; part != "" && why != "" {
			return why
		}
	}
	switch api.Status {
	case state.NoAPI:
		return "there is no API yet"
	case state.Starting:
		return "the API does not answer yet"
	case state.Unreachable:
		return "the API does not answer"
	case state.Answering:
	}
	return "" // of what was rendered there is no status
}

// objects are what the API has of a list, and whether that was read at all.
func objects(api state.API, name string) (all any, read bool) {
	switch name {
	case "nodes":
		return nodeObjects(api.Nodes), api.Nodes != nil
	case "bootstrap_tokens":
		return bootstrapTokens(api.Tokens), api.Tokens != nil
	}
	i := api.Inventory
	if i == nil {
		return nil, false
	}
	switch name {
	case "namespaces":
		return i.Namespaces, i.Namespaces != nil
	case "pods":
		return i.Pods, i.Pods != nil
	case "service_accounts":
		return i.ServiceAccounts, i.ServiceAccounts != nil
	case "grants":
		return i.Grants, i.Grants != nil
	case "network_policies":
		return i.NetworkPolicies, i.NetworkPolicies != nil
	case "limit_ranges":
		return i.LimitRanges, i.LimitRanges != nil
	case "quotas":
		return i.Quotas, i.Quotas != nil
	case "admission_policies":
		return i.Policies, i.Policies != nil
	case "things":
		return i.Things, i.Things != nil
	}
	return nil, false
}

func nodeObjects(nodes map[string]state.NodeObject) []NodeObject {
	var out []NodeObject
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		n := nodes[name]
		o := NodeObject{Name: name, Labels: n.Labels, Kubelet: n.KubeletVersion, Ready: n.Ready}
		for _, t := range n.Taints {
			// A look has "key=:Effect" where there is no value.
			o.Taints = append(o.Taints, strings.Replace(t, "=:", ":", 1))
		}
		out = append(out, o)
	}
	return out
}

func bootstrapTokens(all map[string]string) []Token {
	var out []Token
	for _, id := range slices.Sorted(maps.Keys(all)) {
		out = append(out, Token{ID: id, Description: all[id]})
	}
	return out
}

// listValue is a list as an expression has it. What Go has no slice or map of is an
// empty list or map there: null would be another thing to ask about.
func listValue(all any, t cty.Type) (cty.Value, error) {
	return gocty.ToCtyValue(filled(reflect.ValueOf(all)).Interface(), t)
}

// filled is a value with no nil slice or map in it. What it was made of stays as it is.
func filled(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Slice:
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(filled(v.Index(i)))
		}
		return out
	case reflect.Map:
		if v.IsNil() {
			return reflect.MakeMap(v.Type()) // none holds more than text
		}
	case reflect.Struct:
		out := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			out.Field(i).Set(filled(v.Field(i)))
		}
		return out
	default:
	}
	return v
}
