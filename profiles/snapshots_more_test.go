package profiles_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
)

// A setting that is there and says nothing, a file that is nowhere and a role that has the
// name of one of Kubernetes' own are no way past a check.
func TestWhatLooksLikeWhatIsAskedForIsNotIt(t *testing.T) {
	const (
		kubelet  = `{"nodes": {"w-1": {"files": {"/var/lib/kubelet/config.yaml": {"text": `
		noCA     = kubelet + `{"authentication": {"x509": {"clientCAFile": ""}}}}}}}}`
		noConfig = `{"nodes": {"w-1": {"args": {"kubelet": {"config": null}}}}}`
		open     = kubelet + `{"readOnlyPort": 10255}}}}}}`
		nowhere  = `{"nodes": {"w-1": {"files": {
			"/etc/systemd/system/kubelet.service": {"type": "absent"}, "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf": {"type": "absent"}}}}}`
		socket      = `{"nodes": {"w-1": {"units": {"ssh.service": {"active": "inactive", "enabled": "disabled"}, "sshd.socket": {"load": "loaded", "active": "active", "enabled": "enabled"}}}}}`
		grant       = `{"api": {"grants": {"more": {"binding": "more", "namespace": "apps", "role": `
		everyone    = ` "subject_kind": "User", "subject": "jane", "subject_namespace": "", "verbs": ["*"], "groups": ["*"], "resources": ["*"], "names": [], "urls": [], "builtin": false}}}}`
		end         = `}}]}}}}}}`
		podSecurity = `{"nodes": {"cp-1": {"files": {"/etc/kubernetes/bulwark/apiserver/admission.yaml": {"text": {"plugins": [{"name": "EventRateLimit"}, {"name": "PodSecurity",
			"configuration": {"defaults": {"enforce": "restricted", "audit": "restricted", "warn": "restricted"}, `
		tokens = ` "subject_kind": "User", "subject": "jane", "subject_namespace": "", "verbs": ["create", "impersonate"], "groups": [""], "resources": ["serviceaccounts/token", "serviceaccounts"], "names": [], "urls": [], "builtin": false}}}}`
	)
	podSecurityControls := []string{"CIS-5.2.1", "STIG-V-254800", "NSA-PS-1", "NSA-APP-C", "PCI-3.1", "PCI-12.3"}
	of := func(version string) string {
		return strings.Replace(podSecurity, `"enforce": "restricted"`, `"enforce": "restricted", "enforce-version": "`+version+`"`, 1) + `"exemptions": {}` + end
	}
	hardened := func() object { return keyed(readJSON[object](t, "hardened.json")) }
	controls, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		patch string
		want  profiles.Verdict
		ids   []string
	}{
		{noCA, profiles.Fail, []string{"CIS-4.2.3", "STIG-V-242420", "NSA-AA-3"}},
		{kubelet + `{"authorization": {"mode": ""}}}}}}}`, profiles.Fail, []string{"CIS-4.2.2"}},
		{kubelet + `{"tlsPrivateKeyFile": ""}}}}}}`, profiles.Fail, []string{"CIS-4.2.9", "STIG-V-242424"}},
		{kubelet + `{"tlsCertFile": ""}}}}}}`, profiles.Fail, []string{"CIS-4.2.9", "STIG-V-242425"}},
		{open, profiles.Fail, []string{"CIS-4.2.4", "STIG-V-242387", "PCI-1.1", "PCI-4.3"}},
		{noConfig, profiles.Fail, []string{"CIS-4.2.4", "STIG-V-242387", "PCI-1.1", "PCI-4.3"}},
		{nowhere, profiles.Fail, []string{"CIS-4.1.1", "CIS-4.1.2", "STIG-V-242454", "STIG-V-242455"}},
		{socket, profiles.Fail, []string{"STIG-V-242393", "STIG-V-242394"}},
		{grant + `"cluster-admin", "role_kind": "Role",` + everyone, profiles.Fail, []string{"CIS-5.1.3", "CIS-5.1.8", "CIS-5.1.13"}},
		{grant + `"cluster-admin", "role_kind": "ClusterRole",` + everyone, profiles.Pass, []string{"CIS-5.1.3"}},
		{grant + `"edit", "role_kind": "Role",` + tokens, profiles.Fail, []string{"CIS-5.1.8", "CIS-5.1.13"}},
		{grant + `"edit", "role_kind": "ClusterRole",` + tokens, profiles.Pass, []string{"CIS-5.1.8", "CIS-5.1.13"}},
		{`{"cluster": {"kubernetes": "v1.34.9"}}`, profiles.Fail, []string{"PCI-10.1"}},
		{`{"api": {"nodes": {"w-1": {"kubelet": "v1.29.0"}}}}`, profiles.Fail, []string{"PCI-10.1"}},
		{`{"api": {"nodes": {"w-1": {"kubelet": "v1.3.10"}}}}`, profiles.Fail, []string{"PCI-10.1"}},
		{`{"api": {"nodes": {"w-1": {"kubelet": ""}}}}`, profiles.Fail, []string{"PCI-10.1"}},
		{`{"api": {"nodes": {"w-1": {"kubelet": "v1.35.0"}}}}`, profiles.Pass, []string{"PCI-10.1"}},
		{`{"api": {"nodes": {"w-1": {"kubelet": "v1.40.1"}}}}`, profiles.Pass, []string{"PCI-10.1"}},
		{podSecurity + `"exemptions": {"namespaces": ["kube-system", "apps"]}` + end, profiles.Fail, podSecurityControls},
		{podSecurity + `"exemptions": {"namespaces": ["kube-system", "kube-public"]}` + end, profiles.Pass, podSecurityControls},
		{podSecurity + `"exemptions": {}` + end, profiles.Pass, podSecurityControls},
		{podSecurity + `"exemptions": {"usernames": ["jane"]}` + end, profiles.Fail, podSecurityControls},
		{podSecurity + `"exemptions": {"runtimeClasses": ["gvisor"]}` + end, profiles.Fail, podSecurityControls},
		{of("v1.30"), profiles.Fail, podSecurityControls},
		{of("v1.36"), profiles.Fail, podSecurityControls},
		{of("v1.37"), profiles.Pass, podSecurityControls},
		{of("latest"), profiles.Pass, podSecurityControls},
		{`{"cluster": {"namespaces": {"apps": "baseline"}}}`, profiles.Fail, []string{"CIS-5.2.6", "CIS-5.2.7", "CIS-5.2.8", "CIS-5.2.9", "NSA-PS-1", "NSA-PS-4d", "NSA-APP-C", "PCI-12.3"}},
		{`{"cluster": {"namespaces": {"apps": "baseline"}}}`, profiles.Pass, []string{"CIS-5.2.2", "NSA-PS-4a", "STIG-V-254800", "PCI-3.1"}},
		{`{"api": {"namespaces": {"apps": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}}}}`, profiles.Fail, []string{"CIS-5.2.7", "NSA-PS-4d", "PCI-12.3"}},
		{`{"api": {"namespaces": {"apps": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}}}`, profiles.Fail, []string{"NSA-PS-4a", "NSA-PS-4b", "NSA-PS-4c", "PCI-3.1"}},
	} {
		var patch object
		if err := json.Unmarshal([]byte(test.patch), &patch); err != nil {
			t.Fatalf("%s: %v", test.patch, err)
		}
		s := asSnapshot(t, patched(t, test.patch, hardened(), patch).(object))
		for _, id := range test.ids {
			i := slices.IndexFunc(controls, func(c profiles.Control) bool { return c.ID == id })
			is, findings := verdicts(t, controls[i], s)
			if !slices.Contains(is, test.want) || test.want == profiles.Pass && len(is) > 1 || slices.Contains(is, profiles.Unknown) {
				t.Errorf("%s is %v, want %s, with %s: %+v", id, is, test.want, test.patch, findings)
			}
		}
	}
}
