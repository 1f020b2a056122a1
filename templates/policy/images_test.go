package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	celgo "github.com/google/cel-go/cel"
	celtypes "github.com/google/cel-go/common/types"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"pgregory.net/rapid"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// expression is one of the policy's, as the API server hands it to its compiler.
type expression struct {
	name, text string
	returns    *celgo.Type
}

func (e expression) GetName() string            { return e.name }
func (e expression) GetExpression() string      { return e.text }
func (e expression) ReturnTypes() []*celgo.Type { return []*celgo.Type{e.returns} }

// judge is the admission policy, compiled and run as the API server does. It answers
// with what a pod is refused for.
func judge(t testing.TB, p cluster.Images) func(verb admission.Operation, pod, old *corev1.Pod) []string {
	t.Helper()
	o, err := imagePolicy(p).object()
	if err != nil {
		t.Fatal(err)
	}
	var policy admissionv1.ValidatingAdmissionPolicy
	if err := json.Unmarshal(o.JSON, &policy); err != nil {
		t.Fatal(err)
	}
	compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		t.Fatal(err)
	}
	var options cel.OptionalVariableDeclarations
	for _, v := range policy.Spec.Variables {
		if got := compiler.CompileAndStoreVariable(expression{v.Name, v.Expression, celgo.AnyType}, options, environment.NewExpressions); got.Error != nil {
			t.Fatalf("%s: %v", v.Name, got.Error)
		}
	}
	var checks, messages []cel.ExpressionAccessor
	for _, v := range policy.Spec.Validations {
		checks = append(checks, expression{"", v.Expression, celgo.BoolType})
		messages = append(messages, expression{"", v.MessageExpression, celgo.StringType})
	}
	ask := func(of cel.ConditionEvaluator, attributes *admission.VersionedAttributes) []cel.EvaluationResult {
		if errs := of.CompilationErrors(); len(errs) > 0 {
			t.Fatal(errs)
		}
		request := cel.CreateAdmissionRequest(attributes.Attributes, metav1.GroupVersionResource{Version: "v1", Resource: "pods"}, metav1.GroupVersionKind{Version: "v1", Kind: "Pod"})
		out, _, err := of.ForInput(t.Context(), attributes, request, cel.OptionalVariableBindings{}, &corev1.Namespace{}, celconfig.RuntimeCELCostBudget)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	check := compiler.CompileCondition(checks, options, environment.NewExpressions)
	message := compiler.CompileCondition(messages, options, environment.NewExpressions)
	return func(verb admission.Operation, pod, old *corev1.Pod) (out []string) {
		kind := corev1.SchemeGroupVersion.WithKind("Pod")
		attributes := &admission.VersionedAttributes{VersionedKind: kind, VersionedObject: admission.NewLazyObject(pod)}
		var was runtime.Object
		if old != nil {
			was, attributes.VersionedOldObject = old, admission.NewLazyObject(old)
		}
		attributes.Attributes = admission.NewAttributesRecord(pod, was, kind, "shop", "p", corev1.SchemeGroupVersion.WithResource("pods"), "", verb, nil, false, nil)
		said := ask(message, attributes)
		for i, r := range ask(check, attributes) {
			if r.Error != nil || said[i].Error != nil {
				t.Errorf("the policy fails: %v, %v", r.Error, said[i].Error)
			} else if r.EvalResult != celtypes.True {
				out = append(out, fmt.Sprint(said[i].EvalResult.Value()))
			}
		}
		return out
	}
}

func podOf(images ...string) *corev1.Pod {
	pod := &corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "shop"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{}}} // never null: the API takes no such pod
	for i, image := range images {
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: fmt.Sprint("c", i), Image: image})
	}
	return pod
}

const aDigest = "@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// Each image is judged by the API server's own CEL and by [Against], which must agree.
func TestImagesAreJudged(t *testing.T) {
	all := cluster.Images{Mode: "enforce", Registries: []string{"registry.example.com", "registry.example.com:5000/team", "other.example.com/one/app"}, Digests: true, RefuseLatest: true}
	hub := cluster.Images{Mode: "enforce", Registries: []string{"docker.io/library", "localhost"}}
	latest, digests := cluster.Images{Mode: "enforce", RefuseLatest: true}, cluster.Images{Mode: "enforce", Digests: true}
	judges := map[string]func(admission.Operation, *corev1.Pod, *corev1.Pod) []string{}
	for _, c := range []struct {
		policy  cluster.Images
		image   string
		against string // the first letters of what is against it
	}{
		{all, "registry.example.com/app:1.0" + aDigest, ""},
		{all, "registry.example.com/a/b/c" + aDigest, ""},
		{all, "registry.example.com/app:latest" + aDigest, ""},
		{all, "registry.example.com/app:1.0", "w"},
		{all, "registry.example.com/app", "wl"},
		{all, "registry.example.com:5000/team/app" + aDigest, ""},
		{all, "registry.example.com:5000/team" + aDigest, ""},
		{all, "registry.example.com:5000/team:1" + aDigest, ""},
		{all, "registry.example.com:5000/teams/app" + aDigest, "f"},
		{all, "registry.example.com:5000/other/app" + aDigest, "f"},
		{all, "registry.example.com:443/app" + aDigest, "f"},
		{all, "registry.example.com.evil.com/app" + aDigest, "f"},
		{all, "registry.example.comx/app" + aDigest, "f"},
		{all, "registry.example.com@evil.com/app" + aDigest, "f"},
		{all, "evil.com/registry.example.com/app" + aDigest, "f"},
		{all, "xregistry.example.com/app" + aDigest, "f"},
		{all, "registryXexample.com/app" + aDigest, "f"},
		{all, "REGISTRY.example.com/app" + aDigest, "f"},
		{all, "registry.example.com" + aDigest, "f"}, // a name of Docker Hub's
		{all, "other.example.com/one/app:1" + aDigest, ""},
		{all, "other.example.com/one/app/b" + aDigest, ""},
		{all, "other.example.com/one/app-b" + aDigest, "f"},
		{all, "other.example.com/one/app@sha256:abc", "fwl"},
		{all, "nginx" + aDigest, "f"},
		{all, "nginx", "fwl"},
		{all, "", "fwl"},
		{hub, "nginx", ""},
		{hub, "nginx:1.27", ""},
		{hub, "library/nginx", ""},
		{hub, "docker.io/library/nginx", ""},
		{hub, "team/app", "f"},
		{hub, "docker.io/team/app", "f"},
		{hub, "docker.io.evil.com/library/nginx", "f"},
		{hub, "localhost/app", ""},
		{hub, "localhost:5000/app", "f"},
		{hub, "Library/nginx", "f"}, // capitals make it a registry
		{latest, "nginx", "l"},
		{latest, "nginx:latest", "l"},
		{latest, "nginx:1", ""},
		{latest, "nginx:latest-1", ""},
		{latest, "nginx" + aDigest, ""},
		{latest, "registry.example.com:5000/nginx", "l"},
		{latest, "registry.example.com:5000/nginx:latest", "l"},
		{latest, "registry.example.com:5000/nginx:v1", ""},
		{latest, "nginx:1\n", "l"},
		{latest, "nginx:", "l"},
		{latest, "nginx@sha256:abc", "l"},
		{digests, "nginx@sha512:" + strings.Repeat("ab", 64), ""},
		{digests, "nginx@sha512:" + strings.Repeat("ab", 32), "w"},
		{digests, "nginx@md5:" + strings.Repeat("ab", 16), "w"},
		{digests, "nginx" + strings.ToUpper(aDigest), "w"},
		{digests, "nginx" + aDigest + "\n", "w"},
		{digests, "nginx" + aDigest + "/x", "w"},
	} {
		first := func(all []string, after int) (out string) {
			for _, s := range all {
				out += s[after : after+1]
			}
			return out
		}
		if got := first(Against(c.policy, c.image), 0); got != c.against {
			t.Errorf("%q: %q, want %q", c.image, got, c.against)
		}
		name := fmt.Sprint(c.policy)
		if judges[name] == nil {
			judges[name] = judge(t, c.policy)
		}
		got := ""
		for _, m := range judges[name](admission.Create, podOf(c.image), nil) {
			got += strings.TrimPrefix(strings.TrimPrefix(m, "images "), "that are ")[:1]
		}
		if got != c.against {
			t.Errorf("%q: the policy says %q, want %q", c.image, got, c.against)
		}
	}
}

// Whatever a reference looks like, the report beforehand says what the policy will.
func TestTheReportSaysWhatThePolicyWill(t *testing.T) {
	p := cluster.Images{Mode: "enforce", Registries: []string{"a.b", "docker.io/x", "a.b:1/y"}, Digests: true, RefuseLatest: true}
	judged := judge(t, p)
	part := rapid.SampledFrom([]string{"a.b", "docker.io", "x", "/", ":", "@", ":1", ":latest", aDigest, "y", "a", ".", "localhost", "A", "\n", "'", "_", "-", "%", "é"})
	rapid.Check(t, func(t *rapid.T) {
		image := strings.Join(rapid.SliceOfN(part, 0, 6).Draw(t, "parts"), "")
		if got, want := len(judged(admission.Create, podOf(image), nil)), len(Against(p, image)); got != want {
			t.Errorf("%q: the policy has %d against it, the report %q", image, got, Against(p, image))
		}
	})
}

// Every container counts, and of a pod that is there only what is new.
func TestEveryContainerIsJudged(t *testing.T) {
	judged := judge(t, cluster.Images{Mode: "enforce", RefuseLatest: true})
	good := func() *corev1.Pod { return podOf("good:1", "good:2") }
	with := func(change func(*corev1.Pod)) *corev1.Pod { p := good(); change(p); return p }
	inInit := with(func(p *corev1.Pod) { p.Spec.InitContainers = []corev1.Container{{Name: "i", Image: "bad"}} })
	inEphemeral := with(func(p *corev1.Pod) {
		p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "e", Image: "bad"}}}
	})
	inVolume := with(func(p *corev1.Pod) {
		p.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "bad"}}}, {Name: "e"}}
	})
	inSecond := with(func(p *corev1.Pod) { p.Spec.Containers[1].Image = "bad" })
	for name, c := range map[string]struct {
		pod, old *corev1.Pod
		refused  bool
	}{
		"good":               {good(), nil, false},
		"no container":       {podOf(), nil, false},
		"init":               {inInit, nil, true},
		"ephemeral":          {inEphemeral, good(), true},
		"second":             {inSecond, nil, true},
		"volume":             {inVolume, nil, true},
		"it ran already":     {inSecond, inSecond, false},
		"another of it":      {inEphemeral, inSecond, false},
		"a new image":        {inSecond, good(), true},
		"a bad one replaced": {good(), inSecond, false},
		"a bad one besides":  {with(func(p *corev1.Pod) { p.Spec.Containers[0].Image, p.Spec.Containers[1].Image = "worse", "bad" }), inSecond, true},
	} {
		verb := admission.Create
		if c.old != nil {
			verb = admission.Update
		}
		got := judged(verb, c.pod, c.old)
		if len(got) > 0 != c.refused {
			t.Errorf("%s: %q", name, got)
		}
		if c.refused && !slices.ContainsFunc(got, func(m string) bool { return strings.HasSuffix(m, ": bad") || strings.HasSuffix(m, ": worse") }) {
			t.Errorf("%s: %q does not name the image", name, got)
		}
	}
}
