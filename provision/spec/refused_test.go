package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
)

// Each line is put into the minimal spec, and the diagnostic must have the
// code, point at that very line and say what is expected.
func TestWhatCannotBeMeantIsRefusedAtItsLine(t *testing.T) {
	const node = `node "x" { role = "worker", address = "10.0.0.31" }`
	type row struct {
		name, line string
		code       Code
		says       string
	}
	rows := []row{
		// I05: types and numbers
		{"a number for a string", `kubernetes = 1.37`, CodeType, "Put it in quotes"},
		{"a string for a number", `defaults = "1"`, CodeType, "without quotes"},
		{"a string for a list", `network { pods = "10.244.0.0/16" }`, CodeType, "Put it in [ ]"},
		{"a number in a list of strings", `network { cni_ports = [179] }`, CodeType, "list of strings"},
		{"null", `kubernetes = null`, CodeType, "Leave the line out"},
		{"null in a list", `network { cni_ports = [null] }`, CodeType, "null"},
		{"null in a map", `kubelet { config = { maxPods = null } }`, CodeWeak, "null"},
		{"an object for a string", `image_repository = {}`, CodeType, "must be a string"},
		{"port 0", `endpoint { port = 0 }`, CodeRange, "from 1 to 65535"},
		{"port 65536", `endpoint { port = 65536 }`, CodeRange, "from 1 to 65535"},
		{"port -1", `ssh { port = -1 }`, CodeRange, "from 1 to 65535"},
		{"port 1.5", `ssh { port = 22.5 }`, CodeRange, "whole number"},
		{"port 2^63", `ssh { port = 9223372036854775808 }`, CodeRange, "from 1 to 65535"},
		{"port 1e400", `ssh { port = 1e400 }`, CodeRange, "from 1 to 65535"},
		{"a number in hex", `ssh { port = 0x16 }`, CodeSyntax, ""},
		{"a generation to come", `defaults = 2`, CodeRange, "generation 1"},
		{"a bare word", `kubernetes = latest`, CodeReference, "put it in quotes"},
		{"an unknown variable", `kubernetes = var.version`, CodeReference, "no variable"},
		{"an unknown local", `kubernetes = local.version`, CodeReference, "no local"},
		{"an unknown function", `kubernetes = uper("a")`, CodeReference, `"upper"`},
		{"an unknown root", `kubernetes = vars.version`, CodeReference, `Did you mean "var"`},
		{"a whole namespace", `kubernetes = keys(local)[0]`, CodeReference, "name one"},
		{"the environment", `kubernetes = env("HOME")`, CodeEval, "only in a variable's default"},
		{"a version of two numbers", `kubernetes = "1.37"`, CodeChoice, "1.37.2"},
		{"an old version", `kubernetes = "1.33.0"`, CodeNotYet, "1.37"},
		{"not a version", `kubernetes = "latest"`, CodeChoice, "not a Kubernetes version"},

		// I06, I07: text that something else would read as more than text
		{"yaml in a repository", `image_repository = "a\n---\nkind: Pod"`, CodeName, "not a registry"},
		{"no worker at a time", `max_unavailable = 0`, CodeRange, "nothing could ever be changed"},
		{"half a worker", `max_unavailable = 0.5`, CodeRange, "whole number from 1"},
		{"no percentage of the workers", `max_unavailable = "0%"`, CodeRange, "from \"1%\" to \"100%\""},
		{"more than all workers", `max_unavailable = "101%"`, CodeRange, "from \"1%\" to \"100%\""},
		{"a number of workers as text", `max_unavailable = "2"`, CodeRange, "without quotes"},
		{"a list of workers", `max_unavailable = [1]`, CodeType, "a whole number, or a percentage"},
		{"a scheme in a repository", `image_repository = "https://registry.example.com"`, CodeName, "without https"},
		{"shell in a user", `ssh { user = "root;reboot" }`, CodeName, "no user"},
		{"an option as user", `ssh { user = "-oProxyCommand=x" }`, CodeName, "no user"},
		{"shell in a domain", "network { dns_domain = \"a.`id`\" }", CodeName, "small letters"},
		{"a new line in an argument", `apiserver { args = { goaway-chance = "0\n0" } }`, CodeWeak, "one line"},
		{"shell in an argument's name", `apiserver { args = { "a;b" = "1" } }`, CodeWeak, "no argument"},
		{"shell in a label", `node "x" { labels = { a = "$(id)" } }`, CodeName, "cannot be the value"},
		{"shell in a label's key", `node "x" { labels = { "a b" = "c" } }`, CodeName, "no key of a label"},
		{"shell in a taint", `node "x" { taints = ["a=b c:NoSchedule"] }`, CodeName, "does not take"},
		{"two keys in a host key", `node "x" { host_key = "ssh-ed25519 AAAA\nssh-rsa BBBB" }`, CodeName, "more than one line"},

		{"a policy of the log that there is not", `audit { policy = "metadat" }`, CodeChoice, `Did you mean "metadata"`},
		{"a standard that holds to nothing", `admission { pod_security = "privileged" }`, CodeChoice, `"restricted" or "baseline"`},
		{"a switch as text", `admission { always_pull_images = "true" }`, CodeType, "without quotes"},

		// I08: names
		{"a name with capitals", `node "CP-2" {}`, CodeName, "small letters"},
		{"a name with an underscore", `node "w_1" {}`, CodeName, "small letters"},
		{"a name that is an option", `node "-rf" {}`, CodeName, "begins and ends"},
		{"a name with a dot at its end", `node "w." {}`, CodeName, "small letters"},
		{"a name that is empty", `node "" {}`, CodeName, "1 to 63 small"},
		{"a name of 64 letters", `node "` + strings.Repeat("a", 64) + `" {}`, CodeName, "1 to 63 small"},
		{"a name of 300 letters", `node "` + strings.Repeat("a", 300) + `" {}`, CodeName, "…"},
		{"a name in another alphabet", `node "кластер" {}`, CodeName, "small letters"},
		{"a name that is a path", `node "../../etc" {}`, CodeName, "small letters"},
		{"an endpoint that is an option", `endpoint { host = "-oProxyCommand=x" }`, CodeName, "as an option"},
		{"an endpoint with a zone", `endpoint { host = "fe80::1%eth0" }`, CodeAddress, "zone"},
		{"an endpoint in another alphabet", `endpoint { host = "bücher.example" }`, CodeName, "xn--"},
		{"an endpoint with a dot at its end", `endpoint { host = "api.example.com." }`, CodeName, "leave out the dot"},
		{"an endpoint with capitals", `endpoint { host = "API.example.com" }`, CodeName, "small letters"},
		{"an endpoint that is a URL", `endpoint { host = "https://api.example.com" }`, CodeName, "without a scheme"},
		{"an endpoint with a port", `endpoint { host = "api.example.com:6443" }`, CodeName, "small letters"},
		{"an endpoint that is almost an address", `endpoint { host = "10.0.0.256" }`, CodeName, "looks like an address"},
		{"an endpoint of 300 letters", `endpoint { host = "` + strings.Repeat("a.", 150) + `a" }`, CodeName, "253"},
		{"an endpoint with a long label", `endpoint { host = "` + strings.Repeat("a", 64) + `.example.com" }`, CodeName, "63"},
		{"an ssh host that is an option", `node "x" { ssh_host = "-oProxyCommand=x" }`, CodeName, "name from ~/.ssh/config"},
		{"an ssh host with a space", `node "x" { ssh_host = "a b" }`, CodeName, "host name"},
		{"a bastion that is an option", `ssh { bastion = "-J evil" }`, CodeName, "bastion"},
		{"a bastion with an option as user", `ssh { bastion = "-l@jump" }`, CodeName, "no user"},
		{"a bastion with port 0", `ssh { bastion = "jump:0" }`, CodeRange, "65535"},
		{"a host key that is cut", `node "x" { host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1" }`, CodeName, "cut or changed"},
		{"a host key of another type", `node "x" { host_key = "ssh-dss AAAAB3NzaC1kc3M=" }`, CodeName, "type is none of"},
		{"a host key without a type", `node "x" { host_key = "AAAA" }`, CodeName, "type and the key"},
		{"a label of the kubelet's", `node "x" { labels = { "kubernetes.io/hostname" = "a" } }`, CodeName, "Use a key of your own"},
		{"a role as a label", `node "x" { labels = { "node-role.kubernetes.io/worker" = "" } }`, CodeName, "may not set it"},
		{"a label of bulwark's", `node "x" { labels = { "bulwark/node" = "a" } }`, CodeName, "Reserved"},
		{"a label's long value", `node "x" { labels = { a = "` + strings.Repeat("a", 64) + `" } }`, CodeName, "at most 63"},
		{"a taint without an effect", `node "x" { taints = ["dedicated=db"] }`, CodeChoice, "NoSchedule"},
		{"a taint with another effect", `node "x" { taints = ["dedicated=db:noschedule"] }`, CodeChoice, "NoSchedule"},
		{"a taint given twice", `node "x" { taints = ["a=b:NoSchedule", "a=c:NoSchedule"] }`, CodeDuplicate, "one of each"},

		// I08, I09: addresses
		{"an address with a length", `node "x" { address = "10.0.0.31/24" }`, CodeAddress, "without a prefix length"},
		{"an address with leading zeros", `node "x" { address = "10.0.0.031" }`, CodeAddress, "no IP address"},
		{"an address with a zone", `node "x" { address = "fe80::1%eth0" }`, CodeAddress, "zone"},
		{"a mapped address", `node "x" { address = "::ffff:10.0.0.31" }`, CodeAddress, "write 10.0.0.31"},
		{"a loopback address", `node "x" { address = "127.0.0.1" }`, CodeAddress, "each machine itself"},
		{"no address at all", `node "x" { address = "0.0.0.0" }`, CodeAddress, "every interface"},
		{"a multicast address", `node "x" { address = "224.0.0.1" }`, CodeAddress, "single machine"},
		{"a broadcast address", `node "x" { address = "255.255.255.255" }`, CodeAddress, "single machine"},
		{"a link-local address", `node "x" { address = "169.254.0.1" }`, CodeAddress, "one link"},
		{"a host name as address", `node "x" { address = "w-2.example.com" }`, CodeAddress, "no IP address"},
		{"the address of another node", `node "x" { address = "10.0.0.21" }`, CodeDuplicate, "already the address"},
		{"a mapped address of another node", `node "x" { address = "::ffff:10.0.0.21" }`, CodeAddress, "write 10.0.0.21"},
		{"the name of another node", `node "w-1" { address = "10.0.0.31" }`, CodeDuplicate, "already there"},
		{"the name of another node in capitals", `node "W-1" { address = "10.0.0.31" }`, CodeDuplicate, "small and large"},
		{"an unknown role", `node "x" { role = "master" }`, CodeChoice, `"control-plane"`},
		{"a role with a typo", `node "x" { role = "workr" }`, CodeChoice, `Did you mean "worker"`},
		{"no role", `node "x" { address = "10.0.0.31" }`, CodeMissing, "needs role"},
		{"no address", `node "x" { role = "worker" }`, CodeMissing, "needs address"},
		{"an even number of control planes", `node "x" { role = "control-plane" }`, CodeCaution, "of 2 that is 2, so no more than 0 may be lost, as of 1"},
		{"a node among the pods", `network { pods = ["10.0.0.0/16"] }`, CodeOverlap, ""},
		{"pods and services that overlap", `network { pods = ["10.96.0.0/16"] }`, CodeOverlap, "share none"},
		{"services around the pods", `network { services = ["10.240.0.0/12"] }`, CodeOverlap, "share none"},
		{"pods too small", `network { pods = ["10.244.0.0/25"] }`, CodeAddress, "does not hold one"},
		{"pods for one node only", `network { pods = ["10.244.0.0/24"] }`, CodeAddress, "there are 2 nodes"},
		{"pods of one address", `network { pods = ["10.244.0.0/32"] }`, CodeAddress, "does not hold one"},
		{"pods too large", `network { pods = ["10.0.0.0/7"] }`, CodeAddress, "65536"},
		{"services too small", `network { services = ["10.96.0.0/29"] }`, CodeAddress, "10 addresses"},
		{"services too large", `network { services = ["172.0.0.0/11"] }`, CodeAddress, "2^20"},
		{"services of another family", `network { services = ["fd00::/108"] }`, CodeAddress, "same families"},
		{"two prefixes of a family", `network { pods = ["10.244.0.0/16", "10.245.0.0/16"] }`, CodeAddress, "one of each"},
		{"a mapped prefix", `network { pods = ["::ffff:10.244.0.0/112"] }`, CodeAddress, "IPv4 prefix in IPv6 form"},
		{"a prefix with bits behind it", `network { pods = ["10.244.1.1/16"] }`, CodeAddress, "write 10.244.0.0/16"},
		{"an address for a prefix", `network { pods = ["10.244.0.0"] }`, CodeAddress, "write 10.244.0.0/32"},
		{"an empty list of prefixes", `network { pods = [] }`, CodeMissing, "one prefix of each family"},
		{"a virtual address of a machine", `endpoint { vip = "10.0.0.11" }`, CodeDuplicate, "that no machine has"},
		{"a virtual address of a worker", `endpoint { vip = "10.0.0.21" }`, CodeDuplicate, "that no machine has"},
		{"a virtual address of another family", `endpoint { vip = "fd00::9" }`, CodeAddress, "not of the family"},
		{"a virtual address that is a name", `endpoint { vip = "api.example.com" }`, CodeAddress, "no IP address"},
		{"a virtual address among the services", `endpoint { vip = "10.96.0.9" }`, CodeOverlap, "only inside the cluster"},
		{"two endpoints", "endpoint {\n vip = \"10.0.0.9\"\n host = \"10.0.0.8\"\n}", CodeContra, "Two endpoints"},
		{"a load balancer and a virtual address", "endpoint {\n vip = \"10.0.0.9\"\n balancers = [\"10.0.0.8/32\"]\n}", CodeContra, "nothing balances"},
		{"a load balancer with bits", `endpoint { balancers = ["10.0.0.8/24"] }`, CodeAddress, "write 10.0.0.0/24"},
		{"an endpoint on a worker", `endpoint { host = "10.0.0.21" }`, CodeTopology, "worker"},
		{"an endpoint among the services", `endpoint { host = "10.96.0.1" }`, CodeOverlap, "only inside the cluster"},
		{"an endpoint that is everybody", `endpoint { host = "0.0.0.0" }`, CodeAddress, "every interface"},
		{"an endpoint that is each machine", `endpoint { host = "localhost" }`, CodeTopology, "another machine"},
		{"an endpoint that is empty", `endpoint { host = "" }`, CodeName, "empty"},

		// I10: contradictions
		{"encryption that does not encrypt", `encryption { provider = "identity" }`, CodeWeak, "V-274882"},
		{"encryption with aesgcm", `encryption { provider = "aesgcm" }`, CodeWeak, "secretbox"},
		{"encryption with kms", `encryption { provider = "kms" }`, CodeNotYet, "secretbox"},
		{"encryption with a key of no name", `encryption { key_name = "a:b" }`, CodeName, "63 at most"},
		{"encryption with a typo", `encryption { provider = "secretbxo" }`, CodeChoice, `Did you mean "secretbox"`},
		{"encryption of everything", `encryption { resources = ["*.*"] }`, CodeChoice, "Name the resources"},
		{"encryption of no resource", `encryption { resources = ["Secrets/x"] }`, CodeName, "no"},
		{"an audit log of no days", `audit { max_age = 0 }`, CodeWeak, "at least 30"},
		{"an audit log of few days", `audit { max_age = 29 }`, CodeWeak, "CIS 1.2.17"},
		{"an audit log without backups", `audit { max_backup = 0 }`, CodeWeak, "at least 10"},
		{"an audit log without rotation", `audit { max_size = 0 }`, CodeWeak, "at least 100"},
		{"an audit log of negative size", `audit { max_size = -1 }`, CodeWeak, "at least 100"},
		{"an exemption of everything", `admission { exempt_namespaces = ["*"] }`, CodeName, "cannot name a namespace"},
		{"an exemption of default", `admission { exempt_namespaces = ["default"] }`, CodeCaution, "privileged"},
		{"NodePorts over etcd", `apiserver { args = { "service-node-port-range" = "2000-11000" } }`, CodeContra, "etcd"},
		{"NodePorts over the API", `apiserver { args = { "service-node-port-range" = "20000-31000" } }
endpoint { port = 20443 }`, CodeContra, "of the API"},
		{"NodePorts that are no range", `apiserver { args = { "service-node-port-range" = "many" } }`, CodeRange, "30000-32767"},
		{"a CNI on etcd's port", "network {\n" + `cni_ports = ["tcp/2379"]` + "\n}", CodeContra, "etcd"},
		{"the API on sshd's port", `endpoint { port = 22 }`, CodeContra, "sshd"},
		{"the API on etcd's port", `endpoint { port = 2379 }`, CodeContra, "etcd"},
		{"the API among the NodePorts", `endpoint { port = 31000 }`, CodeContra, "below 30000"},
		{"ssh on the API's port", `ssh { port = 6443 }`, CodeContra, "belongs to Kubernetes"},
		{"ssh on the kubelet's port", `ssh { port = 10250 }`, CodeContra, "belongs to Kubernetes"},
		{"ssh among the NodePorts", `ssh { port = 30022 }`, CodeContra, "below 30000"},
		{"a bastion's key without a bastion", `ssh { bastion_host_key = "` + aKey + `" }`, CodeContra, "there is none"},
		{"a bridge with a manifest", "network {\n" + `cni "bridge" { manifest = "a" }` + "\n}", CodeContra, "takes no manifest"},
		{"a manifest without its text", "network {\n" + `cni "manifest" {}` + "\n}", CodeMissing, "file("},
		{"an empty manifest", "network {\n" + `cni "manifest" { manifest = "" }` + "\n}", CodeMissing, "no text"},
		{"a manifest of an unknown CNI", "network {\n" + `cni "manifest" { manifest = "image: example.com/cni:v1" }` + "\n}", CodeCNI, "cni_ports"},
		{"another kind of CNI", "network {\n" + `cni "cilium" {}` + "\n}", CodeChoice, "cni \"manifest\""},

		// I13: raw settings
		{"authorization switched off", `apiserver { args = { authorization-mode = "AlwaysAllow" } }`, CodeWeak, "CIS-1.2.6"},
		{"authorization switched off under another spelling", `apiserver { args = { authorization_mode = "AlwaysAllow" } }`, CodeWeak, "with - between words"},
		{"authorization switched off with dashes", `apiserver { args = { "--authorization-mode" = "AlwaysAllow" } }`, CodeWeak, "none in front"},
		{"a token file", `apiserver { args = { token-auth-file = "/tokens" } }`, CodeWeak, "never allowed"},
		{"profiling", `apiserver { args = { profiling = true } }`, CodeWeak, "CIS-1.2.15"},
		{"profiling in another spelling", `scheduler { args = { profiling = "T" } }`, CodeWeak, "CIS-1.4.1"},
		{"anonymous requests", `apiserver { args = { anonymous-auth = "true" } }`, CodeWeak, "authentication configuration"},
		{"an admission plugin switched off", `apiserver { args = { disable-admission-plugins = "NodeRestriction" } }`, CodeWeak, "NodeRestriction"},
		{"admission of everything", `apiserver { args = { enable-admission-plugins = "AlwaysAdmit" } }`, CodeWeak, "AlwaysAdmit"},
		{"old TLS", `apiserver { args = { tls-min-version = "VersionTLS10" } }`, CodeWeak, "VersionTLS12"},
		{"a weak cipher", `controller_manager { args = { tls-cipher-suites = "TLS_RSA_WITH_RC4_128_SHA" } }`, CodeWeak, "none of"},
		{"alpha features", `apiserver { args = { feature-gates = "X=true,AllAlpha=true" } }`, CodeWeak, "AllAlpha"},
		{"alpha APIs", `apiserver { args = { runtime-config = "api/all" } }`, CodeWeak, "api/all"},
		{"another audit policy", `apiserver { args = { audit-policy-file = "/dev/null" } }`, CodeWeak, "audit {"},
		{"another etcd folder", `etcd { args = { data-dir = "/tmp" } }`, CodeWeak, "kubeadm"},
		{"etcd's own certificates", `etcd { args = { auto-tls = "1" } }`, CodeWeak, "STIG-V-242379"},
		{"a scheduler's file", `scheduler { args = { config = "/tmp/x" } }`, CodeWeak, "configuration file"},
		{"a controller manager for everybody", `controller_manager { args = { bind-address = "0.0.0.0" } }`, CodeWeak, "127.0.0.1"},
		{"an anonymous kubelet", `kubelet { config = { authentication = { anonymous = { enabled = true } } } }`, CodeWeak, "CIS-4.2.1"},
		{"a kubelet whose authentication is text", `kubelet { config = { authentication = "none" } }`, CodeWeak, "must hold fields"},
		{"a kubelet whose authentication is null", `kubelet { config = { authentication = null } }`, CodeWeak, "null"},
		{"a kubelet's port", `kubelet { config = { readOnlyPort = 10255 } }`, CodeWeak, "CIS-4.2.4"},
		{"a kubelet's field in capitals", `kubelet { config = { ReadOnlyPort = 10255 } }`, CodeWeak, "did you mean"},
		{"pods without limit", `kubelet { config = { podPidsLimit = -1 } }`, CodeWeak, "between 1 and 4096"},
		{"swap", `kubelet { config = { failSwapOn = false } }`, CodeWeak, "weakens"},
		{"metrics for everybody", `kube_proxy { config = { metricsBindAddress = "0.0.0.0:10249" } }`, CodeWeak, "CIS-4.3.1"},
		{"alpha features of a part of apiserver", `apiserver { args = { feature-gates = "kube:AllAlpha=true" } }`, CodeWeak, "STIG-V-242400"},
		{"single files of apiserver that log more", `apiserver { args = { vmodule = "*=10" } }`, CodeWeak, "bodies of requests"},
		{"apiserver on a port of others", `apiserver { args = { permit-port-sharing = true } }`, CodeWeak, "weakens"},
		{"apiserver as an older version", `apiserver { args = { emulated-version = "kube:1.35" } }`, CodeWeak, "older one"},
		{"alpha features of a part of controller_manager", `controller_manager { args = { feature-gates = "kube:AllAlpha=true" } }`, CodeWeak, "STIG-V-242400"},
		{"single files of controller_manager that log more", `controller_manager { args = { vmodule = "*=10" } }`, CodeWeak, "bodies of requests"},
		{"controller_manager on a port of others", `controller_manager { args = { permit-port-sharing = true } }`, CodeWeak, "weakens"},
		{"controller_manager as an older version", `controller_manager { args = { emulated-version = "kube:1.35" } }`, CodeWeak, "older one"},
		{"alpha features of a part of scheduler", `scheduler { args = { feature-gates = "kube:AllAlpha=true" } }`, CodeWeak, "STIG-V-242400"},
		{"single files of scheduler that log more", `scheduler { args = { vmodule = "*=10" } }`, CodeWeak, "bodies of requests"},
		{"scheduler on a port of others", `scheduler { args = { permit-port-sharing = true } }`, CodeWeak, "weakens"},
		{"scheduler as an older version", `scheduler { args = { emulated-version = "kube:1.35" } }`, CodeWeak, "older one"},
		{"admission of everything in quotes", `apiserver { args = { enable-admission-plugins = "\"AlwaysAdmit\"" } }`, CodeWeak, "quote"},
		{"an argument behind another", `apiserver { args = { "v.x=1 --anonymous-auth" = true } }`, CodeWeak, "no argument"},
		{"single files of kubelet that log more", `kubelet { config = { logging = { vmodule = [{ filePattern = "*", verbosity = 10 }] } } }`, CodeWeak, "bodies of requests"},
		{"single files of kube_proxy that log more", `kube_proxy { config = { logging = { vmodule = [{ filePattern = "*", verbosity = 10 }] } } }`, CodeWeak, "bodies of requests"},
		{"a cipher list that cannot start", `apiserver { args = { tls-cipher-suites = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" } }`, CodeWeak, "AES_128_GCM_SHA256"},
		{"a kubelet's cipher list that cannot start", `kubelet { config = { tlsCipherSuites = ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"] } }`, CodeWeak, "AES_128_GCM_SHA256"},
		{"an etcd's cipher list that cannot start", `etcd { args = { cipher-suites = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" } }`, CodeWeak, "AES_128_GCM_SHA256"},
		{"the API server's etcd-servers-overrides /events#https://a:2379", `apiserver { args = { etcd-servers-overrides = "/events#https://a:2379" } }`, CodeWeak, "another etcd"},
		{"the API server's etcd-prefix /x", `apiserver { args = { etcd-prefix = "/x" } }`, CodeWeak, "default prefix"},
		{"the API server's cors-allowed-origins .*", `apiserver { args = { cors-allowed-origins = ".*" } }`, CodeWeak, "web pages"},
		{"the API server's authorization-webhook-config-file /x", `apiserver { args = { authorization-webhook-config-file = "/x" } }`, CodeWeak, "Node,RBAC"},
		{"the API server's authorization-policy-file /x", `apiserver { args = { authorization-policy-file = "/x" } }`, CodeWeak, "Node,RBAC"},
		{"the API server's authentication-token-webhook-config-file /x", `apiserver { args = { authentication-token-webhook-config-file = "/x" } }`, CodeWeak, "outside of the cluster"},
		{"the API server's kubernetes-service-node-port 30443", `apiserver { args = { kubernetes-service-node-port = "30443" } }`, CodeWeak, "NodePorts"},
		{"the API server's enable-logs-handler true", `apiserver { args = { enable-logs-handler = "true" } }`, CodeWeak, "weakens"},
		{"the API server's aggregator-reject-forwarding-redirect false", `apiserver { args = { aggregator-reject-forwarding-redirect = "false" } }`, CodeWeak, "weakens"},
		{"the API server's max-requests-inflight 0", `apiserver { args = { max-requests-inflight = "0" } }`, CodeWeak, "between 1"},
		{"the API server's service-account-signing-endpoint /x", `apiserver { args = { service-account-signing-endpoint = "/x" } }`, CodeWeak, "kubeadm"},
		{"the API server's feature-gates UnauthenticatedHTTP2DOSMitigation=false", `apiserver { args = { feature-gates = "UnauthenticatedHTTP2DOSMitigation=false" } }`, CodeWeak, "weakens"},
		{"the API server's feature-gates ServiceAccountNodeAudienceRestriction=false", `apiserver { args = { feature-gates = "ServiceAccountNodeAudienceRestriction=false" } }`, CodeWeak, "weakens"},
		{"another API server for controller_manager", `controller_manager { args = { master = "http://a" } }`, CodeWeak, "without TLS"},
		{"rights that controller_manager remembers", `controller_manager { args = { authorization-webhook-cache-authorized-ttl = "24h" } }`, CodeWeak, "between 0s and 10s"},
		{"tokens that controller_manager remembers", `controller_manager { args = { authentication-token-webhook-cache-ttl = "24h" } }`, CodeWeak, "between 0s and 10s"},
		{"another API server for scheduler", `scheduler { args = { master = "http://a" } }`, CodeWeak, "without TLS"},
		{"rights that scheduler remembers", `scheduler { args = { authorization-webhook-cache-authorized-ttl = "24h" } }`, CodeWeak, "between 0s and 10s"},
		{"tokens that scheduler remembers", `scheduler { args = { authentication-token-webhook-cache-ttl = "24h" } }`, CodeWeak, "between 0s and 10s"},
		{"volumes of a host's folders", `controller_manager { args = { enable-hostpath-provisioner = true } }`, CodeWeak, "weakens"},
		{"tokens that are never cleaned up", `controller_manager { args = { legacy-service-account-token-clean-up-period = "87600h" } }`, CodeWeak, "between 1h"},
		{"another key that signs", `controller_manager { args = { cluster-signing-legacy-unknown-key-file = "/x" } }`, CodeWeak, "kubeadm"},
		{"a scheduler that ends", `scheduler { args = { write-config-to = "/x" } }`, CodeWeak, "and end"},
		{"an etcd's client-cert-auth", `etcd { args = { client-cert-auth = "false" } }`, CodeWeak, "CIS-2.2"},
		{"an etcd's peer-client-cert-auth", `etcd { args = { peer-client-cert-auth = "false" } }`, CodeWeak, "CIS-2.5"},
		{"an etcd's peer-auto-tls", `etcd { args = { peer-auto-tls = "true" } }`, CodeWeak, "CIS-2.6"},
		{"an etcd's listen-metrics-urls", `etcd { args = { listen-metrics-urls = "http://0.0.0.0:2381" } }`, CodeWeak, "kubeadm"},
		{"an etcd's listen-client-urls", `etcd { args = { listen-client-urls = "http://0.0.0.0:2379" } }`, CodeWeak, "kubeadm"},
		{"an etcd's enable-pprof", `etcd { args = { enable-pprof = "true" } }`, CodeWeak, "weakens"},
		{"an etcd's log-level", `etcd { args = { log-level = "debug" } }`, CodeWeak, "profiles"},
		{"an etcd's tls-max-version", `etcd { args = { tls-max-version = "TLS1.2" } }`, CodeWeak, "TLS 1.3"},
		{"an etcd's pre-vote", `etcd { args = { pre-vote = "false" } }`, CodeWeak, "weakens"},
		{"an etcd's strict-reconfig-check", `etcd { args = { strict-reconfig-check = "false" } }`, CodeWeak, "weakens"},
		{"an etcd's socket-reuse-port", `etcd { args = { socket-reuse-port = "true" } }`, CodeWeak, "weakens"},
		{"an etcd's socket-reuse-address", `etcd { args = { socket-reuse-address = "true" } }`, CodeWeak, "weakens"},
		{"an etcd's discovery-endpoints", `etcd { args = { discovery-endpoints = "http://a" } }`, CodeWeak, "members"},
		{"an etcd's feature-gates", `etcd { args = { feature-gates = "AllAlpha=true" } }`, CodeWeak, "weakens"},
		{"an etcd's peer-client-key-file", `etcd { args = { peer-client-key-file = "/x" } }`, CodeWeak, "kubeadm"},
		{"a kubelet's authentication webhook enabled", `kubelet { config = { authentication = { webhook = { enabled = false } } } }`, CodeWeak, "CIS-4.2.2"},
		{"a kubelet's authentication webhook cacheTTL", `kubelet { config = { authentication = { webhook = { cacheTTL = "24h" } } } }`, CodeWeak, "between 0s and 2m"},
		{"a kubelet's authorization webhook cacheAuthorizedTTL", `kubelet { config = { authorization = { webhook = { cacheAuthorizedTTL = "24h" } } } }`, CodeWeak, "between 0s and 5m"},
		{"a kubelet's makeIPTablesUtilChains", `kubelet { config = { makeIPTablesUtilChains = false } }`, CodeWeak, "CIS-4.2.6"},
		{"a kubelet's containerRuntimeEndpoint", `kubelet { config = { containerRuntimeEndpoint = "unix:///x" } }`, CodeWeak, "default"},
		{"a kubelet's imageServiceEndpoint", `kubelet { config = { imageServiceEndpoint = "unix:///x" } }`, CodeWeak, "default"},
		{"a kubelet's defaultPodSysctls", `kubelet { config = { defaultPodSysctls = { "net.ipv4.ip_forward" = "1" } } }`, CodeWeak, "no admission"},
		{"a kubelet's localStorageCapacityIsolation", `kubelet { config = { localStorageCapacityIsolation = false } }`, CodeWeak, "weakens"},
		{"a kubelet's featureGates KubeletEnsureSecretPulledImages", `kubelet { config = { featureGates = { KubeletEnsureSecretPulledImages = false } } }`, CodeWeak, "weakens"},
		{"a kube-proxy on another address", `kube_proxy { config = { bindAddress = "0.0.0.0" } }`, CodeWeak, "kubeadm"},
		{"another mode of kube-proxy", `kube_proxy { config = { mode = "iptable" } }`, CodeChoice, `Did you mean "iptables"`},
		{"a key written twice", `kubelet { config = { maxPods = 60, maxPods = 61 } }`, CodeDuplicate, "Remove one"},
		{"a list as argument", `apiserver { args = { v = [1] } }`, CodeType, "true or false"},
		{"arguments that are text", `apiserver { args = "--v=1" }`, CodeType, "map of settings"},

		{"an argument that the API server lacks", `apiserver { args = { nosuchflag = "1" } }`, CodeArgument, "kube-apiserver --help"},
		{"an API server's argument with a typo", `apiserver { args = { goaway-chanse = "0.001" } }`, CodeArgument, `Did you mean "goaway-chance"`},
		{"a controller manager's argument with a typo", `controller_manager { args = { node-monitor-grace-perod = "40s" } }`, CodeArgument, `Did you mean "node-monitor-grace-period"`},
		{"a scheduler's argument with a typo", `scheduler { args = { kube-api-qp = 100 } }`, CodeArgument, `Did you mean "kube-api-qps"`},
		{"an etcd's argument with a typo", `etcd { args = { quota-backend-byte = 8589934592 } }`, CodeArgument, `Did you mean "quota-backend-bytes"`},
		{"another component's argument", `scheduler { args = { etcd-servers = "https://a" } }`, CodeArgument, "kube-scheduler"},
		{"a gate as an argument", `apiserver { args = { "feature-gates.AllBeta" = true } }`, CodeArgument, `Did you mean "feature-gates"`},
		{"a kubelet's field with a typo", `kubelet { config = { maxPod = 60 } }`, CodeArgument, `Did you mean "maxPods"`},
		{"a kubelet's field with a typo below another", `kubelet { config = { logging = { flushFrequenzy = "5s" } } }`, CodeArgument, `Did you mean "flushFrequency"`},
		{"a kube-proxy's field with a typo", `kube_proxy { config = { ipvs = { sheduler = "rr" } } }`, CodeArgument, `Did you mean "scheduler"`},

		// I14: unknown words
		{"an unknown attribute", `kuberntes = "1.37.2"`, CodeUnknown, `"kubernetes"`},
		{"an unknown block", `firewal {}`, CodeUnknown, `"firewall"`},
		{"an attribute as block", `kubernetes {}`, CodeUnknown, ""},
		{"an unknown attribute of a node", node[:len(node)-1] + `, lables = {} }`, CodeSyntax, ""},
		{"a word of a node", `node "x" { lables = {} }`, CodeUnknown, `"labels"`},
		{"a word of the firewall", `network { pod = [] }`, CodeUnknown, `"pods"`},
		{"a node without a name", `node { role = "worker" }`, CodeMissing, "name"},
		{"a node with two names", `node "a" "b" {}`, CodeMissing, "name"},
		{"a block twice", `firewall {}`, CodeDuplicate, "Only one"},
		{"a waiver without a reason", `waive "CIS-1.2.11" {}`, CodeWaiver, "reason"},
		{"a waiver of no reason", `waive "CIS-1.2.11" { reason = " " }`, CodeWaiver, "reason"},
		{"a waiver until no day", "waive \"A\" {\nreason = \"x\"\nexpires = \"next year\"\n}", CodeWaiver, "no day"},
		{"a waiver for a node that is none", "waive \"A\" {\nreason = \"x\"\nnodes = [\"cp-11\"]\n}", CodeWaiver, "cp-11"},
		{"a waiver for no node", "waive \"A\" {\nreason = \"x\"\nnodes = []\n}", CodeWaiver, "leave it out"},
		{"a word of a waiver", `waive "A" { raeson = "x" }`, CodeUnknown, `"reason"`},
		{"profiles that are no list", `profiles = "cis"`, CodeType, "list"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			text := strings.Replace(minimal, "{\n", "{\n  "+r.line+"\n", 1)
			_, files, diags := Load(written(t, text), Options{})
			for _, d := range diags {
				says := d.Summary + " " + d.Detail
				if CodeOf(d) == r.code && strings.Contains(says, r.says) && (within(d.Subject, 2, 2+strings.Count(r.line, "\n")) || relates(r.code)) {
					return
				}
			}
			t.Errorf("no diagnostic with code %q says %q of line 2:\n%s", r.code, r.says, printed(files, diags))
		})
	}
}

func within(r *hcl.Range, first, last int) bool {
	return r != nil && first <= r.Start.Line && r.Start.Line <= last
}

// relates are problems between two places, which may point at either.
func relates(c Code) bool {
	return c == CodeDuplicate || c == CodeOverlap || c == CodeNotYet || c == CodeCaution
}

const aKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGkPoFlGo4tK1Wt5yd4bKwYk8bUGhKp4Q4JkqVZzq1hH"

func TestWhatIsWholeOnlyTogetherIsRefused(t *testing.T) {
	for name, r := range map[string]struct {
		text string
		code Code
		says string
	}{
		"no cluster":       {"locals { a = 1 }\n", CodeMissing, "no cluster block"},
		"two clusters":     {minimal + minimal, CodeDuplicate, "one cluster"},
		"no nodes":         {"cluster \"a\" {\n firewall { admins = [\"10.0.0.0/8\"] }\n}\n", CodeTopology, "at least one control plane"},
		"no control plane": {strings.ReplaceAll(minimal, "control-plane", "worker"), CodeTopology, "control plane"},
		"several control planes, nothing in front": {strings.Replace(minimal, `role    = "worker"`, `role    = "control-plane"`, 1), CodeTopology, "outlives each of them"},
		"several control planes, one in front":     {strings.Replace(strings.Replace(minimal, `role    = "worker"`, `role    = "control-plane"`, 1), "{\n", "{\n  endpoint { host = \"10.0.0.11\" }\n", 1), CodeTopology, "when that machine is gone"},
		"no firewall":                              {"cluster \"a\" {}\n", CodeMissing, "firewall {"},
		"no admins":                                {"cluster \"a\" {\n firewall {}\n}\n", CodeMissing, "admins"},
		"an empty list of admins":                  {strings.Replace(minimal, `"203.0.113.0/24"`, "", 1), CodeMissing, "lock everybody out"},
		"an admin with bits":                       {strings.Replace(minimal, "203.0.113.0/24", "203.0.113.7/24", 1), CodeAddress, "write 203.0.113.0/24"},
		"everybody an admin":                       {strings.Replace(minimal, "203.0.113.0/24", "0.0.0.0/0", 1), CodeCaution, "whole world"},
		"a cluster's name":                         {strings.Replace(minimal, `"demo"`, `"Demo_1"`, 1), CodeName, "cluster"},
		"locals in a ring":                         {"locals {\n a = local.b\n b = local.c\n c = local.a\n}\n" + minimal, CodeCycle, "local.a needs local.b needs local.c needs local.a"},
		"a local of itself":                        {"locals {\n a = [local.a]\n}\n" + minimal, CodeCycle, "local.a needs local.a"},
		"a local twice":                            {"locals { a = 1 }\nlocals { a = 2 }\n" + minimal, CodeDuplicate, "line 1"},
		"a block in locals":                        {"locals {\n b {}\n}\n" + minimal, CodeUnknown, ""},
		"an unknown local":                         {"locals {\n subnet = 1\n b = local.subent\n}\n" + minimal, CodeReference, `Did you mean "subnet"`},
		"a deviation":                              {"deviation \"a\" {}\n" + minimal, CodeOverlay, "--overlay"},
		"a variable twice":                         {"variable \"a\" { default = 1 }\nvariable \"a\" { default = 1 }\n" + minimal, CodeDuplicate, "line 1"},
		"a variable with no value":                 {"variable \"a\" {}\n" + minimal, CodeVariable, "--var a="},
		"a variable of null":                       {"variable \"a\" { default = null }\n" + minimal, CodeVariable, "BULWARK_VAR_a"},
		"a variable of a wrong type":               {"variable \"a\" {\n type = number\n default = \"x\"\n}\n" + minimal, CodeType, "number"},
		"a variable of no type":                    {"variable \"a\" {\n type = numbr\n default = 1\n}\n" + minimal, CodeVariable, ""},
		"a variable's bad name":                    {"variable \"a b\" { default = 1 }\n" + minimal, CodeName, "var.name"},
		"a default that refers":                    {"locals { b = 1 }\nvariable \"a\" { default = local.b }\n" + minimal, CodeReference, "nothing else"},
		"an opening of etcd":                       {inFirewall(`allow "x" {` + "\n" + `ports = ["tcp/2379"]` + "\n" + `from = ["0.0.0.0/0"]` + "\n}"), CodeContra, "etcd"},
		"an opening of a range":                    {inFirewall(`allow "x" {` + "\n" + `ports = ["tcp/1-65535"]` + "\n" + `from = ["0.0.0.0/0"]` + "\n}"), CodeContra, "etcd"},
		"an opening of nothing":                    {inFirewall(`allow "x" {}`), CodeMissing, "needs both"},
		"an opening of port 0":                     {inFirewall(`allow "x" { ports = ["tcp/0"] }`), CodeRange, "from 1 to 65535"},
		"an opening of 65536":                      {inFirewall(`allow "x" { ports = ["tcp/65536"] }`), CodeRange, "from 1 to 65535"},
		"an opening backwards":                     {inFirewall(`allow "x" { ports = ["tcp/90-80"] }`), CodeRange, "no port"},
		"an opening of a number":                   {inFirewall(`allow "x" { ports = ["443"] }`), CodeRange, "tcp/443"},
		"an opening with a name that is text":      {inFirewall(`allow "a b; drop" { ports = ["tcp/443"] }`), CodeName, "opening"},
		"an opening on no role":                    {inFirewall(`allow "x" { on = "workers" }`), CodeChoice, `Did you mean "worker"`},
		"an opening of an empty list":              {inFirewall("allow \"x\" {\nports = []\nfrom = [\"192.0.2.0/24\"]\n}"), CodeMissing, "empty list of ports"},
		"an opening for an empty list":             {inFirewall("allow \"x\" {\nports = [\"tcp/443\"]\nfrom = []\n}"), CodeMissing, "nobody in"},
		"an opening of sshd":                       {inFirewall("allow \"x\" {\nports = [\"tcp/20-80\"]\nfrom = [\"::/0\"]\n}"), CodeCaution, "port 22, which is sshd's, to ::/0"},
		"an opening of the API":                    {inFirewall("allow \"x\" {\nports = [\"tcp/6443\"]\nfrom = [\"0.0.0.0/0\"]\n}"), CodeCaution, "port 6443, which is the API's"},
		"pods as admins":                           {strings.Replace(minimal, "203.0.113.0/24", "10.0.0.0/8", 1), CodeCaution, "so that pods reach sshd and the API"},
		"services as admins":                       {strings.Replace(minimal, "203.0.113.0/24", "10.96.0.0/16", 1), CodeCaution, "10.96.0.0/12, which services get"},
		"an opening twice":                         {inFirewall("allow \"x\" {}\nallow \"x\" {}"), CodeDuplicate, "Rename"},
	} {
		t.Run(name, func(t *testing.T) {
			_, files, diags := Load(written(t, r.text), Options{})
			for _, d := range diags {
				if CodeOf(d) == r.code && strings.Contains(d.Detail, r.says) {
					return
				}
			}
			t.Errorf("no diagnostic with code %q says %q:\n%s", r.code, r.says, printed(files, diags))
		})
	}
}

func inFirewall(text string) string {
	return strings.Replace(minimal, `firewall { admins = ["203.0.113.0/24"] }`, "firewall {\nadmins = [\"203.0.113.0/24\"]\n"+text+"\n}", 1)
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	text := strings.Replace(minimal, "{\n", "{\n  kubernetes = 1\n  ssh { port = 0 }\n  audit { max_age = 0 }\n  kubelet { config = { podPidsLimit = -1, failSwapOn = false } }\n  nod \"x\" {}\n", 1)
	_, files, diags := Load(written(t, text), Options{})
	if len(diags) != 6 {
		t.Errorf("%d problems, and there are 6:\n%s", len(diags), printed(files, diags))
	}
	for i := 1; i < len(diags); i++ {
		if diags[i].Subject.Start.Byte < diags[i-1].Subject.Start.Byte {
			t.Error("the problems are not in the order of the text")
		}
	}
}

func TestEveryDiagnosticHasACodeAPlaceAndAFix(t *testing.T) {
	for _, name := range corpus(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _, diags := Load(written(t, string(text)), Options{})
		for _, d := range diags {
			if CodeOf(d) == "" || d.Detail == "" {
				t.Errorf("%s: %s has no code or no detail", filepath.Base(name), d)
			}
		}
	}
}
