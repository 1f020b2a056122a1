package kube

import (
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

func TestAgentsAreDaemonSetsOfAllNamespaces(t *testing.T) {
	a, m := newAuthority(t), &machine{}
	server(t, a, m, "10.0.0.11:6443", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/apis/apps/v1/daemonsets" {
			http.Error(w, "nobody asks for "+r.URL.Path, http.StatusTeapot)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"kind":"DaemonSetList","apiVersion":"apps/v1","items":[
{"metadata":{"namespace":"net","name":"agent"},"spec":{"template":{"spec":{"hostNetwork":true,"containers":[{"name":"a","image":"calico/node:v3"},{"name":"b","image":"b"}]}}}},
{"metadata":{"namespace":"logs","name":"shipper"},"spec":{"template":{"spec":{"containers":[{"name":"a","image":"c"}]}}}}]}`)
	}, "api.example.com")
	c := newClient(t, m, a.kubeconfig(t, endpointURL, admin()), "10.0.0.11:6443")
	got, err := c.Agents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []state.Agent{{Namespace: "logs", Name: "shipper", Images: []string{"c"}}, {Namespace: "net", Name: "agent", HostNetwork: true, Images: []string{"calico/node:v3", "b"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
