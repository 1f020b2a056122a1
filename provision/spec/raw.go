package spec

import (
	"errors"
	"math/big"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// raw resolves the settings a spec hands to components as they are. Each is
// checked against the table of hardened ones.
func (l *loader) raw(t *clusterText) {
	for _, a := range []struct {
		component string
		text      *argsText
		into      *cluster.Component
	}{
		{cluster.CompAPIServer, t.APIServer, &l.c.APIServer},
		{cluster.CompControllerManager, t.ControllerManager, &l.c.ControllerManager},
		{cluster.CompScheduler, t.Scheduler, &l.c.Scheduler},
		{cluster.CompEtcd, t.Etcd, &l.c.Etcd},
	} {
		if a.text != nil {
			a.into.Args = l.args(a.component, a.text.Args)
		}
	}
	if t.Kubelet != nil {
		l.c.Kubelet = l.config(cluster.CompKubelet, t.Kubelet.Config)
	}
	if t.KubeProxy != nil {
		l.c.KubeProxy = l.config(cluster.CompKubeProxy, t.KubeProxy.Config)
	}
}

// args are a component's arguments. A value may be a string, a number or a
// switch: all become the text a command line has.
func (l *loader) args(component string, a *hcl.Attribute) map[string]string {
	places := l.keyRanges(a)
	v, ok := l.object(a)
	if !ok {
		return nil
	}
	out, known := map[string]string{}, cluster.Arguments(component)
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		name, at := k.AsString(), place(places, k.AsString(), a)
		text, ok := argument(e)
		if !ok {
			l.report(problem(CodeType, at, "Wrong type", "%q must be a string, a number, or true or false.", name))
			continue
		}
		l.from(component+".args."+name, at)
		merged, err := cluster.Merge(component, name, text)
		if err != nil {
			l.report(weakens(at, err))
			continue
		}
		if !slices.Contains(known, name) {
			l.report(l.unknownArgument(component, name, known, at))
			continue
		}
		out[name], _ = merged.(string)
	}
	return out
}

func weakens(at hcl.Range, err error) *hcl.Diagnostic {
	if w, ok := errors.AsType[*cluster.WeakensError](err); ok && w.Setting.Rule == cluster.OneOf {
		return problem(CodeChoice, at, "Unknown value", "%s.%s", err, didYouMean(w.Given, w.Setting.Levels))
	}
	return problem(CodeWeak, at, "Setting refused", "%s.", err)
}

// config is a component's configuration as decoded JSON.
func (l *loader) config(component string, a *hcl.Attribute) cluster.Config {
	places := l.keyRanges(a)
	config, ok := l.jsonObject(a)
	if !ok {
		return nil
	}
	refused := map[string]bool{}
	for _, e := range cluster.CheckConfig(component, config) {
		refused[e.Path] = true
		l.report(weakens(place(places, e.Path, a), e))
	}
	l.unknownFields(component, config, refused, places, a)
	for name := range config {
		l.from(component+".config."+name, place(places, name, a))
	}
	return config
}

func (l *loader) jsonObject(a *hcl.Attribute) (cluster.Config, bool) {
	v, ok := l.object(a)
	if !ok {
		return nil, false
	}
	config, ok := jsonValue(v).(map[string]any)
	if !ok {
		l.report(problem(CodeRange, a.Expr.Range(), "Number too large", "%q holds a number no configuration can have.", a.Name))
		return nil, false
	}
	return config, true
}

// object is an attribute that holds named values.
func (l *loader) object(a *hcl.Attribute) (cty.Value, bool) {
	v, ok := l.get(a)
	if ok && !v.Type().IsObjectType() && !v.Type().IsMapType() {
		l.wrongType(a, a.Expr.Range(), v, "a map of settings, as in { name = value }")
		return v, false
	}
	return v, ok
}

func argument(v cty.Value) (string, bool) {
	if v.IsNull() {
		return "", false
	}
	switch v.Type() {
	case cty.String:
		return v.AsString(), true
	case cty.Bool:
		return strconv.FormatBool(v.True()), true
	case cty.Number:
		return v.AsBigFloat().Text('f', -1), true
	}
	return "", false
}

// jsonValue is a value as decoded JSON has it.
func jsonValue(v cty.Value) any {
	if v.IsNull() {
		return nil
	}
	switch t := v.Type(); {
	case t == cty.String:
		return v.AsString()
	case t == cty.Bool:
		return v.True()
	case t == cty.Number:
		if n, accuracy := v.AsBigFloat().Int64(); accuracy == big.Exact {
			return n
		}
		f, _ := v.AsBigFloat().Float64()
		return f
	case t.IsObjectType() || t.IsMapType():
		out := map[string]any{}
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			out[k.AsString()] = jsonValue(e)
		}
		return out
	case v.CanIterateElements():
		out := []any{}
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			out = append(out, jsonValue(e))
		}
		return out
	}
	return nil
}
