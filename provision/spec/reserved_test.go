package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

const keyRef = "<<bulwark:encryption-key>>"

func TestTheMarkIsTheOneThatApplyReplaces(t *testing.T) {
	if refMark != state.RefMark {
		t.Errorf("%q is refused and %q is replaced", refMark, state.RefMark)
	}
}

// What a spec says is text, and never a name for the encryption key.
func TestNoTextOfASpecIsAReference(t *testing.T) {
	manifest := filepath.Join("testdata", "accepted", "cni.yaml")
	cni, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	quoted := `"` + keyRef + `"`
	for name, line := range map[string]string{
		"an argument":             `apiserver { args = { external-hostname = ` + quoted + ` } }`,
		"inside an argument":      `apiserver { args = { external-hostname = "a ` + keyRef + ` b" } }`,
		"an argument's name":      `apiserver { args = { ` + quoted + ` = "a" } }`,
		"put together":            `apiserver { args = { external-hostname = join("", ["<<bul", "wark:encryption-key>>"]) } }`,
		"cut short":               `apiserver { args = { external-hostname = "<<bulwark:" } }`,
		"etcd":                    `etcd { args = { log-outputs = ` + quoted + ` } }`,
		"a field":                 `kubelet { config = { providerID = ` + quoted + ` } }`,
		"a nested field":          `kubelet { config = { logging = { options = { json = { infoBufferSize = ` + quoted + ` } } } } }`,
		"an element":              `kube_proxy { config = { nodePortAddresses = ["primary", ` + quoted + `] } }`,
		"a key of a map":          `kubelet { config = { evictionHard = { ` + quoted + ` = "1Mi" } } }`,
		"a label":                 `node "w-1" { labels = { a = ` + quoted + ` } }`,
		"a host":                  `endpoint { host = ` + quoted + ` }`,
		"the text of a manifest":  "network {\n cni_ports = []\n" + ` cni "manifest" { manifest = ` + quoted + " }\n}",
		"a manifest in a file":    "network {\n" + ` cni "manifest" { manifest = file("cni.yaml") }` + "\n}",
		"a file as an argument":   `apiserver { args = { external-hostname = file("cni.yaml") } }`,
		"a variable's default":    `apiserver { args = { external-hostname = var.x } }`,
		"a variable of lists":     `apiserver { args = { external-hostname = var.y[0] } }`,
		"a variable from outside": `apiserver { args = { external-hostname = var.z } }`,
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(minimal, "{\n", "{\n  "+line+"\n", 1)
			given := Options{}
			switch {
			case strings.Contains(line, "var.x"):
				text += "variable \"x\" { default = " + quoted + " }\n"
			case strings.Contains(line, "var.y"):
				text += "variable \"y\" { default = [" + quoted + "] }\n"
			case strings.Contains(line, "var.z"):
				text += "variable \"z\" { type = string }\n"
				given.Vars = map[string]string{"z": keyRef}
			}
			dir := written(t, text)
			if err := os.WriteFile(filepath.Join(dir, "cni.yaml"), append(cni, "# "+keyRef+"\n"...), 0o600); err != nil {
				t.Fatal(err)
			}
			c, files, diags := Load(dir, given)
			if c != nil || !hasCode(diags, CodeReserved) {
				t.Error(printed(files, diags))
			}
		})
	}
}

func TestNoTextOfAnOverlayIsAReference(t *testing.T) {
	for _, line := range []string{`kubelet { config = { providerID = "` + keyRef + `" } }`, `skip_sysctls = ["` + keyRef + `"]`, ``} {
		reason := "because"
		if line == "" {
			reason = keyRef
		}
		overlay := filepath.Join(t.TempDir(), "overlay.hcl")
		if err := os.WriteFile(overlay, []byte("deviation \"a\" {\n reason = \""+reason+"\"\n "+line+"\n}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if c, files, diags := Load(written(t, minimal), Options{Overlay: overlay}); c != nil || !hasCode(diags, CodeReserved) {
			t.Errorf("%s:\n%s", line, printed(files, diags))
		}
	}
}
