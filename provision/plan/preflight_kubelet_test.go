package plan

import (
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

func text(s string) state.HaveFile { return state.HaveFile{Type: "file", Text: []byte(s)} }

func TestArgumentsThatOthersGiveTheKubelet(t *testing.T) {
	type files map[string]state.HaveFile
	there := text("")
	for name, c := range map[string]struct {
		files files
		says  string // "" is no row
	}{
		"an argument for a packaged kubelet":      {files{packagedKubeletUnit: there, "/etc/default/kubelet": text("# x\nKUBELET_EXTRA_ARGS=\"--anonymous-auth=true\"\n")}, "--anonymous-auth=true"},
		"the same of a distribution with rpm":     {files{packagedKubeletUnit: there, "/etc/sysconfig/kubelet": text("KUBELET_EXTRA_ARGS=--read-only-port=10255")}, "/etc/sysconfig/kubelet"},
		"another variable of the unit":            {files{packagedKubeletUnit: there, "/etc/default/kubelet": text("KUBELET_CONFIG_ARGS=\n")}, "KUBELET_CONFIG_ARGS="},
		"as the package brings it":                {files{packagedKubeletUnit: there, "/etc/default/kubelet": text("KUBELET_EXTRA_ARGS=\n")}, ""},
		"empty in quotes":                         {files{packagedKubeletUnit: there, "/etc/default/kubelet": text(" KUBELET_EXTRA_ARGS=\"\" \n#KUBELET_EXTRA_ARGS=--x\n")}, ""},
		"our unit reads no such file":             {files{"/etc/default/kubelet": text("KUBELET_EXTRA_ARGS=--x\n")}, ""},
		"a link":                                  {files{packagedKubeletUnit: there, "/etc/default/kubelet": {Type: "symlink"}}, "no plain file"},
		"the package's drop-in":                   {files{packagedKubeletUnit: there, packagedKubeletUnit + ".d/10-kubeadm.conf": there}, ""},
		"ours":                                    {files{adminsKubeletUnit: there, adminsKubeletUnit + ".d/10-kubeadm.conf": there}, ""},
		"another drop-in":                         {files{adminsKubeletUnit + ".d/20-extra.conf": there}, "20-extra.conf"},
		"a drop-in until the next boot":           {files{"/run/systemd/system/kubelet.service.d/x.conf": there}, "/run/systemd"},
		"what is no drop-in":                      {files{adminsKubeletUnit + ".d/20-extra.conf.bak": there}, ""},
		"what is not there":                       {files{adminsKubeletUnit + ".d/20-extra.conf": {Type: "absent"}}, ""},
		"a drop-in that hides the package's":      {files{packagedKubeletUnit: there, adminsKubeletUnit + ".d/10-kubeadm.conf": there}, "10-kubeadm.conf"},
		"a unit that stands in for the package's": {files{packagedKubeletUnit: there, adminsKubeletUnit: there}, "stands in"},
	} {
		have := fitCluster()
		for path, f := range c.files {
			have.Nodes["w-1"].Files[path] = f
		}
		got := Preflight(small(), wantedImages(), have)
		if c.says == "" && len(got) != 0 || c.says != "" && (len(got) != 1 || got[0].Check != "kubelet-arguments" || !strings.Contains(got[0].Seen, c.says)) {
			t.Errorf("%s: %+v", name, got)
		}
		kind := small()
		kind.Deviations = []cluster.Deviation{{KeepKubeletUnit: true}}
		if got := Preflight(kind, wantedImages(), have); len(got) != 0 {
			t.Errorf("%s, in kind's image: %+v", name, got)
		}
	}
}

func TestARunningKubeletHasItsOwnArgumentsOnly(t *testing.T) {
	wants := wantedImages()
	wants[1].Kubelet = []string{"--config=/c", "--node-ip=192.0.2.21"}
	for args, says := range map[string]string{
		"/usr/bin/kubelet --config=/c --node-ip=192.0.2.21":                      "",
		"/usr/bin/kubelet --config=/c --node-ip=192.0.2.22":                      "", // the spec was changed: said elsewhere
		"/usr/bin/kubelet --config=/c --node-ip=192.0.2.21 --anonymous-auth":     "--anonymous-auth",
		"/usr/bin/kubelet --config=/c --node-ip=192.0.2.21 --config=/tmp/other":  "--config=/tmp/other",
		"/usr/bin/kubelet --config=/c --node-ip=192.0.2.21 --read-only-port 255": "--read-only-port 255",
	} {
		have := fitCluster()
		n := have.Nodes["w-1"]
		n.Processes = map[string]state.Process{"kubelet": {Args: strings.Fields(args)}}
		if got := Preflight(small(), wants, have); len(got) != 0 {
			t.Errorf("%s, on no node yet: %+v", args, got)
		}
		n.Files[kubeletConf], n.Files[kubeletConfig] = text(""), text("")
		got := Preflight(small(), wants, have)
		if says == "" && len(got) != 0 || says != "" && (len(got) != 1 || got[0].Check != "kubelet-arguments" || !strings.HasSuffix(got[0].Seen, says)) {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

// ufw's unit is active on every Ubuntu, also where ufw does nothing.
func TestUFWThatIsSwitchedOff(t *testing.T) {
	for conf, refused := range map[string]bool{
		"ENABLED=yes\nLOGLEVEL=low\n":          true,
		"# Set to yes\nENABLED=no\n":           false,
		"ENABLED=\"no\"\n":                     false,
		"ENABLED=no\nENABLED=yes\n":            true,
		"LOGLEVEL=low\n# ENABLED=no in a note": true,
		"-":                                    true, // no file
	} {
		have := fitCluster()
		n := have.Nodes["w-1"]
		n.Units = map[string]state.Unit{"ufw.service": {Active: "active"}}
		if conf != "-" {
			n.Files[ufwConf] = text(conf)
		}
		if got := Preflight(small(), wantedImages(), have); len(got) > 0 != refused {
			t.Errorf("%q: %+v", conf, got)
		}
	}
}
