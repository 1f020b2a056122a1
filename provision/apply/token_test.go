package apply

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// tokenAPI is an API that knows secrets of kube-system and nothing else.
type tokenAPI struct {
	mu      sync.Mutex
	secrets map[string]*corev1.Secret
	made    int
}

func (a *tokenAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var answer any = &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess}
	switch r.Method {
	case http.MethodPost:
		body, _ := io.ReadAll(r.Body)
		secret := &corev1.Secret{}
		if _, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, secret); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		secret.TypeMeta = metav1.TypeMeta{Kind: "Secret", APIVersion: "v1"}
		secret.Data = map[string][]byte{}
		for k, v := range secret.StringData {
			secret.Data[k] = []byte(v)
		}
		a.secrets[secret.Name] = secret
		a.made++
		answer = secret
	case http.MethodDelete:
		delete(a.secrets, path.Base(r.URL.Path))
	default:
		list := &corev1.SecretList{TypeMeta: metav1.TypeMeta{Kind: "SecretList", APIVersion: "v1"}}
		for _, s := range a.secrets {
			list.Items = append(list.Items, *s)
		}
		answer = list
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

func (a *tokenAPI) client(t *testing.T) *kube.Client { return clientOf(t, a) }

// clientOf connects to an API as a control plane's admin.
func clientOf(t *testing.T, api http.Handler) *kube.Client {
	t.Helper()
	s := httptest.NewTLSServer(api)
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
	return c
}

// answers frames what a program of a machine says, under the nonce it was given.
func answers(stdin []byte, frames ...string) host.Result {
	nonce, _, _ := strings.Cut(string(stdin), "\n")
	var out bytes.Buffer
	for i := 0; i < len(frames); i += 2 {
		fmt.Fprintf(&out, "%s %s 0 %d\n%s\n", nonce, frames[i], len(frames[i+1]), frames[i+1])
	}
	fmt.Fprintf(&out, "%s end 0 0\n\n", nonce)
	return host.Result{Stdout: out.Bytes()}
}

const joinFile = "/etc/kubernetes/bulwark/discovery.conf"

// A token is made before the machine is asked for room, and goes with the
// attempt however little of it there was.
func TestNoTokenOutlivesAFailedAttempt(t *testing.T) {
	removed := func(stdin []byte) (host.Result, error) {
		if !strings.Contains(string(stdin), "remove\n"+joinFile+"\n") {
			t.Errorf("asked was %q", stdin)
		}
		// One answer for each file that could have been put.
		return answers(stdin, slices.Repeat([]string{"done", "same"}, strings.Count(string(stdin), "remove\n"))...), nil
	}
	for name, test := range map[string]struct {
		host *hosttest.Fake
		more string // what else the phase wants to know
	}{
		"full disk": {host: hosttest.New(t, "w-1").Expect("change", func(stdin []byte) (host.Result, error) {
			return answers(stdin, "failed", "full\n0 8192"), nil
		}).Expect("change", removed)},
		"unresolved": {host: hosttest.New(t, "w-1").Expect("change", removed), more: state.Ref("no-such-thing")},
	} {
		t.Run(name, func(t *testing.T) {
			a := &tokenAPI{secrets: map[string]*corev1.Secret{}}
			c := &cluster.Cluster{Nodes: []cluster.Node{{Name: "cp-1", Role: cluster.ControlPlane}}}
			ru := &run{Runner: &Runner{Access: Access{Cluster: c, Hosts: map[string]host.Host{"w-1": test.host}}}}
			ru.api = &api{Access: Access{Cluster: c}, client: a.client(t)}
			ru.values = newValues(&state.Cluster{}, ru.api)
			phase := &state.Phase{Name: "join", Args: []string{"join"}, Transient: []state.File{
				{Path: joinFile, Mode: 0o600, Owner: "root:root", Content: []byte(state.Ref("discovery/w-1")), Holds: []string{"discovery"}}}}
			if test.more != "" {
				phase.Transient = append(phase.Transient, state.File{Path: joinFile + ".2", Owner: "root:root", Content: []byte(test.more), Holds: []string{"no-such-thing"}})
			}
			if err := ru.phase(t.Context(), plan.Step{ID: "w-1/phase/join", Node: "w-1", Phase: phase}); err == nil {
				t.Error("it did not fail")
			}
			if a.made != 1 || len(a.secrets) != 0 {
				t.Errorf("%d tokens were made, %d are left", a.made, len(a.secrets))
			}
		})
	}
}
