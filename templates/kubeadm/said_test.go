package kubeadm

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Zeros that kubeadm writes say nothing; those of fields that may be absent do.
func TestOnlyWhatIsMeantIsSaid(t *testing.T) {
	for _, c := range []struct {
		component, text string
		want            cluster.Config
	}{
		{cluster.CompKubelet, `
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
syncFrequency: 0s
logging: {flushFrequency: 0, verbosity: 0, options: {json: {infoBufferSize: "0"}, text: {infoBufferSize: "0"}}}
memorySwap: {}
failCgroupV1: false
maxPods: 60
evictionHard: {memory.available: 150Mi}
authentication: {webhook: {cacheTTL: 0s, enabled: true}}
nonsense: 1.5
`, cluster.Config{
			"failCgroupV1": false, "maxPods": int64(60), "evictionHard": map[string]any{"memory.available": "150Mi"},
			"authentication": map[string]any{"webhook": map[string]any{"enabled": true}}, "nonsense": 1.5,
		}},
		{cluster.CompKubeProxy, `{"kind": "KubeProxyConfiguration", "mode": "", "conntrack": {"maxPerCore": 0, "min": null, "udpTimeout": "0s"}, "bindAddressHardFail": false, "nodePortAddresses": ["10.0.0.0/8"]}`,
			cluster.Config{"conntrack": map[string]any{"maxPerCore": int64(0)}, "nodePortAddresses": []any{"10.0.0.0/8"}}},
	} {
		got, err := Said(c.component, []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", c.component, diff)
		}
	}
	for _, text := range []string{"[1]", "a: b: c", "", "\x00"} {
		if got, err := Said(cluster.CompKubelet, []byte(text)); err == nil && len(got) > 0 {
			t.Errorf("%q says %v", text, got)
		}
	}
}

// Zeros that harden, and that kubeadm needs a patch for, are said.
func TestConfigurationsHoldWhatThePatchPutsBack(t *testing.T) {
	c := small()
	for _, n := range c.Nodes {
		kubelet, proxy, err := Configurations(c, n)
		if err != nil {
			t.Fatal(err)
		}
		if got := kubelet["readOnlyPort"]; got != int64(0) {
			t.Errorf("%s: readOnlyPort is %v (%T)", n.Name, got, got)
		}
		if _, has := kubelet["staticPodPath"]; has == (n.Role == cluster.Worker) {
			t.Errorf("%s, a %s, has static pods: %v", n.Name, n.Role, has)
		}
		if proxy["metricsBindAddress"] != "127.0.0.1:10249" {
			t.Errorf("kube-proxy: %v", proxy)
		}
	}
}
