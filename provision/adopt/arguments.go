package adopt

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
)

// arguments are those of a process by name, without dashes and without the
// program. One that stands alone is true; one may be given more than once.
func arguments(process []string) map[string][]string {
	out := map[string][]string{}
	for i := 1; i < len(process); i++ {
		name, dashed := strings.CutPrefix(process[i], "-")
		if !dashed {
			continue // a value that stood behind its name
		}
		name, value, has := strings.Cut(strings.TrimPrefix(name, "-"), "=")
		if !has {
			value = "true"
			if i+1 < len(process) && !strings.HasPrefix(process[i+1], "-") {
				value = process[i+1]
			}
		}
		name = strings.ReplaceAll(name, "_", "-") // as the components read them
		out[name] = append(out[name], value)
	}
	return out
}

// history says whether an argument is of how a member came into etcd, and
// nobody's to want.
func history(component, name string) bool {
	return component == cluster.CompEtcd && (name == "initial-cluster" || name == "initial-cluster-state")
}

// refuses says whether an argument leads to other data than bulwark's would.
func refuses(component, name string) bool {
	return component == cluster.CompAPIServer && (name == "etcd-prefix" || name == "etcd-servers-overrides" || name == "etcd-servers")
}

// components takes over what control planes run with, as far as a spec has
// words for it, and lists the rest.
func (d *describer) components() error {
	wanted, err := d.wanted()
	if err != nil {
		return err
	}
	why := map[string]string{} // by setting, why it was not taken over
	for _, c := range []struct {
		component string
		into      *cluster.Component
	}{
		{cluster.CompAPIServer, &d.c.APIServer}, {cluster.CompControllerManager, &d.c.ControllerManager},
		{cluster.CompScheduler, &d.c.Scheduler}, {cluster.CompEtcd, &d.c.Etcd},
	} {
		for _, name := range d.foreign(c.component, wanted) {
			if refuses(c.component, name) {
				d.find(Refused, c.component+".args."+name, shown(arguments(d.planes()[0].Look.Processes[cluster.Program(c.component)].Args)[name]), notSet,
					"the objects that are there would not be found any more")
			}
			value, reason := d.carried(c.component, name)
			if reason == "" && slices.Equal([]string{value}, wanted[d.planes()[0].Name][cluster.Program(c.component)][name]) {
				continue // what it adds to is there already
			}
			if reason != "" {
				why[c.component+".args."+name] = reason
				continue
			}
			if c.into.Args == nil {
				c.into.Args = map[string]string{}
			}
			c.into.Args[name] = value
		}
	}
	if wanted, err = d.wanted(); err != nil {
		return err
	}
	for _, component := range []string{cluster.CompAPIServer, cluster.CompControllerManager, cluster.CompScheduler, cluster.CompEtcd} {
		d.differences(component, wanted, why)
	}
	return nil
}

// wanted are the arguments that the spec would give, by node, program and name.
func (d *describer) wanted() (map[string]map[string]map[string][]string, error) {
	out := map[string]map[string]map[string][]string{}
	for _, n := range d.c.Nodes {
		programs, err := kubeadm.Arguments(d.c, n)
		if err != nil {
			return nil, err
		}
		out[n.Name] = map[string]map[string][]string{}
		for program, args := range programs {
			out[n.Name][program] = arguments(append([]string{program}, args...))
		}
	}
	return out, nil
}

// foreign are the arguments that some control plane has otherwise than wanted, sorted.
func (d *describer) foreign(component string, wanted map[string]map[string]map[string][]string) []string {
	names := map[string]bool{}
	for _, m := range d.planes() {
		want := wanted[m.Name][cluster.Program(component)]
		for name, values := range arguments(m.Look.Processes[cluster.Program(component)].Args) {
			if !history(component, name) && !slices.Equal(values, want[name]) {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// carried is the value that a raw setting of the spec has, or why it has none.
func (d *describer) carried(component, name string) (value, why string) {
	for i, m := range d.planes() {
		values := arguments(m.Look.Processes[cluster.Program(component)].Args)[name]
		switch {
		case len(values) != 1 && i == 0, len(values) > 1:
			return "", "it is not given once on every control plane, and a spec has one value for all"
		case i > 0 && (len(values) == 0 || values[0] != value):
			return "", "control planes have different values, and a spec has one for all"
		}
		value = values[0]
	}
	if !slices.Contains(cluster.Arguments(component), name) {
		return "", "this version of the component has no such argument"
	}
	setting, known := cluster.Lookup(component, name)
	if known && setting.Rule == cluster.Fixed {
		return "", cmp.Or(setting.Use, "it is not a spec's to set")
	}
	merged, err := cluster.Merge(component, name, value)
	if err != nil {
		if w, ok := errors.AsType[*cluster.WeakensError](err); ok {
			return "", w.Why
		}
		return "", err.Error()
	}
	if namesFile(component, value) {
		return "", "it names a file, and a spec has no word for what else is mounted into a component"
	}
	if strings.Contains(value, "<<bulwark:") {
		return "", "it holds text that bulwark keeps for itself"
	}
	return fmt.Sprint(merged), ""
}

// namesFile says whether a value is a path that the component's static pod, as
// kubeadm makes it for bulwark, does not show it.
func namesFile(component, value string) bool {
	for part := range strings.SplitSeq(value, ",") {
		if strings.HasPrefix(part, "/") && (component == cluster.CompEtcd || !strings.HasPrefix(part, kubeadm.PKIDir+"/") && !strings.HasPrefix(part, "/etc/ssl/certs")) {
			return true
		}
	}
	return false
}

// differences lists what apply will change of a component's arguments.
func (d *describer) differences(component string, wanted map[string]map[string]map[string][]string, why map[string]string) {
	for _, m := range d.planes() {
		have := arguments(m.Look.Processes[cluster.Program(component)].Args)
		want := wanted[m.Name][cluster.Program(component)]
		names := map[string]bool{}
		for _, of := range []map[string][]string{have, want} {
			for name := range of {
				names[name] = true
			}
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if history(component, name) || slices.Equal(have[name], want[name]) || len(have[name]) == 0 && unsaid(component, name) {
				continue
			}
			path := component + ".args." + name
			d.found.add(difference(component, name, path, shown(have[name]), shown(want[name]), why[path]), m.Name)
		}
	}
}

// shown are an argument's values as a person reads them.
func shown(values []string) string {
	switch len(values) {
	case 0:
		return notSet
	case 1:
		return values[0]
	}
	return strings.Join(values, " and ")
}

// difference is what one setting that the spec has otherwise comes to.
func difference(component, key, path, seen, will, why string) Finding {
	f := Finding{Kind: Changes, Setting: path, Seen: seen, Will: will, Consequence: consequence(component, key)}
	setting, known := cluster.Lookup(component, key)
	switch {
	case known:
		f.Kind, f.Refs = Weakens, setting.Refs
		if will == notSet && setting.Rule == cluster.Fixed && setting.Value == nil {
			f.Kind = LeftOut // another block of the spec supplies it, or nothing does
		}
	case will == notSet:
		f.Kind = LeftOut
	}
	if f.Consequence == "" {
		f.Consequence = why
	}
	if f.Consequence == "" {
		f.Consequence = "the component starts again with it"
	}
	return f
}
