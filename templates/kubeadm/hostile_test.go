package kubeadm

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/v1beta4"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// forbidden are characters no YAML text may hold, even in quotes (YAML 1.2,
// 5.1), the one that does not survive it, and the one that no argument can
// hold. [TestRefused] has them.
func forbidden(r rune) bool {
	return r == 0 || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff
}

func nasty() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{
			"a\n---\nkind: x", "---\n", "\n---\n---\n", "yes", "no", "null", "~", "0o777", "0x1F", "1e3", "1_000", ".inf", "2026-11-23",
			"!!python/object:os.system", "&a", "*a", "<<", "- a", "# b", "a: b", "{}", "[]", "'", "\"", "\t", " lead", "trail ", "\u2028", "\r\n",
		}),
		rapid.String().Filter(func(s string) bool { return !strings.ContainsFunc(s, forbidden) }))
}

// Whatever the spec says as a raw value, kubeadm reads as that value, in the
// place it was said for.
func TestRawValuesStayValues(t *testing.T) {
	name := rapid.StringMatching(`x(-[a-z0-9]{1,8}){1,3}`) // not a flag of ours
	rapid.Check(t, func(t *rapid.T) {
		c := small()
		argsOf := func(label string) map[string]string { return rapid.MapOfN(name, nasty(), 0, 4).Draw(t, label) }
		c.APIServer.Args, c.ControllerManager.Args = argsOf("apiserver"), argsOf("controller-manager")
		c.Scheduler.Args, c.Etcd.Args = argsOf("scheduler"), argsOf("etcd")
		// As a key "<<" is refused, see [TestRefused].
		key := nasty().Filter(func(s string) bool { return s != "<<" })
		header := rapid.MapOfN(key, nasty(), 1, 3).Draw(t, "qosReserved")
		domain := nasty().Filter(func(s string) bool { return s != "" }).Draw(t, "kubeletCgroups")
		value := nasty().Draw(t, "taint")
		c.Kubelet = cluster.Config{"qosReserved": anyMap(header), "kubeletCgroups": domain}
		c.KubeProxy = cluster.Config{"portRange": domain}
		c.Nodes[0].Taints = []cluster.Taint{{Key: "k", Value: value, Effect: "NoSchedule"}}
		stayed(t, c)
	})
}

// What takes long is a rendering and not its values, so that each holds many.
// A failure of the test above is small; this one sees more.
func TestAHundredThousandRawValuesStayValues(t *testing.T) {
	const rounds, each = 25, 1000 // for each of four components
	values := nasty()
	for round := range rounds {
		c := small()
		for i, args := range []*map[string]string{&c.APIServer.Args, &c.ControllerManager.Args, &c.Scheduler.Args, &c.Etcd.Args} {
			*args = map[string]string{}
			for n := range each {
				(*args)[fmt.Sprintf("x-%d", n)] = values.Example((round*4+i)*each + n)
			}
		}
		c.Kubelet = cluster.Config{"kubeletCgroups": values.Filter(func(s string) bool { return s != "" }).Example(round)}
		c.KubeProxy = cluster.Config{"portRange": c.Kubelet["kubeletCgroups"]}
		c.Nodes[0].Taints = []cluster.Taint{{Key: "k", Value: values.Example(round), Effect: "NoSchedule"}}
		stayed(t, c)
	}
}

// stayed checks that a rendering holds the raw values of a cluster, and nothing
// that they were taken for.
func stayed(t rapid.TB, c *cluster.Cluster) {
	t.Helper()
	text, err := Init(c, c.Nodes[0])
	if err != nil {
		t.Fatal(err)
	}
	// Read by nothing of ours, and by nothing that knows the types.
	docs := bytes.Split(text, []byte("\n---\n"))
	if len(docs) != 4 {
		t.Fatalf("%d documents", len(docs))
	}
	var ic v1beta4.InitConfiguration
	var cc v1beta4.ClusterConfiguration
	var kubelet, proxy map[string]any
	for i, into := range []any{&ic, &cc, &kubelet, &proxy} {
		if err := yaml.Unmarshal(append(bytes.Clone(docs[i]), '\n'), into); err != nil {
			t.Fatal(err)
		}
	}
	for component, pair := range map[string][2]any{
		"apiserver":          {c.APIServer.Args, extra(cc.APIServer.ExtraArgs)},
		"controller-manager": {c.ControllerManager.Args, extra(cc.ControllerManager.ExtraArgs)},
		"scheduler":          {c.Scheduler.Args, extra(cc.Scheduler.ExtraArgs)},
		"etcd":               {c.Etcd.Args, extra(cc.Etcd.Local.ExtraArgs)},
		"qosReserved":        {c.Kubelet["qosReserved"], kubelet["qosReserved"]},
		"kubeletCgroups":     {c.Kubelet["kubeletCgroups"], kubelet["kubeletCgroups"]},
		"portRange":          {c.KubeProxy["portRange"], proxy["portRange"]},
		"taint":              {c.Nodes[0].Taints[0].Value, ic.NodeRegistration.Taints[0].Value},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Fatalf("%s, -said +read:\n%s", component, diff)
		}
	}

	// And the components get it so.
	arguments, err := Arguments(c, c.Nodes[0])
	if err != nil {
		t.Fatal(err)
	}
	for flag, value := range c.APIServer.Args {
		if !contains(arguments["kube-apiserver"], "--"+flag+"="+value) {
			t.Fatalf("kube-apiserver has no --%s=%q", flag, value)
		}
	}
}

// extra are those of the arguments that this test made up.
func extra(list []v1beta4.Arg) map[string]string {
	out := map[string]string{}
	for _, a := range list {
		if strings.HasPrefix(a.Name, "x-") {
			out[a.Name] = a.Value
		}
	}
	return out
}

func anyMap(m map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range maps.All(m) {
		out[k] = v
	}
	return out
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// A spec's own maps are shared by every rendering of it, so none may change.
func TestRenderingLeavesTheClusterAlone(t *testing.T) {
	c, before := full(), full()
	rendered(t, c)
	if diff := cmp.Diff(before, c, cmp.Comparer(func(a, b interface{ String() string }) bool { return a.String() == b.String() })); diff != "" {
		t.Error(diff)
	}
}
