// Package adopt describes a cluster that somebody else made with kubeadm: what
// was seen of it becomes a spec that means the same, and a list of what that
// spec would change, what it has no word for, and what a person has to decide.
// It is pure: no machine is looked at, and nothing is written.
package adopt

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Seen is what was seen of a cluster: all its machines, and its API.
type Seen struct {
	// User is who logs in to the machines, where the operator said so.
	User string `json:"user,omitempty"`
	// Machines are in the order in which they were named; those that the API
	// told of follow by name.
	Machines []Machine `json:"machines"`
	API      state.API `json:"api"`
	// Agents are its DaemonSets: the pod network is among them.
	Agents []state.Agent `json:"agents"`
}

// Machine is one machine of the cluster.
type Machine struct {
	// Name is its Node's.
	Name string `json:"name"`
	// Host is where the operator said to connect to; empty where its Node told.
	Host string `json:"host,omitempty"`
	// HostKey is the key by which the machine was known, in authorized_keys form.
	HostKey string      `json:"host_key,omitempty"`
	Look    *state.Node `json:"look"`
	// Encryption is what its API server is told of encryption at rest; nil
	// where it is told nothing.
	Encryption *Encryption `json:"encryption,omitempty"`
	// VIPs are the kube-vips among its static pods.
	VIPs []VIP `json:"vips,omitempty"`
}

// Encryption is an EncryptionConfiguration without its keys.
type Encryption struct {
	Path  string           `json:"path"`
	Rules []EncryptionRule `json:"rules"`
}

// EncryptionRule says who encrypts some resources.
type EncryptionRule struct {
	Resources []string `json:"resources"`
	// Providers are in their order: the first one writes, all of them read.
	// They are "secretbox", "aescbc", "aesgcm", "kms" or "identity".
	Providers []string `json:"providers"`
	// Keys are those of the providers, as they come.
	Keys []EncryptionKey `json:"keys,omitempty"`
}

// EncryptionKey says which key a provider has, and never the key.
type EncryptionKey struct {
	Provider string `json:"provider"`
	Name     string `json:"name"`
	// Digest is of the key: names say nothing of whether two are one. It is in
	// memory only, and is nothing that anybody prints.
	Digest state.Secret `json:"-"`
}

// Files are what a look has to read of a machine for a description, with their
// texts; none of them holds a secret. Dirs are folders whose entries are listed.
func Files() (texts, dirs []string) {
	for _, name := range staticPods() {
		texts = append(texts, manifestsDir+"/"+name+".yaml")
	}
	return append(texts, kubeletConfig), []string{manifestsDir}
}

// APIServer is where the API server of a control plane listens, as host and
// port, or an error where the machine is none or that cannot be told.
func APIServer(look *state.Node) (address netip.Addr, port uint16, err error) {
	args := arguments(look.Processes["kube-apiserver"].Args)
	if len(args) == 0 {
		return address, 0, fmt.Errorf("no API server runs on it%s", because(look.Unread["kube-apiserver"]))
	}
	if address, err = netip.ParseAddr(last(args["advertise-address"], "")); err != nil {
		return address, 0, fmt.Errorf("the API server's advertise-address: %w", err)
	}
	n, err := strconv.ParseUint(last(args["secure-port"], "6443"), 10, 16)
	if err != nil {
		return address, 0, fmt.Errorf("the API server's secure-port: %w", err)
	}
	return address, uint16(n), nil
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

const (
	manifestsDir  = "/etc/kubernetes/manifests"
	kubeletConfig = "/var/lib/kubelet/config.yaml"
)

// staticPods are kubeadm's.
func staticPods() []string {
	return []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}
}

// Objects are what has to be read of the API.
func Objects() []state.ObjectRef {
	return []state.ObjectRef{kubeadmConfig(), kubeletConfigMap(), proxyConfig(), clusterInfo()}
}

func configMap(name string) state.ObjectRef {
	return state.ObjectRef{APIVersion: "v1", Kind: "ConfigMap", Namespace: "kube-system", Name: name}
}

func kubeadmConfig() state.ObjectRef    { return configMap("kubeadm-config") }
func kubeletConfigMap() state.ObjectRef { return configMap("kubelet-config") }
func proxyConfig() state.ObjectRef      { return configMap("kube-proxy") }

// clusterInfo lets everybody read where the API is and its CA.
func clusterInfo() state.ObjectRef {
	return state.ObjectRef{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "RoleBinding", Namespace: "kube-public", Name: "kubeadm:bootstrap-signer-clusterinfo"}
}
