package kube

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// thingNamespaces are those that nobody should put anything into.
func thingNamespaces() []string {
	return []string{metav1.NamespaceDefault, corev1.NamespaceNodeLease, metav1.NamespacePublic}
}

// thingKind is a kind of object that people make.
type thingKind struct {
	group, version, resource, kind string
	// made are names of objects that Kubernetes or kubeadm makes, by namespace; "" is any.
	made map[string][]string
}

func thingKinds() []thingKind {
	return []thingKind{
		{"", "v1", "configmaps", "ConfigMap", map[string][]string{"": {"kube-root-ca.crt"}, metav1.NamespacePublic: {"cluster-info"}}},
		{"", "v1", "pods", "Pod", nil},
		{"", "v1", "replicationcontrollers", "ReplicationController", nil},
		{"", "v1", "secrets", "Secret", nil},
		{"", "v1", "serviceaccounts", "ServiceAccount", map[string][]string{"": {"default"}}},
		{"", "v1", "services", "Service", map[string][]string{metav1.NamespaceDefault: {"kubernetes"}}},
		{"apps", "v1", "daemonsets", "DaemonSet", nil},
		{"apps", "v1", "deployments", "Deployment", nil},
		{"apps", "v1", "replicasets", "ReplicaSet", nil},
		{"apps", "v1", "statefulsets", "StatefulSet", nil},
		{"batch", "v1", "cronjobs", "CronJob", nil},
		{"batch", "v1", "jobs", "Job", nil},
	}
}

// things are what people made where nothing of theirs should be. Only names travel: what
// a Secret holds is not asked for.
func (i *inventory) things(ctx context.Context) ([]state.Thing, error) {
	namespaces, kinds := thingNamespaces(), thingKinds()
	found := make([][]metav1.PartialObjectMetadata, len(namespaces)*len(kinds))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(lookWidth)
	for n, namespace := range namespaces {
		for k, kind := range kinds {
			at := n*len(kinds) + k
			of := i.c.metadata.Resource(schema.GroupVersionResource{Group: kind.group, Version: kind.version, Resource: kind.resource}).Namespace(namespace)
			g.Go(func() error {
				return pages(ctx, i.c, kind.resource+" in "+namespace, of.List, func(l *metav1.PartialObjectMetadataList) {
					found[at] = append(found[at], l.Items...)
				})
			})
		}
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var out []state.Thing
	owner := map[state.Thing]state.Thing{}
	for at, objects := range found {
		namespace, kind := namespaces[at/len(kinds)], kinds[at%len(kinds)]
		for _, o := range objects {
			if slices.Contains(kind.made[""], o.Name) || slices.Contains(kind.made[namespace], o.Name) {
				continue
			}
			thing := state.Thing{Namespace: namespace, Kind: kind.kind, Name: o.Name}
			out = append(out, thing)
			if by := metav1.GetControllerOf(&o); by != nil {
				owner[thing] = state.Thing{Namespace: namespace, Kind: by.Kind, Name: by.Name}
			}
		}
	}
	return byPeople(out, owner), nil
}

// byPeople leaves out what another thing of the list made: of a Deployment's pods the
// Deployment says enough. What something else made is still there.
func byPeople(all []state.Thing, owner map[state.Thing]state.Thing) []state.Thing {
	there := map[state.Thing]bool{}
	for _, t := range all {
		there[t] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(t state.Thing) bool { return there[owner[t]] })
}
