package kube

import (
	"encoding/json"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// pair makes a want and a have of one object from what is below their metadata.
func pair(t testing.TB, apiVersion, kind, want, have string) (state.Object, state.HaveObject) {
	t.Helper()
	ref := state.ObjectRef{APIVersion: apiVersion, Kind: kind, Name: "x"}
	full := func(body string) []byte {
		j, err := yaml.YAMLToJSON([]byte("apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: x}\n" + body))
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	return state.Object{Ref: ref, JSON: full(want)}, state.HaveObject{Ref: ref, JSON: full(have)}
}

func TestMissing(t *testing.T) {
	const dep, crd, rb = "apps/v1 Deployment", "apiextensions.k8s.io/v1 CustomResourceDefinition", "rbac.authorization.k8s.io/v1 RoleBinding"
	pod := func(spec string) string { return "spec: {template: {spec: " + spec + "}}" }
	tests := map[string]struct {
		kind, want, have string
		missing          bool
	}{
		"the same":                     {dep, pod("{hostNetwork: true}"), pod("{hostNetwork: true}"), false},
		"defaults added":               {dep, pod("{containers: [{name: a, image: i}]}"), pod("{restartPolicy: Always, containers: [{name: a, image: i, imagePullPolicy: Always, resources: {}}]}"), false},
		"another value":                {dep, pod("{containers: [{name: a, image: i}]}"), pod("{containers: [{name: a, image: j}]}"), true},
		"a field gone":                 {dep, pod("{hostNetwork: true}"), pod("{}"), true},
		"a false that is left out":     {dep, pod("{hostNetwork: false}"), pod("{}"), false},
		"a false that became true":     {dep, pod("{hostNetwork: false}"), pod("{hostNetwork: true}"), true},
		"empty labels have some":       {dep, "spec: {template: {metadata: {labels: {}}}}", "spec: {template: {metadata: {labels: {a: b}}}}", false},
		"an empty text has a default":  {dep, pod("{schedulerName: ''}"), pod("{schedulerName: default-scheduler}"), false},
		"a false that means something": {dep, pod("{automountServiceAccountToken: false}"), pod("{}"), true},
		"the same false":               {dep, pod("{automountServiceAccountToken: false}"), pod("{automountServiceAccountToken: false}"), false},
		"a sidecar injected":           {dep, pod("{containers: [{name: a, image: i}]}"), pod("{containers: [{name: s, image: z}, {name: a, image: i}]}"), false},
		"a container gone":             {dep, pod("{containers: [{name: a}, {name: b}]}"), pod("{containers: [{name: a}]}"), true},
		"quantities":                   {dep, pod("{containers: [{name: a, resources: {limits: {cpu: 0.5, memory: 1024Mi}}}]}"), pod("{containers: [{name: a, resources: {limits: {cpu: 500m, memory: 1Gi}}}]}"), false},
		"a number as a quantity":       {dep, pod("{containers: [{name: a, resources: {requests: {cpu: 1}}}]}"), pod("{containers: [{name: a, resources: {requests: {cpu: '1'}}}]}"), false},
		"another quantity":             {dep, pod("{containers: [{name: a, resources: {limits: {cpu: 501m}}}]}"), pod("{containers: [{name: a, resources: {limits: {cpu: 500m}}}]}"), true},
		"a port's protocol":            {"v1 Service", "spec: {ports: [{port: 80}]}", "spec: {ports: [{port: 80, protocol: TCP, targetPort: 80}]}", false},
		"another port":                 {"v1 Service", "spec: {ports: [{port: 81}]}", "spec: {ports: [{port: 80}]}", true},
		"an emptyDir":                  {dep, pod("{volumes: [{name: v, emptyDir: {}}]}"), pod("{volumes: [{name: v, emptyDir: {}}]}"), false},
		"an emptyDir that became host": {dep, pod("{volumes: [{name: v, emptyDir: {}}]}"), pod("{volumes: [{name: v, hostPath: {path: /}}]}"), true},
		"empty labels":                 {"v1 ConfigMap", "data: {}", "", false},
		"null is nothing wanted":       {"v1 ConfigMap", "data: null", "data: {a: b}", false},
		"data":                         {"v1 ConfigMap", "data: {a: '1'}", "data: {a: '1', b: '2'}", false},
		"text is no quantity":          {"v1 ConfigMap", "data: {cpu: '1'}", "data: {cpu: '1000m'}", true},
		"status is the server's":       {dep, "status: {replicas: 3}", "status: {replicas: 1}", false},
		"a subject more": {rb, "roleRef: {kind: Role, name: r}\nsubjects: [{kind: Group, name: a}]",
			"roleRef: {kind: Role, name: r, apiGroup: rbac.authorization.k8s.io}\nsubjects: [{kind: Group, name: a}, {kind: User, name: system:anonymous}]", true},
		"a subject's defaults": {rb, "roleRef: {kind: Role, name: r}\nsubjects: [{kind: Group, name: a}]",
			"roleRef: {kind: Role, name: r, apiGroup: rbac.authorization.k8s.io}\nsubjects: [{kind: Group, name: a, apiGroup: rbac.authorization.k8s.io}]", false},
		"a rule more": {"rbac.authorization.k8s.io/v1 ClusterRole", "rules: [{verbs: [get], resources: [pods]}]",
			"rules: [{verbs: [get], resources: [pods]}, {verbs: ['*'], resources: ['*']}]", true},
		"a verb more":     {"rbac.authorization.k8s.io/v1 ClusterRole", "rules: [{verbs: [get]}]", "rules: [{verbs: [get, delete]}]", true},
		"selects less":    {"networking.k8s.io/v1 NetworkPolicy", "spec: {podSelector: {}}", "spec: {podSelector: {matchLabels: {a: b}}}", true},
		"selects all":     {"networking.k8s.io/v1 NetworkPolicy", "spec: {podSelector: {}}", "spec: {podSelector: {}, policyTypes: [Ingress]}", false},
		"no ingress":      {"networking.k8s.io/v1 NetworkPolicy", "spec: {podSelector: {}, ingress: []}", "spec: {podSelector: {}}", false},
		"ingress opened":  {"networking.k8s.io/v1 NetworkPolicy", "spec: {podSelector: {}, ingress: []}", "spec: {podSelector: {}, ingress: [{}]}", true},
		"a label selects": {"v1 Service", "spec: {selector: {a: b}}", "spec: {selector: {a: b, c: d}}", true},

		"CRD: false left out": {crd, "spec: {preserveUnknownFields: false, scope: Cluster}", "spec: {scope: Cluster}", false},
		"CRD: a version":      {crd, "spec: {versions: [{name: v1, served: true}]}", "spec: {versions: [{name: v1, served: true, storage: true}]}", false},
		"CRD: int and float":  {crd, "spec: {a: 1.0, b: 1e3}", "spec: {a: 1, b: 1000}", false},
		"CRD: large integers": {crd, "spec: {a: 9007199254740993}", "spec: {a: 9007199254740992}", true},
		"CRD: named in any order": {crd, "spec: {versions: [{name: a}, {name: b}]}",
			"spec: {versions: [{name: b, served: false}, {name: a}]}", false},
		"custom: another type": {"example.com/v1 Widget", "spec: {a: '1'}", "spec: {a: 1}", true},
		"custom: a list":       {"example.com/v1 Widget", "spec: {a: [x, y]}", "spec: {a: [y, x]}", true},
		"custom: quantities":   {"example.com/v1 Widget", "spec: {limits: {cpu: 1}}", "spec: {limits: {cpu: '1'}}", false},
		"custom: map for text": {"example.com/v1 Widget", "spec: {a: {b: c}}", "spec: {a: d}", true},
		"a Secret's content":   {"v1 Secret", "stringData: {a: b}\ntype: Opaque", "type: Opaque", false},
		"a Secret's type":      {"v1 Secret", "data: {a: Yg==}\ntype: Opaque", "type: x", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			apiVersion, kind, _ := strings.Cut(tt.kind, " ")
			want, have := pair(t, apiVersion, kind, tt.want, tt.have)
			if got := Missing(want, have); got != tt.missing {
				t.Errorf("Missing is %v\nwant %s\nhave %s", got, want.JSON, have.JSON)
			}
			if Missing(want, state.HaveObject{Ref: want.Ref, JSON: want.JSON}) {
				t.Error("an object is missing from itself")
			}
		})
	}
}

func TestMissingWholeObjects(t *testing.T) {
	want, have := pair(t, "v1", "ConfigMap", "", "")
	if !Missing(want, state.HaveObject{}) {
		t.Error("an absent object is not missing")
	}
	want.JSON = nil
	if !Missing(want, have) {
		t.Error("an object that must not exist and does is not a difference")
	}
	if Missing(want, state.HaveObject{}) {
		t.Error("an object that must not exist and does not is a difference")
	}
	want.JSON = []byte("{")
	if !Missing(want, have) {
		t.Error("what cannot be read is in sync")
	}
}

func FuzzMissing(f *testing.F) {
	f.Add("apps/v1", "Deployment", "spec: {replicas: 1}")
	f.Add("v1", "Pod", "spec: {containers: [{name: a, resources: {limits: {cpu: 1e-9}}}]}")
	f.Add("example.com/v1", "X", "spec: [1, 2.5, 1e400, {a: null}]")
	f.Fuzz(func(t *testing.T, apiVersion, kind, body string) {
		j, err := yaml.YAMLToJSON([]byte(body))
		if err != nil {
			return
		}
		var obj map[string]any
		if json.Unmarshal(j, &obj) != nil || obj == nil {
			return
		}
		ref := state.ObjectRef{APIVersion: apiVersion, Kind: kind, Name: "x"}
		if j, err = json.Marshal(obj); err != nil {
			return
		}
		if Missing(state.Object{Ref: ref, JSON: j}, state.HaveObject{Ref: ref, JSON: j}) {
			t.Errorf("missing from itself: %s", j)
		}
	})
}
