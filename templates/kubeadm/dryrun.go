package kubeadm

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstraptokenv1 "k8s.io/kubernetes/cmd/kubeadm/app/apis/bootstraptoken/v1"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// DryRun is what a node's own kubeadm is asked so that it says which bytes it
// would write there, and into the API.
type DryRun struct {
	// Files are its configuration and patches; their paths are relative to the
	// folder they are put into.
	Files []File
	// Skip are the phases of init that it is not asked for, in their order.
	Skip []string
}

// initPhases are those of `kubeadm init`, in its order (cmd/init.go, newCmdInit). One
// start of kubeadm goes through all that are wanted: starting it is most of what a
// phase takes. Of the phase addon both parts are always wanted: of one that is
// skipped kubeadm writes into its ConfigMap that the addon is disabled.
func initPhases() []string {
	return []string{"preflight", "certs", "kubeconfig", "etcd", "control-plane", "kubelet-start", "wait-control-plane", "upload-config",
		"upload-certs", "mark-control-plane", "bootstrap-token", "kubelet-finalize", "addon", "show-join-command"}
}

// Dry is the question for one node, whose files will lie in dir. A worker is
// asked as if it began a cluster, for its kubelet alone: what joining would write
// is the same, and needs no cluster to ask. speaks says that the node is also
// asked for what the cluster's API should hold.
func Dry(c *cluster.Cluster, n cluster.Node, dir string, speaks bool) (DryRun, error) {
	docs, err := initDocuments(c, n)
	if err != nil {
		return DryRun{}, fmt.Errorf("node %s: %w", n.Name, err)
	}
	docs.init.Patches.Directory = dir + "/patches"
	docs.init.BootstrapTokens = []bootstraptokenv1.BootstrapToken{nobodysToken()}
	config, err := encode(docs.all())
	patches, err2 := Patches(c, n)
	if err := errors.Join(err, err2); err != nil {
		return DryRun{}, fmt.Errorf("node %s: %w", n.Name, err)
	}
	out := DryRun{Files: []File{{Path: "kubeadm.yaml", Content: config}}}
	for _, p := range patches {
		out.Files = append(out.Files, File{Path: "patches/" + path.Base(p.Path), Content: p.Content})
	}
	wanted := []string{"kubelet-start"}
	if n.Role == cluster.ControlPlane {
		wanted = append(wanted, "control-plane", "etcd")
	}
	if speaks {
		out.Files = append(out.Files, File{Path: "admin.conf", Content: []byte(nobodysConf)})
		wanted = append(wanted, "upload-config", "bootstrap-token", "addon")
	}
	out.Skip = slices.DeleteFunc(initPhases(), func(p string) bool { return slices.Contains(wanted, p) })
	return out, nil
}

// nobodysConf is a kubeconfig of no user and no server: a dry run wants to read
// one, and asks nobody.
const nobodysConf = `apiVersion: v1
kind: Config
clusters: [{name: nobody, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: nobody, context: {cluster: nobody, user: nobody}}]
current-context: nobody
users: [{name: nobody, user: {}}]
`

// nobodysToken is made by no cluster: it only keeps kubeadm from answering with
// another random one, and another time when it ends, each time it is asked.
func nobodysToken() bootstraptokenv1.BootstrapToken {
	token := uselessToken()
	token.Token = &bootstraptokenv1.BootstrapTokenString{ID: "nobody", Secret: "nobodysnobodysno"}
	token.TTL = &metav1.Duration{}
	return token
}

// membership are the lines of etcd's manifest that depend on who was there when
// the member came.
var membership = regexp.MustCompile(`(?m)^ +- --initial-cluster(-state)?=.*\n`)

// AdoptMembership is a derived manifest of etcd with what the node's own says of
// its beginning: etcd reads that once, and later members were told of others.
func AdoptMembership(derived, own []byte) []byte {
	lines := bytes.Join(membership.FindAll(own, -1), nil)
	at := membership.FindIndex(derived)
	if len(lines) == 0 || at == nil {
		return derived
	}
	out := bytes.Clone(derived[:at[0]])
	out = append(out, lines...)
	return append(out, membership.ReplaceAll(derived[at[0]:], nil)...)
}

// DerivedPath is where kubeadm writes a file that a dry run names, or "".
func DerivedPath(name string) string {
	switch name {
	case "etcd.yaml", "kube-apiserver.yaml", "kube-controller-manager.yaml", "kube-scheduler.yaml":
		return ManifestsDir + "/" + name
	case "config.yaml", "instance-config.yaml", "kubeadm-flags.env":
		return "/var/lib/kubelet/" + name
	}
	return ""
}
