package spec

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// layers are a Standards that has one profile, "p", of these.
type layers []Layer

func (l layers) Ask(names []string, _ []OwnProfile) (Asks, hcl.Diagnostics) {
	out := Asks{Known: []string{"X-1", "X-2", "X-3"}, Profiles: []string{"p"}}
	for _, n := range names {
		if n != "p" {
			out.Unknown = append(out.Unknown, n)
			continue
		}
		out.Layers = l
		for _, y := range l {
			out.Controls = append(out.Controls, y.Control)
		}
	}
	return out, nil
}

// layer is what a control asks for, as a profile has it.
func layer(t *testing.T, id, settle, blocks string) Layer {
	t.Helper()
	file, diags := hclsyntax.ParseConfig([]byte(blocks), "p.hcl", hcl.InitialPos)
	body, ok := file.Body.(*hclsyntax.Body)
	if diags.HasErrors() || !ok {
		t.Fatal(diags)
	}
	return Layer{Control: id, Title: "title of " + id, Settle: settle, Body: body, At: hcl.Range{Filename: "p.hcl", Start: hcl.Pos{Line: 7}}}
}

func read(t *testing.T, lines string, of layers) (*cluster.Cluster, string) {
	t.Helper()
	c, files, diags := Load(written(t, strings.Replace(minimal, "{\n", "{\n"+lines+"\n", 1)), Options{Standards: of})
	return c, printed(files, diags)
}

func TestTheStrictestOfAllCounts(t *testing.T) {
	of := layers{
		layer(t, "X-1", "", "audit {\n max_age = 1000\n max_size = 100\n}\napiserver { args = { enable-admission-plugins = \"AlwaysPullImages\", profiling = \"false\", event-ttl = \"2h\" } }"),
		layer(t, "X-2", "", "audit { max_age = 1825 }\nencryption {\n provider = \"aescbc\"\n resources = [\"configmaps\"]\n}\nkubelet { config = { maxPods = 60, evictionHard = { \"memory.available\" = \"5%\" } } }"),
	}
	c, said := read(t, `profiles = ["p"]`, of)
	if c == nil {
		t.Fatal(said)
	}
	hard, _ := c.Kubelet["evictionHard"].(map[string]any)
	for what, ok := range map[string]bool{
		"the highest minimum":            c.Audit.MaxAge == 1825,
		"the default that is as strict":  c.Audit.MaxSize == 100 && c.Origin("audit.max_size").String() == "default",
		"what every standard takes":      c.Encryption.Provider == "aescbc",
		"what adds up":                   strings.Join(c.Encryption.Resources, ",") == "configmaps,secrets",
		"a list of an argument":          c.APIServer.Args["enable-admission-plugins"] == "NodeRestriction,EventRateLimit,DenyServiceExternalIPs,ValidatingAdmissionWebhook,AlwaysPullImages",
		"nothing where it is so anyway":  !contains(c.APIServer.Args, "profiling"),
		"what no table has":              c.APIServer.Args["event-ttl"] == "2h",
		"a field":                        c.Kubelet["maxPods"] == int64(60),
		"a field in a field":             hard["memory.available"] == "5%",
		"where it came from":             c.Origin("audit.max_age").String() == "X-2",
		"who asked":                      len(c.Asked["audit.max_age"]) == 2 && c.Asked["audit.max_age"][1] == cluster.Asked{Control: "X-2", Value: "1825"},
		"who asked, where it was so yet": len(c.Asked["apiserver.args.profiling"]) == 1,
	} {
		if !ok {
			t.Errorf("%s: %+v %+v %v %v", what, c.Audit, c.Encryption, c.APIServer.Args, c.Kubelet)
		}
	}
}

func contains(m map[string]string, key string) bool { _, ok := m[key]; return ok }

// What the spec says itself counts where it is as strict, and is refused with both
// places where it is not.
func TestASpecThatIsWeakerThanAControl(t *testing.T) {
	of := layers{layer(t, "X-1", "", "audit { max_age = 1000 }"), layer(t, "X-2", "", "kubelet { config = { maxPods = 60 } }\napiserver { args = { event-ttl = \"2h\" } }")}
	for lines, want := range map[string]string{
		"profiles = [\"p\"]\naudit { max_age = 2000 }":                                                       "",
		"profiles = [\"p\"]\naudit { max_age = 40 }":                                                         "audit.max_age is 40 here, and X-1 asks for 1000 (p.hcl:7)",
		"profiles = [\"p\"]\naudit { max_age = 40 }\nwaive \"X-1\" { reason = \"x\" }":                       "",
		"profiles = [\"p\"]\naudit { max_age = 40 }\nwaive \"X-1\" {\nreason = \"x\"\nnodes = [\"cp-1\"]\n}": "X-1 asks for 1000",
		"profiles = [\"p\"]\nkubelet { config = { maxPods = 60, podsPerCore = 2 } }":                         "",
		"profiles = [\"p\"]\nkubelet { config = { maxPods = 61 } }":                                          "kubelet.config.maxPods is 61 here, and X-2 asks for 60",
		"profiles = [\"p\"]\nkubelet { config = { podsPerCore = 2 } }":                                       "",
		"profiles = [\"p\"]\napiserver { args = { event-ttl = \"1h\" } }":                                    "X-2 asks for \"2h\"",
		"profiles = [\"q\"]":                                   "There is no profile \"q\". Did you mean \"p\"?",
		"waive \"X-11\" { reason = \"x\" }":                    "Did you mean \"X-1\"?",
		"profiles = [\"p\"]\nwaive \"X-3\" { reason = \"x\" }": "nothing asks for it",
	} {
		c, said := read(t, lines, of)
		if !strings.Contains(said, want) || want == "" && (c == nil || strings.Contains(said, "Error")) {
			t.Errorf("%s: want %q: %s", lines, want, said)
		}
		if strings.Contains(lines, "podsPerCore") && c != nil && c.Kubelet["maxPods"] != int64(60) {
			t.Errorf("%s: %v", lines, c.Kubelet)
		}
	}
}

// How a value is written is the spec's: what it means to the component is what counts.
func TestAValueIsComparedByItsType(t *testing.T) {
	const suites = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
	of := layers{
		layer(t, "X-1", "", "apiserver { args = { profiling = \"false\", event-ttl = \"2h\", goaway-chance = \"0\", tls-cipher-suites = \""+suites+"\" } }"),
		layer(t, "X-2", "", "policy {\n images {\n registries = [\"registry.example.com\"]\n }\n}"),
		layer(t, "X-3", "", "kubelet { config = { maxPods = 60, nodeStatusUpdateFrequency = \"60s\", tlsCipherSuites = [\""+strings.ReplaceAll(suites, ",", "\", \"")+"\"] } }"),
	}
	for lines, fine := range map[string]bool{
		`apiserver { args = { profiling = "F" } }`: true, `apiserver { args = { profiling = "0" } }`: true, `apiserver { args = { event-ttl = "120m" } }`: true,
		`apiserver { args = { event-ttl = "121m" } }`: false, `apiserver { args = { goaway-chance = 0 } }`: true,
		`apiserver { args = { tls-cipher-suites = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" } }`:   true,
		`apiserver { args = { tls-cipher-suites = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" } }`: false,
		`kubelet { config = { tlsCipherSuites = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"] } }`: true,
		`kubelet { config = { nodeStatusUpdateFrequency = "1m" } }`:                                                                       true, `kubelet { config = { nodeStatusUpdateFrequency = "2m" } }`: false,
		"policy {\n images {\n registries = [\"registry.example.com/team\"]\n }\n}":                             true,
		"policy {\n images {\n registries = [\"registry.example.com/team\", \"registry.example.com/a\"]\n }\n}": true,
		"policy {\n images {\n registries = [\"registry.example.com.evil\"]\n }\n}":                             false,
		"policy {\n images {\n digests = true\n }\n}":                                                           true, // what is not said is put in
	} {
		c, said := read(t, "profiles = [\"p\"]\n"+lines, of)
		if (c != nil) != fine || !fine && !strings.Contains(said, "asks for") {
			t.Errorf("%s: %s", lines, said)
		}
		if c == nil {
			continue
		}
		if v, there := c.APIServer.Args["profiling"]; there && v != "false" || strings.Contains(c.APIServer.Args["tls-cipher-suites"], " ") {
			t.Errorf("%s is not written as others are: %v", lines, c.APIServer.Args)
		}
		if len(c.Policy.Images.Registries) == 0 {
			t.Errorf("%s: images come from anywhere", lines)
		}
	}
}

// A control that wants the very value is met by nothing else, be it stricter: beside one
// that asks for more it contradicts.
func TestAControlThatWantsTheVeryValue(t *testing.T) {
	exactly := layer(t, "X-1", "", "kubelet { config = { podPidsLimit = 1000, streamingConnectionIdleTimeout = \"5m\" } }")
	exactly.Exactly = true
	more := layer(t, "X-2", "", "kubelet { config = { podPidsLimit = 100 } }")
	for _, test := range []struct {
		of          layers
		lines, want string
	}{
		{layers{exactly}, "", ""},
		{layers{exactly}, "kubelet { config = { podPidsLimit = 1000, streamingConnectionIdleTimeout = \"300s\" } }", ""},
		{layers{exactly}, "kubelet { config = { podPidsLimit = 999 } }", "kubelet.config.podPidsLimit is 999 here, and X-1 asks for exactly 1000 (p.hcl:7)"},
		{layers{exactly}, "kubelet { config = { streamingConnectionIdleTimeout = \"1m\" } }", "X-1 asks for exactly \"5m\""},
		{layers{exactly, more}, "", "X-1 for 1000; X-2 for 100"},
		{layers{more, exactly}, "", "X-2 for 100; X-1 for 1000"},
		{layers{more, exactly}, "waive \"X-2\" { reason = \"x\" }", ""},
	} {
		c, said := read(t, "profiles = [\"p\"]\n"+test.lines, test.of)
		if (c != nil) != (test.want == "") || !strings.Contains(said, test.want) {
			t.Errorf("%s: want %q: %s", test.lines, test.want, said)
		}
		if c != nil && c.Kubelet["podPidsLimit"] != int64(1000) {
			t.Errorf("%s: %v", test.lines, c.Kubelet)
		}
	}
}

// Controls that cannot all be met, and those that have a price, are the spec's to decide,
// which is told how.
func TestWhatASpecHasToSettle(t *testing.T) {
	contradiction := layers{
		layer(t, "X-1", "", "apiserver { args = { event-ttl = \"2h\" } }"), layer(t, "X-2", "", "apiserver { args = { event-ttl = \"3h\" } }"),
	}
	price := layers{layer(t, "X-1", "it costs pods", "kubelet { config = { maxPods = 60 } }"), {Control: "X-2", Title: "no ssh", Settle: "nobody could look at a node"}}
	nested := layers{layer(t, "X-1", "it costs pods", "kubelet { config = { authentication = { webhook = { enabled = true } } } }")}
	for name, c := range map[string]struct {
		of    layers
		lines string
		want  []string
	}{
		"a contradiction":                    {contradiction, "", []string{"event-ttl cannot be", "X-1 for \"2h\"; X-2 for \"3h\"", "To have \"2h\":\n  waive \"X-2\"", "To have \"3h\":\n  waive \"X-1\""}},
		"one side waived":                    {contradiction, `waive "X-2" { reason = "x" }`, nil},
		"a value takes no side":              {contradiction, `apiserver { args = { event-ttl = "2h" } }`, []string{"cannot be"}},
		"a price":                            {price, "", []string{"X-1 (title of X-1) is not done without a word of yours: it costs pods", "  kubelet {\n    config = {\n      maxPods = 60\n    }\n  }", "waive \"X-1\"", "X-2 (no ssh)", "waive \"X-2\""}},
		"a field beside it is no word of it": {nested, "kubelet { config = { authentication = { webhook = { cacheTTL = \"1m\" } } } }", []string{"X-1 (title of X-1) is not done without a word of yours"}},
		"the field itself is":                {nested, "kubelet { config = { authentication = { webhook = { enabled = true } } } }", nil},
		"a price paid":                       {price, "kubelet { config = { maxPods = 60 } }\nwaive \"X-2\" { reason = \"x\" }", nil},
		"a price not paid":                   {price, "waive \"X-1\" { reason = \"x\" }\nwaive \"X-2\" { reason = \"x\" }", nil},
	} {
		got, said := read(t, "profiles = [\"p\"]\n"+c.lines, c.of)
		for _, want := range c.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s does not say %q: %s", name, want, said)
			}
		}
		if (got == nil) != (len(c.want) > 0) {
			t.Errorf("%s: %s", name, said)
		}
		if name == "one side waived" && got != nil && (got.APIServer.Args["event-ttl"] != "2h" || !got.Asked["apiserver.args.event-ttl"][1].Waived) {
			t.Errorf("%s: %v %v", name, got.APIServer.Args, got.Asked)
		}
	}
}

// A policy of images that a profile switches on is as whole as one of the spec, and which
// registries are trusted is the spec's to say.
func TestImagesOfAProfile(t *testing.T) {
	images := layer(t, "X-1", "", "policy {\n images {\n refuse_latest = true\n }\n}")
	c, said := read(t, `profiles = ["p"]`, layers{images})
	if c == nil || c.Policy.Images.Mode != "audit" || !c.Policy.Images.RefuseLatest || strings.Join(c.Policy.Images.ExemptNamespaces, ",") != "kube-system" {
		t.Errorf("%s %+v", said, c)
	}
	trusted := layer(t, "X-2", "you know them", "policy {\n images {\n mode = \"enforce\"\n registries = [\"registry.k8s.io\"]\n }\n}")
	for lines, want := range map[string]string{
		"policy {\n images {\n mode = \"enforce\"\n registries = [\"registry.example.com\", \"registry.k8s.io\"]\n }\n}": "",
		"policy {\n images {\n mode = \"audit\"\n registries = [\"registry.example.com\"]\n }\n}":                        "X-2 asks for \"enforce\"",
		"policy {\n images {\n mode = \"enforce\"\n digests = true\n }\n}":                                               "X-2 (title of X-2) is not done without a word of yours",
	} {
		if c, said = read(t, "profiles = [\"p\"]\n"+lines, layers{trusted}); (c != nil) != (want == "") || !strings.Contains(said, want) {
			t.Errorf("%s: want %q: %s", lines, want, said)
		}
	}
	for _, blocks := range []string{"encryption { key_name = \"k\" }", "policy {\n namespace \"shop\" {}\n}"} {
		if c, said = read(t, `profiles = ["p"]`, layers{layer(t, "X-3", "", blocks)}); c != nil || !strings.Contains(said, "Not for a control to ask") {
			t.Errorf("%s: %s", blocks, said)
		}
	}
}

// What holds for all namespaces is the least for each: one that is held to less, or to
// nothing, is refused as any other value that is weaker.
func TestNamespacesThatAreHeldToLess(t *testing.T) {
	of := layers{
		layer(t, "X-1", "", "admission {\n pod_security = \"restricted\"\n exempt_namespaces = [\"kube-public\"]\n}"),
		layer(t, "X-2", "", "admission { pod_security = \"baseline\" }"),
		layer(t, "X-3", "you know them", "policy {\n images {\n mode = \"enforce\"\n digests = true\n exempt_namespaces = []\n }\n}"),
	}
	policy := func(namespace, images string) string {
		return "policy {\n" + namespace + "\n images {\n mode = \"enforce\"\n digests = true\n" + images + "\n }\n}\n"
	}
	for lines, want := range map[string]string{
		"":                                  "X-3 (title of X-3) is not done without a word of yours",
		policy("namespace \"shop\" {}", ""): "",
		policy("namespace \"shop\" { pod_security = \"restricted\" }", ""):                                    "",
		policy("namespace \"shop\" { pod_security = \"baseline\" }", ""):                                      "policy.namespace.shop.pod_security is \"baseline\" here, and X-1 asks for \"restricted\" (p.hcl:7). Write",
		policy("namespace \"shop\" { pod_security = \"baseline\" }", "") + "waive \"X-1\" { reason = \"x\" }": "",
		policy("", "") + "admission { exempt_namespaces = [\"kube-public\", \"kube-system\"] }":               "",
		policy("", "") + "admission { exempt_namespaces = [\"ingress\"] }":                                    "admission.exempt_namespaces is [\"ingress\", \"kube-system\"] here, and X-1 exempts at most [\"kube-public\", \"kube-system\"] (p.hcl:7)",
		policy("", "exempt_namespaces = [\"ci\"]"):                                                            "policy.images.exempt_namespaces is [\"ci\", \"kube-system\"] here, and X-3 exempts at most [\"kube-system\"] (p.hcl:7)",
		policy("", "exempt_namespaces = [\"kube-system\"]"):                                                   "",
	} {
		c, said := read(t, "profiles = [\"p\"]\n"+lines, of)
		if c != nil && strings.Contains(lines, "baseline") && (len(c.Asked["policy.namespace.shop.pod_security"]) != 2 || !c.Asked["policy.namespace.shop.pod_security"][0].Waived) {
			t.Errorf("who asked of a namespace: %v", c.Asked)
		}
		if (c != nil) != (want == "") || !strings.Contains(said, want) || lines == "" && strings.Contains(said, "exempt_namespaces") {
			t.Errorf("%s: want %q: %s", lines, want, said)
		}
	}
	soft := layer(t, "dev", "", "admission { pod_security = \"baseline\" }")
	soft.Softens = true
	if c, said := read(t, "profiles = [\"p\"]\npolicy {\n namespace \"shop\" {}\n}", layers{soft}); c == nil || c.Policy.Namespaces[0].PodSecurity != "baseline" {
		t.Errorf("a namespace that says nothing does not follow: %s %+v", said, c)
	}
}

// What a profile softens gives way to what anything else says.
func TestWhatIsSoftened(t *testing.T) {
	soft := layer(t, "dev", "", "audit { max_age = 30 }\nadmission { pod_security = \"baseline\" }")
	soft.Softens = true
	c, said := read(t, "profiles = [\"p\"]", layers{soft, layer(t, "X-1", "", "admission { pod_security = \"restricted\" }")})
	if c == nil || c.Audit.MaxAge != 30 || c.Admission.PodSecurity != "restricted" || strings.Join(c.Softened, ";") != "audit.max_age = 30, which is 366 otherwise" {
		t.Errorf("%s %+v", said, c)
	}
	for endpoint, fine := range map[string]bool{"": true, `endpoint { host = "10.0.0.99" }`: true, `endpoint { host = "203.0.113.7" }`: false,
		`endpoint { host = "api.example.com" }`: false, "endpoint { host = \"api.example.com\" }\nsoften_anywhere = true": true} {
		if c, said = read(t, "profiles = [\"p\"]\n"+endpoint, layers{soft}); (c != nil) != fine || !fine && !strings.Contains(said, "soften_anywhere") {
			t.Errorf("%s: %s", endpoint, said)
		}
	}
	for node, fine := range map[string]bool{`"10.0.0.21"`: true, `"fd00::21"`: true, `"203.0.113.21"`: false, "\"203.0.113.21\" #\nsoften_anywhere = true": true} {
		address, more, _ := strings.Cut(node, " #\n")
		text := strings.Replace(minimal, "{\n", "{\nprofiles = [\"p\"]\n"+more+"\n", 1)
		if strings.Contains(address, ":") { // all of one family
			text = strings.NewReplacer(`"10.0.0.11"`, `"fd00::11"`, "firewall {", "network {\npods = [\"fd01::/48\"]\nservices = [\"fd02::/112\"]\n}\nfirewall {").Replace(text)
		}
		c, files, diags := Load(written(t, strings.Replace(text, `"10.0.0.21"`, address, 1)), Options{Standards: layers{soft}})
		said := printed(files, diags)
		if (c != nil) != fine || !fine && !strings.Contains(said, `the address 203.0.113.21 of node "w-1" is neither a loopback nor a private address. Take the profile out, or write soften_anywhere`) {
			t.Errorf("%s: %s", node, said)
		}
	}
	if c, said = read(t, "profiles = [\"p\"]\naudit { max_age = 90 }", layers{soft}); c == nil || c.Audit.MaxAge != 90 || c.Admission.PodSecurity != "baseline" || len(c.Softened) != 1 {
		t.Errorf("%s %+v", said, c)
	}
}
