package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// etcd takes from its environment what its arguments do not say.
func TestEtcdIsToldByItsEnvironmentToo(t *testing.T) {
	for _, c := range []struct {
		args, env, ask string
		want           Verdict
	}{
		{"", "ETCD_AUTO_TLS=true", `arg(etcd, "auto-tls") == "true"`, True},
		{"", "ETCD_AUTO_TLS=1", `arg(etcd, "auto-tls") == "true"`, True},
		{"", "ETCD_AUTO_TLS=", `arg(etcd, "auto-tls") == null`, True},
		{"--auto-tls=false", "ETCD_AUTO_TLS=true", `arg(etcd, "auto-tls") == "false"`, True},
		{"", "ETCD_CLIENT_CERT_AUTH=false", `arg(etcd, "client-cert-auth") == "true"`, False},
		{"", "ETCD_CLIENT_CERT_AUTH=true ETCD_CLIENT_CERT_AUTH=false", `arg(etcd, "client-cert-auth") == "true"`, True},
		{"", "ETCD_PORT=tcp://10.96.0.9:2379", `arg(etcd, "auto-tls") == null`, True}, // a Service named etcd
		{"--auto-tls=false", "ETCD_CONFIG_FILE=/etc/etcd.yaml", `arg(etcd, "auto-tls") == "false"`, Unknown},
	} {
		s := subject()
		s.Have.Nodes["cp-1"].Processes["etcd"] = state.Process{Args: append([]string{"etcd"}, strings.Fields(c.args)...), Env: strings.Fields(c.env)}
		expect(t, s, c.ask, c.want)
		expect(t, again(t, s), c.ask, c.want)
	}
	s := subject()
	s.Have.Nodes["cp-1"].Processes["etcd"] = state.Process{Args: []string{"etcd"}, Env: []string{"ETCD_AUTO_TLS=true", "ETCD_NOT_AN_ARGUMENT=secret"}}
	q, _ := parse(t, `arg(etcd, "auto-tls") != "true"`)
	for _, of := range []Subject{s, again(t, s)} {
		of.asked = nil
		if a := q.Ask(t.Context(), of); len(a.Seen) != 1 || !strings.Contains(a.Seen[0].What, "ETCD_AUTO_TLS") {
			t.Errorf("nothing says where it is from: %+v", a.Seen)
		}
	}
	if kept := again(t, s).Have.Nodes["cp-1"].Processes["etcd"].Env; len(kept) != 1 {
		t.Errorf("a snapshot keeps %q", kept)
	}
}

// The look brings every variable that a check can ask for, and no other.
func TestTheLookHasEtcdsVariables(t *testing.T) {
	_, rest, _ := strings.Cut(script.Look(), `etcd_variables="`)
	list, _, ended := strings.Cut(rest, `"`)
	got := strings.Fields(strings.ReplaceAll(list, "\\\n", " "))
	var want []string
	for _, name := range knownArguments(cluster.CompEtcd) {
		want = append(want, strings.TrimPrefix(variableOf(name), "ETCD_"))
	}
	slices.Sort(want)
	slices.Sort(got)
	if want = slices.Compact(want); !ended || !slices.Equal(got, want) {
		t.Errorf("looksystem.sh has %q, and etcd's arguments are %q", got, want)
	}
}
