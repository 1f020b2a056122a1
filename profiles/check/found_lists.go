package check

import "github.com/zclconf/go-cty/cty"

func (f *found) list(name string) (cty.Value, error) {
	return f.unread(listTypes[name], name, "it was not looked at")
}
