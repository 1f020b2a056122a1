package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// listing is an API that has what a test gives it by path, and remembers what it was asked.
type listing struct {
	mu      sync.Mutex
	pages   map[string][]string // items of each page, by path
	refused map[string]bool
	expired bool // every page but the first is too old, and may be gone on from now
	asked   []string
	accepts []string
}

func (l *listing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := r.URL.Query()
	l.asked = append(l.asked, r.URL.Path+"?limit="+q.Get("limit"))
	if strings.HasSuffix(r.URL.Path, "/secrets") {
		l.accepts = append(l.accepts, r.Header.Get("Accept"))
	}
	w.Header().Set("Content-Type", "application/json")
	status := func(code int, reason, next string) {
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":"no \u001b[31m","code":%d,"metadata":{"continue":%q}}`, reason, code, next)
	}
	if l.refused[r.URL.Path] {
		status(http.StatusForbidden, "Forbidden", "")
		return
	}
	page := 0
	if c := q.Get("continue"); c != "" {
		if l.expired && !strings.HasPrefix(c, "now-") {
			status(http.StatusGone, "Expired", "now-"+c)
			return
		}
		_, _ = fmt.Sscanf(strings.TrimPrefix(c, "now-"), "%d", &page)
	}
	next, items := "", ""
	if all := l.pages[r.URL.Path]; page < len(all) {
		items = all[page]
		if page+1 < len(all) {
			next = fmt.Sprint(page + 1)
		}
	}
	kind := ""
	if strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList") {
		kind = `"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadataList",`
	}
	_, _ = io.WriteString(w, `{`+kind+`"metadata":{"resourceVersion":"1","continue":"`+next+`"},"items":[`+items+`]}`)
}

func (l *listing) client(t *testing.T) *Client {
	t.Helper()
	a, m := newAuthority(t), &machine{}
	server(t, a, m, "10.0.0.11:6443", l.ServeHTTP, "api.example.com")
	return newClient(t, m, a.kubeconfig(t, endpointURL, admin()), "10.0.0.11:6443")
}

// Every list of an inventory is read by somebody, and is empty, not nil, where the API
// has nothing of it.
func TestEveryListIsRead(t *testing.T) {
	c := (&listing{}).client(t)
	of := reflect.TypeFor[state.Inventory]()
	var names []string
	for i := range of.NumField() {
		names = append(names, of.Field(i).Tag.Get("json"))
	}
	got, unread, err := c.Inventory(t.Context(), append(names, "nodes", "bootstrap_tokens"))
	if err != nil || len(unread) > 0 {
		t.Fatalf("%v %v", unread, err)
	}
	for i, name := range names {
		if v := reflect.ValueOf(*got).Field(i); v.IsNil() || v.Len() != 0 {
			t.Errorf("%s is %v", name, v)
		}
	}
}

func TestOnlyWhatIsAskedForIsRead(t *testing.T) {
	for lists, want := range map[string][]string{
		"":                      nil,
		"nodes":                 nil, // every look has them
		"quotas":                {"/api/v1/resourcequotas?limit=500"},
		"pods,service_accounts": {"/api/v1/pods?limit=500", "/api/v1/serviceaccounts?limit=500"},
	} {
		l := &listing{}
		got, unread, err := l.client(t).Inventory(t.Context(), strings.Split(lists, ","))
		slices.Sort(l.asked)
		if err != nil || len(unread) > 0 || !slices.Equal(l.asked, want) {
			t.Errorf("%q: the API was asked for %q, want %q; %v %v", lists, l.asked, want, unread, err)
		}
		if got == nil || got.Things != nil {
			t.Errorf("%q: what nobody asked for is %v", lists, got)
		}
	}
}

func TestPagesOfAList(t *testing.T) {
	item := func(name string) string { return `{"metadata":{"namespace":"web","name":"` + name + `"}}` }
	for name, expired := range map[string]bool{"in time": false, "longer than etcd remembers": true} {
		l := &listing{expired: expired, pages: map[string][]string{
			"/api/v1/limitranges": {item("a") + "," + item("b"), item("c"), item("d")}}}
		got, unread, err := l.client(t).Inventory(t.Context(), []string{"limit_ranges"})
		if err != nil || len(unread) > 0 {
			t.Fatalf("%s: %v %v", name, unread, err)
		}
		var names []string
		for _, r := range got.LimitRanges {
			names = append(names, r.Name)
		}
		if !slices.Equal(names, []string{"a", "b", "c", "d"}) {
			t.Errorf("%s: %v", name, names)
		}
	}
}

// One list that is refused is not known, and the others are.
func TestAListFailsByItself(t *testing.T) {
	for refused, want := range map[string][]string{
		"/api/v1/namespaces":                                                      {"namespaces"},
		"/api/v1/serviceaccounts":                                                 {"pods", "service_accounts"}, // tokens of pods are theirs to say
		"/apis/rbac.authorization.k8s.io/v1/roles":                                {"grants"},
		"/api/v1/namespaces/kube-public/secrets":                                  {"things"},
		"/apis/networking.k8s.io/v1/networkpolicies":                              {"network_policies"},
		"/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings": {"admission_policies"},
	} {
		l := &listing{refused: map[string]bool{refused: true}, pages: map[string][]string{"/api/v1/resourcequotas": {`{"metadata":{"name":"q"}}`},
			"/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies": {`{"metadata":{"name":"p"}}`}}}
		got, unread, err := l.client(t).Inventory(t.Context(), []string{"namespaces", "pods", "service_accounts", "grants", "quotas", "things", "network_policies", "admission_policies"})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for name, why := range unread {
			names = append(names, name)
			if !strings.Contains(why, "listing ") || strings.Contains(why, "\x1b") {
				t.Errorf("%s: %s: %q", refused, name, why)
			}
		}
		slices.Sort(names)
		if !slices.Equal(names, want) || len(got.Quotas) != 1 {
			t.Errorf("%s: unread are %v, want %v; quotas %v", refused, names, want, got.Quotas)
		}
		text, _ := json.Marshal(got)
		for _, name := range want {
			if !strings.Contains(string(text), `"`+name+`":null`) {
				t.Errorf("%s: %s is there in part: %s", refused, name, text)
			}
		}
	}
}

// Whether a pod gets a token is its own service account's to say, not that of another
// namespace.
func TestTokensOfPods(t *testing.T) {
	l := &listing{pages: map[string][]string{
		"/api/v1/serviceaccounts": {`{"metadata":{"namespace":"a","name":"bot"},"automountServiceAccountToken":false},{"metadata":{"namespace":"b","name":"bot"}}`},
		"/api/v1/pods": {`{"metadata":{"namespace":"a","name":"p"},"spec":{"serviceAccountName":"bot"}},{"metadata":{"namespace":"b","name":"p"},"spec":{"serviceAccountName":"bot"}}`,
			`{"metadata":{"namespace":"a","name":"q"},"spec":{"serviceAccountName":"gone"}}`}}}
	got, unread, err := l.client(t).Inventory(t.Context(), []string{"pods"})
	if err != nil || len(unread) > 0 || len(got.Pods) != 3 {
		t.Fatalf("%+v %v %v", got, unread, err)
	}
	for i, want := range []bool{false, true, true} {
		if p := got.Pods[i]; p.Token != want {
			t.Errorf("%s/%s gets a token: %v", p.Namespace, p.Name, p.Token)
		}
	}
}

func TestAnInventoryEndsWithItsContext(t *testing.T) {
	c := (&listing{}).client(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, _, err := c.Inventory(ctx, []string{"namespaces"}); err == nil || got != nil {
		t.Errorf("%v %v", got, err)
	}
}

// Things are what people made, and of Secrets only names travel.
func TestThings(t *testing.T) {
	meta := func(names ...string) []string {
		var all []string
		for _, n := range names {
			all = append(all, `{"metadata":{"name":"`+n+`"}}`)
		}
		return []string{strings.Join(all, ",")}
	}
	owned := `{"metadata":{"name":"web-1","ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"u","controller":true}]}}`
	l := &listing{pages: map[string][]string{
		"/api/v1/namespaces/default/services":                meta("kubernetes", "web"),
		"/api/v1/namespaces/default/configmaps":              meta("kube-root-ca.crt", "cluster-info"),
		"/api/v1/namespaces/default/serviceaccounts":         meta("default", "bot"),
		"/api/v1/namespaces/default/secrets":                 meta("s"),
		"/apis/apps/v1/namespaces/default/deployments":       meta("web"),
		"/apis/apps/v1/namespaces/default/replicasets":       {owned},
		"/apis/batch/v1/namespaces/default/cronjobs":         meta("nightly"),
		"/api/v1/namespaces/kube-public/configmaps":          meta("kube-root-ca.crt", "cluster-info", "note"),
		"/api/v1/namespaces/kube-public/serviceaccounts":     meta("default"),
		"/api/v1/namespaces/kube-node-lease/services":        meta("kubernetes"),
		"/api/v1/namespaces/kube-node-lease/serviceaccounts": meta("default"),
		"/api/v1/namespaces/web/pods":                        meta("not-here"),
	}}
	got, unread, err := l.client(t).Inventory(t.Context(), []string{"things"})
	if err != nil || len(unread) > 0 {
		t.Fatalf("%v %v", unread, err)
	}
	want := []state.Thing{
		{Namespace: "default", Kind: "ConfigMap", Name: "cluster-info"}, {Namespace: "default", Kind: "Secret", Name: "s"},
		{Namespace: "default", Kind: "ServiceAccount", Name: "bot"}, {Namespace: "default", Kind: "Service", Name: "web"},
		{Namespace: "default", Kind: "Deployment", Name: "web"}, {Namespace: "default", Kind: "CronJob", Name: "nightly"},
		{Namespace: "kube-node-lease", Kind: "Service", Name: "kubernetes"}, {Namespace: "kube-public", Kind: "ConfigMap", Name: "note"},
	}
	if diff := cmp.Diff(want, got.Things); diff != "" {
		t.Error(diff)
	}
	if len(l.accepts) != 3 {
		t.Errorf("Secrets were asked for %d times", len(l.accepts))
	}
	for _, a := range l.accepts {
		if !strings.HasPrefix(a, "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList") && !strings.HasPrefix(a, "application/json;as=PartialObjectMetadataList") {
			t.Errorf("Secrets were asked for as %q", a)
		}
	}
}

// Whoever calls a namespace "kube-something" makes it none of Kubernetes'.
func TestSystem(t *testing.T) {
	for name, want := range map[string]bool{
		"kube-system": true, "kube-public": true, "kube-node-lease": true,
		"kube-flannel": false, "kube-mine": false, "kube-": false, "kube-system-2": false, "default": false, "": false,
	} {
		if got := system(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
