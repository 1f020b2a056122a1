package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/gocty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// document answers one of [nodeDocuments].
func (f *found) document(name string) (cty.Value, error) {
	what := strings.ReplaceAll(name, "_", " ")
	if f.node == nil {
		return f.unread(listTypes[name], what, notReached)
	}
	var value any
	var shown, why string
	switch name {
	case "pod_security":
		value, shown, why = f.podSecurity()
	case "admission_plugins":
		value, shown, why = f.admissionPlugins()
	case "anonymous":
		value, shown, why = f.anonymous()
	case "issuers":
		value, shown, why = f.issuers()
	case "audit_rules":
		value, shown, why = f.auditRules()
	case "firewall":
		value, shown, why = f.firewall()
	}
	if why != "" {
		return f.unread(listTypes[name], what, "%s", why)
	}
	f.saw(Seen{What: what, Value: shown})
	if value == nil {
		return cty.NullVal(listTypes[name]), nil
	}
	return gocty.ToCtyValue(value, listTypes[name])
}

// none is how evidence shows what a component is not given.
const none = "none"

// orNone is a list as evidence has it.
func orNone(all []string) string {
	if len(all) == 0 {
		return none
	}
	if len(all) > mostShown {
		return strings.Join(all[:mostShown], ",") + " and more"
	}
	return strings.Join(all, ",")
}

// full is a list that is not null where there is something to have one.
func full(all []string) []string {
	if all == nil {
		return []string{}
	}
	return all
}

// entries are what lies in a folder that was listed, two levels deep.
func (f *found) entries(folder string) (cty.Value, error) {
	what := "what lies in " + folder
	if f.node == nil {
		return f.unread(entryType, what, notReached)
	}
	have, asked := f.node.Files[folder]
	listed := slices.Contains(f.node.Listed, folder)
	switch {
	case f.node.Unread[folder] != "":
		return f.unread(entryType, what, "%s", f.node.Unread[folder])
	case asked && !have.Exists(), asked && have.Type == "file":
		return f.known(what, cty.NullVal(entryType))
	case asked && have.Type != "dir":
		return f.unread(entryType, what, "it is no folder but a %s, and was not listed", have.Type)
	case !listed:
		return f.unread(entryType, what, "it was not looked at")
	}
	for _, at := range slices.Sorted(maps.Keys(f.node.Unread)) {
		if liesIn(folder, at) {
			return f.unread(entryType, what, "%s: %s", at, f.node.Unread[at])
		}
	}
	all := []Entry{}
	var names []string
	if f.paths == nil {
		f.paths = slices.Sorted(maps.Keys(f.node.Files))
	}
	for _, at := range f.paths {
		if e := f.node.Files[at]; liesIn(folder, at) && e.Exists() {
			user, group := f.accounts(e.Owner)
			all = append(all, Entry{Path: at, Type: e.Type, Mode: octal(e.Mode), Owner: user, Group: group})
			names = append(names, strings.TrimPrefix(at, folder+"/")+" "+octal(e.Mode)+" "+e.Owner)
		}
	}
	f.saw(Seen{What: what, Value: orNone(names)})
	return gocty.ToCtyValue(all, entryType)
}

// liesIn says whether a path is an entry of a folder, or of one of its folders.
func liesIn(folder, at string) bool {
	rest, under := strings.CutPrefix(at, folder+"/")
	return under && rest != "" && strings.Count(rest, "/") < 2
}

// encryptedBy is the provider that writes a resource: an entry that names it goes
// before one for its group, and that before one for everything; of several the first
// counts. So the API server chooses (its transformerFromOverrides).
func (f *found) encryptedBy(resource string) (cty.Value, error) {
	what := "encryption of " + resource
	if f.node == nil {
		return f.unread(cty.String, what, notReached)
	}
	text, at, set, why := f.text(encryptionFile)
	switch {
	case why != "":
		return f.unread(cty.String, what, "%s", why)
	case !set:
		return f.known(what, cty.NullVal(cty.String))
	}
	rules, err := readOnce(f.texts, "encryption", text, state.EncryptionRules)
	if err != nil {
		return f.unread(cty.String, what, "%s: %v", at, err)
	}
	if reloads, _ := f.given("encryption-provider-config-automatic-reload"); reloads != "true" {
		f.readAtStart(encryptionFile.component, at)
	}
	_, group, _ := strings.Cut(resource, ".")
	for _, name := range []string{resource, "*." + group, "*.*"} {
		for _, rule := range rules {
			if slices.Contains(rule.Resources, name) {
				return f.known(what, cty.StringVal(rule.Providers[0]))
			}
		}
	}
	return f.known(what, cty.StringVal("identity"))
}

// given is the last value of an argument of the API server, "" where it has none.
func (f *found) given(name string) (value, why string) {
	args, why := f.arguments(cluster.CompAPIServer)
	value, _ = valueOf(cluster.CompAPIServer, args, name)
	return value, why
}
