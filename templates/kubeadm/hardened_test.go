package kubeadm

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"k8s.io/kubernetes/cmd/kubeadm/app/util/patches"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Every hardened setting arrives, under its name and with its value: those
// bulwark writes, and those that it trusts kubeadm to.
func TestHardenedSettingsArrive(t *testing.T) {
	c := small()
	cp := c.Nodes[0]
	arguments, err := Arguments(c, cp)
	if err != nil {
		t.Fatal(err)
	}
	conf, err := kubeletConfiguration(c)
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := kubeProxyConfiguration(c)
	if err != nil {
		t.Fatal(err)
	}
	proxyFields, err := object(proxy)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]map[string]any{
		cluster.CompKubelet:   patched(t, c, cp, patches.KubeletConfiguration, kubeletv1beta1.KubeletConfiguration{}, conf.typed),
		cluster.CompKubeProxy: proxyFields,
	}
	for _, s := range cluster.Hardened() {
		program, isProgram := cluster.Program(s.Component), fields[s.Component] == nil
		switch {
		case isProgram && (s.Written || s.Rule == cluster.Fixed && s.Value != nil):
			if want := "--" + s.Key + "=" + s.Arg(); !slices.Contains(arguments[program], want) {
				t.Errorf("%s runs without %s", program, want)
			}
		case isProgram && s.Rule == cluster.Forbidden:
			if slices.ContainsFunc(arguments[program], func(a string) bool { return strings.HasPrefix(a, "--"+s.Key+"=") }) {
				t.Errorf("%s runs with --%s", program, s.Key)
			}
		case !isProgram && s.Written:
			var at any = fields[s.Component]
			for _, name := range strings.Split(s.Key, ".") {
				m, _ := at.(map[string]any)
				at = m[name]
			}
			want, _ := json.Marshal(s.Value)
			got, _ := json.Marshal(at)
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s %s, -hardened +rendered:\n%s", s.Component, s.Key, diff)
			}
		}
	}
}

// The fixture has nothing in it that a spec could not say.
func TestFixtureIsASpecs(t *testing.T) {
	c := full()
	for component, raw := range map[string]cluster.Component{
		cluster.CompAPIServer: c.APIServer, cluster.CompControllerManager: c.ControllerManager,
		cluster.CompScheduler: c.Scheduler, cluster.CompEtcd: c.Etcd,
	} {
		for name, value := range raw.Args {
			if err := cluster.Check(component, name, value); err != nil {
				t.Error(err)
			}
			if !slices.Contains(cluster.Arguments(component), name) {
				t.Errorf("%s has no argument %s", component, name)
			}
		}
	}
	for component, config := range map[string]cluster.Config{cluster.CompKubelet: c.Kubelet, cluster.CompKubeProxy: c.KubeProxy} {
		for _, err := range cluster.CheckConfig(component, config) {
			t.Error(err)
		}
		for _, f := range cluster.UnknownFields(component, config) {
			t.Errorf("%s has no field %s", component, f.Path)
		}
	}
}

func TestListsAddUp(t *testing.T) {
	c := small()
	c.APIServer.Args = map[string]string{"enable-admission-plugins": "AlwaysPullImages, NodeRestriction", "request-timeout": "90s"}
	arguments, err := Arguments(c, c.Nodes[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"--enable-admission-plugins=NodeRestriction,EventRateLimit,DenyServiceExternalIPs,ValidatingAdmissionWebhook,AlwaysPullImages",
		"--request-timeout=90s",
	} {
		if !slices.Contains(arguments["kube-apiserver"], want) {
			t.Errorf("%s is missing from %q", want, arguments["kube-apiserver"])
		}
	}
	c.APIServer.Args["enable-admission-plugins"] = "AlwaysAdmit"
	if text, err := Init(c, c.Nodes[0]); err == nil {
		t.Errorf("AlwaysAdmit is rendered:\n%s", text)
	}
}
