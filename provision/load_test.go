package provision

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/spec"
)

// specWith writes a spec with two nodes, and lines 2 and on of the caller's.
func specWith(t *testing.T, lines string, files map[string]string) Input {
	t.Helper()
	dir := t.TempDir()
	files["cluster.hcl"] = "cluster \"demo\" {\n" + lines + `
  firewall { admins = ["203.0.113.0/24"] }
  node "cp-1" {
    role    = "control-plane"
    address = "10.0.0.11"
  }
  node "w-1" {
    role    = "worker"
    address = "10.0.0.21"
  }
}
`
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Input{Path: dir}
}

// What only kubeadm, the firewall or the pod network find wrong is said as
// everything else is: all of it at once, each once, with line and code.
func TestWhatIsFoundAfterReadingHasALineToo(t *testing.T) {
	type want struct {
		line int
		says string
	}
	for name, c := range map[string]struct {
		lines string
		files map[string]string
		want  []want
	}{
		"types, several at once": {
			lines: "kubelet {\nconfig = {\nmaxPods = \"sixty\"\nevictionHard = [\"memory.available\"]\n}\n}\nkube_proxy { config = { conntrack = 5 } }",
			want: []want{
				{4, "kubelet.config.maxPods: maxPods is text where KubeletConfiguration takes a whole number"},
				{5, "kubelet.config.evictionHard: evictionHard is a list where KubeletConfiguration takes a map"},
				{8, "kube_proxy.config.conntrack: conntrack is a number where KubeProxyConfiguration takes a map"},
			},
		},
		"IPv6 pods behind IPv4 nodes": {
			lines: "network {\npods = [\"10.244.0.0/16\", \"fd00:10::/56\"]\nservices = [\"10.96.0.0/12\", \"fd00:20::/112\"]\n}",
			want:  []want{{3, "there is none on cp-1, w-1"}},
		},
		"site-local services, and a bad value elsewhere": {
			lines: "network {\npods = [\"10.244.0.0/16\", \"fd00:10::/56\"]\nservices = [\"10.96.0.0/12\", \"fec0::/112\"]\n}\nkubelet { config = { maxPods = true } }",
			want:  []want{{3, "IPv6 address"}, {4, "RFC 3879"}, {6, "maxPods is true or false"}},
		},
		"a manifest that is no YAML, and one document that is no object": {
			lines: "network {\ncni_ports = []\ncni \"manifest\" { manifest = file(\"cni.yaml\") }\n}",
			files: map[string]string{"cni.yaml": "a: [\n---\nkind: Pod\n"},
			want:  []want{{4, "document 1"}, {4, "document 2"}},
		},
		"Secrets in a manifest": {
			lines: "network {\ncni_ports = []\ncni \"manifest\" { manifest = file(\"cni.yaml\") }\n}",
			files: map[string]string{"cni.yaml": secret("one") + "---\n" + secret("two")},
			want:  []want{{4, "a Secret, one"}, {4, "a Secret, two"}},
		},
		"a pod network that the policy of images refuses": {
			lines: "network {\ncni_ports = []\ncni \"manifest\" { manifest = file(\"cni.yaml\") }\n}\npolicy {\nimages {\ndigests = true\nmode = \"enforce\"\n}\n}",
			files: map[string]string{"cni.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: agent, namespace: net}\nspec: {containers: [{image: a/b}]}\n"},
			want:  []want{{7, "policy.images: the pod network's own Pod agent runs a/b (without a digest)"}},
		},
		"what kubeadm's validation refuses": {
			lines: "network { pods = [\"10.244.0.0/16\"] }\ncontroller_manager { args = { node-cidr-mask-size-ipv4 = \"12\" } }",
			want:  []want{{2, "network.pods: kubeadm refuses its configuration: networking.podSubnet"}},
		},
		"about a setting that no line says": {
			lines: "controller_manager { args = { node-cidr-mask-size-ipv4 = \"12\" } }",
			want:  []want{{1, "networking.podSubnet"}},
		},
	} {
		if c.files == nil {
			c.files = map[string]string{}
		}
		in := specWith(t, c.lines, c.files)
		_, err := Validate(context.Background(), in)
		refused, ok := errors.AsType[*spec.Error](err)
		if !ok {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, d := range refused.Diags {
			at := 0
			if d.Subject != nil {
				at = d.Subject.Start.Line
				if refused.Files[d.Subject.Filename] == nil {
					t.Errorf("%s: no text of %s for a snippet", name, d.Subject.Filename)
				}
			}
			got = append(got, fmt.Sprintf("%d %s %s", at, spec.CodeOf(d), d.Detail))
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %d problems, want %d:\n%s", name, len(got), len(c.want), strings.Join(got, "\n"))
			continue
		}
		for i, w := range c.want {
			if !strings.HasPrefix(got[i], fmt.Sprintf("%d S043 refused ", w.line)) || !strings.Contains(got[i], w.says) {
				t.Errorf("%s: %q, want line %d and %q", name, got[i], w.line, w.says)
			}
		}
		if _, err := Render(context.Background(), in); err == nil || !strings.Contains(err.Error(), "Value refused") {
			t.Errorf("%s: render says %v", name, err)
		}
		if _, err := Open(context.Background(), in); err == nil || !strings.Contains(err.Error(), "Value refused") {
			t.Errorf("%s: apply says %v", name, err)
		}
	}
}

// A sensitive variable's value is in no message, of what is found late either.
func TestLateProblemsKeepSecrets(t *testing.T) {
	in := specWith(t, "kubelet { config = { maxPods = 5, containerLogMaxSize = var.odd } }", map[string]string{
		"vars.hcl": "variable \"odd\" {\n  sensitive = true\n  default = \"hush-1234\\u0090\"\n}\n",
	})
	_, err := Validate(context.Background(), in)
	if _, ok := errors.AsType[*spec.Error](err); !ok || strings.Contains(err.Error(), "hush") {
		t.Errorf("%v", err)
	}
}

func secret(name string) string {
	return "apiVersion: v1\nkind: Secret\nmetadata:\n  name: " + name + "\n"
}

// Who ends a run need not wait for a large spec.
func TestReadingEndsWithItsContext(t *testing.T) {
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	never := make(chan struct{})
	defer close(never)
	_, err := promptly(ctx, func() (int, error) { cancel(enough); <-never; return 1, nil })
	if !errors.Is(err, enough) {
		t.Errorf("%v", err)
	}
	if n, err := promptly(context.Background(), func() (int, error) { return 2, nil }); n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
