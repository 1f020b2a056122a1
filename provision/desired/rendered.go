package desired

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
	"github.com/bulwark-k8s/bulwark/templates/node"
)

// Rendered is a cluster on which all that is wanted holds, as far as that can be said
// before there are machines: what no fact is about is not in it, which is not to say
// that it is absent there.
func Rendered(c *cluster.Cluster, wants []state.Want) (*state.Cluster, error) {
	out := &state.Cluster{Nodes: map[string]*state.Node{}, API: renderedAPI(c)}
	for i, n := range c.Nodes {
		machine, err := renderedNode(c, n, wants[i])
		if err != nil {
			return nil, fmt.Errorf("node %s: %w", n.Name, err)
		}
		out.Nodes[n.Name] = machine
	}
	for _, f := range wants[len(wants)-1].Facts {
		if o := f.Object; o != nil && o.JSON != nil {
			out.API.Objects[o.Ref.String()] = state.HaveObject{Ref: o.Ref, JSON: o.JSON}
		}
	}
	proxy, err := renderedProxy(c)
	if err == nil {
		out.API.Objects[proxy.Ref.String()] = proxy
	}
	return out, err
}

func renderedNode(c *cluster.Cluster, n cluster.Node, want state.Want) (*state.Node, error) {
	out := &state.Node{Name: n.Name, Files: map[string]state.HaveFile{}, Units: map[string]state.Unit{},
		Sysctls: map[string]string{}, Modules: map[string]bool{}, Processes: map[string]state.Process{}, Unread: map[string]string{}}
	out.Facts.EtcdAccount = "etcd" // as the account's file names it
	for _, f := range want.Facts {
		switch {
		case f.File != nil:
			renderedFile(out, *f.File)
		case f.Phase != nil:
			for _, made := range f.Phase.Sets {
				renderedFile(out, made)
			}
		case f.Unit != nil:
			u := out.Units[f.Unit.Name]
			u.Name, u.Load = f.Unit.Name, "loaded"
			if f.Unit.Enabled {
				u.Enabled = "enabled"
			}
			if f.Unit.Active {
				u.Active = "active"
			}
			out.Units[u.Name] = u
		case f.Sysctl != nil:
			out.Sysctls[f.Sysctl.Key] = f.Sysctl.Value
		case f.Module != nil:
			out.Modules[f.Module.Name] = true
		case f.Table != nil:
			out.Table = string(f.Table.Text)
		}
	}
	if err := renderedKeys(c, out); err != nil {
		return nil, err
	}
	out.Listed = renderedFolders(c, n)
	for path, file := range out.Files {
		if file.Mode.IsDir() {
			file.Owners = ownersBelow(out, path)
			out.Files[path] = file
		}
	}
	arguments, err := kubeadm.Arguments(c, n)
	if err != nil {
		return nil, err
	}
	for name, args := range arguments {
		out.Processes[name] = state.Process{Args: append([]string{name}, args...)}
	}
	kubelet, _, err := kubeadm.Configurations(c, n)
	if err != nil {
		return nil, err
	}
	file := out.Files[kubeletConfig]
	file.Path, file.Type = kubeletConfig, "file"
	file.Text, err = json.Marshal(kubelet)
	out.Files[kubeletConfig] = file
	return out, err
}

// renderedKeys is what the key file of a control plane says beside its keys.
func renderedKeys(c *cluster.Cluster, n *state.Node) error {
	file, there := n.Files[kubeadm.EncryptionProviderFile]
	if !there {
		return nil
	}
	e, err := encryption(c)
	if err != nil {
		return err
	}
	file.Text, err = state.WithoutKeys(e.File.Content)
	n.Files[file.Path] = file
	return err
}

// renderedFolders are those of which all that will lie there is wanted, or made by
// kubeadm of what is. What else a machine has in others, only it can tell.
func renderedFolders(c *cluster.Cluster, n cluster.Node) []string {
	out := []string{node.ConfigDir, kubeadm.Dir, kubeadm.PatchesDir, kubeadm.PKIDir}
	if n.Role == cluster.ControlPlane {
		out = append(out, kubeadm.APIServerDir, kubeadm.EtcdPKIDir, kubeadm.ManifestsDir, kubeadm.PKIDir+"/etcd")
	}
	if c.Network.CNI.Kind == cluster.CNIBridge {
		out = append(out, path.Dir(node.ConflistPath))
	}
	slices.Sort(out)
	return out
}

// renderedFile puts a file where it is wanted. One that may be missing is left out.
func renderedFile(n *state.Node, f state.File) {
	switch {
	case f.Origin == state.Forbidden:
		n.Files[f.Path] = state.HaveFile{Path: f.Path, Type: "absent"}
	case f.Optional && n.Files[f.Path].Path == "" && f.Origin != state.Derived:
	default:
		have := state.HaveFile{Path: f.Path, Type: "file", Mode: fs.FileMode(f.Mode), Owner: f.Owner}
		if f.Mode.IsDir() {
			have.Type = "dir"
		}
		if !f.Secret {
			have.Text = f.Content
		}
		n.Files[f.Path] = have
	}
}

// ownersBelow are the owners of what is wanted under a folder.
func ownersBelow(n *state.Node, folder string) []string {
	owners := []string{}
	for path, f := range n.Files {
		if strings.HasPrefix(path, folder+"/") && f.Exists() {
			owners = append(owners, f.Owner)
		}
	}
	return owners
}

// renderedProxy is the object that kubeadm keeps kube-proxy's configuration in.
func renderedProxy(c *cluster.Cluster) (state.HaveObject, error) {
	_, proxy, err := kubeadm.Configurations(c, c.Nodes[0])
	if err != nil {
		return state.HaveObject{}, err
	}
	text, err := json.Marshal(proxy)
	if err != nil {
		return state.HaveObject{}, err
	}
	object, err := json.Marshal(map[string]any{"data": map[string]string{"config.conf": string(text)}})
	return state.HaveObject{Ref: configMap("kube-proxy"), JSON: object}, err
}
