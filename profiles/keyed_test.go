package profiles_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// object is one of JSON.
type object = map[string]any

// keyed is a snapshot of which lists are objects by what tells their elements apart, and
// documents are what they say: so a merge patch can name one thing in it. Of nodes the
// arguments of components are by their name, and what is in "has" is beside the role.
func keyed(snapshot object) object {
	nodes := object{}
	for _, n := range snapshot["nodes"].([]any) {
		n := n.(object)
		has, _ := n["has"].(object)
		delete(n, "has")
		maps.Copy(n, has)
		for _, f := range n["files"].(object) {
			opened(f.(object), "text")
		}
		args := object{}
		for program, p := range n["processes"].(object) {
			args[program] = flags(p.(object)["args"].([]any))
		}
		n["args"] = args
		nodes[n["name"].(string)] = n
	}
	snapshot["nodes"] = nodes
	api := snapshot["api"].(object)
	inventory, _ := api["inventory"].(object)
	delete(api, "inventory")
	for name, list := range inventory {
		api[name] = byKey(name, list.([]any))
	}
	api["nodes"] = byKey("nodes", api["nodes"].([]any))
	opened(api, "kube_proxy")
	return snapshot
}

// opened puts a document in place of its text.
func opened(in object, field string) {
	text, _ := in[field].(string)
	var document object
	if json.Unmarshal([]byte(text), &document) == nil {
		in[field] = document
	}
}

func flags(args []any) object {
	out := object{}
	for _, a := range args[1:] {
		name, value, _ := strings.Cut(strings.TrimPrefix(a.(string), "--"), "=")
		out[name] = value
	}
	return out
}

func byKey(name string, list []any) object {
	out := object{}
	for i, e := range list {
		e := e.(object)
		key := fmt.Sprint(e["name"])
		switch name {
		case "grants": // one binding has many
			key = fmt.Sprintf("%s %d", e["binding"], i)
		case "things":
			key = fmt.Sprintf("%s/%s/%s", e["namespace"], e["kind"], e["name"])
		default:
			if at, ok := e["namespace"]; ok {
				key = fmt.Sprintf("%s/%s", at, key)
			}
		}
		if containers, ok := e["containers"].([]any); ok {
			e["containers"] = byKey("containers", containers)
		}
		out[key] = e
	}
	return out
}

// plain is the snapshot again, as it is written.
func plain(snapshot object) object {
	var nodes []any
	for _, name := range slices.Sorted(maps.Keys(snapshot["nodes"].(object))) {
		has := snapshot["nodes"].(object)[name].(object)
		node := object{"name": has["name"], "role": has["role"], "labels": has["labels"], "has": has}
		processes := has["processes"].(object)
		for program, flags := range has["args"].(object) {
			args := []any{program}
			for _, name := range slices.Sorted(maps.Keys(flags.(object))) {
				args = append(args, fmt.Sprintf("--%s=%s", name, flags.(object)[name]))
			}
			processes[program].(object)["args"] = args
		}
		for _, f := range has["files"].(object) {
			closed(f.(object), "text")
		}
		for _, name := range []string{"name", "role", "labels", "args"} {
			delete(has, name)
		}
		nodes = append(nodes, node)
	}
	snapshot["nodes"] = nodes
	api, inventory := snapshot["api"].(object), object{}
	for name, list := range api {
		if all, ok := list.(object); ok && name != "kube_proxy" && name != "bootstrap_tokens" && name != "unread" {
			inventory[name] = values(all)
			delete(api, name)
		}
	}
	api["nodes"] = inventory["nodes"]
	delete(inventory, "nodes")
	api["inventory"] = inventory
	closed(api, "kube_proxy")
	return snapshot
}

func closed(in object, field string) {
	if document, ok := in[field].(object); ok {
		text, _ := json.Marshal(document) // of JSON that was read
		in[field] = string(text)
	}
}

func values(all object) []any {
	out := []any{}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		e := all[key].(object)
		if containers, ok := e["containers"].(object); ok {
			e["containers"] = values(containers)
		}
		out = append(out, e)
	}
	return out
}

// patched is a merge patch of RFC 7386, applied. An object in place of a text says what of
// the text is replaced by what; a patch that changes nothing is one that is not needed.
func patched(t *testing.T, at string, target, patch any) any {
	t.Helper()
	p, ok := patch.(object)
	if !ok {
		if was, _ := json.Marshal(target); fmt.Sprint(patch) == fmt.Sprint(target) {
			t.Errorf("%s is %s already", at, was)
		}
		return patch
	}
	if text, ok := target.(string); ok {
		for was, is := range p {
			if strings.Count(text, was) != 1 {
				t.Errorf("%s has %q %d times, and not once", at, was, strings.Count(text, was))
			}
			text = strings.Replace(text, was, fmt.Sprint(is), 1)
		}
		return text
	}
	out, ok := target.(object)
	if !ok {
		out = object{}
	}
	for name, change := range p {
		if change == nil {
			if _, there := out[name]; !there {
				t.Errorf("%s.%s is not there, so that it cannot be taken away", at, name)
			}
			delete(out, name)
			continue
		}
		out[name] = patched(t, at+"."+name, out[name], change)
	}
	return out
}
