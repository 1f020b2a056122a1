package etcd

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// registryOf is the prefix of the keys of a resource, named as in an
// EncryptionConfiguration ("secrets", "widgets.example.com"): where an API
// server with its own --etcd-prefix, /registry, keeps its objects.
//
// Groups that are built into kube-apiserver share one level, "leases" of
// coordination.k8s.io lie in /registry/leases/, with the exceptions of
// SpecialDefaultResourcePrefixes (k8s.io/kubernetes/pkg/kubeapiserver). Custom
// resources, and the two built-in servers for them and for aggregation, have a
// level for their group: /registry/example.com/widgets/.
func registryOf(resource string) string {
	r := schema.ParseGroupResource(resource)
	at := strings.ToLower(r.Resource)
	switch r.String() {
	case "replicationcontrollers":
		at = "controllers"
	case "endpoints":
		at = "services/endpoints"
	case "nodes":
		at = "minions"
	case "services":
		at = "services/specs"
	case "ingresses.extensions", "ingresses.networking.k8s.io":
		at = "ingress"
	default:
		if !scheme.Scheme.IsGroupRegistered(r.Group) {
			at = r.Group + "/" + at
		}
	}
	return "/registry/" + at + "/"
}
