package check

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// file is a configuration file that a component's arguments name.
type file struct {
	component, argument string
	// restart says that the component reads all of it when it starts, and no later.
	restart bool
}

var (
	auditPolicyFile    = file{cluster.CompAPIServer, "audit-policy-file", true}
	admissionFile      = file{cluster.CompAPIServer, "admission-control-config-file", true}
	authenticationFile = file{cluster.CompAPIServer, "authentication-config", false}
	encryptionFile     = file{cluster.CompAPIServer, "encryption-provider-config", false}
	kubeletFile        = file{cluster.CompKubelet, "config", false}
)

// documentFiles are the files that a document is made of, by its name in [Needs].
var documentFiles = map[string]file{
	"audit_rules": auditPolicyFile, "pod_security": admissionFile, "admission_plugins": admissionFile,
	"anonymous": authenticationFile, "issuers": authenticationFile, "encryption": encryptionFile,
}

// clockSlack is how many seconds two clocks of one machine may differ: the kernel's,
// which says when a process began, and the file system's.
const clockSlack = 2

// text is what stands in a file that a component is given: set is false where it is
// given none, and why says what keeps it from being known. Where the component may still
// run with what stood there before, no pass may rest on it.
func (f *found) text(of file) (text []byte, at string, set bool, why string) {
	args, why := f.arguments(of.component)
	if why != "" {
		return nil, "", false, why
	}
	within, set := valueOf(of.component, args, of.argument)
	if !set || within == "" {
		return nil, "", false, ""
	}
	at, err := f.onMachine(of.component, within)
	if err != nil {
		return nil, manifestOf(of.component), true, err.Error()
	}
	text, why = f.content(at)
	if why == "" && of.restart {
		f.readAtStart(of.component, at)
	}
	return text, at, true, why
}

// readAtStart doubts what rests on a file that a component reads when it starts and no
// later, where the file changed since.
func (f *found) readAtStart(component, at string) {
	if p := f.node.Processes[programOf(component)]; p.Started > 0 && f.node.Files[at].Changed > p.Started+clockSlack {
		f.doubt(Seen{What: at, Unread: "it changed after " + programOf(component) + " began, which reads this of it only then"})
	}
}

// content is what stands in a file of the machine.
func (f *found) content(at string) (text []byte, why string) {
	have, asked := f.node.Files[at]
	switch {
	case f.node.Unread[at] != "":
		return nil, at + ": " + f.node.Unread[at]
	case !asked || have.Exists() && have.Text == nil:
		return nil, at + " was not read"
	case !have.Exists():
		return nil, at + " is not there"
	}
	return have.Text, ""
}

// manifest is what a static pod's says of where its files lie on the machine.
type manifest struct {
	Spec struct {
		Containers []struct {
			VolumeMounts []mount `json:"volumeMounts"`
		} `json:"containers"`
		Volumes []volume `json:"volumes"`
	} `json:"spec"`
}

type mount struct {
	Name      string `json:"name"`
	MountPath string `json:"mountPath"`
}

type volume struct {
	Name     string    `json:"name"`
	HostPath *hostPath `json:"hostPath,omitempty"`
}

type hostPath struct {
	Path string `json:"path"`
}

// manifestOf is the file that a component's static pod is made from, where kubeadm and
// most others have it; "" of one that is none.
func manifestOf(component string) string {
	if component != cluster.CompAPIServer {
		return ""
	}
	return "/etc/kubernetes/manifests/" + programOf(component) + ".yaml"
}

// onMachine is where a file lies that a component knows by a path in its container.
// Where there is no manifest it is the same path, and so it is of what was rendered:
// there nothing runs yet, and bulwark mounts each file where it lies.
func (f *found) onMachine(component, within string) (string, error) {
	n, at := f.node, manifestOf(component)
	have, asked := n.Files[at]
	text := have.Text
	switch {
	case at == "":
		return within, nil
	case n.Unread[at] != "":
		return "", errors.New(at + ", which says where its files lie: " + n.Unread[at])
	case text == nil && n.Processes[programOf(component)].Started > 0 && (!asked || have.Exists()):
		return "", errors.New(at + ", which says where its files lie, was not read")
	case text == nil:
		return within, nil
	}
	m, err := readOnce(f.texts, "manifest", text, readManifest)
	if err != nil {
		return "", errors.New(at + ", which says where its files lie, cannot be read")
	}
	if len(m.Spec.Containers) == 0 {
		return within, nil
	}
	on, longest := within, 0
	for _, mount := range m.Spec.Containers[0].VolumeMounts {
		rest, inside := strings.CutPrefix(within, mount.MountPath)
		if !inside || rest != "" && rest[0] != '/' || len(mount.MountPath) <= longest {
			continue
		}
		for _, v := range m.Spec.Volumes {
			if v.Name == mount.Name && v.HostPath != nil {
				on, longest = v.HostPath.Path+rest, len(mount.MountPath)
			}
		}
	}
	return on, nil
}

// Unasked are the files whose texts questions need of a node and that nobody asked
// for: where they lie is known only of what runs there. Keys says of each whether it
// may hold keys, which nobody should keep.
func (n Needs) Unasked(node *state.Node) (paths []string, keys map[string]bool) {
	keys = map[string]bool{}
	f := &found{node: node, texts: &texts{}}
	add := func(at string, key bool) {
		have, asked := node.Files[at]
		if node.Unread[at] == "" && (!asked || have.Type == "file" && have.Text == nil) && path.IsAbs(at) && path.Clean(at) == at && at != "/" && !strings.ContainsAny(at, "\n\x00") && len(at) <= 1024 {
			paths, keys[at] = append(paths, at), keys[at] || key
		}
	}
	of := []file{kubeletFile}
	for _, name := range n.Documents {
		if file, known := documentFiles[name]; known {
			of = append(of, file)
		}
	}
	for _, file := range of {
		if _, at, set, _ := f.text(file); set {
			add(at, file == encryptionFile)
		}
	}
	if slices.Contains(n.Documents, "pod_security") {
		if at := f.podSecurityFile(); at != "" {
			add(at, false)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), keys
}
