package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// store is an API that holds secrets, leases and nothing else, and keeps who
// was written.
type store struct {
	mu      sync.Mutex
	paths   []string // of objects, sorted
	written map[string]int
	lists   int
	// answer, when set, decides about a request before the store does.
	answer func(w http.ResponseWriter, r *http.Request) bool
}

// newStore has so many secrets in two namespaces, and one lease.
func newStore(secrets int) *store {
	s := &store{written: map[string]int{}}
	for i := range secrets {
		s.paths = append(s.paths, fmt.Sprintf("/api/v1/namespaces/%s/secrets/s-%05d", []string{"a", "b"}[i%2], i))
	}
	s.paths = append(s.paths, "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/cp-1")
	slices.Sort(s.paths)
	return s
}

func refuse(w http.ResponseWriter, code int, reason metav1.StatusReason, next string) {
	reply(w, code, metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, ListMeta: metav1.ListMeta{Continue: next},
		Status: metav1.StatusFailure, Reason: reason, Code: int32(code), Message: "because of " + string(reason),
	})
}

func reply(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answer != nil && s.answer(w, r) {
		return
	}
	resources := func(gv, name string) {
		reply(w, 200, metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: gv,
			APIResources: []metav1.APIResource{{Name: name + "/status"}, {Name: name, Namespaced: true, Kind: "K", Verbs: []string{"list", "patch"}}}})
	}
	switch {
	case r.URL.Path == "/api":
		reply(w, 200, metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
	case r.URL.Path == "/apis":
		v := metav1.GroupVersionForDiscovery{GroupVersion: "coordination.k8s.io/v1", Version: "v1"}
		reply(w, 200, metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"},
			Groups: []metav1.APIGroup{{Name: "coordination.k8s.io", Versions: []metav1.GroupVersionForDiscovery{v}, PreferredVersion: v}}})
	case r.URL.Path == "/api/v1":
		resources("v1", "secrets")
	case r.URL.Path == "/apis/coordination.k8s.io/v1":
		resources("coordination.k8s.io/v1", "leases")
	case r.Method == http.MethodGet:
		s.list(w, r)
	case r.Method == http.MethodPatch:
		body, _ := io.ReadAll(r.Body)
		if string(body) != "{}" || r.Header.Get("Content-Type") != "application/merge-patch+json" || !strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadata") {
			refuse(w, 400, metav1.StatusReasonBadRequest, "")
			return
		}
		if !slices.Contains(s.paths, r.URL.Path) {
			refuse(w, 404, metav1.StatusReasonNotFound, "")
			return
		}
		s.written[r.URL.Path]++
		reply(w, 200, metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{Kind: "PartialObjectMetadata", APIVersion: "meta.k8s.io/v1"}})
	default:
		refuse(w, 405, metav1.StatusReasonMethodNotAllowed, "")
	}
}

func (s *store) list(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList") {
		refuse(w, 406, metav1.StatusReasonNotAcceptable, "") // whole objects never travel
		return
	}
	s.lists++
	resource := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/'):] + "/"
	of := slices.DeleteFunc(slices.Clone(s.paths), func(p string) bool { return !strings.Contains(p, resource) })
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	at, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	end := min(len(of), at+limit)
	out := metav1.PartialObjectMetadataList{TypeMeta: metav1.TypeMeta{Kind: "PartialObjectMetadataList", APIVersion: "meta.k8s.io/v1"}}
	for _, p := range of[at:end] {
		words := strings.Split(p, "/")
		out.Items = append(out.Items, metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: words[len(words)-3], Name: words[len(words)-1]}})
	}
	if left := int64(len(of) - end); left > 0 {
		out.Continue, out.RemainingItemCount = strconv.Itoa(end), &left
	}
	reply(w, 200, out)
}

// unwritten are the paths that were not written exactly once.
func (s *store) unwritten(resource string) (out []string) {
	for _, p := range s.paths {
		if strings.Contains(p, "/"+resource+"/") && s.written[p] != 1 {
			out = append(out, fmt.Sprintf("%s: %d times", p, s.written[p]))
		}
	}
	return out
}

func storeClient(t *testing.T, s *store) *Client {
	t.Helper()
	a, m := newAuthority(t), &machine{}
	server(t, a, m, "10.0.0.11:6443", s.ServeHTTP, "api.example.com")
	return newClient(t, m, a.kubeconfig(t, endpointURL, admin()), "10.0.0.11:6443")
}

func TestRewriteWritesEveryObjectOnce(t *testing.T) {
	s := newStore(1203)
	c := storeClient(t, s)
	var said []string
	err := c.Rewrite(t.Context(), []string{"secrets", "widgets.example.com", "gadgets", "leases.coordination.k8s.io"}, func(done, of int, resource string) {
		said = append(said, fmt.Sprintf("%s %d/%d", resource, done, of))
	})
	if err != nil {
		t.Fatal(err)
	}
	if left := append(s.unwritten("secrets"), s.unwritten("leases")...); len(left) > 0 || s.lists != 4 {
		t.Errorf("%d lists; not written once: %v", s.lists, left)
	}
	var want []string
	for done := 0; done <= 1200; done += 100 {
		want = append(want, fmt.Sprintf("secrets %d/1203", done))
	}
	want = append(want, "secrets 1203/1203", "widgets.example.com 0/0", "gadgets 0/0", "leases.coordination.k8s.io 0/1", "leases.coordination.k8s.io 1/1")
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
}

func TestRewriteRepeatsConflictsAndMissesNoneThatIsGone(t *testing.T) {
	s := newStore(20)
	meet := map[string]int{"s-00003": 3, "s-00004": 1}
	s.answer = func(w http.ResponseWriter, r *http.Request) bool {
		name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		switch {
		case meet[name] > 0:
			meet[name]--
			refuse(w, 409, metav1.StatusReasonConflict, "")
		case name == "s-00007" && r.Method == http.MethodPatch: // deleted since it was listed
			refuse(w, 404, metav1.StatusReasonNotFound, "")
		case name == "s-00009" && meet["busy"] < 2:
			meet["busy"]++
			refuse(w, 429, metav1.StatusReasonTooManyRequests, "")
		default:
			return false
		}
		return true
	}
	if err := storeClient(t, s).Rewrite(t.Context(), []string{"secrets"}, nil); err != nil {
		t.Fatal(err)
	}
	if left := s.unwritten("secrets"); len(left) != 1 || !strings.Contains(left[0], "s-00007") || meet["s-00003"]+meet["s-00004"] != 0 {
		t.Errorf("not written once: %v; %v", left, meet)
	}
}

// A conflict that never ends is not waited for for ever.
func TestRewriteSaysWhatWasRefusedAndWritesTheRest(t *testing.T) {
	s := newStore(100)
	s.answer = func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.Method != http.MethodPatch:
			return false
		case strings.Contains(r.URL.Path, "/s-0001"): // ten of them
			refuse(w, 403, metav1.StatusReasonForbidden, "")
		case strings.HasSuffix(r.URL.Path, "/s-00099"):
			refuse(w, 409, metav1.StatusReasonConflict, "")
		default:
			return false
		}
		return true
	}
	err := storeClient(t, s).Rewrite(t.Context(), []string{"secrets", "leases.coordination.k8s.io"}, nil)
	if err == nil || !strings.Contains(err.Error(), ": 11 objects of secrets") || strings.Count(err.Error(), "because of Forbidden")+strings.Count(err.Error(), "because of Conflict") != rewriteNames {
		t.Errorf("%v", err)
	}
	if left := s.unwritten("secrets"); len(left) != 11 {
		t.Errorf("%d were not written: %v", len(left), left)
	}
}

// etcd forgets the revision of a list that takes long; the server says how to go on.
func TestRewriteGoesOnWithAListThatExpired(t *testing.T) {
	s, expired := newStore(1203), 0
	s.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("continue") != "500" || expired > 0 {
			return false
		}
		expired++
		refuse(w, 410, metav1.StatusReasonExpired, "500")
		return true
	}
	if err := storeClient(t, s).Rewrite(t.Context(), []string{"secrets"}, nil); err != nil {
		t.Fatal(err)
	}
	if left := s.unwritten("secrets"); len(left) > 0 || expired != 1 {
		t.Errorf("expired %d times; not written once: %v", expired, left)
	}
}

func TestRewriteStops(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request, cancel func()) bool
		want   string
		is     error
	}{
		"when told to": {func(_ http.ResponseWriter, r *http.Request, cancel func()) bool {
			if r.Method == http.MethodPatch {
				cancel()
			}
			return false
		}, "", context.Canceled},
		"when the API is overwhelmed": {func(w http.ResponseWriter, r *http.Request, _ func()) bool {
			if r.Method != http.MethodPatch {
				return false
			}
			refuse(w, 503, metav1.StatusReasonServiceUnavailable, "")
			return true
		}, "writing secrets", nil},
		"when a list fails": {func(w http.ResponseWriter, r *http.Request, _ func()) bool {
			if !strings.HasSuffix(r.URL.Path, "/secrets") {
				return false
			}
			refuse(w, 403, metav1.StatusReasonForbidden, "")
			return true
		}, "listing secrets", nil},
		"when resources cannot be found": {func(w http.ResponseWriter, r *http.Request, _ func()) bool {
			if r.URL.Path != "/api/v1" {
				return false
			}
			refuse(w, 403, metav1.StatusReasonForbidden, "")
			return true
		}, "finding secrets", nil},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := newStore(400)
			s.answer = func(w http.ResponseWriter, r *http.Request) bool { return tt.answer(w, r, cancel) }
			err := storeClient(t, s).Rewrite(ctx, []string{"secrets"}, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%v", err)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if n := len(s.written); n > 100 {
				t.Errorf("it went on and wrote %d", n)
			}
		})
	}
	if err := storeClient(t, newStore(0)).Rewrite(t.Context(), []string{"*.*"}, nil); err == nil || !strings.Contains(err.Error(), "wildcard") {
		t.Errorf("a wildcard: %v", err)
	}
}
