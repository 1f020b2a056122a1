package kube

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// podOf is a pod with the settings that are in force; automount is what its service
// account says of tokens.
func podOf(p *corev1.Pod, automount bool) state.Pod {
	s := &p.Spec
	_, static := p.Annotations[corev1.MirrorPodAnnotationKey]
	out := state.Pod{
		Namespace: p.Namespace, Name: p.Name, Node: s.NodeName, Labels: p.Labels, ServiceAccount: accountOf(p),
		Static: static, System: system(p.Namespace), HostNetwork: s.HostNetwork, HostPID: s.HostPID, HostIPC: s.HostIPC,
		Token: tokenIn(p, static, automount), Phase: string(p.Status.Phase),
	}
	if s.RuntimeClassName != nil {
		out.Runtime = *s.RuntimeClassName
	}
	for _, v := range s.Volumes {
		if v.HostPath != nil {
			out.HostPaths = append(out.HostPaths, v.HostPath.Path)
		}
	}
	// The pod's cgroup has a limit where the pod says one, or all of its containers do.
	limited, each := limits(s.Resources), true
	for _, c := range slices.Concat(s.InitContainers, s.Containers) {
		own := limits(&c.Resources)
		each = each && own
		out.Containers = append(out.Containers, containerOf(s.SecurityContext, &c, limited || own))
	}
	for i := range s.InitContainers { // one that is always restarted goes on beside the others
		again := s.InitContainers[i].RestartPolicy
		out.Containers[i].Passing = again == nil || *again != corev1.ContainerRestartPolicyAlways
	}
	for _, e := range s.EphemeralContainers {
		c := corev1.Container(e.EphemeralContainerCommon) // it cannot have limits of its own
		one := containerOf(s.SecurityContext, &c, limited || each)
		one.Passing = true
		out.Containers = append(out.Containers, one)
	}
	return out
}

// accountOf is the service account of a pod; one that a file of its node makes has none.
func accountOf(p *corev1.Pod) string {
	if _, static := p.Annotations[corev1.MirrorPodAnnotationKey]; static || p.Spec.ServiceAccountName != "" {
		return p.Spec.ServiceAccountName
	}
	return "default"
}

// tokenIn says whether a token for the API gets into a pod: by what the pod says, else by
// its service account. Where both say no, it may still have a volume with one, also from
// when they did not.
func tokenIn(p *corev1.Pod, static, automount bool) bool {
	if said := p.Spec.AutomountServiceAccountToken; said != nil {
		automount = *said
	}
	return automount && !static || slices.ContainsFunc(p.Spec.Volumes, func(v corev1.Volume) bool {
		return v.Projected != nil && slices.ContainsFunc(v.Projected.Sources, func(s corev1.VolumeProjection) bool {
			return s.ServiceAccountToken != nil && s.ServiceAccountToken.Audience == "" // the API's own
		})
	})
}

// containerOf is a container; what it does not say of itself is the pod's to say.
func containerOf(pod *corev1.PodSecurityContext, c *corev1.Container, limited bool) state.Container {
	if pod == nil {
		pod = &corev1.PodSecurityContext{}
	}
	own := c.SecurityContext
	if own == nil {
		own = &corev1.SecurityContext{}
	}
	out := state.Container{
		Name: c.Name, Image: c.Image, Limits: limited,
		Privileged:   is(own.Privileged),
		Escalates:    own.AllowPrivilegeEscalation == nil || *own.AllowPrivilegeEscalation,
		ReadOnlyRoot: is(own.ReadOnlyRootFilesystem),
		NonRoot:      is(before(own.RunAsNonRoot, pod.RunAsNonRoot)),
	}
	if user := before(own.RunAsUser, pod.RunAsUser); user != nil && *user != 0 {
		out.NonRoot = true
	}
	if profile := before(own.SeccompProfile, pod.SeccompProfile); profile != nil {
		out.Seccomp = string(profile.Type)
	}
	// Each field of the Windows options by itself, as the others.
	var process, podProcess *bool
	if own.WindowsOptions != nil {
		process = own.WindowsOptions.HostProcess
	}
	if pod.WindowsOptions != nil {
		podProcess = pod.WindowsOptions.HostProcess
	}
	out.HostProcess = is(before(process, podProcess))
	if own.Capabilities != nil {
		out.Adds, out.Drops = capabilities(own.Capabilities.Add), capabilities(own.Capabilities.Drop)
	}
	for _, p := range c.Ports {
		if p.HostPort != 0 {
			out.HostPorts = append(out.HostPorts, int(p.HostPort))
		}
	}
	out.SecretEnv = secretsOf(c)
	return out
}

// before is a container's own setting, or the pod's where it has none.
func before[T any](own, pods *T) *T {
	if own != nil {
		return own
	}
	return pods
}

func is(b *bool) bool { return b != nil && *b }

// capabilities are names as a runtime takes them, which minds no case: "NET_ADMIN".
func capabilities(all []corev1.Capability) []string {
	var out []string
	for _, c := range all {
		out = append(out, strings.TrimPrefix(strings.ToUpper(string(c)), "CAP_"))
	}
	return out
}

// secretsOf are the Secrets that an environment is filled from, each once.
func secretsOf(c *corev1.Container) []string {
	var out []string
	for _, e := range c.EnvFrom {
		if e.SecretRef != nil {
			out = append(out, e.SecretRef.Name)
		}
	}
	for _, e := range c.Env {
		if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
			out = append(out, e.ValueFrom.SecretKeyRef.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// limits says whether processor time and memory are both limited.
func limits(r *corev1.ResourceRequirements) bool {
	return r != nil && !r.Limits.Cpu().IsZero() && !r.Limits.Memory().IsZero()
}
