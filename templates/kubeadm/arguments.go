package kubeadm

import (
	"fmt"
	"strings"

	kubeadmapi "k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	"k8s.io/kubernetes/cmd/kubeadm/app/phases/controlplane"
	kubeadmutil "k8s.io/kubernetes/cmd/kubeadm/app/util"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Arguments are those each component of a node will run with, without the name
// of the program, in the order kubeadm gives them: what can be said before a
// machine exists. Keys are kube-apiserver, kube-controller-manager,
// kube-scheduler and etcd on control planes, kubelet and kube-proxy everywhere.
func Arguments(c *cluster.Cluster, n cluster.Node) (map[string][]string, error) {
	out := map[string][]string{
		"kubelet":    kubeletArguments(c, n),
		"kube-proxy": kubeProxyArguments(n),
	}
	if n.Role != cluster.ControlPlane {
		return out, nil
	}
	versioned, err := clusterConfiguration(c)
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", n.Name, err)
	}
	var cc kubeadmapi.ClusterConfiguration
	if err := internalCluster(versioned, &cc); err != nil {
		return nil, fmt.Errorf("node %s: %w", n.Name, err)
	}
	endpoint := &kubeadmapi.APIEndpoint{AdvertiseAddress: n.Address.String(), BindPort: bindPort(c)}

	out["etcd"] = etcdArguments(c, n, &cc)
	for name, argv := range staticPods(cc, endpoint) {
		out[name] = argv
	}
	return out, nil
}

// nowhere stands for [PKIDir] while kubeadm makes up static pods. It looks
// into that directory for a CA without its key, and what lies there on the
// machine that renders is of no account. No file can have a NUL in its name.
const nowhere = "/\x00"

// staticPods are the arguments in kubeadm's own static pods.
func staticPods(cc kubeadmapi.ClusterConfiguration, endpoint *kubeadmapi.APIEndpoint) map[string][]string {
	cc.CertificatesDir = nowhere
	out := map[string][]string{}
	for name, pod := range controlplane.GetStaticPodSpecs(&cc, endpoint, []kubeadmapi.EnvVar{}) {
		var argv []string
		for _, a := range pod.Spec.Containers[0].Command[1:] {
			argv = append(argv, strings.ReplaceAll(a, nowhere, PKIDir))
		}
		out[name] = argv
	}
	return out
}

// kubeletArguments are those of the drop-in 10-kubeadm.conf, then those of
// kubeadm-flags.env (kubeadm's phases/kubelet.buildKubeletArgs). There is no
// --hostname-override: a node's name is its hostname.
func kubeletArguments(c *cluster.Cluster, n cluster.Node) []string {
	out := []string{
		"--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf",
		"--kubeconfig=/etc/kubernetes/kubelet.conf",
		"--config=/var/lib/kubelet/config.yaml",
	}
	reg := nodeRegistration(c, n)
	var base, extra []kubeadmapi.Arg
	// Control planes are tainted through the API, by phase mark-control-plane.
	if n.Role == cluster.Worker && len(reg.Taints) > 0 {
		var list []string
		for _, t := range reg.Taints {
			list = append(list, t.ToString())
		}
		base = append(base, kubeadmapi.Arg{Name: "register-with-taints", Value: strings.Join(list, ",")})
	}
	for _, a := range reg.KubeletExtraArgs {
		extra = append(extra, kubeadmapi.Arg{Name: a.Name, Value: a.Value})
	}
	return append(out, kubeadmutil.ArgumentsToCommand(base, extra)...)
}

// kubeProxyArguments are those in kubeadm's DaemonSet (phases/addons/proxy,
// KubeProxyDaemonSet19), with the node's name for $(NODE_NAME).
func kubeProxyArguments(n cluster.Node) []string {
	return []string{
		"--config=/var/lib/kube-proxy/config.conf",
		"--hostname-override=" + n.Name,
	}
}
