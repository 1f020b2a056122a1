package kubeadm

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/v1beta4"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// apiServerArgs are what kubeadm does not set itself. There is no
// --anonymous-auth: the two may not be used together, and false would answer
// the probes kubeadm's manifest makes without credentials with 401
// (kubeadm#798); [AuthenticationFile] opens just those paths.
func apiServerArgs(c *cluster.Cluster) ([]v1beta4.Arg, error) {
	return args(cluster.CompAPIServer, map[string]string{
		"authentication-config":         AuthenticationFile,
		"admission-control-config-file": AdmissionFile,
		"audit-policy-file":             AuditPolicyFile,
		"audit-log-path":                AuditLog,
		"audit-log-maxage":              strconv.Itoa(c.Audit.MaxAge),
		"audit-log-maxbackup":           strconv.Itoa(c.Audit.MaxBackup),
		"audit-log-maxsize":             strconv.Itoa(c.Audit.MaxSize),
		"encryption-provider-config":    EncryptionProviderFile,
	}, withPlugins(c))
}

// withPlugins are the API server's raw arguments, with the admission plugins that
// words of a spec ask for among those that the spec names itself.
func withPlugins(c *cluster.Cluster) cluster.Component {
	const name, plugin = "enable-admission-plugins", "AlwaysPullImages"
	if !c.Admission.AlwaysPullImages {
		return c.APIServer
	}
	raw := maps.Clone(c.APIServer.Args)
	if raw == nil {
		raw = map[string]string{}
	}
	switch more := raw[name]; { // one that is named twice is a list that differs
	case more == "":
		raw[name] = plugin
	case !slices.Contains(strings.Split(more, ","), plugin):
		raw[name] = more + "," + plugin
	}
	return cluster.Component{Args: raw}
}

// apiServerVolumes are directories, not files: a file that is replaced by
// rename stays the old one in a container it is mounted into. Both must exist;
// made by the kubelet they would be root's with mode 0755.
func apiServerVolumes() []v1beta4.HostPathMount {
	return []v1beta4.HostPathMount{
		{Name: "bulwark-apiserver", HostPath: APIServerDir, MountPath: APIServerDir, ReadOnly: true, PathType: corev1.HostPathDirectory},
		{Name: "bulwark-audit", HostPath: AuditDir, MountPath: AuditDir, PathType: corev1.HostPathDirectory},
	}
}

// args are the hardened arguments of a component, those of other blocks of the
// spec, and its raw ones on top: they replace, or add to a list that is a
// union. That they weaken nothing was checked where they were read. Extra
// arguments replace kubeadm's own of that name, and kubeadm keeps their order,
// so it is ours to make: by name.
func args(component string, blocks map[string]string, raw cluster.Component) ([]v1beta4.Arg, error) {
	merged := map[string]string{}
	for _, s := range cluster.SettingsOf(component) {
		if s.Written {
			merged[s.Key] = s.Arg()
		}
	}
	maps.Copy(merged, blocks)
	var errs []error
	for name, value := range raw.Args {
		if strings.Contains(value, "\x00") {
			errs = append(errs, cluster.Fault(component+".args."+name, errors.New("it holds a NUL, which ends an argument; take it out")))
			continue
		}
		if s, ok := cluster.Lookup(component, name); ok && s.Rule == cluster.Union {
			sum, err := cluster.Merge(component, name, value)
			if err != nil {
				errs = append(errs, cluster.Fault(component+".args."+name, err))
				continue
			}
			value = fmt.Sprint(sum) // a string, as it went in
		}
		merged[name] = value
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	var out []v1beta4.Arg
	for _, name := range slices.Sorted(maps.Keys(merged)) {
		out = append(out, v1beta4.Arg{Name: name, Value: merged[name]})
	}
	return out, nil
}
