package cluster

import "fmt"

// Origin says where a value came from: a line of the spec, or a default.
type Origin struct {
	// File and Line place it in the user's text; File is empty for a default.
	File string
	Line int
	// Default names what supplied the value when no line did, for example
	// "default" or "kind".
	Default string
}

// String is "cluster.hcl:12" or the name of the default.
func (o Origin) String() string {
	if o.File != "" {
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	}
	if o.Default != "" {
		return o.Default
	}
	return "default"
}

// Origin is where the setting at path came from; a setting without an entry
// came from the defaults.
func (c *Cluster) Origin(path string) Origin {
	if o, ok := c.Origins[path]; ok {
		return o
	}
	return Origin{Default: "default"}
}
