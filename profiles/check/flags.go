package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// listFlags are arguments that add to what the same argument said before.
var listFlags = map[string][]string{
	cluster.CompAPIServer: {"admission-control", "api-audiences", "authorization-mode", "cors-allowed-origins", "disable-admission-plugins",
		"disabled-metrics", "enable-admission-plugins", "etcd-servers", "etcd-servers-overrides", "kubelet-preferred-address-types",
		"oidc-signing-algs", "requestheader-allowed-names", "requestheader-extra-headers-prefix", "requestheader-group-headers", "requestheader-uid-headers",
		"requestheader-username-headers", "service-account-issuer", "service-account-key-file", "strict-transport-security-directives", "tls-cipher-suites"},
	cluster.CompControllerManager: {"authorization-always-allow-paths", "controllers", "disabled-metrics", "requestheader-allowed-names", "tls-cipher-suites"},
	cluster.CompScheduler:         {"authorization-always-allow-paths", "disabled-metrics", "requestheader-allowed-names", "tls-cipher-suites"},
	cluster.CompKubelet:           {"tls-cipher-suites"},
}

// gatesFlag is the argument that sets feature gates.
const gatesFlag = "feature-gates"

// mapFlags are arguments of name=value pairs, which every component adds up: of a name
// that is said twice the last pair counts.
var mapFlags = []string{gatesFlag, "oidc-required-claim", "runtime-config"}

// booleanFlags are arguments that are true or false, however that is written.
var booleanFlags = []string{"allow-privileged", "anonymous-auth", "auto-tls", "client-cert-auth", "contention-profiling",
	"encryption-provider-config-automatic-reload", "leader-elect", "make-iptables-util-chains", "peer-auto-tls", "peer-client-cert-auth", "profiling",
	"protect-kernel-defaults", "rotate-certificates", "rotate-server-certificates", "seccomp-default", "service-account-extend-token-expiration",
	"service-account-lookup", "use-service-account-credentials"}

// flagName is the name of an argument and what stands behind it, "" of what is none.
// Components of Kubernetes take "_" for "-", and etcd takes one dash for two.
func flagName(component, arg string) (name, value string, with bool) {
	rest, dashed := strings.CutPrefix(arg, "--")
	if !dashed && component == cluster.CompEtcd {
		rest, dashed = strings.CutPrefix(arg, "-")
	}
	if !dashed {
		return "", "", false
	}
	name, value, with = strings.Cut(rest, "=")
	if component != cluster.CompEtcd {
		name = strings.ReplaceAll(name, "_", "-")
	}
	return name, value, with
}

// valueOf is what an argument of a component comes to: the last that is said of it, or
// all that is, where the component adds it up.
func valueOf(component string, args []string, name string) (value string, set bool) {
	var all []string
	for i, a := range args {
		switch key, v, with := flagName(component, a); {
		case key == "" || key != name:
		case with:
			all = append(all, v)
		case i+1 < len(args) && (args[i+1] == "-" || !strings.HasPrefix(args[i+1], "-")):
			all = append(all, args[i+1])
		default:
			all = append(all, "true")
		}
	}
	switch {
	case len(all) == 0:
		return "", false
	case slices.Contains(mapFlags, name):
		return lastPairs(all), true
	case slices.Contains(listFlags[component], name):
		return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), ","), true
	}
	value = all[len(all)-1]
	if on, err := strconv.ParseBool(value); err == nil && slices.Contains(booleanFlags, name) {
		value = strconv.FormatBool(on)
	}
	return value, true
}

// lastPairs are name=value pairs, of each name the last one.
func lastPairs(said []string) string {
	var pairs []string
	for pair := range strings.SplitSeq(strings.Join(said, ","), ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		name, _, _ := strings.Cut(pair, "=")
		pairs = slices.DeleteFunc(pairs, func(before string) bool {
			known, _, _ := strings.Cut(before, "=")
			return strings.TrimSpace(known) == strings.TrimSpace(name)
		})
		pairs = append(pairs, pair)
	}
	return strings.Join(pairs, ",")
}

// etcdFile is the argument of a file by which etcd looks at no other argument.
const etcdFile = "config-file"

// schedulerFile is the one of a file by which the scheduler no longer looks at some.
const schedulerFile = "config"

// replaced are those: how it serves still is by its arguments.
var replaced = []string{"contention-profiling", "kube-api-burst", "kube-api-content-type", "kube-api-qps", "kubeconfig", "profiling"}

// overridden says why an argument may not be what a component runs by, "" where it is.
func overridden(component string, args []string, name string) string {
	switch component {
	case cluster.CompEtcd:
		if file, set := valueOf(component, args, etcdFile); set && file != "" && name != etcdFile {
			return "etcd is configured by " + file + ", and looks at no other argument"
		}
	case cluster.CompScheduler:
		file, set := valueOf(component, args, schedulerFile)
		if !set || file == "" {
			return ""
		}
		_, said := valueOf(component, args, name)
		if slices.Contains(replaced, name) || strings.HasPrefix(name, "leader-elect") && !said {
			return "the scheduler is configured by " + file + ", which takes the place of this argument"
		}
	}
	return ""
}

// dropIns is the argument of a folder whose files go before the kubelet's configuration.
const dropIns = "config-dir"
