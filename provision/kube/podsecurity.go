package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// enforceLabel sets the level of one namespace, whatever the server's default is.
const enforceLabel = "pod-security.kubernetes.io/enforce"

// Bounds of what is asked and kept.
const (
	mostNamespaces = 500 // that are asked
	mostReasons    = 5   // of one namespace
	longestReason  = 300 // bytes
)

// Refused asks which pods that run would be refused when they are made again, were
// level the default of the namespaces that are not exempt and say nothing else by a
// label: the server judges the pods of a namespace that is about to be given such a
// label (k8s.io/pod-security-admission, ValidateNamespace), and here by a dry run, so
// that nothing is written. A namespace that was not judged says why. The answer is
// sorted by namespace, and has none that would lose no pod.
func (c *Client) Refused(ctx context.Context, level string, exempt []string) ([]state.Refused, error) {
	var list *corev1.NamespaceList
	err := c.call(ctx, "listing namespaces", func(ctx context.Context) (err error) {
		list, err = c.typed.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
		return err
	})
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range list.Items {
		ns := &list.Items[i]
		if _, said := ns.Labels[enforceLabel]; !said && ns.DeletionTimestamp == nil && !slices.Contains(exempt, ns.Name) {
			names = append(names, ns.Name)
		}
	}
	levels := map[string]string{}
	for _, name := range names {
		levels[name] = level
	}
	return c.RefusedAt(ctx, levels)
}

// RefusedAt asks the same of namespaces that are about to have a level of their own,
// by name.
func (c *Client) RefusedAt(ctx context.Context, levels map[string]string) ([]state.Refused, error) {
	names := slices.Sorted(maps.Keys(levels))
	more := max(0, len(names)-mostNamespaces)
	names = names[:len(names)-more]
	out := make([]state.Refused, len(names))
	var g errgroup.Group
	g.SetLimit(lookWidth)
	for i, name := range names {
		g.Go(func() error { out[i] = c.refused(ctx, name, levels[name]); return nil })
	}
	_ = g.Wait() // each keeps its own error
	if more > 0 {
		out = append(out, state.Refused{Unknown: fmt.Sprintf("%d more namespaces were not asked about", more)})
	}
	out = slices.DeleteFunc(out, func(r state.Refused) bool { return len(r.Pods) == 0 && r.Unknown == "" })
	return out, ctx.Err()
}

// refused asks about one namespace.
func (c *Client) refused(ctx context.Context, name, level string) state.Refused {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]string{enforceLabel: level}}})
	if err != nil {
		return state.Refused{Namespace: name, Unknown: err.Error()}
	}
	var warnings []string
	err = c.call(ctx, "a dry run for namespace "+name, func(ctx context.Context) error {
		warnings = nil
		res := c.typed.CoreV1().RESTClient().Patch(types.MergePatchType).Resource("namespaces").Name(name).
			Param("dryRun", metav1.DryRunAll).Param("fieldManager", manager).Body(patch).Do(ctx)
		for _, w := range res.Warnings() {
			warnings = append(warnings, w.Text)
		}
		return res.Error()
	})
	if err != nil {
		return state.Refused{Namespace: name, Unknown: clean(err.Error(), longestReason)}
	}
	return judged(name, warnings)
}

// violator is how the server names pods and what speaks against them; others may warn as well.
var violator = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,252}( \(and [0-9]+ other pods?\))?: `)
})

// judged reads the warnings of a dry run.
func judged(name string, warnings []string) state.Refused {
	out := state.Refused{Namespace: name}
	listed := false // the pods follow
	for _, w := range warnings {
		switch {
		case strings.HasPrefix(w, "existing pods in namespace "):
			listed = true
		case strings.Contains(w, " is exempt from Pod Security"):
			out.Unknown = "it is exempt until now, and the server does not judge its pods before that ends"
		case strings.HasPrefix(w, "new PodSecurity enforce level only checked"), strings.HasPrefix(w, "failed to list pods while checking"):
			out.Unknown = clean(w, longestReason)
		case listed && violator().MatchString(w):
			out.Pods = append(out.Pods, clean(w, longestReason))
		}
	}
	if more := len(out.Pods) - mostReasons; more > 0 {
		out.Pods = append(out.Pods[:mostReasons], fmt.Sprintf("%d more", more))
	}
	return out
}
