package policy

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/apis/apiserver/install"
	apiserverv1 "k8s.io/apiserver/pkg/apis/apiserver/v1"
	"pgregory.net/rapid"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

var update = flag.Bool("update", false, "write the golden files anew")

func small() *cluster.Cluster {
	return &cluster.Cluster{
		Encryption: cluster.Encryption{Provider: "secretbox", KeyName: cluster.DefaultKeyName, Resources: []string{"secrets", "widgets.example.com"}},
		Admission:  cluster.Admission{ExemptNamespaces: []string{"kube-system", "rook-ceph"}},
	}
}

// files are all files of this package for one cluster, by name.
func files(t rapid.TB, c *cluster.Cluster) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for name, make := range map[string]func() ([]byte, error){
		"authentication.yaml":   Authentication,
		"admission.yaml":        func() ([]byte, error) { return Admission(c) },
		"audit-policy.yaml":     func() ([]byte, error) { return AuditPolicy(c) },
		"encryption.yaml":       func() ([]byte, error) { return Encryption(c) },
		"encryption-reads.yaml": func() ([]byte, error) { return EncryptionReads(c, []string{"secrets"}) },
	} {
		b, err := make()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = b
	}
	return out
}

func TestGolden(t *testing.T) {
	for name, got := range files(t, small()) {
		path := filepath.Join("testdata", name)
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
			t.Errorf("%s, -golden +rendered (run with -update to accept):\n%s", name, diff)
		}
	}
}

func TestSameBytesEveryTime(t *testing.T) {
	first := files(t, small())
	for range 20 {
		if diff := cmp.Diff(first, files(t, small())); diff != "" {
			t.Fatal(diff)
		}
	}
}

// decode reads as the API server does, and stricter: unknown fields are errors.
func decode[T runtime.Object](t rapid.TB, text []byte) T {
	t.Helper()
	s := runtime.NewScheme()
	install.Install(s)
	o, _, err := serializer.NewCodecFactory(s, serializer.EnableStrict).UniversalDeserializer().Decode(text, nil, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	out, ok := o.(T)
	if !ok {
		t.Fatalf("decoded a %T", o)
	}
	return out
}

func TestAnonymousReachesHealthAndNothingElse(t *testing.T) {
	b, err := Authentication()
	if err != nil {
		t.Fatal(err)
	}
	a := decode[*apiserverv1.AuthenticationConfiguration](t, b).Anonymous
	var paths []string
	for _, c := range a.Conditions {
		paths = append(paths, c.Path)
	}
	// No condition at all would open every path.
	if diff := cmp.Diff([]string{"/healthz", "/livez", "/readyz"}, paths); diff != "" || !a.Enabled {
		t.Errorf("enabled %v, paths:\n%s", a.Enabled, diff)
	}
}

func TestEncryptionWritesWithTheProviderAndReadsWhatWasPlain(t *testing.T) {
	for _, provider := range []string{"secretbox", "aescbc"} {
		c := small()
		c.Encryption = cluster.Encryption{Provider: provider, KeyName: cluster.DefaultKeyName} // secrets even when nobody names them
		b, err := Encryption(c)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{EncryptionKeyRef}, state.Refs(b)); diff != "" {
			t.Fatalf("references:\n%s", diff)
		}
		key := bytes.Repeat([]byte{0xfb}, 32) // "+/v7…": as far from a plain scalar as base64 gets
		resolved, err := state.Resolve(b, func(string) ([]byte, bool) {
			return []byte(base64.StdEncoding.EncodeToString(key)), true
		})
		if err != nil {
			t.Fatal(err)
		}
		e := decode[*apiserverv1.EncryptionConfiguration](t, resolved)
		r := e.Resources[0]
		if !slices.Equal(r.Resources, []string{"secrets"}) {
			t.Errorf("resources %v", r.Resources)
		}
		var keys []apiserverv1.Key
		switch first := r.Providers[0]; {
		case provider == "secretbox" && first.Secretbox != nil:
			keys = first.Secretbox.Keys
		case provider == "aescbc" && first.AESCBC != nil:
			keys = first.AESCBC.Keys
		default:
			t.Fatalf("first provider of %s is %+v", provider, first)
		}
		if got, err := base64.StdEncoding.DecodeString(keys[0].Secret); err != nil || !bytes.Equal(got, key) {
			t.Errorf("key reads back as %x, %v", got, err)
		}
		if last := r.Providers[len(r.Providers)-1]; last.Identity == nil || len(r.Providers) != 2 {
			t.Errorf("last of %d providers is %+v", len(r.Providers), last)
		}
		// kube-bench 1.2.28 looks at the line after "providers:".
		if _, after, _ := strings.Cut(string(b), "providers:\n"); !strings.HasPrefix(after, "  - "+provider+":") {
			t.Errorf("after providers: %q", after)
		}
	}
}

// The first stage differs from the last in the order of the providers alone.
func TestEncryptionReadsKnowsTheKeyAndWritesInTheClear(t *testing.T) {
	for _, provider := range []string{"secretbox", "aescbc"} {
		c := small()
		c.Encryption.Provider = provider
		first, err := EncryptionReads(c, nil)
		if err != nil {
			t.Fatal(err)
		}
		last, err := Encryption(c)
		if err != nil {
			t.Fatal(err)
		}
		reads := decode[*apiserverv1.EncryptionConfiguration](t, first)
		writes := decode[*apiserverv1.EncryptionConfiguration](t, last)
		if reads.Resources[0].Providers[0].Identity == nil {
			t.Errorf("it writes with %+v", reads.Resources[0].Providers[0])
		}
		slices.Reverse(reads.Resources[0].Providers)
		if diff := cmp.Diff(writes, reads); diff != "" {
			t.Errorf("other than the order:\n%s", diff)
		}
		if want := "k8s:enc:" + provider + ":v1:key1:"; EncryptionPrefix(c) != want {
			t.Errorf("the prefix is %s", EncryptionPrefix(c))
		}
	}
}

// Adding a resource must not bring others back into the clear.
func TestEncryptionReadsKeepsWhatIsEncrypted(t *testing.T) {
	for _, tt := range []struct {
		encrypted []string
		want      map[string]bool // whether a resource is written encrypted
		parts     int
	}{
		{nil, map[string]bool{"secrets": false, "widgets.example.com": false}, 1},
		{[]string{"secrets"}, map[string]bool{"secrets": true, "widgets.example.com": false}, 2},
		{[]string{"secrets", "configmaps", "widgets.example.com"}, map[string]bool{"secrets": true, "widgets.example.com": true}, 1},
	} {
		b, err := EncryptionReads(small(), tt.encrypted)
		if err != nil {
			t.Fatal(err)
		}
		parts, got := decode[*apiserverv1.EncryptionConfiguration](t, b).Resources, map[string]bool{}
		for _, part := range parts {
			for _, r := range part.Resources {
				got[r] = part.Providers[0].Secretbox != nil
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || len(parts) != tt.parts {
			t.Errorf("%v, in %d parts:\n%s", tt.encrypted, len(parts), diff)
		}
	}
}

func TestUnknownEncryptionProviderIsRefused(t *testing.T) {
	c := small()
	c.Encryption.Provider = "aesgcm"
	if b, err := Encryption(c); err == nil {
		t.Errorf("rendered %s", b)
	}
	if b, err := EncryptionReads(c, nil); err == nil {
		t.Errorf("rendered %s", b)
	}
}

// forbidden are characters no YAML text may hold, even in quotes (YAML 1.2,
// 5.1), and the one that does not survive it.
func forbidden(r rune) bool {
	return r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff
}

func TestForbiddenCharactersAreRefusedNotChanged(t *testing.T) {
	for _, name := range []string{"a\u0090b", "a\u0085b"} {
		c := small()
		c.Admission.ExemptNamespaces = []string{name}
		if b, err := Admission(c); err == nil {
			t.Errorf("rendered %q", b)
		}
	}
}

// Names that mean something to YAML come back as the names they are.
func TestNamesStayNames(t *testing.T) {
	nasty := rapid.OneOf(
		rapid.SampledFrom([]string{"a\n---\nkind: x", "yes", "0o777", "!!python/object:x", "~", "1e3", "- a", "# b", "{}", "\t", "\u2028", "'\"", "*x", "&x"}),
		rapid.String().Filter(func(s string) bool { return !strings.ContainsFunc(s, forbidden) }))
	rapid.Check(t, func(t *rapid.T) {
		c := small()
		c.Admission.ExemptNamespaces = rapid.SliceOfDistinct(nasty, rapid.ID[string]).Draw(t, "namespaces")
		c.Encryption.Resources = rapid.SliceOfDistinct(nasty, rapid.ID[string]).Draw(t, "resources")
		out := files(t, c)

		var got struct {
			Exemptions podSecurityExemptions `json:"exemptions"`
		}
		ac := decode[*apiserverv1.AdmissionConfiguration](t, out["admission.yaml"])
		if err := json.Unmarshal(ac.Plugins[1].Configuration.Raw, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(withRequired(c.Admission.ExemptNamespaces, "kube-system"), got.Exemptions.Namespaces); diff != "" {
			t.Fatal(diff)
		}
		e := decode[*apiserverv1.EncryptionConfiguration](t, out["encryption.yaml"])
		if diff := cmp.Diff(withRequired(c.Encryption.Resources, "secrets"), e.Resources[0].Resources); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Namespaces are held to the standard that the spec says, in all three ways.
func TestTheStandardIsTheSpecs(t *testing.T) {
	for said, want := range map[string]string{"": "restricted", "restricted": "restricted", "baseline": "baseline"} {
		got := podSecurity(cluster.Admission{PodSecurity: said}).Defaults
		if got.Enforce != want || got.Audit != want || got.Warn != want {
			t.Errorf("%q: %+v", said, got)
		}
	}
}
