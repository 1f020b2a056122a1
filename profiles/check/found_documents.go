package check

import "github.com/zclconf/go-cty/cty"

func (f *found) entries(path string) (cty.Value, error) {
	return f.unread(entryType, "what lies in "+path, "it was not looked at")
}

func (f *found) auditLevel(verb, resource string) (cty.Value, error) {
	return f.unread(cty.String, "audit level of "+verb+" "+resource, "it was not looked at")
}

func (f *found) encryptedBy(resource string) (cty.Value, error) {
	return f.unread(cty.String, "encryption of "+resource, "it was not looked at")
}

func (f *found) openFrom(port string) (cty.Value, error) {
	return f.unread(cty.List(cty.String), "who reaches "+port, "it was not looked at")
}

func (f *found) document(name string) (cty.Value, error) {
	return f.unread(listTypes[name], name, "it was not looked at")
}
