package provision_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/spec"
)

// otherValues are values that a spec may well write where a control hardens a setting: as
// strict ones that are written otherwise, stricter ones, and some that only look it.
func otherValues() map[string][]string {
	const suite = `"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"`
	const suites = `"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"`
	off, on := []string{`"F"`, `"0"`, `"FALSE"`, `false`}, []string{`"T"`, `"1"`, `true`}
	return map[string][]string{
		"apiserver.args.enable-admission-plugins":                 {`"AlwaysPullImages"`, `" NodeRestriction , PodNodeSelector"`},
		"apiserver.args.profiling":                                off,
		"apiserver.args.request-timeout":                          {`"1m"`, `"300s"`, `"4m30s"`},
		"apiserver.args.service-account-lookup":                   on,
		"apiserver.args.service-account-extend-token-expiration":  off,
		"apiserver.args.tls-cipher-suites":                        {suite, suites},
		"apiserver.args.tls-min-version":                          {`"VersionTLS13"`},
		"controller_manager.args.profiling":                       off,
		"controller_manager.args.terminated-pod-gc-threshold":     {`10`, `"0100"`, `"12500"`},
		"controller_manager.args.tls-min-version":                 {`"VersionTLS13"`},
		"controller_manager.args.use-service-account-credentials": on,
		"scheduler.args.profiling":                                off,
		"scheduler.args.tls-min-version":                          {`"VersionTLS13"`},
		"etcd.args.auto-tls":                                      off,
		"etcd.args.peer-auto-tls":                                 off,
		"etcd.args.client-cert-auth":                              on,
		"etcd.args.peer-client-cert-auth":                         on,
		"kubelet.config.eventRecordQPS":                           {`5`, `49`},
		"kubelet.config.podPidsLimit":                             {`1`, `100`},
		"kubelet.config.streamingConnectionIdleTimeout":           {`"300s"`, `"1m"`, `"1s"`},
		"controller_manager.args.tls-cipher-suites":               {suite, suites},
		"scheduler.args.tls-cipher-suites":                        {suite, suites},
		"etcd.args.cipher-suites":                                 {suite, suites},
		"etcd.args.peer-skip-client-san-verification":             off,
		"kubelet.config.allowedUnsafeSysctls":                     {`[]`},
		"kubelet.config.tlsCipherSuites":                          {`[` + suite + `]`},
		"kubelet.config.tlsMinVersion":                            {`"VersionTLS13"`},
		"admission.pod_security":                                  {`"restricted"`},
		"admission.exempt_namespaces":                             {`["kube-public"]`, `[]`},
		"audit.max_age":                                           {`36500`},
		"audit.max_backup":                                        {`11`},
		"audit.max_size":                                          {`101`},
		"audit.policy":                                            {`"metadata"`, `"everything"`},
		"encryption.provider":                                     {`"aescbc"`, `"secretbox"`},
		"encryption.resources":                                    {`["configmaps"]`},
	}
}

// writtenAt is a setting with a value as a spec has it.
func writtenAt(path, value string) string {
	component, rest, _ := strings.Cut(path, ".")
	kind, key, nested := strings.Cut(rest, ".")
	if !nested {
		return fmt.Sprintf("%s { %s = %s }", component, rest, value)
	}
	if kind == "args" {
		return fmt.Sprintf("%s { args = { %q = %s } }", component, key, value)
	}
	parts := strings.Split(key, ".")
	for i := len(parts) - 1; i >= 0; i-- {
		value = fmt.Sprintf("{ %s = %s }", parts[i], value)
	}
	return fmt.Sprintf("%s { config = %s }", component, value)
}

// What a spec may write beside a control that hardens, its check passes: a value is refused
// when the spec is read, or it is strict enough.
func TestWhatAProfileAcceptsItsCheckPasses(t *testing.T) {
	text, err := os.ReadFile("../examples/quickstart/cluster.hcl")
	if err != nil {
		t.Fatal(err)
	}
	controls, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	values, accepted, dir := otherValues(), map[string]int{}, t.TempDir()
	for _, c := range controls {
		if c.Harden == nil || c.Check == nil {
			continue
		}
		for _, path := range c.Settings() {
			if _, others := values[path]; !others && !oneValue(path) {
				t.Errorf("%s hardens %s, of which no other value is tried", c.ID, path)
			}
			for _, v := range values[path] {
				lines := writtenAt(path, v)
				own := fmt.Sprintf("\nprofile \"one\" {\n  title    = \"one\"\n  controls = [%q]\n}\n", c.ID)
				whole := strings.Replace(string(text), "cluster \"quickstart\" {\n", "cluster \"quickstart\" {\n  profiles = [\"one\"]\n  "+lines+"\n", 1) + own
				if err := os.WriteFile(filepath.Join(dir, "cluster.hcl"), []byte(whole), 0o600); err != nil {
					t.Fatal(err)
				}
				a, err := provision.AuditRendered(t.Context(), provision.Input{Path: dir, Controls: []string{c.ID}})
				if refused, ok := errors.AsType[*spec.Error](err); ok && !slices.ContainsFunc(refused.Diags, func(d *hcl.Diagnostic) bool { return spec.CodeOf(d) != spec.CodeWeak }) {
					continue
				}
				if err != nil {
					t.Errorf("%s with %s: %v", c.ID, lines, err)
					continue
				}
				accepted[path]++
				for _, f := range a.Findings {
					if f.Verdict == profiles.Fail {
						t.Errorf("%s accepts %s, and fails on %s: %+v", c.ID, lines, f.Node, f.Seen)
					}
				}
			}
		}
	}
	for path := range values {
		if accepted[path] == 0 {
			t.Errorf("no other value of %s is accepted by any control", path)
		}
	}
}

// oneValue says whether a setting has one value that is strict enough: another, or the same
// written otherwise, is refused wherever it stands.
func oneValue(path string) bool {
	if b, ok := cluster.BlockSettingAt(path); ok {
		return b.Rule == cluster.TrueWins
	}
	component, rest, _ := strings.Cut(path, ".")
	kind, key, _ := strings.Cut(rest, ".")
	s, ok := cluster.Lookup(component, key)
	return ok && (s.Rule == cluster.Fixed || s.Rule == cluster.Forbidden || s.Rule == cluster.Pairs || strings.Contains(key, "feature-gates.") ||
		kind == "config" && (s.Rule == cluster.TrueWins || s.Rule == cluster.FalseWins || s.Rule == cluster.Ordered))
}
