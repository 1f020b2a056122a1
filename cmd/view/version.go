package view

// VersionInfo is what a build knows of itself.
type VersionInfo struct {
	Bulwark  string `json:"bulwark"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	// Kubernetes is the version whose kubeadm configuration bulwark writes.
	Kubernetes string `json:"kubernetes"`
	KubeadmAPI string `json:"kubeadm_api"`
}

// Version shows what a build knows of itself.
func (h *Human) Version(v VersionInfo) {
	commit := v.Commit
	if commit != "" && v.Modified {
		commit += ", with changes"
	}
	if commit != "" {
		commit = " (" + commit + ")"
	}
	h.out.linef("bulwark %s%s", v.Bulwark, commit)
	h.out.linef("kubernetes %s, kubeadm.k8s.io/%s", v.Kubernetes, v.KubeadmAPI)
	h.out.linef("%s %s", v.Go, v.Platform)
}
