package cluster

import (
	"slices"
	"sync"
)

// The components that have raw settings, by the name of their block in a spec.
const (
	CompAPIServer         = "apiserver"
	CompControllerManager = "controller_manager"
	CompScheduler         = "scheduler"
	CompEtcd              = "etcd"
	CompKubelet           = "kubelet"
	CompKubeProxy         = "kube_proxy"
)

// Rule says how a hardened setting and another wish for it become one value.
// Each setting has one, so "the strictest" is computed and never argued.
type Rule string

// The rules.
const (
	// Minimum and Maximum bound a number; a maximum also refuses 0 and less,
	// which mean "without limit" wherever Kubernetes has one, unless Low and High say
	// what it may be.
	Minimum Rule = "minimum"
	Maximum Rule = "maximum"
	// Between bounds a number, or a time, from both sides.
	Between Rule = "between"
	// Union adds to the hardened list, Intersection takes from it.
	Union        Rule = "union"
	Intersection Rule = "intersection"
	// Exempt is a list of what a setting does not hold for: only what every wish
	// exempts stays in it, and none is the strictest.
	Exempt Rule = "exempt"
	// Beneath is a list of places that are allowed with all below them: what lies in
	// what every wish allows stays in it. None means that all are allowed.
	Beneath Rule = "beneath"
	// TrueWins and FalseWins are switches that may not be moved back.
	TrueWins  Rule = "true-wins"
	FalseWins Rule = "false-wins"
	// Ordered takes a value of a list at or above the hardened one.
	Ordered Rule = "ordered"
	// Fixed has one value, which another block of the spec or kubeadm supplies.
	Fixed Rule = "fixed"
	// Forbidden is never there.
	Forbidden Rule = "forbidden"
	// Pairs is a list such as feature gates, whose parts are settings of their
	// own: "feature-gates.AllAlpha".
	Pairs Rule = "pairs"
	// OneOf is written by bulwark, and no weaker with another of the values that
	// there are.
	OneOf Rule = "one-of"
)

// Setting is one setting of a component that hardens or weakens a cluster.
type Setting struct {
	// Component is the name of the block: [CompAPIServer] and so on.
	Component string
	// Key is an argument without dashes ("profiling"), or the path of a field
	// ("authentication.anonymous.enabled").
	Key  string
	Rule Rule
	// Value is the hardened value: bool, int64, string or []string. It is the
	// bound of a rule that has one. Nil where another block, kubeadm or the
	// component's own default supplies it.
	Value any
	// Written says that bulwark writes Value whatever the spec says. Otherwise
	// the component has it by itself, and only what would weaken it is refused.
	Written bool
	// Low and High bound Between, and a Maximum without a Value. For times, they are
	// nanoseconds.
	Low, High int64
	// Levels are the values of Ordered, from weak to strong, and those of OneOf.
	Levels []string
	// Never are elements a Union may not have.
	Never []string
	// Keep is an element an Intersection may not lose.
	Keep string
	// Refs are the controls that ask for it.
	Refs []string
	// Use says what to write instead, where something else is meant to set it.
	Use string
}

// Hardened is the table of hardened settings: the single source of values for
// whoever renders, and of what a spec's raw settings may not weaken. It is in
// the order of components and then of the files hardened_*.go.
func Hardened() []Setting {
	return slices.Concat(hardenedAPIServer(), hardenedControllerManager(), hardenedScheduler(),
		hardenedEtcd(), hardenedKubelet(), hardenedKubeProxy())
}

// Lookup finds the setting of a key, which must be spelt as the table spells it.
func Lookup(component, key string) (Setting, bool) {
	if !hardenedKeys()[component+" "+key] {
		return Setting{}, false // as most keys of a spec: the table is not made for them
	}
	for _, s := range SettingsOf(component) {
		if s.Key == key {
			return s, true
		}
	}
	return Setting{}, false
}

// hardenedKeys are "component key" of all settings.
var hardenedKeys = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for _, s := range Hardened() {
		out[s.Component+" "+s.Key] = true
	}
	return out
})

// SettingsOf are those of [Hardened] for one component.
func SettingsOf(component string) []Setting {
	switch component {
	case CompAPIServer:
		return hardenedAPIServer()
	case CompControllerManager:
		return hardenedControllerManager()
	case CompScheduler:
		return hardenedScheduler()
	case CompEtcd:
		return hardenedEtcd()
	case CompKubelet:
		return hardenedKubelet()
	case CompKubeProxy:
		return hardenedKubeProxy()
	}
	return nil
}

// CipherSuites are all that V-242418 asks for, and all that CIS 1.2.29 and
// 4.2.12 allow in common. Those of TLS 1.3 are not configurable and stay on.
func CipherSuites() []string {
	return []string{
		"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	}
}

// suiteForHTTP2 is the suite of TLS 1.2 that HTTP/2 cannot do without (RFC
// 9113, 9.2.2) where certificates are ECDSA, as kubeadm makes them for bulwark.
// Without it a component does not start, or has no common suite with a client.
const suiteForHTTP2 = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"

// tlsLevels are the versions as Kubernetes' own components write them.
func tlsLevels() []string {
	return []string{"VersionTLS10", "VersionTLS11", "VersionTLS12", "VersionTLS13"}
}

// owned are settings that kubeadm or another block supplies.
func owned(component, use string, keys ...string) []Setting {
	var out []Setting
	for _, k := range keys {
		out = append(out, Setting{Component: component, Key: k, Rule: Fixed, Use: use})
	}
	return out
}

// forbidden are settings that are never there.
func forbidden(component, use string, refs []string, keys ...string) []Setting {
	var out []Setting
	for _, k := range keys {
		out = append(out, Setting{Component: component, Key: k, Rule: Forbidden, Refs: refs, Use: use})
	}
	return out
}

// common are the settings every component of Kubernetes' own control plane has.
func common(component string, tls, profiling []string) []Setting {
	out := []Setting{
		{Component: component, Key: "profiling", Rule: FalseWins, Value: false, Written: true, Refs: profiling},
		{Component: component, Key: "contention-profiling", Rule: FalseWins, Value: false},
		{Component: component, Key: "tls-min-version", Rule: Ordered, Value: "VersionTLS12", Written: true, Levels: tlsLevels(), Refs: tls},
		{Component: component, Key: "tls-cipher-suites", Rule: Intersection, Value: CipherSuites(), Keep: suiteForHTTP2, Written: true, Refs: []string{"CIS-1.2.29", "STIG-V-242418"}},
		{Component: component, Key: "v", Rule: Between, Low: 0, High: 7, Use: "from 8 on, logs hold the bodies of requests, Secrets among them"},
		// Another process of the same user could listen beside the component.
		{Component: component, Key: "permit-port-sharing", Rule: FalseWins, Value: false},
		{Component: component, Key: "permit-address-sharing", Rule: FalseWins, Value: false},
		{Component: component, Key: "feature-gates", Rule: Pairs},
		{Component: component, Key: "feature-gates.AllAlpha", Rule: FalseWins, Value: false, Refs: []string{"STIG-V-242400"}},
		{Component: component, Key: "feature-gates.PodSecurity", Rule: Forbidden, Refs: []string{"STIG-V-254801"}, Use: "the gate is gone since 1.28 and the component would not start"},
		{Component: component, Key: "feature-gates.DynamicAuditing", Rule: Forbidden, Refs: []string{"STIG-V-242398"}, Use: "the gate is gone since 1.19 and the component would not start"},
		{Component: component, Key: "feature-gates.RotateKubeletServerCertificate", Rule: TrueWins, Value: true, Refs: []string{"CIS-1.3.6", "CIS-4.2.11"}},
	}
	out = append(out, forbidden(component, vmoduleWhy, nil, "vmodule")...)
	return append(out, forbidden(component, "settings are checked against what this version does, and not an older one", nil, "emulated-version")...)
}

// vmoduleWhy is why single source files may not log more than the rest.
const vmoduleWhy = "it lets files log more than v allows: from 8 on the bodies of requests, Secrets among them"
