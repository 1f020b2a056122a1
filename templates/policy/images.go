package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// ImagePolicyName is what the policy of images and its binding are called.
const ImagePolicyName = "bulwark-images"

const admissions = "admissionregistration.k8s.io/v1"

// What parts of a reference look like (github.com/distribution/reference). They are
// used in CEL and in Go alike, and without a way to end a string of CEL.
const (
	// registryFirst is a reference that names its registry; others mean Docker Hub.
	registryFirst = `^([^/]*[.:A-Z][^/]*|localhost)/`
	// digested ends with a digest.
	digested = `@sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`
	// tagged ends with a tag: a ":" before the last "/" is a port's.
	tagged = `(^|/)[^/:@]+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`
	// nothingElse follows the name of a repository: a tag, a digest, or both.
	nothingElse = `^(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha(256:[0-9a-f]{64}|512:[0-9a-f]{128}))?$`
)

// imageRules are the same as regular expressions of Go, which are CEL's.
type imageRules struct{ registryFirst, digested, tagged, nothingElse *regexp.Regexp }

var goRules = sync.OnceValue(func() imageRules {
	return imageRules{regexp.MustCompile(registryFirst), regexp.MustCompile(digested), regexp.MustCompile(tagged), regexp.MustCompile(nothingElse)}
})

// Against says what the policy of images has against an image, as its admission
// policy does; nothing where it may run.
func Against(p cluster.Images, image string) []string {
	var out []string
	rules := goRules()
	full := image
	switch {
	case rules.registryFirst.MatchString(image):
	case strings.Contains(image, "/"):
		full = "docker.io/" + image
	default:
		full = "docker.io/library/" + image
	}
	known := func(r string) bool {
		rest, below := strings.CutPrefix(full, r)
		return below && (strings.HasPrefix(rest, "/") || rules.nothingElse.MatchString(rest))
	}
	if len(p.Registries) > 0 && !slices.ContainsFunc(p.Registries, known) {
		out = append(out, "from no registry that is allowed")
	}
	fixed := rules.digested.MatchString(image)
	if p.Digests && !fixed {
		out = append(out, "without a digest")
	}
	if p.RefuseLatest && !fixed && (!rules.tagged.MatchString(image) || strings.HasSuffix(image, ":latest")) {
		out = append(out, "latest, or without a tag")
	}
	return out
}

// imagePolicy is a ValidatingAdmissionPolicy: the API server itself judges, and no
// webhook has to answer. Of a pod that is changed only images that it did not have
// are judged: else nobody could even take away a finalizer of one that runs.
func imagePolicy(p cluster.Images) owned {
	variable := func(name, expression string) map[string]any {
		return map[string]any{"name": name, "expression": expression}
	}
	variables := []any{
		variable("before", "oldObject == null ? [] : "+imagesOf("oldObject")),
		variable("images", "("+imagesOf("object")+").filter(i, !(i in variables.before))"),
	}
	var validations []any
	refuse := func(name, what string) {
		validations = append(validations, map[string]any{
			"expression":        fmt.Sprintf("size(variables.%s) == 0", name),
			"message":           what,
			"messageExpression": fmt.Sprintf("'%s: ' + variables.%s.join(', ')", what, name),
			"reason":            "Forbidden",
		})
	}
	if len(p.Registries) > 0 {
		variables = append(variables,
			variable("registries", "['"+strings.Join(p.Registries, "', '")+"']"),
			variable("names", "variables.images.map(i, i.matches(r'"+registryFirst+"') ? i : (i.contains('/') ? 'docker.io/' : 'docker.io/library/') + i)"),
			variable("strangers", "variables.names.filter(i, !variables.registries.exists(r, i.startsWith(r + '/') || i.startsWith(r) && i.substring(size(r)).matches(r'"+nothingElse+"')))"))
		refuse("strangers", "images from no registry that is allowed ("+strings.Join(p.Registries, ", ")+")")
	}
	if p.Digests {
		variables = append(variables, variable("undigested", "variables.images.filter(i, !i.matches(r'"+digested+"'))"))
		refuse("undigested", "images without a digest")
	}
	if p.RefuseLatest {
		variables = append(variables, variable("latest", "variables.images.filter(i, !i.matches(r'"+digested+"') && (!i.matches(r'"+tagged+"') || i.endsWith(':latest')))"))
		refuse("latest", "images that are latest, or without a tag")
	}
	exempt := map[string]any{"matchExpressions": []any{map[string]any{
		"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": withRequired(p.ExemptNamespaces, "kube-system")}}}
	return owned{ref: state.ObjectRef{APIVersion: admissions, Kind: "ValidatingAdmissionPolicy", Name: ImagePolicyName}, policy: state.PolicyImages, why: "policy.images",
		spec: map[string]any{
			"failurePolicy": "Fail",
			"matchConstraints": map[string]any{
				"matchPolicy": "Equivalent", "namespaceSelector": exempt, "objectSelector": map[string]any{},
				"resourceRules": []any{map[string]any{"apiGroups": []string{""}, "apiVersions": []string{"v1"}, "operations": []string{"CREATE", "UPDATE"},
					"resources": []string{"pods", "pods/ephemeralcontainers"}, "scope": "*"}},
			},
			"variables": variables, "validations": validations,
		}}
}

// imagesOf is a list of all images of a pod, in CEL: of its containers, and those
// that it mounts as volumes.
func imagesOf(pod string) string {
	var lists []string
	for _, of := range []string{"containers", "initContainers", "ephemeralContainers"} {
		lists = append(lists, fmt.Sprintf("(has(%[1]s.spec.%[2]s) ? %[1]s.spec.%[2]s.map(c, has(c.image) ? c.image : '') : [])", pod, of))
	}
	lists = append(lists, fmt.Sprintf("(has(%[1]s.spec.volumes) ? %[1]s.spec.volumes.filter(v, has(v.image)).map(v, has(v.image.reference) ? v.image.reference : '') : [])", pod))
	return strings.Join(lists, " + ")
}

// imageBinding puts the policy in force, for everything it is about.
func imageBinding(p cluster.Images) owned {
	actions := []string{"Audit", "Warn"}
	if p.Mode == cluster.ImagesEnforce {
		actions = []string{"Deny", "Audit"}
	}
	return owned{ref: state.ObjectRef{APIVersion: admissions, Kind: "ValidatingAdmissionPolicyBinding", Name: ImagePolicyName}, policy: state.PolicyImages, why: "policy.images.mode",
		spec: map[string]any{"policyName": ImagePolicyName, "validationActions": actions}}
}
