package provision

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/desired"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// emptyAPI is one that has two namespaces and nothing else, and refuses some lists.
func emptyAPI(t *testing.T, refused ...string) *kube.Client {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for _, path := range refused {
			if r.URL.Path == path {
				w.WriteHeader(http.StatusForbidden)
				_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"not yours","code":403}`)
				return
			}
		}
		items := ""
		if r.URL.Path == "/api/v1/namespaces" {
			items = `{"metadata":{"name":"kube-system"}},{"metadata":{"name":"web"}}`
		}
		_, _ = fmt.Fprintf(w, `{"metadata":{},"items":[%s]}`, items)
	}))
	t.Cleanup(s.Close)
	key, err := x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	config, err := clientcmd.Write(clientcmdapi.Config{
		CurrentContext: "c",
		Contexts:       map[string]*clientcmdapi.Context{"c": {Cluster: "c", AuthInfo: "u"}},
		Clusters:       map[string]*clientcmdapi.Cluster{"c": {Server: s.URL, CertificateAuthorityData: cert}},
		AuthInfos: map[string]*clientcmdapi.AuthInfo{"u": {ClientCertificateData: cert,
			ClientKeyData: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := kube.New(config, kube.Server{Host: hosttest.NewShell(t, "sh")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// An audit's look has the lists that it asks for and no others, and what could not be
// read keeps it from nothing else; of a look for a plan all must be read.
func TestALookOfTheAPIForAnAudit(t *testing.T) {
	const pods, nodes = "/api/v1/pods", "/api/v1/nodes"
	for name, test := range map[string]struct {
		also    check.Needs
		refused []string
		unread  []string
		lists   bool
		fails   bool
	}{
		"a plan":                         {},
		"a plan, nodes are not read":     {refused: []string{nodes}, fails: true},
		"an audit of nodes":              {also: check.Needs{Node: true}},
		"an audit of the API":            {also: check.Needs{Lists: []string{"namespaces", "pods", "nodes"}}, lists: true},
		"an audit, pods are not read":    {also: check.Needs{Lists: []string{"namespaces", "pods"}}, refused: []string{pods}, unread: []string{"pods"}, lists: true},
		"an audit, nodes are not read":   {also: check.Needs{Lists: []string{"namespaces", "nodes"}}, refused: []string{nodes}, unread: []string{"nodes"}, lists: true},
		"of nodes, and nodes not read":   {also: check.Needs{Node: true}, refused: []string{nodes}, unread: []string{"nodes"}},
		"an audit, nothing else is read": {also: check.Needs{Lists: []string{"namespaces", "quotas"}}, refused: []string{pods}, lists: true},
	} {
		l := looker{also: test.also, intent: &intent{cluster: &cluster.Cluster{Nodes: []cluster.Node{{Name: "cp-1", Role: cluster.ControlPlane}, {Name: "cp-2", Role: cluster.ControlPlane}}}, first: "cp-1"}}
		api, err := l.api(t.Context(), emptyAPI(t, test.refused...), map[string]*state.Node{"cp-1": {}}) // cp-2 was not reached
		if (err != nil) != test.fails {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if test.fails {
			continue
		}
		if api.Status != state.Answering || len(api.Unread) != len(test.unread) || (api.Inventory != nil) != test.lists {
			t.Errorf("%s: %s, unread are %v, lists %v", name, api.Status, api.Unread, api.Inventory)
		}
		for _, part := range test.unread {
			if !strings.Contains(api.Unread[part], "not yours") {
				t.Errorf("%s: %s: %q", name, part, api.Unread[part])
			}
		}
		if test.lists && (len(api.Inventory.Namespaces) != 2 || api.Inventory.Things != nil) {
			t.Errorf("%s: %+v", name, api.Inventory)
		}
	}
}

// The API of a cluster of which a machine is down is asked for an audit, and not for a plan.
func TestWhoseAPIIsAsked(t *testing.T) {
	has := func(paths ...string) *state.Node {
		n := &state.Node{Files: map[string]state.HaveFile{}}
		for _, p := range paths {
			n.Files[p] = state.HaveFile{Type: "file"}
		}
		return n
	}
	made := map[string]*state.Node{"cp-1": has(desired.AdminConf, desired.APIServerManifest)}
	down := map[string]error{"w-1": errors.New("no route")}
	for name, test := range map[string]struct {
		also   check.Needs
		failed map[string]error
		nodes  map[string]*state.Node
		want   bool
	}{
		"a plan":                               {nodes: made, want: true},
		"a plan, a machine is down":            {nodes: made, failed: down},
		"an audit, a machine is down":          {nodes: made, failed: down, also: check.Needs{Node: true}, want: true},
		"an audit of lists, a machine is down": {nodes: made, failed: down, also: check.Needs{Lists: []string{"pods"}}, want: true},
		"an audit, the control plane is down":  {nodes: map[string]*state.Node{}, failed: down, also: check.Needs{Node: true}},
		"an audit of what was never made":      {nodes: map[string]*state.Node{"cp-1": has()}, also: check.Needs{Node: true}},
	} {
		l := looker{intent: &intent{first: "cp-1"}, failed: test.failed, also: test.also}
		if got := l.hasAPI(test.nodes); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Where the way to the API is closed, an audit judges what the machines say.
func TestAnAPIThatIsNotReachedIsUnknown(t *testing.T) {
	for name, also := range map[string]check.Needs{"a plan": {}, "an audit": {Node: true}} {
		c := &cluster.Cluster{Nodes: []cluster.Node{{Name: "cp-1", Role: cluster.ControlPlane}}}
		h := hosttest.New(t, "cp-1").Expect("look", func([]byte) (host.Result, error) { return host.Result{}, errors.New("no route to \x1b host") })
		l := looker{also: also, hosts: map[string]host.Host{"cp-1": h}, intent: &intent{cluster: c, first: "cp-1"}}
		nodes := map[string]*state.Node{"cp-1": {Files: map[string]state.HaveFile{desired.AdminConf: {Type: "file"}, desired.APIServerManifest: {Type: "file"}}}}
		have, err := l.rest(t.Context(), nodes)
		if name == "a plan" {
			if err == nil {
				t.Errorf("%s: %+v", name, have)
			}
			continue
		}
		if err != nil || have.Nodes["cp-1"] == nil || have.API.Status != state.Unreachable || !strings.Contains(have.API.Unread["api"], "no route") || strings.Contains(have.API.Unread["api"], "\x1b") {
			t.Errorf("%s: %+v, %v", name, have, err)
		}
	}
}
