package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// found answers from what a node has, and keeps what it was asked for.
type found struct {
	subject Subject
	node    *state.Node // nil where the machine was not reached
	seen    []Seen
	doubts  []Seen // what keeps a true answer from being one
	texts   *texts

	paths []string // of its files, sorted; nil until somebody asks for them
	// rules are the firewall's and noRules why there are none, where firewalled says
	// that they were read.
	rules      *table
	noRules    string
	firewalled bool
}

// saw keeps what an answer rests on.
func (f *found) saw(s Seen) {
	if !slices.Contains(f.seen, s) {
		f.seen = append(f.seen, s)
	}
}

// doubt keeps what is known and may not be so any more, or not yet.
func (f *found) doubt(s Seen) {
	if !slices.Contains(f.doubts, s) {
		f.doubts = append(f.doubts, s)
	}
}

// unread is an answer that is not known.
func (f *found) unread(t cty.Type, what, format string, args ...any) (cty.Value, error) {
	f.saw(Seen{What: what, Unread: fmt.Sprintf(format, args...)})
	return cty.UnknownVal(t), nil
}

// unreadOnly is what was asked for and is not known.
func unreadOnly(seen []Seen) []Seen {
	return slices.DeleteFunc(slices.Clone(seen), func(s Seen) bool { return s.Unread == "" })
}

// known is an answer. What it says must be nothing secret: arguments, modes, fields.
func (f *found) known(what string, v cty.Value) (cty.Value, error) {
	f.saw(Seen{What: what, Value: shown(v)})
	return v, nil
}

const notReached = "the machine was not looked at"

// arguments are those a component runs with.
func (f *found) arguments(component string) (args []string, why string) {
	program := programOf(component)
	if f.node == nil {
		return nil, notReached
	}
	p, runs := f.node.Processes[program]
	switch {
	case runs && len(p.Args) > 0:
		return withEnvironment(component, p.Args[1:], p.Env), ""
	case f.node.Unread[program] != "":
		return nil, f.node.Unread[program]
	}
	return nil, program + " does not run"
}

func (f *found) arg(component, name string) (cty.Value, error) {
	if _, err := readOnce(f.texts, "argument of "+component, []byte(name), func([]byte) (bool, error) { return true, knownArgument(component, name) }); err != nil {
		return cty.DynamicVal, err
	}
	what := programOf(component) + " --" + name
	args, why := f.arguments(component)
	if why != "" {
		return f.unread(cty.String, what, "%s", why)
	}
	if why := overridden(component, args, name); why != "" {
		return f.unread(cty.String, what, "%s", why)
	}
	value, set := valueOf(component, args, name)
	if !set {
		return f.known(what, cty.NullVal(cty.String))
	}
	if p := f.node.Processes[programOf(component)]; component == cluster.CompEtcd && len(p.Env) > 0 {
		if _, said := valueOf(component, p.Args[1:], name); !said {
			what += ", by " + variableOf(name)
		}
	}
	return f.known(what, cty.StringVal(value))
}

func programOf(component string) string {
	if component == cluster.CompKubelet {
		return "kubelet"
	}
	return cluster.Program(component)
}

func (f *found) feature(component, gate string) (cty.Value, error) {
	what := programOf(component) + " feature gate " + gate
	args, why := f.arguments(component)
	if why != "" {
		return f.unread(cty.Bool, what, "%s", why)
	}
	if why := overridden(component, args, gatesFlag); why != "" {
		return f.unread(cty.Bool, what, "%s", why)
	}
	gates, _ := valueOf(component, args, gatesFlag)
	set := cty.NullVal(cty.Bool)
	for pair := range strings.SplitSeq(gates, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if on, err := strconv.ParseBool(strings.TrimSpace(value)); err == nil && strings.TrimSpace(name[strings.LastIndexByte(name, ':')+1:]) == gate {
			set = cty.BoolVal(on) // the last one counts
		}
	}
	if !set.IsNull() {
		return f.known(what, set)
	}
	if component == cluster.CompKubelet || component == cluster.CompKubeProxy {
		v, err := f.config(component, "featureGates")
		if err != nil || !v.IsKnown() {
			return cty.UnknownVal(cty.Bool), err
		}
		if !v.IsNull() && v.Type().IsObjectType() && v.Type().HasAttribute(gate) && v.GetAttr(gate).Type() == cty.Bool {
			return f.known(what, v.GetAttr(gate))
		}
	}
	return f.known(what, cty.NullVal(cty.Bool))
}

func (f *found) path(path string) (cty.Value, error) {
	if f.node == nil {
		return f.unread(pathType, path, notReached)
	}
	if why := f.node.Unread[path]; why != "" {
		return f.unread(pathType, path, "%s", why)
	}
	have, asked := f.node.Files[path]
	switch {
	case !asked:
		return f.unread(pathType, path, "it was not looked at")
	case !have.Exists():
		return f.known(path, cty.NullVal(pathType))
	}
	user, group := f.accounts(have.Owner)
	mode := octal(have.Mode)
	f.saw(Seen{What: path, Value: have.Type + " " + mode + " " + have.Owner})
	return cty.ObjectVal(map[string]cty.Value{"type": cty.StringVal(have.Type), "mode": cty.StringVal(mode),
		"owner": cty.StringVal(user), "group": cty.StringVal(group)}), nil
}

// octal is a mode as people write it, with what stands before permissions: "0640" and
// "4755".
func octal(mode fs.FileMode) string {
	bits := mode.Perm()
	if mode&fs.ModeSetuid != 0 {
		bits |= 0o4000
	}
	if mode&fs.ModeSetgid != 0 {
		bits |= 0o2000
	}
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return fmt.Sprintf("%04o", uint32(bits))
}

// accounts are the names of "user:group".
func (f *found) accounts(owner string) (user, group string) {
	user, group, _ = strings.Cut(owner, ":")
	return f.account(user), f.account(group)
}

// account is a user's or a group's name. A look has the number of etcd's, since it is
// that which a cluster depends on.
func (f *found) account(name string) string {
	if name == strconv.Itoa(state.EtcdUID) && f.node.Facts.EtcdAccount != "" {
		return f.node.Facts.EtcdAccount
	}
	return name
}

func (f *found) owners(path string) (cty.Value, error) {
	what := path + " and what lies under it"
	if f.node == nil {
		return f.unread(cty.List(cty.String), what, notReached)
	}
	have, asked := f.node.Files[path]
	switch {
	case f.node.Unread[path] != "":
		return f.unread(cty.List(cty.String), what, "%s", f.node.Unread[path])
	case asked && !have.Exists():
		return f.known(what, cty.ListValEmpty(cty.String))
	case have.Owners == nil:
		return f.unread(cty.List(cty.String), what, "it was not looked at")
	}
	all := []cty.Value{cty.StringVal(have.Owner)}
	for _, o := range have.Owners {
		if o != have.Owner {
			all = append(all, cty.StringVal(o))
		}
	}
	return f.known(what, cty.ListVal(all))
}

func (f *found) unit(name string) (cty.Value, error) {
	if f.node == nil {
		return f.unread(unitType, name, notReached)
	}
	if why := f.node.Unread[name]; why != "" {
		return f.unread(unitType, name, "%s", why)
	}
	u, asked := f.node.Units[name]
	switch {
	case !asked:
		return f.unread(unitType, name, "it was not looked at")
	case u.Load == "not-found":
		return f.known(name, cty.NullVal(unitType))
	}
	f.saw(Seen{What: name, Value: strings.Join(slices.DeleteFunc([]string{u.Load, u.Enabled, u.Active}, func(s string) bool { return s == "" }), " ")})
	return cty.ObjectVal(map[string]cty.Value{"enabled": cty.BoolVal(u.Enabled == "enabled"), "active": cty.BoolVal(u.Active == "active"),
		"masked": cty.BoolVal(u.Load == "masked")}), nil
}

func (f *found) sysctl(key string) (cty.Value, error) {
	if f.node == nil {
		return f.unread(cty.String, key, notReached)
	}
	if why := f.node.Unread[key]; why != "" {
		return f.unread(cty.String, key, "%s", why)
	}
	value, asked := f.node.Sysctls[key]
	if !asked {
		return f.unread(cty.String, key, "it was not looked at")
	}
	return f.known(key, cty.StringVal(value))
}

// fieldFlag are fields of the kubelet's configuration that an argument goes before.
var fieldFlag = map[string]string{
	"authentication.anonymous.enabled": "anonymous-auth", "authentication.x509.clientCAFile": "client-ca-file",
	"authorization.mode": "authorization-mode", "makeIPTablesUtilChains": "make-iptables-util-chains",
	"readOnlyPort": "read-only-port", "rotateCertificates": "rotate-certificates", "serverTLSBootstrap": "rotate-server-certificates",
	"streamingConnectionIdleTimeout": "streaming-connection-idle-timeout", "eventRecordQPS": "event-qps", "podPidsLimit": "pod-max-pids",
	"tlsCertFile": "tls-cert-file", "tlsPrivateKeyFile": "tls-private-key-file", "tlsCipherSuites": "tls-cipher-suites",
	"tlsMinVersion": "tls-min-version", "protectKernelDefaults": "protect-kernel-defaults", "seccompDefault": "seccomp-default",
	"staticPodPath": "pod-manifest-path",
}

func fieldFlags() []string { return slices.Sorted(maps.Values(fieldFlag)) }

func (f *found) config(component, field string) (cty.Value, error) {
	// Which fields there are is known of types, and takes its time to ask of them.
	if _, err := readOnce(f.texts, "field of "+component, []byte(field), func([]byte) (bool, error) { return true, knownField(component, field) }); err != nil {
		return cty.DynamicVal, err
	}
	what := programOf(component) + " " + field
	if flag := fieldFlag[field]; component == cluster.CompKubelet && flag != "" {
		args, why := f.arguments(component)
		if why != "" {
			return f.unread(cty.DynamicPseudoType, what, "%s", why)
		}
		if value, set := valueOf(component, args, flag); set {
			return f.known(programOf(component)+" --"+flag, said(typed(flag, value)))
		}
	}
	text, why := f.configuration(component)
	if why != "" {
		return f.unread(cty.DynamicPseudoType, what, "%s", why)
	}
	at, err := readOnce(f.texts, "configuration", text, fields)
	if err != nil {
		return f.unread(cty.DynamicPseudoType, what, "%v", err)
	}
	for name := range strings.SplitSeq(field, ".") {
		if at.IsNull() || !at.Type().IsObjectType() || !at.Type().HasAttribute(name) {
			at = cty.NullVal(cty.DynamicPseudoType)
			break
		}
		at = at.GetAttr(name)
	}
	return f.known(what, said(at))
}

// secretFields are those of a kubelet's configuration that may hold a secret.
var secretFields = []string{"staticPodURLHeader"}

var errConfiguration = errors.New("its configuration cannot be read")

// plainFields are a configuration without secrets. No error quotes it.
func plainFields(text []byte) (map[string]any, error) {
	document := map[string]any{}
	if yaml.Unmarshal(text, &document) != nil {
		return nil, errConfiguration
	}
	for _, name := range secretFields {
		if document[name] != nil {
			document[name] = "<secret>"
		}
	}
	return document, nil
}

// fields are a configuration as a value.
func fields(text []byte) (cty.Value, error) {
	document, err := plainFields(text)
	if err != nil {
		return cty.DynamicVal, err
	}
	plain, err := json.Marshal(document)
	if err != nil {
		return cty.DynamicVal, errConfiguration
	}
	t, err := ctyjson.ImpliedType(plain)
	if err != nil {
		return cty.DynamicVal, errConfiguration
	}
	return ctyjson.Unmarshal(plain, t)
}

// kubeProxy is the object that kubeadm keeps kube-proxy's configuration in.
const kubeProxy = "v1/ConfigMap/kube-system/kube-proxy"

// proxyKey is where it lies there.
const proxyKey = "config.conf"

func proxyConfiguration(object []byte) ([]byte, error) {
	var m struct {
		Data map[string]string `json:"data"`
	}
	if json.Unmarshal(object, &m) != nil || m.Data[proxyKey] == "" {
		return nil, errors.New("the ConfigMap kube-proxy has no " + proxyKey)
	}
	return []byte(m.Data[proxyKey]), nil
}

// configuration is the file that a component is configured by.
func (f *found) configuration(component string) (text []byte, why string) {
	if component == cluster.CompKubeProxy {
		o, there := f.subject.Have.API.Objects[kubeProxy]
		if !there {
			if why := f.subject.Have.API.Unread[kubeProxy]; why != "" {
				return nil, why
			}
			return nil, "the ConfigMap kube-proxy was not read"
		}
		text, err := proxyConfiguration(o.JSON)
		if err != nil {
			return nil, err.Error()
		}
		return text, ""
	}
	args, why := f.arguments(component)
	if why != "" {
		return nil, why
	}
	if folder, set := valueOf(component, args, dropIns); set && folder != "" {
		return nil, "files in " + folder + " go before the kubelet's configuration, and were not read"
	}
	path, set := valueOf(component, args, "config")
	if !set {
		return []byte("{}"), "" // all there is to say are its arguments
	}
	have, asked := f.node.Files[path]
	switch {
	case f.node.Unread[path] != "":
		return nil, f.node.Unread[path]
	case !asked || have.Exists() && have.Text == nil:
		return nil, path + " was not read"
	case !have.Exists():
		return nil, path + " is not there"
	}
	f.readAtStart(component, path)
	return have.Text, ""
}

// typed is an argument's text as the field has it that it goes before.
func typed(flag, s string) cty.Value {
	if on, err := strconv.ParseBool(s); err == nil && slices.Contains(booleanFlags, flag) {
		return cty.BoolVal(on)
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return cty.NumberIntVal(n)
	}
	return cty.StringVal(s)
}

// said is a field's value, null of an empty text: components take it for none.
func said(v cty.Value) cty.Value {
	if !v.IsNull() && v.Type() == cty.String && v.AsString() == "" {
		return cty.NullVal(cty.DynamicPseudoType)
	}
	return v
}

// shown is a value as evidence has it.
func shown(v cty.Value) string {
	switch {
	case v.IsNull():
		return "none"
	case v.Type() == cty.String:
		return v.AsString()
	case v.Type() == cty.Bool:
		return strconv.FormatBool(v.True())
	case v.Type() == cty.Number:
		return v.AsBigFloat().Text('f', -1)
	case v.CanIterateElements() && !v.Type().IsObjectType():
		var all []string
		for it := v.ElementIterator(); it.Next(); {
			if len(all) == mostShown {
				return strings.Join(all, ",") + fmt.Sprintf(" and %d more", v.LengthInt()-mostShown)
			}
			_, e := it.Element()
			all = append(all, shown(e))
		}
		return strings.Join(all, ",")
	}
	return v.Type().FriendlyName()
}

// mostShown is how much of a list is evidence.
const mostShown = 20
