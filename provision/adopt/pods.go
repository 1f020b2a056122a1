package adopt

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// pod is what is read of a static pod's manifest.
type pod struct {
	Spec struct {
		SecurityContext struct {
			RunAsUser *int64 `json:"runAsUser"`
		} `json:"securityContext"`
		Containers []struct {
			Name    string   `json:"name"`
			Image   string   `json:"image"`
			Command []string `json:"command"`
			Args    []string `json:"args"`
			Env     []struct {
				Name  string `json:"name"`
				Value string `json:"value"`
			} `json:"env"`
			VolumeMounts []struct {
				Name      string `json:"name"`
				MountPath string `json:"mountPath"`
			} `json:"volumeMounts"`
		} `json:"containers"`
		InitContainers []struct {
			Name string `json:"name"`
		} `json:"initContainers"`
		Volumes []struct {
			Name     string `json:"name"`
			HostPath *struct {
				Path string `json:"path"`
			} `json:"hostPath"`
		} `json:"volumes"`
	} `json:"spec"`
}

func manifest(m Machine, name string) (pod, error) {
	var p pod
	file := manifestsDir + "/" + name + ".yaml"
	if err := yaml.Unmarshal(m.Look.Files[file].Text, &p); err != nil {
		return p, fmt.Errorf("%s: %s: %w", m.Name, file, err)
	}
	return p, nil
}

// mounted are the folders of a machine that kubeadm's own static pods see.
func mounted() []string {
	return []string{"/etc/kubernetes/pki", "/etc/kubernetes/pki/etcd", "/etc/ssl/certs", "/etc/ca-certificates", "/etc/pki/ca-trust", "/etc/pki/tls/certs",
		"/usr/share/ca-certificates", "/usr/local/share/ca-certificates", "/etc/kubernetes/controller-manager.conf", "/etc/kubernetes/scheduler.conf",
		"/usr/libexec/kubernetes/kubelet-plugins/volume/exec", "/var/lib/etcd"}
}

// pods are static pods that are not kubeadm's, and what people added to those
// that are.
func (d *describer) pods() error {
	for _, m := range d.planes() {
		for _, name := range staticPods() {
			p, err := manifest(m, name)
			if err != nil {
				return err
			}
			var more []string
			for _, v := range p.Spec.Volumes {
				if v.HostPath != nil && !slices.Contains(mounted(), v.HostPath.Path) {
					more = append(more, "mount of "+v.HostPath.Path)
				}
			}
			for i, c := range p.Spec.Containers {
				if i > 0 {
					more = append(more, "container "+c.Name)
				}
				for _, e := range c.Env {
					more = append(more, "variable "+e.Name)
				}
			}
			for _, c := range p.Spec.InitContainers {
				more = append(more, "container "+c.Name)
			}
			for _, what := range more {
				d.found.add(Finding{Kind: LeftOut, Setting: "pod." + name, Seen: what, Will: notSet, Consequence: "a spec has no word for it: the static pod is made anew without it"}, m.Name)
			}
		}
		for _, file := range Foreign(m.Look) {
			d.foreignPod(m, file)
		}
	}
	return nil
}

// foreignPod is a static pod that is not kubeadm's. A spec has no word for one, and
// each that is there runs past all admission: apply removes it, unless it holds
// the endpoint's address, as bulwark's own will.
func (d *describer) foreignPod(m Machine, file string) {
	seen := file
	if i := slices.IndexFunc(m.VIPs, func(v VIP) bool { return v.Path == file }); i >= 0 {
		if vip := d.c.Endpoint.VIP; vip.IsValid() && m.VIPs[i].holds(vip) {
			return // said with the endpoint
		}
		seen += ", kube-vip that holds " + strings.Join(m.VIPs[i].Addresses, ", ")
	}
	d.found.add(Finding{Kind: LeftOut, Setting: "pod." + strings.TrimSuffix(path.Base(file), ".yaml"), Seen: seen, Will: "removed",
		Consequence: "a static pod that is not bulwark's: apply removes its manifest, with which it ends, on one control plane after the other; have something else do what it does before, or a pod of a DaemonSet"}, m.Name)
}

// etcd runs as an account of its own.
func (d *describer) etcd() error {
	for _, m := range d.planes() {
		p, err := manifest(m, "etcd")
		if err != nil {
			return err
		}
		user := p.Spec.SecurityContext.RunAsUser
		if user != nil && *user == state.EtcdUID {
			continue
		}
		seen := "root"
		if user != nil && *user != 0 {
			seen = fmt.Sprint(*user)
		}
		d.found.add(Finding{Kind: Weakens, Setting: "etcd.account", Seen: seen, Will: fmt.Sprint(state.EtcdUID), Refs: []string{"CIS-1.1.12"},
			Consequence: "etcd starts again as an account of its own, and its data and certificates change hands"}, m.Name)
	}
	return nil
}

// access is who may reach the API beyond what its arguments say.
func (d *describer) access() error {
	if _, ok := d.seen.API.Objects[clusterInfo().String()]; ok {
		d.find(Weakens, "cluster-info", "everybody reads it", "nobody does without credentials", "kubeadm join by a token's own discovery no longer works; bulwark joins by file")
	}
	if n := len(d.seen.API.Tokens); n > 0 {
		d.find(Decide, "bootstrap-tokens", fmt.Sprintf("%d, with which a machine could join", n), "left as they are", "delete those that nobody waits for: kubeadm token list")
	}
	return nil
}
