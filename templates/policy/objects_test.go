package policy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// policies switches everything on.
func policies() *cluster.Cluster {
	c := small()
	c.Policy = cluster.Policy{
		Namespaces:  []cluster.ManagedNamespace{{Name: "shop", PodSecurity: "baseline"}, {Name: "default", PodSecurity: "restricted"}},
		DefaultDeny: true, NoDefaultTokens: true,
		Images: cluster.Images{Mode: cluster.ImagesEnforce, Registries: []string{"docker.io/library", "registry.example.com:5000/team"}, Digests: true, RefuseLatest: true,
			ExemptNamespaces: []string{"kube-system", "storage"}},
	}
	return c
}

// What a spec of today comes to has none of them.
func TestNoPolicyIsNoObject(t *testing.T) {
	if got, err := Objects(small()); len(got) > 0 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestGoldenObjects(t *testing.T) {
	objects, err := Objects(policies())
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for _, o := range objects {
		text, err := yaml.JSONToYAML(o.JSON)
		if err != nil {
			t.Fatal(err)
		}
		got = append(append(got, "---\n"...), text...)
	}
	path := filepath.Join("testdata", "objects.yaml")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Every object is one that the API's types take whole, says whose it is, and is applied
// behind its namespace.
func TestObjectsAreTheAPIs(t *testing.T) {
	c := policies()
	objects, err := Objects(c)
	if err != nil {
		t.Fatal(err)
	}
	var refs []string
	for _, o := range objects {
		gv, err := schema.ParseGroupVersion(o.Ref.APIVersion)
		if err != nil {
			t.Fatal(err)
		}
		typed, err := scheme.Scheme.New(gv.WithKind(o.Ref.Kind))
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalStrict(o.JSON, typed); err != nil {
			t.Errorf("%s: %v", o.Ref, err)
		}
		var head struct {
			Metadata struct {
				Name, Namespace string
				Labels          map[string]string
			}
		}
		if err := json.Unmarshal(o.JSON, &head); err != nil {
			t.Fatal(err)
		}
		shared := o.Ref.Kind == "Namespace" || o.Ref.Kind == "ServiceAccount"
		if head.Metadata.Labels[state.PolicyLabel] != o.Policy || o.Policy == "" || o.Why == "" || o.Fields != shared || (head.Metadata.Labels[manages] == "bulwark") == shared {
			t.Errorf("%s: %+v with labels %v", o.Ref, o, head.Metadata.Labels)
		}
		if head.Metadata.Name != o.Ref.Name || head.Metadata.Namespace != o.Ref.Namespace {
			t.Errorf("%s is called %+v", o.Ref, head.Metadata)
		}
		refs = append(refs, o.Ref.Kind+" "+o.Ref.Namespace+"/"+o.Ref.Name)
		if slices.Contains([]string{"kube-system", "kube-public", "kube-node-lease"}, o.Ref.Namespace) && o.Policy == state.PolicyDefaultDeny {
			t.Errorf("%s: a namespace of Kubernetes is closed", o.Ref)
		}
	}
	want := []string{"Namespace /shop", "Namespace /default",
		"ServiceAccount default/default", "ServiceAccount kube-node-lease/default", "ServiceAccount kube-public/default", "ServiceAccount kube-system/default", "ServiceAccount shop/default",
		"NetworkPolicy default/bulwark-default-deny", "NetworkPolicy default/bulwark-allow-dns", "NetworkPolicy shop/bulwark-default-deny", "NetworkPolicy shop/bulwark-allow-dns",
		"ValidatingAdmissionPolicy /bulwark-images", "ValidatingAdmissionPolicyBinding /bulwark-images"}
	if diff := cmp.Diff(want, refs); diff != "" {
		t.Error(diff)
	}
}
