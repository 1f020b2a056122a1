package provision

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// What controls ask of documents and folders is asked of machines, and of the key file
// no text.
func TestDocumentsAreAskedFor(t *testing.T) {
	also := check.Needs{Folders: []string{"/etc/kubernetes/pki", "/etc/kubernetes/pki"}, Documents: []string{"audit_rules", "encryption", "firewall", "issuers"}}
	a := ask(state.Want{Node: "n"}, also)
	got := map[string]observe.AskFile{}
	for _, f := range a.Files {
		got[f.Path] = f
	}
	keys := got[kubeadm.EncryptionProviderFile]
	if !got[kubeadm.AuditPolicyFile].Text || !got[kubeadm.AuthenticationFile].Text || got[kubeadm.AdmissionFile].Text || keys.Text || !keys.Encrypts {
		t.Errorf("%+v", a.Files)
	}
	if at := slices.Index(a.Dirs, "/etc/kubernetes/pki"); at < 0 || slices.Contains(a.Dirs[at+1:], "/etc/kubernetes/pki") {
		t.Errorf("%q", a.Dirs)
	}
	for _, f := range ask(state.Want{Node: "n"}, check.Needs{}).Files {
		if f.Encrypts || f.Path == kubeadm.AuditPolicyFile {
			t.Errorf("without an audit: %+v", f)
		}
	}
}

// A component that somebody else configured says where its files lie, and they are read
// in a second look; of keys nothing is kept.
func TestFilesThatOnlyComponentsNameAreRead(t *testing.T) {
	const key = "c2VjcmV0IG9mIDMyIGJ5dGVz"
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		path := func(name, text string) string {
			p := filepath.Join(dir, name)
			if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return p
		}
		path("ps.yaml", "defaults: {enforce: baseline}")
		n := &state.Node{Name: "n", Files: map[string]state.HaveFile{}, Unread: map[string]string{}, Processes: map[string]state.Process{"kube-apiserver": {Args: []string{"kube-apiserver",
			"--admission-control-config-file=" + path("admission.yaml", "plugins: [{name: PodSecurity, path: ps.yaml}]"),
			"--encryption-provider-config=" + path("keys.yaml", "resources: [{resources: [secrets], providers: [{aescbc: {keys: [{name: k, secret: "+key+"}]}}]}]"),
			"--audit-policy-file=" + filepath.Join(dir, "none.yaml"), "--audit-log-path=-"}}}}
		l := &looker{hosts: map[string]host.Host{"n": h}, also: check.Needs{Documents: []string{"pod_security", "encryption", "audit_rules"}}}
		if err := l.unasked(t.Context(), map[string]*state.Node{"n": n}); err != nil {
			t.Fatal(err)
		}
		if got := string(n.Files[filepath.Join(dir, "ps.yaml")].Text); got != "defaults: {enforce: baseline}" {
			t.Errorf("what the second file names is %q, %q", got, n.Unread)
		}
		if got := string(n.Files[filepath.Join(dir, "keys.yaml")].Text); strings.Contains(got, key) || !strings.Contains(got, "aescbc") {
			t.Errorf("of the key file %q is kept, %q", got, n.Unread)
		}
		if f := n.Files[filepath.Join(dir, "none.yaml")]; f.Type != "absent" {
			t.Errorf("%+v, %q", f, n.Unread)
		}
	})
}
