package spec

import (
	"strings"
	"testing"
)

// Each line is put into the block policy of the minimal spec, and the diagnostic
// must have the code, point at that very line and say what is expected.
func TestWhatCannotBeMeantOfAPolicyIsRefusedAtItsLine(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		code Code
		says string
	}{
		"an unknown word":          {`default_denny = true`, CodeUnknown, `"default_deny"`},
		"a switch as text":         {`default_deny = "true"`, CodeType, "without quotes"},
		"Kubernetes' own":          {`namespace "kube-system" {}`, CodeChoice, "Kubernetes' own"},
		"no name":                  {`namespace "Shop" {}`, CodeName, "small letters"},
		"held to nothing":          {`namespace "shop" { pod_security = "privileged" }`, CodeChoice, `"restricted" or "baseline"`},
		"exempt as well":           {`namespace "exempt" {}`, CodeContra, "one of the two"},
		"asks for nothing":         {`images { digests = false }`, CodeMissing, "digests = true"},
		"refuses all":              {`images { registries = [] }`, CodeMissing, "refuse every image"},
		"no such mode":             {`images { mode = "enforced" }`, CodeChoice, `Did you mean "enforce"`},
		"a registry with a scheme": {`images { registries = ["https://registry.example.com"] }`, CodeName, "without https"},
		"a registry with a tag":    {`images { registries = ["registry.example.com/app:1"] }`, CodeName, "without a tag"},
		"a registry with capitals": {`images { registries = ["Registry.example.com"] }`, CodeName, "small letters"},
		"a wildcard":               {`images { registries = ["*.example.com"] }`, CodeName, "everything below"},
		"a path without registry":  {`images { registries = ["library"] }`, CodeName, "docker.io"},
		"CEL in a registry":        {`images { registries = ["a.b', '"] }`, CodeName, "no registry"},
		"two slashes":              {`images { registries = ["a.b//c"] }`, CodeName, "no registry"},
		"no name of a namespace":   {`images { exempt_namespaces = ["a/b"] }`, CodeName, "cannot name a namespace"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(minimal, "{\n", "{\n  admission { exempt_namespaces = [\"exempt\"] }\n  policy {\n"+c.line+"\n}\n", 1)
			_, files, diags := Load(written(t, text), Options{})
			for _, d := range diags {
				if CodeOf(d) == c.code && d.Subject != nil && d.Subject.Start.Line == 4 && strings.Contains(d.Detail, c.says) {
					return
				}
			}
			t.Errorf("no diagnostic with code %q says %q of line 4:\n%s", c.code, c.says, printed(files, diags))
		})
	}
	twice := strings.Replace(minimal, "{\n", "{\n  policy {\n    namespace \"shop\" {}\n    namespace \"shop\" {}\n  }\n", 1)
	if _, _, diags := Load(written(t, twice), Options{}); !hasCode(diags, CodeDuplicate) {
		t.Errorf("%v", diags)
	}
}

// What a kube-proxy without all rights cannot do is refused beside it, and what it
// does not try is not.
func TestAKubeProxyWithoutRightsIsAskedForNothingElse(t *testing.T) {
	for config, refused := range map[string]bool{
		`mode = "ipvs"`:                                     true,
		`mode = "nftables"`:                                 false,
		`conntrack = { maxPerCore = 65536 }`:                true,
		`conntrack = { tcpEstablishedTimeout = "1h" }`:      true,
		`conntrack = { tcpBeLiberal = true }`:               true,
		`conntrack = { maxPerCore = 0, udpTimeout = "0s" }`: false,
		`iptables = { localhostNodePorts = true }`:          true,
		`iptables = { localhostNodePorts = false }`:         false,
	} {
		for _, on := range []string{"true", "false"} {
			text := strings.Replace(minimal, "{\n", "{\n  policy { unprivileged_kube_proxy = "+on+" }\n  kube_proxy { config = { "+config+" } }\n", 1)
			_, files, diags := Load(written(t, text), Options{})
			if got := hasCode(diags, CodeContra); got != (refused && on == "true") {
				t.Errorf("%s with %s:\n%s", config, on, printed(files, diags))
			}
		}
	}
}

// A default that closes nothing is worth a second look.
func TestPoliciesThatNobodyEnforcesAreSaid(t *testing.T) {
	deny := strings.Replace(minimal, "{\n", "{\n  policy { default_deny = true }\n", 1)
	if c, _, diags := Load(written(t, deny), Options{}); c == nil || !hasCode(diags, CodeCaution) {
		t.Errorf("%v", diags)
	}
	external := strings.Replace(deny, "{\n", "{\n  network {\n    cni_ports = []\n    cni \"external\" {}\n  }\n", 1)
	if c, files, diags := Load(written(t, external), Options{}); c == nil || len(diags) > 0 {
		t.Error(printed(files, diags))
	}
}
