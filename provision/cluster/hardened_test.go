package cluster

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEverySettingOfTheTableIsWhole(t *testing.T) {
	ref := regexp.MustCompile(`^(CIS-\d+(\.\d+)+|STIG-V-\d{6}|NSA-[A-Z]+-\d+[a-z]?)$`)
	seen := map[string]bool{}
	for _, s := range Hardened() {
		id := s.Component + " " + s.Key
		if seen[id] {
			t.Errorf("%s is there twice", id)
		}
		seen[id] = true
		if got, ok := Lookup(s.Component, s.Key); !ok || got.Rule != s.Rule {
			t.Errorf("%s is not found", id)
		}
		for _, r := range s.Refs {
			if !ref.MatchString(r) {
				t.Errorf("%s: %q is no id of a control", id, r)
			}
		}
		switch s.Rule {
		case TrueWins:
			if s.Value != true {
				t.Errorf("%s: true wins, and the value is %v", id, s.Value)
			}
		case FalseWins:
			if s.Value != false {
				t.Errorf("%s: false wins, and the value is %v", id, s.Value)
			}
		case Ordered:
			if v, _ := s.Value.(string); !slices.Contains(s.Levels, v) {
				t.Errorf("%s: %v is none of %v", id, s.Value, s.Levels)
			}
		case Union, Intersection:
			if _, ok := s.Value.([]string); !ok {
				t.Errorf("%s: the value is no list", id)
			}
		case Minimum, Maximum:
			if _, ok := s.Value.(int64); !ok && (s.Rule == Minimum || s.Value != nil || s.Low >= s.High) {
				t.Errorf("%s: the value is no number, and it has no bounds", id)
			}
		case Between:
			if s.Low >= s.High {
				t.Errorf("%s: nothing lies between %d and %d", id, s.Low, s.High)
			}
		case Fixed, Forbidden:
			if s.Value == nil && s.Use == "" {
				t.Errorf("%s: nothing says what to do instead", id)
			}
		case OneOf:
			if v, _ := s.Value.(string); !slices.Contains(s.Levels, v) {
				t.Errorf("%s: %v is none of %v", id, s.Value, s.Levels)
			}
		case Pairs:
		default:
			t.Errorf("%s: %q is no rule", id, s.Rule)
		}
		if s.Written {
			if s.Value == nil {
				t.Errorf("%s is written, and has no value", id)
			}
			if err := Check(s.Component, s.Key, given(s)); err != nil {
				t.Errorf("the hardened value itself is refused: %v", err)
			}
		}
	}
}

// given is a setting's own value as a spec would write it.
func given(s Setting) any {
	if !isConfig(s.Component) {
		return s.Arg()
	}
	if list, ok := s.Value.([]string); ok {
		out := []any{}
		for _, e := range list {
			out = append(out, e)
		}
		return out
	}
	return s.Value
}

// Whoever asked for a value must see it: this is what audits read.
func TestTheTableHoldsWhatTheControlsAskFor(t *testing.T) {
	suites := "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
	for _, want := range []struct{ component, key, value string }{
		{CompAPIServer, "profiling", "false"},
		{CompAPIServer, "tls-min-version", "VersionTLS12"},
		{CompAPIServer, "tls-cipher-suites", suites},
		{CompAPIServer, "request-timeout", "60s"},
		{CompAPIServer, "service-account-extend-token-expiration", "false"},
		{CompAPIServer, "service-account-lookup", "true"},
		{CompAPIServer, "enable-admission-plugins", "NodeRestriction,EventRateLimit,DenyServiceExternalIPs,ValidatingAdmissionWebhook"},
		{CompAPIServer, "kubelet-certificate-authority", "/etc/kubernetes/pki/ca.crt"},
		{CompControllerManager, "profiling", "false"},
		{CompControllerManager, "terminated-pod-gc-threshold", "1000"},
		{CompControllerManager, "tls-min-version", "VersionTLS12"},
		{CompScheduler, "profiling", "false"},
		{CompScheduler, "tls-cipher-suites", suites},
		{CompEtcd, "auto-tls", "false"},
		{CompEtcd, "peer-auto-tls", "false"},
		{CompEtcd, "tls-min-version", "TLS1.2"},
		{CompEtcd, "cipher-suites", suites},
		{CompKubelet, "authentication.anonymous.enabled", "false"},
		{CompKubelet, "authorization.mode", "Webhook"},
		{CompKubelet, "readOnlyPort", "0"},
		{CompKubelet, "seccompDefault", "true"},
		{CompKubelet, "podPidsLimit", "4096"},
		{CompKubelet, "eventRecordQPS", "50"},
		{CompKubelet, "tlsCertFile", "/var/lib/kubelet/pki/kubelet-server-current.pem"},
		{CompKubelet, "streamingConnectionIdleTimeout", "5m0s"},
		{CompKubeProxy, "metricsBindAddress", "127.0.0.1:10249"},
		{CompKubeProxy, "mode", "nftables"},
	} {
		s, ok := Lookup(want.component, want.key)
		if !ok || !s.Written || s.Arg() != want.value {
			t.Errorf("%s %s is %q", want.component, want.key, s.Arg())
		}
	}
}

func TestASettingAsStrictAsTheHardenedOnePasses(t *testing.T) {
	for _, s := range []struct {
		component, key string
		value          any
	}{
		{CompAPIServer, "profiling", "false"},
		{CompAPIServer, "profiling", "F"},
		{CompAPIServer, "tls-min-version", "VersionTLS13"},
		{CompAPIServer, "tls-cipher-suites", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
		{CompEtcd, "cipher-suites", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		{CompKubelet, "tlsCipherSuites", []any{"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}},
		{CompAPIServer, "feature-gates", "kube:AllAlpha=false,kube:Other=true"},
		{CompEtcd, "log-level", "warn"},
		{CompScheduler, "authorization-webhook-cache-authorized-ttl", "0s"},
		{CompAPIServer, "request-timeout", "300s"},
		{CompAPIServer, "request-timeout", "5m"},
		{CompAPIServer, "authorization-mode", "Node,RBAC"},
		{CompAPIServer, "disable-admission-plugins", "DefaultStorageClass"},
		{CompAPIServer, "audit-log-mode", "blocking-strict"},
		{CompAPIServer, "feature-gates", "AllAlpha=false,Other=true"},
		{CompAPIServer, "runtime-config", "batch/v1=true,api/alpha=false"},
		{CompAPIServer, "v", "4"},
		{CompAPIServer, "a-flag-of-the-users", "anything"},
		{CompControllerManager, "terminated-pod-gc-threshold", "10"},
		{CompControllerManager, "bind-address", "127.0.0.1"},
		{CompControllerManager, "cluster-signing-duration", "24h"},
		{CompEtcd, "quota-backend-bytes", "8589934592"},
		{CompEtcd, "tls-min-version", "TLS1.2"},
		{CompKubelet, "podPidsLimit", int64(1)},
		{CompKubelet, "eventRecordQPS", int64(5)},
		{CompKubelet, "maxPods", int64(60)},
		{CompKubelet, "allowedUnsafeSysctls", []any{}},
		{CompKubelet, "imagePullCredentialsVerificationPolicy", "AlwaysVerify"},
		{CompKubeProxy, "mode", "iptables"},
		{CompKubeProxy, "mode", "ipvs"},
	} {
		if err := Check(s.component, s.key, s.value); err != nil {
			t.Error(err)
		}
	}
}

func TestASettingThatWeakensIsRefused(t *testing.T) {
	for _, s := range []struct {
		component, key string
		value          any
		says           string
	}{
		{CompAPIServer, "profiling", "1", "CIS-1.2.15"},
		{CompAPIServer, "profiling", "maybe", "neither true nor false"},
		{CompAPIServer, "profiling", "", "neither true nor false"},
		{CompAPIServer, "tls-min-version", "VersionTLS11", "weakens the hardened VersionTLS12"},
		{CompAPIServer, "tls-min-version", "TLS13", "none of VersionTLS12, VersionTLS13"},
		{CompAPIServer, "tls-cipher-suites", "", "leaves the choice"},
		{CompAPIServer, "request-timeout", "0", "between 1m0s and 5m0s"},
		{CompAPIServer, "request-timeout", "24h", "between 1m0s and 5m0s"},
		{CompAPIServer, "authorization-mode", "RBAC,Node", "cannot be changed from Node,RBAC"},
		{CompAPIServer, "authorization-mode", "Node,RBAC,AlwaysAllow", "cannot be changed"},
		{CompAPIServer, "disable-admission-plugins", "DefaultStorageClass,ServiceAccount", "ServiceAccount"},
		{CompAPIServer, "enable-admission-plugins", "AlwaysPullImages, AlwaysAdmit", "AlwaysAdmit"},
		{CompAPIServer, "feature-gates", "A=true, AllAlpha = 1", "STIG-V-242400"},
		{CompAPIServer, "feature-gates", "PodSecurity=true", "would not start"},
		{CompAPIServer, "runtime-config", "api/all", "STIG-V-242400"},
		{CompAPIServer, "tls-cipher-suites", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDSA certificates"},
		{CompControllerManager, "tls-cipher-suites", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDSA certificates"},
		{CompScheduler, "tls-cipher-suites", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDSA certificates"},
		{CompEtcd, "cipher-suites", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDSA certificates"},
		{CompKubelet, "tlsCipherSuites", []any{"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"}, "ECDSA certificates"},
		{CompAPIServer, "feature-gates", "kube:AllAlpha=true", "STIG-V-242400"},
		{CompControllerManager, "feature-gates", "X=true,kube: AllAlpha =true", "STIG-V-242400"},
		{CompScheduler, "feature-gates", "kube:AllAlpha=true", "STIG-V-242400"},
		{CompAPIServer, "enable-admission-plugins", `"AlwaysAdmit"`, "quote"},
		{CompAPIServer, "disable-admission-plugins", `"DefaultStorageClass"`, "quote"},
		{CompAPIServer, "v.x=1 --anonymous-auth", "true", "no argument"},
		{CompAPIServer, "insecure-port", "0", "would not start"},
		{CompAPIServer, "oidc-issuer-url", "https://x", "authentication configuration"},
		{CompAPIServer, "encryption-provider-config", "/x", "encryption {"},
		{CompAPIServer, "v", "8", "between 0 and 7"},
		{CompAPIServer, "Profiling", "true", "small letters"},
		{CompAPIServer, "token_auth_file", "/x", "small letters"},
		{CompAPIServer, "-token-auth-file", "/x", "none in front"},
		{CompAPIServer, "token-auth-file ", "/x", "small letters"},
		{CompAPIServer, "", "x", "no argument"},
		{CompAPIServer, "goaway-chance", "0\n--token-auth-file=/x", "one line"},
		{CompAPIServer, "feature-gates", strings.Repeat("A=true,", 100_000), "no setting needs"},
		{CompControllerManager, "use-service-account-credentials", "false", "CIS-1.3.3"},
		{CompControllerManager, "terminated-pod-gc-threshold", "0", "between 10 and 12500"},
		{CompControllerManager, "terminated-pod-gc-threshold", "-1", "between"},
		{CompControllerManager, "terminated-pod-gc-threshold", "many", "whole number"},
		{CompScheduler, "authorization-always-allow-paths", "/*", "none of /healthz"},
		{CompEtcd, "client-cert-auth", "false", "CIS-2.2"},
		{CompEtcd, "config-file", "/x", "looks at any flag"},
		{CompEtcd, "tls-min-version", "TLS1.3", "does not start"},
		{CompKubelet, "authorization.mode", "AlwaysAllow", "CIS-4.2.2"},
		{CompKubelet, "authorization.mode", "alwaysallow", "none of Webhook"},
		{CompKubelet, "Authorization.Mode", "AlwaysAllow", "did you mean"},
		{CompKubelet, "seccompDefault", "true", "neither true nor false"},
		{CompKubelet, "podPidsLimit", int64(-1), "between 1 and 4096"},
		{CompKubelet, "podPidsLimit", int64(0), "between 1 and 4096"},
		{CompKubelet, "podPidsLimit", int64(4097), "between 1 and 4096"},
		{CompKubelet, "podPidsLimit", "100", "whole number"},
		{CompKubelet, "podPidsLimit", 1.5, "whole number"},
		{CompKubelet, "eventRecordQPS", int64(0), "without limit"},
		{CompKubelet, "streamingConnectionIdleTimeout", "0s", "between 1s and 5m0s"},
		{CompKubelet, "tlsCipherSuites", "TLS_RSA_WITH_RC4_128_SHA", "no list"},
		{CompKubelet, "tlsCipherSuites", []any{"TLS_RSA_WITH_RC4_128_SHA"}, "none of"},
		{CompKubelet, "allowedUnsafeSysctls", []any{"net.core.somaxconn"}, "hardened list is empty"},
		{CompKubelet, "staticPodURL", "http://x", "no admission"},
		{CompKubelet, "kind", "Pod", "never allowed"},
		{CompKubeProxy, "metricsBindAddress", "", "CIS-4.3.1"},
		{CompKubeProxy, "mode", "userspace", "none of iptables, ipvs, nftables"},
	} {
		err := Check(s.component, s.key, s.value)
		if err == nil || !strings.Contains(err.Error(), s.says) {
			t.Errorf("%s %s = %v: %v", s.component, s.key, s.value, err)
		}
	}
	var weakens *WeakensError
	if err := Check(CompAPIServer, "profiling", "true"); !errors.As(err, &weakens) || weakens.Setting.Key != "profiling" || weakens.Given != "true" {
		t.Errorf("%v does not know its setting", err)
	}
}

func TestListsAddUp(t *testing.T) {
	got, err := Merge(CompAPIServer, "enable-admission-plugins", "AlwaysPullImages,NodeRestriction, AlwaysPullImages")
	if want := "NodeRestriction,EventRateLimit,DenyServiceExternalIPs,ValidatingAdmissionWebhook,AlwaysPullImages"; err != nil || got != want {
		t.Errorf("%v, %v", got, err)
	}
}

func TestAConfigurationIsCheckedFieldByField(t *testing.T) {
	config := Config{
		"authentication": map[string]any{"anonymous": map[string]any{"enabled": true}, "x509": "none"},
		"authorization":  []any{},
		"featureGates":   map[string]any{"AllAlpha": true, "Other": true},
		"logging":        map[string]any{"verbosity": int64(9), "format": "json"},
		"maxPods":        int64(60),
		"evictionHard":   map[string]any{"memory.available": "200Mi"},
		"seccompDefault": nil,
		"readonlyport":   int64(10255),
		"tlsCertFile":    map[string]any{},
	}
	var got []string
	for _, e := range CheckConfig(CompKubelet, config) {
		got = append(got, e.Path)
	}
	want := []string{"authentication.anonymous.enabled", "authentication.x509", "authorization", "featureGates.AllAlpha",
		"logging.verbosity", "readonlyport", "seccompDefault", "tlsCertFile"}
	if !slices.Equal(got, want) {
		t.Errorf("refused are %v", got)
	}
}

// Nobody can change the table of another caller.
func TestTheTableIsMadeAnew(t *testing.T) {
	Hardened()[0].Refs[0] = "changed"
	CipherSuites()[0] = "changed"
	if Hardened()[0].Refs[0] == "changed" || CipherSuites()[0] == "changed" {
		t.Error("the table is shared")
	}
}

func TestTimesAreToldFromCounts(t *testing.T) {
	for _, s := range Hardened() {
		if s.Rule == Between && s.High >= 1_000_000 && s.High < int64(time.Second) {
			t.Errorf("%s %s: %d could be either", s.Component, s.Key, s.High)
		}
	}
}
