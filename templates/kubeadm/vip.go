package kubeadm

import (
	"fmt"
	"net"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

const (
	// VIPManifestFile is the static pod of kube-vip.
	VIPManifestFile = ManifestsDir + "/kube-vip.yaml"
	// VIPKubeconfig is what kube-vip speaks with the API by; root, 0600. What it
	// may do there is [VIPLease] and nothing else.
	VIPKubeconfig = Dir + "/kube-vip.conf"
	// VIPUser is the name in that kubeconfig's certificate.
	VIPUser = "bulwark:kube-vip"
	// VIPLease is the Lease in kube-system whose holder holds the address.
	VIPLease = "bulwark-vip"

	vipImage = "kube-vip:v1.0.0"
	// vipRepository is where kube-vip publishes, which is not where kubeadm's
	// images come from.
	vipRepository = "ghcr.io/kube-vip"
)

// VIPImage is the image of kube-vip.
func VIPImage(c *cluster.Cluster) string {
	if c.ImageRepository != "" {
		return c.ImageRepository + "/" + vipImage
	}
	return vipRepository + "/" + vipImage
}

// VIPArguments are what kube-vip runs with: all else of it is said by its environment.
func VIPArguments() []string { return []string{"manager"} }

// VIPManifest is kube-vip as a static pod: it takes the endpoint's virtual
// address while it holds a lease, and tells the network so by ARP or neighbour
// discovery. It asks the API server of its own machine, so a machine whose API
// server is gone loses the lease and with it the address after 10 seconds, and
// another one has it some 5 later: the times of Kubernetes' own elections, which
// outlast the moment that a joining member keeps etcd from writing. Kube-vip's own
// are a third of that.
//
// Against kube-vip's own generator: not privileged, no admin.conf, a read-only
// root, and no port open. Settings are those of its pkg/kubevip (v1.0.0).
func VIPManifest(c *cluster.Cluster) ([]byte, error) {
	vip := c.Endpoint.VIP
	if !vip.IsValid() {
		return nil, fmt.Errorf("cluster %s: the endpoint has no virtual address", c.Name)
	}
	env := func(name, value string) corev1.EnvVar { return corev1.EnvVar{Name: name, Value: value} }
	pod := corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: "kube-vip", Namespace: metav1.NamespaceSystem, Labels: map[string]string{"component": "kube-vip", "tier": "control-plane"}},
		Spec: corev1.PodSpec{
			HostNetwork:       true,
			PriorityClassName: "system-node-critical",
			// Its certificate names no machine: "kubernetes" is in every API server's.
			HostAliases:     []corev1.HostAlias{{IP: loopback(c), Hostnames: []string{"kubernetes"}}},
			SecurityContext: &corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
			Containers: []corev1.Container{{
				Name: "kube-vip", Image: VIPImage(c), ImagePullPolicy: corev1.PullIfNotPresent, Args: VIPArguments(),
				Env: []corev1.EnvVar{
					env("address", vip.String()),
					env("port", strconv.Itoa(int(c.Endpoint.Port))),
					env("vip_arp", "true"),
					env("vip_subnet", strconv.Itoa(vip.BitLen())),
					env("cp_enable", "true"),
					env("cp_namespace", metav1.NamespaceSystem),
					env("vip_leaderelection", "true"),
					env("vip_leasename", VIPLease),
					env("vip_leaseduration", "15"),
					env("vip_renewdeadline", "10"),
					env("vip_retryperiod", "2"),
					env("prometheus_server", net.JoinHostPort(loopback(c), "2112")),
					{Name: "vip_nodename", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "spec.nodeName"}}},
				},
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: ptr.To(false),
					ReadOnlyRootFilesystem:   ptr.To(true),
					Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{"NET_ADMIN", "NET_RAW"}},
				},
				VolumeMounts: []corev1.VolumeMount{{Name: "kubeconfig", MountPath: "/etc/kubernetes/admin.conf", ReadOnly: true}},
			}},
			Volumes: []corev1.Volume{{Name: "kubeconfig", VolumeSource: corev1.VolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: VIPKubeconfig, Type: ptr.To(corev1.HostPathFile)}}}},
		},
	}
	return yaml.Marshal(pod)
}

// loopback is the machine itself, in the family of the endpoint.
func loopback(c *cluster.Cluster) string {
	if c.Endpoint.VIP.Is6() {
		return "::1"
	}
	return "127.0.0.1"
}
