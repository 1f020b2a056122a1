package kube

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// podText is a pod of a test: its metadata and its spec.
func podText(t *testing.T, text string) *corev1.Pod {
	t.Helper()
	p := &corev1.Pod{}
	if err := yaml.UnmarshalStrict([]byte(text), p); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// What nobody set has Kubernetes' default, and a container's own goes before the pod's.
func TestEffectiveContainer(t *testing.T) {
	plain := func(change func(*state.Container)) state.Container {
		c := state.Container{Name: "c", Image: "i", Escalates: true}
		if change != nil {
			change(&c)
		}
		return c
	}
	for name, test := range map[string]struct {
		pod, own string // security contexts
		more     string // of the container
		want     func(*state.Container)
	}{
		"nothing said":                {"{}", "{}", "", nil},
		"privileged":                  {"{}", "{privileged: true}", "", func(c *state.Container) { c.Privileged = true }},
		"privileged said not to be":   {"{}", "{privileged: false}", "", nil},
		"no escalation":               {"{}", "{allowPrivilegeEscalation: false}", "", func(c *state.Container) { c.Escalates = false }},
		"escalation":                  {"{}", "{allowPrivilegeEscalation: true}", "", nil},
		"read-only root":              {"{}", "{readOnlyRootFilesystem: true}", "", func(c *state.Container) { c.ReadOnlyRoot = true }},
		"not root, by the pod":        {"{runAsNonRoot: true}", "{}", "", func(c *state.Container) { c.NonRoot = true }},
		"not root, by itself":         {"{}", "{runAsNonRoot: true}", "", func(c *state.Container) { c.NonRoot = true }},
		"root after all, by itself":   {"{runAsNonRoot: true}", "{runAsNonRoot: false}", "", nil},
		"not root after all":          {"{runAsNonRoot: false}", "{runAsNonRoot: true}", "", func(c *state.Container) { c.NonRoot = true }},
		"a user, by the pod":          {"{runAsUser: 1000}", "{}", "", func(c *state.Container) { c.NonRoot = true }},
		"a user, by itself":           {"{runAsUser: 0}", "{runAsUser: 1000}", "", func(c *state.Container) { c.NonRoot = true }},
		"root, by itself":             {"{runAsUser: 1000}", "{runAsUser: 0}", "", nil},
		"root that cannot run":        {"{runAsNonRoot: true}", "{runAsUser: 0}", "", func(c *state.Container) { c.NonRoot = true }},
		"seccomp, by the pod":         {"{seccompProfile: {type: RuntimeDefault}}", "{}", "", func(c *state.Container) { c.Seccomp = "RuntimeDefault" }},
		"seccomp, by itself":          {"{seccompProfile: {type: RuntimeDefault}}", "{seccompProfile: {type: Unconfined}}", "", func(c *state.Container) { c.Seccomp = "Unconfined" }},
		"seccomp of a file":           {"{}", "{seccompProfile: {type: Localhost, localhostProfile: p.json}}", "", func(c *state.Container) { c.Seccomp = "Localhost" }},
		"host process, by the pod":    {"{windowsOptions: {hostProcess: true}}", "{windowsOptions: {runAsUserName: x}}", "", func(c *state.Container) { c.HostProcess = true }},
		"host process, not by itself": {"{windowsOptions: {hostProcess: true}}", "{windowsOptions: {hostProcess: false}}", "", nil},
		"host process, by itself":     {"{}", "{windowsOptions: {hostProcess: true}}", "", func(c *state.Container) { c.HostProcess = true }},
		"capabilities": {"{}", "{capabilities: {add: [NET_ADMIN, cap_sys_admin], drop: [all, CAP_CHOWN]}}", "", func(c *state.Container) {
			c.Adds, c.Drops = []string{"NET_ADMIN", "SYS_ADMIN"}, []string{"ALL", "CHOWN"}
		}},
		"ports":                              {"{}", "{}", "ports: [{containerPort: 80}, {containerPort: 81, hostPort: 8081}]", func(c *state.Container) { c.HostPorts = []int{8081} }},
		"limits":                             {"{}", "{}", "resources: {limits: {cpu: 1, memory: 1Gi}}", func(c *state.Container) { c.Limits = true }},
		"a limit of memory":                  {"{}", "{}", "resources: {limits: {memory: 1Gi}}", nil},
		"a limit of processor time":          {"{}", "{}", "resources: {limits: {cpu: 1}, requests: {memory: 1Gi}}", nil},
		"a limit that is none":               {"{}", "{}", "resources: {limits: {cpu: 0, memory: 1Gi}}", nil},
		"environment of Secrets, each once":  {"{}", "{}", "env: [{name: a, valueFrom: {secretKeyRef: {name: t, key: k}}}, {name: b, valueFrom: {secretKeyRef: {name: t, key: l}}}]\n    envFrom: [{secretRef: {name: s}}]", func(c *state.Container) { c.SecretEnv = []string{"s", "t"} }},
		"environment of what is not secret":  {"{}", "{}", "env: [{name: a, value: b}, {name: c, valueFrom: {configMapKeyRef: {name: m, key: k}}}]\n    envFrom: [{configMapRef: {name: m}}]", nil},
		"a volume of a Secret is no setting": {"{}", "{}", "volumeMounts: [{name: v, mountPath: /v}]", nil},
	} {
		p := podText(t, "spec:\n  securityContext: "+test.pod+"\n  containers:\n  - name: c\n    image: i\n    securityContext: "+test.own+"\n    "+test.more)
		got := podOf(p, true).Containers
		if diff := cmp.Diff([]state.Container{plain(test.want)}, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		// The same of one without any context, and of init containers and ephemeral ones.
		if test.pod == "{}" {
			p.Spec.SecurityContext = nil
		}
		if test.own == "{}" {
			p.Spec.Containers[0].SecurityContext = nil
		}
		c := p.Spec.Containers[0]
		p.Spec.InitContainers = []corev1.Container{c}
		p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon(c)}}
		one := plain(test.want)
		passing := one
		passing.Passing = true
		if diff := cmp.Diff([]state.Container{passing, one, passing}, podOf(p, true).Containers); diff != "" {
			t.Errorf("%s, also before and beside:\n%s", name, diff)
		}
	}
}

// An ephemeral container has no limits of its own and lives in the pod's cgroup.
func TestLimitsOfAPod(t *testing.T) {
	const limited, free = "resources: {limits: {cpu: 1, memory: 1Gi}}", "resources: {}"
	for name, test := range map[string]struct {
		pod, init, container string
		want                 []bool // init, container, ephemeral
	}{
		"none":             {free, free, free, []bool{false, false, false}},
		"each":             {free, limited, limited, []bool{true, true, true}},
		"one":              {free, free, limited, []bool{false, true, false}},
		"the pod as whole": {limited, free, free, []bool{true, true, true}},
	} {
		p := podText(t, "spec:\n  "+test.pod+"\n  initContainers: [{name: i, "+test.init+"}]\n  containers: [{name: c, "+test.container+"}]\n  ephemeralContainers: [{name: e}]")
		var got []bool
		for _, c := range podOf(p, true).Containers {
			got = append(got, c.Limits)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestEffectivePod(t *testing.T) {
	const mirror = "metadata: {name: p, namespace: kube-system, annotations: {kubernetes.io/config.mirror: x}}\nspec: {}"
	for name, test := range map[string]struct {
		text      string
		automount bool
		want      state.Pod
	}{
		"plain": {"metadata: {name: p, namespace: ns, labels: {a: b}}\nspec: {nodeName: w-1}", true,
			state.Pod{Namespace: "ns", Name: "p", Node: "w-1", Labels: map[string]string{"a": "b"}, ServiceAccount: "default", Token: true}},
		"the account withholds its token": {"metadata: {name: p, namespace: ns}\nspec: {serviceAccountName: a}", false,
			state.Pod{Namespace: "ns", Name: "p", ServiceAccount: "a"}},
		"the pod takes it": {"metadata: {name: p, namespace: ns}\nspec: {automountServiceAccountToken: true}", false,
			state.Pod{Namespace: "ns", Name: "p", ServiceAccount: "default", Token: true}},
		"the pod does not take it": {"metadata: {name: p, namespace: ns}\nspec: {automountServiceAccountToken: false}", true,
			state.Pod{Namespace: "ns", Name: "p", ServiceAccount: "default"}},
		"it has one by a volume": {"metadata: {name: p, namespace: ns}\nspec: {automountServiceAccountToken: false, volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: token}}]}}]}", true,
			state.Pod{Namespace: "ns", Name: "p", ServiceAccount: "default", Token: true}},
		"it has one for somebody else": {"metadata: {name: p, namespace: ns}\nspec: {automountServiceAccountToken: false, volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: token, audience: vault}}, {configMap: {name: m}}]}}]}", true,
			state.Pod{Namespace: "ns", Name: "p", ServiceAccount: "default"}},
		"made by a file": {mirror, true, state.Pod{Namespace: "kube-system", Name: "p", Static: true, System: true}},
		"it runs, and another beside it": {"metadata: {name: p, namespace: ns}\nspec: {initContainers: [{name: s, image: i, restartPolicy: Always}, {name: f, image: i, restartPolicy: OnFailure}]}\nstatus: {phase: Running}", false,
			state.Pod{Namespace: "ns", Name: "p", ServiceAccount: "default", Phase: "Running", Containers: []state.Container{
				{Name: "s", Image: "i", Escalates: true}, {Name: "f", Image: "i", Escalates: true, Passing: true}}}},
		"namespaces of the host": {"metadata: {name: p, namespace: kubeless}\nspec: {hostNetwork: true, hostPID: true, hostIPC: true, runtimeClassName: gvisor}", true,
			state.Pod{Namespace: "kubeless", Name: "p", ServiceAccount: "default", Token: true, HostNetwork: true, HostPID: true, HostIPC: true, Runtime: "gvisor"}},
		"paths of the host": {"metadata: {name: p, namespace: ns}\nspec: {volumes: [{name: a, hostPath: {path: /etc}}, {name: b, emptyDir: {}}, {name: c, hostPath: {path: /}}]}", true,
			state.Pod{Namespace: "ns", Name: "p", ServiceAccount: "default", Token: true, HostPaths: []string{"/etc", "/"}}},
	} {
		if diff := cmp.Diff(test.want, podOf(podText(t, test.text), test.automount)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}
