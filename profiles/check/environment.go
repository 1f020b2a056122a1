package check

import (
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// variableOf is the variable that etcd takes an argument from which it is not given.
func variableOf(name string) string {
	return "ETCD_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// withEnvironment are the arguments of a component with those that etcd takes from its
// environment: an argument goes before it, and what is empty there counts for nothing. So
// etcd reads them (its SetPflagsFromEnv), the file of its configuration among them.
func withEnvironment(component string, args, env []string) []string {
	if component != cluster.CompEtcd || len(env) == 0 {
		return args
	}
	out := slices.Clone(args)
	for _, name := range knownArguments(component) {
		if _, given := valueOf(component, args, name); given {
			continue
		}
		for _, line := range env {
			if variable, value, _ := strings.Cut(line, "="); variable == variableOf(name) && value != "" {
				out = append(out, "--"+name+"="+value)
				break // as getenv takes the first
			}
		}
	}
	return out
}

// environmentOf is what a snapshot keeps of an environment: what stands for an argument
// that a check can ask for.
func environmentOf(component string, env []string) []string {
	if component != cluster.CompEtcd {
		return nil
	}
	var out []string
	for _, name := range knownArguments(component) {
		for _, line := range env {
			if strings.HasPrefix(line, variableOf(name)+"=") {
				out = append(out, line)
			}
		}
	}
	return out
}
