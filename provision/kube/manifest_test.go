package kube

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestManifestOrder(t *testing.T) {
	text := `# a comment only
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hook}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w, namespace: net}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: net}
---
apiVersion: v1
kind: List
items:
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRoleBinding
  metadata: {name: b}
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRole
  metadata: {name: r}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: net, creationTimestamp: null}
data: {"a": "1"}
status: {x: 1}
---
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: sa, namespace: net}
---
apiVersion: v1
kind: Namespace
metadata: {name: net}
`
	objects, err := Manifest([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range objects {
		got = append(got, o.Ref.String())
	}
	want := []string{
		"v1/Namespace/net",
		"apiextensions.k8s.io/v1/CustomResourceDefinition/widgets.example.com",
		"v1/ServiceAccount/net/sa",
		"rbac.authorization.k8s.io/v1/ClusterRole/r",
		"rbac.authorization.k8s.io/v1/ClusterRoleBinding/b",
		"v1/ConfigMap/net/c",
		"apps/v1/DaemonSet/net/agent",
		"example.com/v1/Widget/net/w",
		"admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration/hook",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("order (-want +got):\n%s", d)
	}
	for _, o := range objects {
		if o.Ref.Name == "c" && string(o.JSON) != `{"apiVersion":"v1","data":{"a":"1"},"kind":"ConfigMap","metadata":{"name":"c","namespace":"net"}}` {
			t.Errorf("JSON is %s", o.JSON)
		}
	}
}

func TestManifestRefusals(t *testing.T) {
	cm := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
	tests := map[string]struct{ text, want string }{
		"nothing":         {"", "no object"},
		"comments":        {"# a\n---\n# b\n", "no object"},
		"no kind":         {"apiVersion: v1\nmetadata: {name: c}\n", "no kind"},
		"no apiVersion":   {"kind: ConfigMap\nmetadata: {name: c}\n", "no apiVersion"},
		"no name":         {"apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: c-}\n", "no name"},
		"no metadata":     {"apiVersion: v1\nkind: ConfigMap\n", "no metadata"},
		"a number":        {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 1}\n", "not a text"},
		"a list":          {"- a\n", "not an object"},
		"a text":          {"hello\n", "not an object"},
		"the same twice":  {cm + "---\n" + cm, "twice"},
		"a key twice":     {"apiVersion: v1\nkind: ConfigMap\nkind: Secret\nmetadata: {name: c}\n", "document 1"},
		"broken second":   {cm + "---\na: [\n", "document 2"},
		"bad list item":   {"apiVersion: v1\nkind: List\nitems: [1]\n", "item 0"},
		"too many":        {manyDocuments(maxObjects + 1), "more than"},
		"hostile name":    {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"a\\nb\"}\n", "cannot be one"},
		"too large":       {strings.Repeat("#", maxManifest+1), "bytes"},
		"alias explosion": {aliasBomb(), "document 1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Manifest([]byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func manyDocuments(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\n", i)
	}
	return b.String()
}

func aliasBomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10))
	}
	return b.String()
}

func FuzzManifest(f *testing.F) {
	f.Add("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n")
	f.Add("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: p, namespace: n}\n")
	f.Fuzz(func(t *testing.T, text string) {
		objects, err := Manifest([]byte(text))
		if err != nil {
			return
		}
		for _, o := range objects {
			if _, err := wantedObject(o); err != nil {
				t.Errorf("%s cannot be applied: %v", o.Ref, err)
			}
		}
	})
}
