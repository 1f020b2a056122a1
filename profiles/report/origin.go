package report

import (
	"strings"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// origins finds where a spec has what a control is about. Controls are asked of many
// nodes, so it keeps what it found.
type origins struct {
	cluster *cluster.Cluster
	dir     string
	known   map[string]*Place
}

// of is the first line of the spec with a setting that a control hardens; nil where
// the spec leaves all of them to their defaults.
func (o origins) of(c *profiles.Control) *Place {
	if at, ok := o.known[c.ID]; ok {
		return at
	}
	var at *Place
	for _, path := range c.Settings() {
		if at = o.at(path); at != nil {
			break
		}
	}
	o.known[c.ID] = at
	return at
}

// at is where a setting is written, or the field of a configuration that it lies in:
// those have one line for all that is below them.
func (o origins) at(path string) *Place {
	for {
		if at, ok := o.cluster.Origins[path]; ok {
			return place(o.dir, at)
		}
		end := strings.LastIndexByte(path, '.')
		if end < 0 {
			return nil
		}
		path = path[:end]
	}
}
