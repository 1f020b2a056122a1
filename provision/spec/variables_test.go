package spec

import (
	"strings"
	"testing"
)

func environment(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

func withVariable(declaration, use string) string {
	return "variable \"x\" {\n" + declaration + "\n}\n" + strings.Replace(minimal, "{\n", "{\n  "+use+"\n", 1)
}

func TestAVariableTakesTheNearestValue(t *testing.T) {
	path := written(t, withVariable(`default = coalesce(env("HOME_DOMAIN"), "default.example")`, `endpoint { host = var.x }`))
	env := map[string]string{}
	for _, step := range []struct {
		set  func(o *Options)
		want string
	}{
		{func(*Options) {}, "default.example"},
		{func(*Options) { env["HOME_DOMAIN"] = "env.example" }, "env.example"},
		{func(*Options) { env["BULWARK_VAR_x"] = "bulwark.example" }, "bulwark.example"},
		{func(o *Options) { o.Vars = map[string]string{"x": "flag.example"} }, "flag.example"},
	} {
		opts := Options{LookupEnv: environment(env)}
		step.set(&opts)
		if got := accepted(t, path, opts).Endpoint.Host; got != step.want {
			t.Errorf("%s instead of %s", got, step.want)
		}
	}
}

func TestAValueFromOutsideBecomesItsType(t *testing.T) {
	for _, r := range []struct{ declared, use, given, code string }{
		{"type = number", "ssh { port = var.x }", "2222", ""},
		{"type = number", "ssh { port = var.x }", "many", string(CodeType)},
		{"type = list(string)", "firewall { admins = var.x }", `["203.0.113.0/24"]`, ""},
		{"type = list(string)", "firewall { admins = var.x }", `203.0.113.0/24`, string(CodeVariable)},
		{"type = list(string)", "firewall { admins = var.x }", `[var.x]`, string(CodeVariable)},
		{"type = list(string)", "firewall { admins = var.x }", `file("/etc/shadow")`, string(CodeEval)},
		{"type = list(string)", "firewall { admins = var.x }", strings.Repeat("[", 100_000), string(CodeLimit)},
		{"type = list(string)", "firewall { admins = var.x }", "[\"\x1b\"]", string(CodeEncoding)},
		{"", "endpoint { host = var.x }", "${file(\"/etc/shadow\")}", string(CodeName)},
		{"type = string", "endpoint { host = var.x }", "$(id)", string(CodeName)},
	} {
		text := withVariable(r.declared, r.use)
		if strings.Contains(r.use, "firewall") {
			text = strings.Replace(text, "  firewall { admins = [\"203.0.113.0/24\"] }\n", "", 1)
		}
		_, files, diags := Load(written(t, text), Options{Vars: map[string]string{"x": r.given}})
		if r.code == "" && len(diags) > 0 || r.code != "" && !hasCode(diags, Code(r.code)) {
			t.Errorf("%s = %.40q: %s", r.declared, r.given, printed(files, diags))
		}
	}
}

func TestAVarThatIsNotDeclaredIsRefused(t *testing.T) {
	_, _, diags := Load(written(t, withVariable("default = 1", "")), Options{Vars: map[string]string{"y": "1"}})
	if !hasCode(diags, CodeVariable) {
		t.Error(diags)
	}
}
