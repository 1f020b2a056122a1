package spec

import (
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

type overlayText struct {
	Deviations []*deviationText `hcl:"deviation,block"`
}

type deviationText struct {
	ID              string         `hcl:"id,label"`
	IDRange         hcl.Range      `hcl:"id,label_range"`
	At              hcl.Range      `hcl:",def_range"`
	Reason          *hcl.Attribute `hcl:"reason,optional"`
	Kubelet         *configText    `hcl:"kubelet,block"`
	KubeProxy       *configText    `hcl:"kube_proxy,block"`
	IgnorePreflight *hcl.Attribute `hcl:"ignore_preflight,optional"`
	SkipPreflight   *hcl.Attribute `hcl:"skip_preflight,optional"`
	SkipSysctls     *hcl.Attribute `hcl:"skip_sysctls,optional"`
	SkipModules     *hcl.Attribute `hcl:"skip_modules,optional"`
}

// overlay reads the deviations of machines that cannot have all that is
// hardened. Unlike a spec's settings theirs may weaken: that is what they are
// for, and why each needs a reason and is shown by every report.
func (l *loader) overlay(path string) {
	dir, names, err := openSpec(path)
	if err != nil {
		l.report(problem(CodeFile, hcl.Range{}, "Overlay not found", "%q: %s. Name a file of deviation blocks with --overlay.", path, cause(err)))
		return
	}
	defer dir.root.Close() //nolint:errcheck // nothing was written
	if len(names) != 1 || filepath.Base(path) != names[0] {
		l.report(problem(CodeFile, hcl.Range{}, "Overlay is a folder", "%q must be one file of deviation blocks.", path))
		return
	}
	src := source{name: dir.display(names[0])}
	if src.bytes, err = dir.read(names[0], maxFileBytes); err != nil {
		l.report(unreadable(src.name, err))
		return
	}
	f := l.parseOne(src)
	if f == nil {
		return
	}
	var text overlayText
	l.decode(f.Body, &text)
	seen := map[string]hcl.Range{}
	for _, d := range text.Deviations {
		if first, twice := seen[d.ID]; twice {
			l.report(problem(CodeDuplicate, d.IDRange, "Deviation given twice", "deviation %q is already there on line %d. Put both into one.", d.ID, first.Start.Line))
			continue
		}
		seen[d.ID] = d.IDRange
		l.c.Deviations = append(l.c.Deviations, l.deviation(d))
	}
}

var namePattern = pattern(`^[A-Za-z0-9*][A-Za-z0-9*._/-]{0,127}$`)

func (l *loader) deviation(t *deviationText) cluster.Deviation {
	d := cluster.Deviation{
		ID:     t.ID,
		Origin: cluster.Origin{File: filepath.Base(t.At.Filename), Line: t.At.Start.Line},
	}
	l.label(item{t.ID, t.IDRange}, "deviation")
	reason, ok := l.str(t.Reason)
	if t.Reason == nil || ok && strings.TrimSpace(reason.value) == "" {
		l.report(problem(CodeOverlay, t.At, "Deviation without a reason", "deviation %q needs reason = \"…\": the sentence every report will show.", t.ID))
	}
	d.Reason = reason.value
	d.Kubelet = l.deviating(cluster.CompKubelet, t.Kubelet)
	d.KubeProxy = l.deviating(cluster.CompKubeProxy, t.KubeProxy)
	d.IgnorePreflight = l.checkNames(t.IgnorePreflight)
	d.SkipPreflight = l.checkNames(t.SkipPreflight)
	d.SkipSysctls = l.checkNames(t.SkipSysctls)
	d.SkipModules, _ = l.boolean(t.SkipModules)
	return d
}

// deviating is a configuration that may weaken, of fields that there are.
func (l *loader) deviating(component string, t *configText) cluster.Config {
	if t == nil {
		return nil
	}
	config, ok := l.jsonObject(t.Config)
	if ok {
		l.unknownFields(component, config, nil, l.keyRanges(t.Config), t.Config)
	}
	return config
}

// checkNames reads names of checks and sysctls.
func (l *loader) checkNames(a *hcl.Attribute) []string {
	items, _ := l.list(a)
	var out []string
	for _, s := range items {
		if !namePattern().MatchString(s.value) {
			l.report(problem(CodeName, s.at, "Not a name", "%s is no name of a check or a sysctl.", short(s.value)))
			continue
		}
		out = append(out, s.value)
	}
	return out
}
