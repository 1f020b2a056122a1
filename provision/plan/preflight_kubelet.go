package plan

import (
	"path"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// The kubelet's unit where a package brought it, and who would outweigh it.
const (
	kubeletUnit         = "kubelet.service"
	packagedKubeletUnit = "/usr/lib/systemd/system/" + kubeletUnit
	adminsKubeletUnit   = unitFiles + kubeletUnit
	kubeadmDropIn       = "10-kubeadm.conf"
)

// kubeletEnvironments are read by the packages' drop-in, after what kubeadm
// writes: the last argument of a name is the one that counts.
func kubeletEnvironments() []string {
	return []string{"/etc/default/kubelet", "/etc/sysconfig/kubelet"}
}

// kubeletDropIns are where systemd takes additions to the kubelet's unit from.
func kubeletDropIns() []string {
	return []string{adminsKubeletUnit + ".d", "/run/systemd/system/kubelet.service.d", packagedKubeletUnit + ".d"}
}

// KubeletArgumentFiles are what a look must read for the checks
// kubelet-arguments and kubelet-start: texts, and folders.
func KubeletArgumentFiles() (texts, dirs []string) {
	return append(kubeletEnvironments(), packagedKubeletUnit, packagedKubeletUnit+".d/"+kubeadmDropIn), kubeletDropIns()
}

// kubeletArguments finds who else would give the kubelet arguments. One of
// them can undo every hardened setting, and no file of ours would show it.
func (p *preflight) kubeletArguments() {
	if slices.ContainsFunc(p.c.Deviations, func(d cluster.Deviation) bool { return d.KeepKubeletUnit }) {
		return // the unit is the image's own, and every plan says so
	}
	const check, remedy = "kubelet-arguments", "take it out, and say in the spec what should hold: kubelet { config = { … } }"
	packaged := p.got.Files[packagedKubeletUnit].Exists()
	if packaged {
		if p.got.Files[adminsKubeletUnit].Exists() {
			p.bad(check, adminsKubeletUnit+" stands in for the package's unit", "remove the file, then systemctl daemon-reload")
		}
		for _, file := range kubeletEnvironments() {
			if said := environment(p.got.Files[file]); said != "" {
				p.bad(check, file+": "+said, remedy)
			}
		}
	}
	for _, file := range p.dropIns(packaged) {
		p.bad(check, file+" adds to the kubelet's unit", "remove the file, then systemctl daemon-reload; what it sets of the kubelet belongs into kubelet { config = { … } }")
	}
	p.kubeletStart(packaged)
	if extra := p.runningWith(); extra != "" {
		p.bad(check, "the kubelet runs with "+extra, "find the file it comes from (systemctl cat kubelet) and take it out, then systemctl restart kubelet")
	}
}

// dropIns are additions to the kubelet's unit that neither the package nor
// bulwark brings. Ours lies in /etc and is there where no package brought one.
func (p *preflight) dropIns(packaged bool) []string {
	own := adminsKubeletUnit + ".d/" + kubeadmDropIn
	if packaged {
		own = packagedKubeletUnit + ".d/" + kubeadmDropIn
	}
	var out []string
	for file, have := range p.got.Files {
		if have.Exists() && file != own && strings.HasSuffix(file, ".conf") && slices.Contains(kubeletDropIns(), path.Dir(file)) {
			out = append(out, file)
		}
	}
	// systemd knows more folders than those that were looked into.
	for _, file := range p.got.Units[kubeletUnit].DropIns {
		dir := path.Dir(file)
		if path.Base(dir) == kubeletUnit+".d" && !slices.Contains(kubeletDropIns(), dir) && underUsr(file) != own {
			out = append(out, file)
		}
	}
	slices.Sort(out)
	return out
}

// underUsr is a path as it is where /lib is a link to /usr/lib, which systemd may call
// by either name.
func underUsr(file string) string {
	if strings.HasPrefix(file, "/lib/") {
		return "/usr" + file
	}
	return file
}

// environment is what a file of variables would change of the kubelet's
// arguments, "" for nothing.
func environment(f state.HaveFile) string {
	if !f.Exists() {
		return ""
	}
	if f.Type != "file" {
		return "it is no plain file, and what it says was not read"
	}
	for line := range strings.Lines(string(f.Text)) {
		line = strings.TrimSpace(line)
		name, value, ok := strings.Cut(line, "=")
		if !ok || !strings.HasPrefix(name, "KUBELET_") {
			continue // a comment, or a variable the unit does not use
		}
		// Empty, KUBELET_EXTRA_ARGS is as the package brings it; any other takes
		// away what the unit says.
		if name == "KUBELET_EXTRA_ARGS" && strings.Trim(value, `"' `) == "" {
			continue
		}
		return line
	}
	return ""
}

// runningWith are arguments that a node's running kubelet has and should not,
// "" for none. Those that come from the spec are compared where they are written.
func (p *preflight) runningWith() string {
	args := p.got.Processes["kubelet"].Args
	if !p.joined() || len(args) == 0 || len(p.arguments) == 0 {
		return ""
	}
	var extra []string
	for _, a := range args[1:] {
		name, _, _ := strings.Cut(a, "=")
		if slices.Contains(p.arguments, a) || name == "--node-ip" || name == "--register-with-taints" {
			continue
		}
		extra = append(extra, a)
	}
	return strings.Join(extra, " ")
}
