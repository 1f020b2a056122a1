package provision

import (
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/kube"
)

// A pod network that its own cluster would refuse is said before there is one.
func TestAPodNetworkMustPassThePolicyOfImages(t *testing.T) {
	objects, err := kube.Manifest([]byte(`
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: net}
spec:
  template:
    spec:
      initContainers: [{name: i, image: registry.example.com/good:1}]
      containers: [{name: c, image: "registry.example.com/bad:latest"}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: job, namespace: net}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c, image: bad}]}}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: pod, namespace: net}
spec: {containers: [{name: c, image: bad}]}
---
apiVersion: v1
kind: Pod
metadata: {name: system, namespace: kube-system}
spec: {containers: [{name: c, image: bad}]}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w, namespace: net}
spec: {template: {spec: {containers: many}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	p := cluster.Images{Mode: cluster.ImagesEnforce, RefuseLatest: true, ExemptNamespaces: []string{"kube-system"}}
	count := func(p cluster.Images) int {
		err, _ := ownImages(p, objects).(interface{ Unwrap() []error })
		if err == nil {
			return 0
		}
		return len(err.Unwrap())
	}
	if got := count(p); got != 3 {
		t.Errorf("%d: %v", got, ownImages(p, objects))
	}
	for name, change := range map[string]func(*cluster.Images){
		"audit":  func(p *cluster.Images) { p.Mode = cluster.ImagesAudit },
		"off":    func(p *cluster.Images) { p.Mode = "" },
		"exempt": func(p *cluster.Images) { p.ExemptNamespaces = []string{"kube-system", "net"} },
	} {
		p := p
		if change(&p); count(p) != 0 {
			t.Errorf("%s: %v", name, ownImages(p, objects))
		}
	}
}
