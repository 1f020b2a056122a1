package provision

import (
	"context"
	"maps"

	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
)

// documents are the files that controls ask of by their names, where bulwark puts them.
var documents = map[string]string{
	"audit_rules": kubeadm.AuditPolicyFile, "pod_security": kubeadm.AdmissionFile, "admission_plugins": kubeadm.AdmissionFile,
	"anonymous": kubeadm.AuthenticationFile, "issuers": kubeadm.AuthenticationFile, "encryption": kubeadm.EncryptionProviderFile,
}

// mostUnasked is how often machines are asked for files that others named: a component's
// arguments name one, and that one may name another.
const mostUnasked = 2

// unasked reads configuration files that lie where only the running components say. A
// cluster of bulwark's own has them where it puts them, and needs no second look.
func (l *looker) unasked(ctx context.Context, nodes map[string]*state.Node) error {
	for range mostUnasked {
		var asks []observe.Ask
		for name, n := range nodes {
			paths, keys := l.also.Unasked(n)
			a := observe.Ask{Node: name, FilesOnly: true}
			for _, p := range paths {
				a.Files = append(a.Files, observe.AskFile{Path: p, Text: !keys[p], Encrypts: keys[p]})
			}
			if len(paths) > 0 && l.hosts[name] != nil {
				asks = append(asks, a)
			}
		}
		if len(asks) == 0 {
			break
		}
		read, failed := observe.All(ctx, l.hosts, asks, parallelism(l.in))
		for _, a := range asks {
			n := nodes[a.Node]
			if why := failed[a.Node]; why != nil {
				for _, f := range a.Files {
					n.Unread[f.Path] = observe.Printable(why.Error())
				}
				continue
			}
			maps.Copy(n.Unread, read[a.Node].Unread)
			for path, f := range read[a.Node].Files {
				f.Owners, f.Masked = n.Files[path].Owners, n.Files[path].Masked // what was seen before stays
				n.Files[path] = f
			}
		}
	}
	return ctx.Err()
}
