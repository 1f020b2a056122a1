package kubeadm

import (
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubeproxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	bootstraptokenv1 "k8s.io/kubernetes/cmd/kubeadm/app/apis/bootstraptoken/v1"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/v1beta4"
	"k8s.io/utils/ptr"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// documents are the parts of the configuration a cluster starts from.
type documents struct {
	init    *v1beta4.InitConfiguration
	cluster *v1beta4.ClusterConfiguration
	kubelet *kubeletv1beta1.KubeletConfiguration
	proxy   *kubeproxyv1alpha1.KubeProxyConfiguration
}

func (d documents) all() []runtime.Object {
	return []runtime.Object{d.init, d.cluster, d.kubelet, d.proxy}
}

func initDocuments(c *cluster.Cluster, n cluster.Node) (documents, error) {
	cc, err := clusterConfiguration(c)
	kubelet, err2 := kubeletConfiguration(c)
	proxy, err3 := kubeProxyConfiguration(c)
	if err := errors.Join(err, err2, err3); err != nil {
		return documents{}, err
	}
	return documents{init: initConfiguration(c, n), cluster: cc, kubelet: kubelet.typed, proxy: proxy}, nil
}

func initConfiguration(c *cluster.Cluster, n cluster.Node) *v1beta4.InitConfiguration {
	return &v1beta4.InitConfiguration{
		TypeMeta:         metav1.TypeMeta{APIVersion: v1beta4.SchemeGroupVersion.String(), Kind: "InitConfiguration"},
		BootstrapTokens:  []bootstraptokenv1.BootstrapToken{uselessToken()},
		NodeRegistration: nodeRegistration(c, n),
		LocalAPIEndpoint: localAPIEndpoint(c, n),
		Patches:          &v1beta4.Patches{Directory: PatchesDir},
		Timeouts:         timeouts(),
	}
}

// uselessToken takes the place of the token kubeadm would make when none is
// listed (v1beta4.SetDefaults_BootstrapTokens): valid for a day, good for
// joining. The phase that makes it also makes the role bindings that joining
// needs, so the phase cannot be left out. This one expires in a minute, belongs
// to a group without rights, and its value, not named here, is kubeadm's random
// one, which nobody reads. It is deleted by its description.
func uselessToken() bootstraptokenv1.BootstrapToken {
	return bootstraptokenv1.BootstrapToken{
		Description: state.InitTokenDescription,
		TTL:         &metav1.Duration{Duration: time.Minute},
		Usages:      []string{"authentication"},
		Groups:      []string{"system:bootstrappers:bulwark:unused"},
	}
}

func localAPIEndpoint(c *cluster.Cluster, n cluster.Node) v1beta4.APIEndpoint {
	return v1beta4.APIEndpoint{AdvertiseAddress: n.Address.String(), BindPort: bindPort(c)}
}

// bindPort is where API servers listen. It is the endpoint's port: without
// a load balancer clients reach API servers at the endpoint directly, and
// nodes always do.
func bindPort(c *cluster.Cluster) int32 { return int32(c.Endpoint.Port) }

// nodeRegistration is how a node enters the cluster. Labels are not here: as
// kubelet flags they would only count at registration, and restart the kubelet
// whenever they change.
func nodeRegistration(c *cluster.Cluster, n cluster.Node) v1beta4.NodeRegistrationOptions {
	return v1beta4.NodeRegistrationOptions{
		Name:      n.Name,
		CRISocket: CRISocket,
		Taints:    Taints(n),
		// Without it a kubelet with several addresses takes that of its default
		// route, which need not be the one the firewall and the certificates name.
		KubeletExtraArgs:      []v1beta4.Arg{{Name: "node-ip", Value: n.Address.String()}},
		IgnorePreflightErrors: ignoredPreflight(c),
		ImagePullPolicy:       corev1.PullIfNotPresent,
		ImagePullSerial:       ptr.To(true),
	}
}

// Taints are those that a node registers with. They follow kubeadm's rule: no list
// means the control-plane taint on control planes, an empty list means none.
func Taints(n cluster.Node) []corev1.Taint {
	if n.Taints == nil && n.Role == cluster.ControlPlane {
		return []corev1.Taint{{Key: "node-role.kubernetes.io/control-plane", Effect: corev1.TaintEffectNoSchedule}}
	}
	out := []corev1.Taint{} // never null: kubeadm takes null for "not said"
	for _, t := range n.Taints {
		out = append(out, corev1.Taint{Key: t.Key, Value: t.Value, Effect: corev1.TaintEffect(t.Effect)})
	}
	return out
}

// timeouts are longer than kubeadm's where a slow machine, or one under load,
// was seen to need it: kubernetesAPICall is 1m upstream and gave up in the lab
// while the API server was still starting. They are bounds, not waits; a fast
// machine never meets them.
func timeouts() *v1beta4.Timeouts {
	d := func(t time.Duration) *metav1.Duration { return &metav1.Duration{Duration: t} }
	return &v1beta4.Timeouts{
		ControlPlaneComponentHealthCheck: d(10 * time.Minute),
		KubeletHealthCheck:               d(5 * time.Minute),
		KubernetesAPICall:                d(5 * time.Minute),
		EtcdAPICall:                      d(5 * time.Minute),
		TLSBootstrap:                     d(5 * time.Minute),
		Discovery:                        d(5 * time.Minute),
		UpgradeManifests:                 d(10 * time.Minute),
	}
}
