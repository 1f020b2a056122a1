package plan

// serverNames refuses a certificate that is not for a name or an address by which
// clients will go to its owner: they would end the connection. kubeadm renews one with
// the names it has, and one made anew would not be for the names by which kubelets go
// to it until now: which of them are still needed is for a person to say.
func (p *preflight) serverNames() {
	for _, f := range p.facts {
		if f.Certificate == nil || len(f.Certificate.Names) == 0 {
			continue
		}
		got := p.got.Certificates[f.Certificate.Path]
		if got == nil {
			continue // it is made for all of them
		}
		var missing []string
		for _, name := range f.Certificate.Names {
			if got.VerifyHostname(name) != nil {
				missing = append(missing, name)
			}
		}
		if len(missing) > 0 {
			p.bad("certificate-names", f.Certificate.Path+" is not for "+list(missing),
				"take the endpoint back, or have the certificate made for its former names and these, on one control plane after the other: "+
					"cp /etc/kubernetes/bulwark/kubeadm.yaml /root/names.yaml; add %s to apiServer.certSANs in it; move /etc/kubernetes/pki/apiserver.crt and apiserver.key away; "+
					"kubeadm init phase certs apiserver --config /root/names.yaml. Its API server takes it up within a minute", list(missing))
		}
	}
}
