package apply

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// secretsServer is an API server with two Secrets, which works with one key file and
// can decrypt the Secrets or not.
type secretsServer struct {
	uses     state.Secret
	decrypts bool
	wrote    []string
}

func (s *secretsServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	const object = `{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata","metadata":{"namespace":"a","name":"%s"}}`
	switch {
	case r.URL.Path == "/metrics":
		fmt.Fprintf(w, "apiserver_encryption_config_controller_last_config_info{hash=\"sha256:%s\"} 1\n", state.SHA256(s.uses))
	case r.Method == http.MethodPatch && !s.decrypts:
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"InternalError","code":500,"message":"Internal error occurred: no matching key"}`)
	case r.Method == http.MethodPatch:
		s.wrote = append(s.wrote, r.URL.Path)
		fmt.Fprintf(w, object, filepath.Base(r.URL.Path))
	case r.URL.Path == "/api":
		fmt.Fprint(w, `{"kind":"APIVersions","versions":["v1"]}`)
	case r.URL.Path == "/apis":
		fmt.Fprint(w, `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`)
	case r.URL.Path == "/api/v1":
		fmt.Fprint(w, `{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"secrets","namespaced":true,"kind":"Secret"}]}`)
	case r.URL.Path == "/api/v1/secrets":
		fmt.Fprintf(w, `{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadataList","metadata":{},"items":[`+object+`]}`, "one")
	default:
		http.NotFound(w, r)
	}
}

// A key file is only replaced by one with another key once that key has read every
// object: where most control planes have a wrong one, the last good key stays.
func TestAKeyIsTriedBeforeAnotherIsReplaced(t *testing.T) {
	for what, test := range map[string]struct {
		odd      []string
		cp2      string // the text of the second control plane, whose key is that of most
		decrypts bool
		want     string // of the error, "" for none
		wrote    int
	}{
		"all have one key":          {nil, "final", false, "", 0},
		"most are right":            {[]string{"cp-1"}, "final", true, "", 1},
		"most are wrong":            {[]string{"cp-1"}, "final", false, "no key file was changed: /keys on cp-1 has another key than on most control planes, and with the key of cp-2 not every object can be read", 0},
		"none of them can be tried": {[]string{"cp-1"}, "changed", true, "cannot be tried", 0},
	} {
		t.Run(what, func(t *testing.T) {
			server := &secretsServer{uses: state.Secret("final"), decrypts: test.decrypts}
			e := &encrypting{want: state.Encryption{File: state.File{Path: "/keys"}, Resources: []string{"secrets"}}, run: &run{Runner: &Runner{}},
				step:    plan.Step{ID: "cluster/encryption/rewrite"},
				planes:  []cluster.Node{{Name: "cp-1", Role: cluster.ControlPlane}, {Name: "cp-2", Role: cluster.ControlPlane}},
				servers: map[string]*kube.Client{"cp-2": clientOf(t, server)},
				files:   map[string]state.Secret{"cp-1": state.Secret("other"), "cp-2": state.Secret(test.cp2)}}
			err := e.proveKey(t.Context(), keyFiles{final: state.Secret("final"), odd: test.odd})
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Error(err)
			}
			if len(server.wrote) != test.wrote {
				t.Errorf("it wrote %q", server.wrote)
			}
		})
	}
}

// elsewhere is a machine whose files are in the second folder of a bench, under the
// paths of the first; the two names are equally long.
type elsewhere struct{ host.Host }

func (e elsewhere) Exec(ctx context.Context, p host.Program, stdin []byte) (host.Result, error) {
	res, err := e.Host.Exec(ctx, p, bytes.ReplaceAll(stdin, []byte("/cp-1/"), []byte("/cp-2/")))
	res.Stdout = bytes.ReplaceAll(res.Stdout, []byte("/cp-2/"), []byte("/cp-1/"))
	return res, err
}

// Before a key file is replaced, control planes say no more that all is encrypted.
// One that does not say so already is enough.
func TestControlPlanesTakeTheirWordBack(t *testing.T) {
	const wanted, before = "v1 wanted\n", "v1 before\n"
	for what, test := range map[string][2][2]string{ // what each has, and has then
		"both say so":    {{wanted, wanted}, {underWay, underWay}},
		"one does not":   {{wanted, before}, {wanted, before}},
		"one says none":  {{"", wanted}, {"", wanted}},
		"cut, and again": {{underWay, wanted}, {underWay, wanted}},
	} {
		t.Run(what, func(t *testing.T) {
			b := newBench(t, "cp-1", "cp-2")
			b.Hosts["cp-2"] = elsewhere{b.Hosts["cp-2"]}
			path := func(node string) string { return filepath.Join(b.dir, node, "marker") }
			e := &encrypting{run: &run{Runner: b.Runner}, planes: []cluster.Node{{Name: "cp-1"}, {Name: "cp-2"}},
				want: state.Encryption{Marker: state.File{Path: path("cp-1"), Mode: 0o600, Owner: fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid()), Content: []byte(wanted)}}}
			for i, n := range e.planes {
				if text := test[0][i]; text != "" {
					if err := os.WriteFile(path(n.Name), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := e.unmark(t.Context()); err != nil {
				t.Fatal(err)
			}
			for i, n := range e.planes {
				if got, _ := os.ReadFile(path(n.Name)); string(got) != test[1][i] {
					t.Errorf("%s has %q", n.Name, got)
				}
			}
			if err := e.mark(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, n := range e.planes {
				if got, _ := os.ReadFile(path(n.Name)); string(got) != wanted {
					t.Errorf("in the end %s has %q", n.Name, got)
				}
			}
		})
	}
}
