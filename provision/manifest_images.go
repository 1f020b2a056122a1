package provision

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/policy"
)

// podTemplate is where the pods of a workload are described.
type podTemplate struct {
	Spec struct {
		Containers, InitContainers []struct{ Image string }
	}
}

// ownImages says which objects of a pod network's manifest the policy of images would
// keep from running: no node would ever be ready.
func ownImages(p cluster.Images, manifest []state.Object) error {
	if p.Mode != cluster.ImagesEnforce {
		return nil
	}
	var errs []error
	for _, o := range manifest {
		if slices.Contains(p.ExemptNamespaces, o.Ref.Namespace) {
			continue
		}
		var workload struct {
			Spec struct {
				Template    podTemplate
				JobTemplate struct {
					Spec struct{ Template podTemplate }
				}
			}
		}
		var pod podTemplate
		if json.Unmarshal(o.JSON, &workload) != nil || json.Unmarshal(o.JSON, &pod) != nil {
			continue // no workload: its kind has other fields of these names
		}
		for _, t := range []podTemplate{pod, workload.Spec.Template, workload.Spec.JobTemplate.Spec.Template} {
			for _, c := range slices.Concat(t.Spec.InitContainers, t.Spec.Containers) {
				if why := policy.Against(p, c.Image); len(why) > 0 {
					errs = append(errs, cluster.Fault("policy.images", fmt.Errorf("the pod network's own %s %s runs %s (%s), and no node would be ready without it; exempt its namespace, as in exempt_namespaces = [%q], or change its image",
						o.Ref.Kind, o.Ref.Name, c.Image, strings.Join(why, "; "), o.Ref.Namespace)))
				}
			}
		}
	}
	return errors.Join(errs...)
}
