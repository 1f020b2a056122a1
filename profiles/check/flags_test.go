package check

import (
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// running is a control plane on which one component runs with arguments.
func running(component, args string) Subject {
	program := programOf(component)
	return Subject{Node: cluster.Node{Name: "n", Role: cluster.ControlPlane}, Have: &state.Cluster{Nodes: map[string]*state.Node{"n": {
		Files: map[string]state.HaveFile{"/k": {Type: "file", Text: []byte(
			"authentication: {x509: {clientCAFile: ''}, anonymous: {enabled: false}}\nauthorization: {mode: ''}\ntlsCertFile: ''\nprotectKernelDefaults: true\nfeatureGates: {A: true}\n")}},
		Processes: map[string]state.Process{program: {Args: append([]string{program}, strings.Fields(args)...)}},
	}}}}
}

// What a component makes of arguments that are said twice, or written in another way.
func TestArgumentsAsComponentsReadThem(t *testing.T) {
	const api, etcd, kubelet, scheduler = cluster.CompAPIServer, cluster.CompEtcd, cluster.CompKubelet, cluster.CompScheduler
	for _, c := range []struct {
		component, args, ask string
		want                 Verdict
	}{
		{api, "--authorization-mode=AlwaysAllow --authorization-mode=Node,RBAC", `has(arg(apiserver, "authorization-mode"), "AlwaysAllow")`, True},
		{api, "--authorization-mode AlwaysAllow --authorization_mode=RBAC", `arg(apiserver, "authorization-mode") == "AlwaysAllow,RBAC"`, True},
		{api, "--disable-admission-plugins=PodSecurity --disable-admission-plugins=", `arg(apiserver, "disable-admission-plugins") == "PodSecurity"`, True},
		{api, "--tls-cipher-suites=A --tls-cipher-suites=B", `subset(arg(apiserver, "tls-cipher-suites"), ["B"])`, False},
		{api, "--feature-gates=AllAlpha=true --feature-gates=B=true", `feature(apiserver, "AllAlpha")`, True},
		{api, "--feature-gates=AllAlpha=false,AllAlpha=true", `feature(apiserver, "AllAlpha")`, True},
		{api, "--feature-gates=AllAlpha=true --feature_gates=B=true,kube:AllAlpha=false", `feature(apiserver, "AllAlpha")`, False},
		{api, "--runtime-config=api/all=true,a=1 --runtime-config=b=1,api/all=false", `arg(apiserver, "runtime-config") == "a=1,b=1,api/all=false"`, True},
		{api, "--token_auth_file=/t", `arg(apiserver, "token-auth-file") == null`, False},
		{api, "-profiling=false", `arg(apiserver, "profiling") == null`, True}, // it would not start
		{api, "--profiling=0", `arg(apiserver, "profiling") == "false"`, True},
		{api, "--secure-port=0", `arg(apiserver, "secure-port") == "0"`, True},
		{api, "--audit-log-path -", `arg(apiserver, "audit-log-path") == "-"`, True},

		{etcd, "--client-cert-auth=true -client-cert-auth=false", `arg(etcd, "client-cert-auth") == "true"`, False},
		{etcd, "-auto-tls", `arg(etcd, "auto-tls") == "true"`, True},
		{etcd, "--auto-tls=T", `arg(etcd, "auto-tls") == "true"`, True},
		{etcd, "--client_cert_auth=true", `arg(etcd, "client-cert-auth") == null`, True},
		{etcd, "--listen-metrics-urls=a --listen-metrics-urls=b", `arg(etcd, "listen-metrics-urls") == "b"`, True},
		{etcd, "-config-file=/e --auto-tls=false", `arg(etcd, "auto-tls") == "false"`, Unknown},
		{etcd, "-config-file=/e", `feature(etcd, "A") == null`, Unknown},
		{etcd, "-config-file=/e", `arg(etcd, "config-file") == "/e"`, True},

		{scheduler, "--kubeconfig=/s --profiling=false", `arg(scheduler, "profiling") == "false"`, True},
		{scheduler, "--config=/s --profiling=false", `arg(scheduler, "profiling") == "false"`, Unknown},
		{scheduler, "--config=/s --bind-address=127.0.0.1", `arg(scheduler, "bind-address") == "127.0.0.1"`, True}, // no file has it
		{scheduler, "--config=/s --leader-elect=false", `arg(scheduler, "leader-elect") == "false"`, True},
		{scheduler, "--config=/s", `arg(scheduler, "leader-elect") == null`, Unknown},

		{kubelet, "--authorization-mode=AlwaysAllow --authorization-mode=Webhook", `config(kubelet, "authorization.mode") == "Webhook"`, True}, // no list there
		{kubelet, "--config=/k --anonymous_auth=T", `config(kubelet, "authentication.anonymous.enabled")`, True},
		{kubelet, "--config=/k --protect-kernel-defaults=False", `config(kubelet, "protectKernelDefaults")`, False},
		{kubelet, "--config=/k --protect-kernel-defaults=0", `config(kubelet, "protectKernelDefaults") == false`, True},
		{kubelet, "--config=/k --read-only-port=0", `config(kubelet, "readOnlyPort") == 0`, True},
		{kubelet, "--config=/k", `config(kubelet, "authentication.x509.clientCAFile") == null`, True},
		{kubelet, "--config=/k", `config(kubelet, "authorization.mode") == null && config(kubelet, "tlsCertFile") == null`, True},
		{kubelet, "--config=/k --client-ca-file=", `config(kubelet, "authentication.x509.clientCAFile") == null`, True},
		{kubelet, "--config=/k --config-dir=/k.d", `config(kubelet, "protectKernelDefaults") == true`, Unknown},
		{kubelet, "--config=/k --config-dir=/k.d", `feature(kubelet, "A")`, Unknown},
		{kubelet, "--config=/k --config-dir=/k.d --protect-kernel-defaults=true", `config(kubelet, "protectKernelDefaults")`, True},
		{kubelet, "--config=/k", `feature(kubelet, "A")`, True},
	} {
		t.Run(c.component+" "+c.args, func(t *testing.T) {
			s := running(c.component, c.args)
			expect(t, s, c.ask, c.want)
			expect(t, again(t, s), c.ask, c.want)
		})
	}
}

func TestFlagsThatAddUpAreFlags(t *testing.T) {
	for component, names := range listFlags {
		for _, name := range names {
			if err := knownArgument(component, name); err != nil {
				t.Error(err)
			}
		}
	}
}
