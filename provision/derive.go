package provision

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/desired"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// derive asks the kubeadm of every machine that is a node what it would write
// there now, and one of the first control plane what the API should hold. A
// kubeadm that cannot say is something that was not read.
func (l looker) derive(ctx context.Context, nodes map[string]*state.Node) ([]state.Object, error) {
	var mu sync.Mutex
	var objects []state.Object
	var g errgroup.Group
	g.SetLimit(parallelism(l.in))
	for _, n := range l.cluster.Nodes {
		got := nodes[n.Name]
		if got == nil || !living(n, got) {
			continue
		}
		g.Go(func() error {
			speaks := n.Name == l.first
			answer, err := l.dryRun(ctx, n, speaks)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			var some []state.Object
			if err == nil && speaks {
				some, err = printed(answer.Printed, l.cluster.Policy.UnprivilegedKubeProxy)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				got.Unread["kubeadm"] = observe.Printable(err.Error())
				return nil
			}
			objects = append(objects, some...)
			got.Derived = map[string][]byte{}
			for name, text := range answer.Files {
				path := kubeadm.DerivedPath(name)
				if name == "etcd.yaml" {
					text = kubeadm.AdoptMembership(text, got.Files[path].Text)
				}
				got.Derived[path] = text
			}
			return nil
		})
	}
	return objects, g.Wait()
}

// living says whether a machine is a node of a cluster that has begun, so that its
// files are changed under the eyes of what runs.
func living(n cluster.Node, got *state.Node) bool {
	has := func(path string) bool { return got.Files[path].Exists() }
	if !has(desired.KubeletConf) || !has(desired.KubeletConfig) {
		return false
	}
	return n.Role == cluster.Worker || has(desired.EtcdData) && has(desired.AdminConf) && (has(desired.APIServerManifest) || has(desired.EtcdManifest))
}

func (l looker) dryRun(ctx context.Context, n cluster.Node, speaks bool) (observe.Derivation, error) {
	dry, err := kubeadm.Dry(l.cluster, n, script.DryRunDir, speaks)
	if err != nil {
		return observe.Derivation{}, err
	}
	question := observe.Dry{Skip: dry.Skip, Again: l.in.again.dryRun(n.Name)}
	for _, f := range dry.Files {
		question.Files = append(question.Files, observe.DryFile{Name: f.Path, Content: f.Content})
	}
	return observe.Derive(ctx, l.hosts[n.Name], question)
}

// attached is what kubeadm prints before each object of a dry run.
const attached = "[dryrun] Attached object:\n"

// printed are the objects of a dry run that the cluster should hold: configuration
// of kubeadm, the kubelet and kube-proxy, and its rules. A kube-proxy ends itself when
// the file of its ConfigMap changes (cmd/kube-proxy/app/options.go, eventHandler), so
// that a changed one reaches all of them. Tokens are not among them, and neither are what
// strangers could read of the cluster, and CoreDNS, which is the cluster's own to change.
//
// kube-proxy's DaemonSet is the cluster's own to change too, unless the spec has it run
// without all rights (unprivileged), or had so before. Without them it ends itself over
// the configuration of one that has all, so that comes first, and goes last.
func printed(texts [][]byte, unprivileged bool) ([]state.Object, error) {
	var out []state.Object
	for _, part := range bytes.Split(bytes.Join(texts, nil), []byte(attached))[1:] {
		// What kubeadm says next is in brackets; a line of the object never begins so.
		text, _, _ := bytes.Cut(part, []byte("\n["))
		object, err := yaml.YAMLToJSON(text)
		var head struct {
			APIVersion, Kind string
			Metadata         struct{ Namespace, Name string }
		}
		if err == nil {
			err = json.Unmarshal(object, &head)
		}
		if err != nil {
			return nil, fmt.Errorf("what kubeadm would put into the API cannot be read: %w", err)
		}
		if head.Kind == "Secret" || head.Metadata.Namespace == "kube-public" || strings.TrimPrefix(head.Metadata.Name, "system:") == "coredns" {
			continue
		}
		if head.Kind == "DaemonSet" && head.Metadata.Name == "kube-proxy" {
			proxy := state.Object{Derived: true, JSON: object, Why: "policy.unprivileged_kube_proxy", Policy: state.PolicyKubeProxy, Undo: !unprivileged,
				Ref: state.ObjectRef{APIVersion: head.APIVersion, Kind: head.Kind, Namespace: head.Metadata.Namespace, Name: head.Metadata.Name}}
			at := 0
			if unprivileged {
				at = len(out)
			}
			out = slices.Insert(out, at, proxy)
			continue
		}
		if head.Kind != "ConfigMap" && !strings.HasPrefix(head.APIVersion, "rbac.authorization.k8s.io/") {
			continue
		}
		out = append(out, state.Object{Derived: true, JSON: object, Why: "kubernetes",
			Ref: state.ObjectRef{APIVersion: head.APIVersion, Kind: head.Kind, Namespace: head.Metadata.Namespace, Name: head.Metadata.Name}})
	}
	return out, nil
}
