package cli

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/bulwark-k8s/bulwark/provision"
)

// parse runs a verb's parser over arguments; run has been called when it
// returns no error.
func parse(cmd *cobra.Command, args string) error {
	cmd.SetArgs(strings.Fields(args))
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetFlagErrorFunc(flagError)
	return cmd.ExecuteContext(context.Background())
}

// flagCase is a command line with the options it means, or with words of the
// error that refuses it.
type flagCase[O any] struct {
	args    string
	want    O
	refused string
}

// flagTable checks what command lines of one verb mean.
func flagTable[O any](t *testing.T, verb func(func(context.Context, O) error) *cobra.Command, cases map[string]flagCase[O]) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var got O
			err := parse(verb(func(_ context.Context, o O) error { got = o; return nil }), c.args)
			switch {
			case c.refused != "":
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("%q: %v, want an error with %q", c.args, err, c.refused)
				}
			case err != nil:
				t.Errorf("%q: %v", c.args, err)
			default:
				if d := cmp.Diff(c.want, got, cmp.AllowUnexported(planOptions{}, applyOptions{}, validateOptions{}, renderOptions{}, resetOptions{}, kubeconfigOptions{}, kindCreateOptions{}, kindDeleteOptions{}, watchOptions{}, auditOptions{})); d != "" {
					t.Errorf("%q:\n%s", c.args, d)
				}
			}
		})
	}
}

func here() specOptions { return specOptions{Spec: "."} }

func ten() machineOptions { return machineOptions{Parallelism: 10} }

func TestInitFlags(t *testing.T) {
	flagTable(t, newInit, map[string]flagCase[initOptions]{
		"nothing said":  {args: "", want: initOptions{File: "cluster.hcl"}},
		"a file":        {args: "prod.hcl", want: initOptions{File: "prod.hcl"}},
		"two files":     {args: "a b", refused: "at most 1"},
		"an odd flag":   {args: "--force", refused: "no flag --force"},
		"a short flag?": {args: "-f", refused: "unknown shorthand"},
	})
}

func TestFmtFlags(t *testing.T) {
	flagTable(t, newFmt, map[string]flagCase[fmtOptions]{
		"writes by itself":      {args: "", want: fmtOptions{Spec: ".", Write: true, Output: Text}},
		"--check does not":      {args: "--check", want: fmtOptions{Spec: ".", Check: true, Output: Text}},
		"--diff does not":       {args: "--diff x", want: fmtOptions{Spec: "x", Diff: true, Output: Text}},
		"unless it is told to":  {args: "--diff --write", want: fmtOptions{Spec: ".", Diff: true, Write: true, Output: Text}},
		"standard input":        {args: "-", want: fmtOptions{Spec: "-", Write: true, Output: Text}},
		"JSON":                  {args: "-o json", want: fmtOptions{Spec: ".", Write: true, Output: JSON}},
		"a format nobody knows": {args: "-o yaml", refused: "text and json"},
	})
}

func TestValidateFlags(t *testing.T) {
	flagTable(t, newValidate, map[string]flagCase[validateOptions]{
		"nothing said": {args: "", want: validateOptions{specOptions: here(), Output: Text}},
		"all of it": {
			args: "prod --var a=1 --var b=x=y --var a=2 --overlay o.hcl --on kind --output json",
			want: validateOptions{specOptions: specOptions{Spec: "prod", Vars: map[string]string{"a": "2", "b": "x=y"}, Overlay: "o.hcl", OnKind: true}, Output: JSON},
		},
		"an empty value":          {args: "--var a=", want: validateOptions{specOptions: specOptions{Spec: ".", Vars: map[string]string{"a": ""}}, Output: Text}},
		"a variable without one":  {args: "--var a", refused: "--var NAME=VALUE"},
		"a variable without name": {args: "--var =1", refused: "--var NAME=VALUE"},
		"nodes nobody has":        {args: "--on docker", refused: "machines and kind"},
	})
}

func TestRenderFlags(t *testing.T) {
	flagTable(t, newRender, map[string]flagCase[renderOptions]{
		"a folder":        {args: "-o out", want: renderOptions{specOptions: here(), Out: "out", Output: Text}},
		"by its name":     {args: "x --out out --output json", want: renderOptions{specOptions: specOptions{Spec: "x"}, Out: "out", Output: JSON}},
		"json is no spec": {args: "-o json", want: renderOptions{specOptions: here(), Out: "json", Output: Text}},
		"no folder":       {args: "", refused: "needs a folder"},
	})
}

func TestPlanFlags(t *testing.T) {
	flagTable(t, newPlan, map[string]flagCase[planOptions]{
		"nothing said": {args: "", want: planOptions{specOptions: here(), machineOptions: ten(), Output: Text}},
		"all of it": {
			args: "prod --on kind --detailed-exitcode --parallelism 3 --ssh-config c -o json --node a --node b --remove --out f",
			want: planOptions{specOptions: specOptions{Spec: "prod", OnKind: true}, scopeOptions: scopeOptions{Nodes: []string{"a", "b"}, Remove: true}, Out: "f", machineOptions: machineOptions{SSHConfig: "c", Parallelism: 3}, DetailedExitcode: true, Output: JSON},
		},
		"nobody at work": {args: "--parallelism 0", refused: "at least 1"},
		"a yes":          {args: "--auto-approve", refused: "no flag --auto-approve"},
	})
}

func TestApplyFlags(t *testing.T) {
	flagTable(t, newApply, map[string]flagCase[applyOptions]{
		"nothing said": {args: "", want: applyOptions{specOptions: here(), machineOptions: ten(), Output: Text}},
		"all of it": {
			args: "prod --on kind --auto-approve --parallelism 3 --ssh-config c -o json",
			want: applyOptions{specOptions: specOptions{Spec: "prod", OnKind: true}, machineOptions: machineOptions{SSHConfig: "c", Parallelism: 3}, AutoApprove: true, Output: JSON},
		},
		"-y":                {args: "-y", want: applyOptions{specOptions: here(), machineOptions: ten(), AutoApprove: true, Output: Text}},
		"nobody at work":    {args: "--parallelism 0", refused: "at least 1"},
		"a misspelt flag":   {args: "--auto-aprove", refused: "no flag --auto-aprove"},
		"not a number":      {args: "--parallelism many", refused: "invalid argument"},
		"machines, by name": {args: "--on machines", want: applyOptions{specOptions: here(), machineOptions: ten(), Output: Text}},
	})
}

func TestAuditFlags(t *testing.T) {
	base := auditOptions{specOptions: here(), machineOptions: ten(), FailOn: failOn{"fail"}, Output: "text"}
	with := func(change func(*auditOptions)) auditOptions { o := base; change(&o); return o }
	verb := func(run func(context.Context, auditOptions) error) *cobra.Command {
		return newAudit(run, func(context.Context, auditDiffOptions) error { return nil })
	}
	flagTable(t, verb, map[string]flagCase[auditOptions]{
		"nothing said": {args: "", want: base},
		"all of it": {
			args: "prod --rendered --control CIS-1.* --control STIG-V-242376 --node a --node b --fail-on unknown,review -o sarif",
			want: with(func(o *auditOptions) {
				o.Spec, o.Rendered, o.Output = "prod", true, "sarif"
				o.Controls, o.Nodes, o.FailOn = []string{"CIS-1.*", "STIG-V-242376"}, []string{"a", "b"}, failOn{"unknown", "review"}
			}),
		},
		"never":                 {args: "--fail-on never", want: with(func(o *auditOptions) { o.FailOn = nil })},
		"never and something":   {args: "--fail-on never,fail", refused: "or never alone"},
		"a verdict nobody has":  {args: "--fail-on pass", refused: "fail, unknown, review"},
		"nothing to fail on":    {args: "--fail-on=", refused: "fail, unknown, review"},
		"a format nobody knows": {args: "-o pdf", refused: "oscal, html"},
		"a cluster without a spec": {
			args: "--host cp-1=ops@10.0.0.11:2222 --host fd00::11 --host [fd00::12]:22 --host [fd00::13] --host lab-1 --profile nsa-cisa",
			want: with(func(o *auditOptions) {
				o.Hosts = []provision.ImportHost{{Name: "cp-1", User: "ops", Address: "10.0.0.11", Port: 2222}, {Address: "fd00::11"}, {Address: "fd00::12", Port: 22}, {Address: "fd00::13"}, {Address: "lab-1"}}
				o.Profiles = []string{"nsa-cisa"}
			}),
		},
		"one address, two ports": {args: "--host a:1 --host a:2", want: with(func(o *auditOptions) {
			o.Hosts = []provision.ImportHost{{Address: "a", Port: 1}, {Address: "a", Port: 2}}
		})},
		"a host and a spec":       {args: "prod --host a", refused: "--host and SPEC exclude each other"},
		"a host that is rendered": {args: "--rendered --host a", refused: "--host and --rendered exclude each other"},
		"a host on kind":          {args: "--on kind --host a", refused: "--host and --on kind exclude each other"},
		"a host with an overlay":  {args: "--overlay f --host a", refused: "--host and --overlay exclude each other"},
		"a host with a variable":  {args: "--var a=b --host a", refused: "--host and --var exclude each other"},
		"a port that is none":     {args: "--host a:ssh", refused: "\"ssh\" is not a port"},
		"no port at all":          {args: "--host a:0", refused: "is not a port"},
		"a host without address":  {args: "--host ops@", refused: "[NAME=][USER@]ADDRESS[:PORT]"},
		"a port without address":  {args: "--host :22", refused: "[NAME=][USER@]ADDRESS[:PORT]"},
		"a host without a name":   {args: "--host =a", refused: "[NAME=][USER@]ADDRESS[:PORT]"},
		"a host without a user":   {args: "--host @a", refused: "[NAME=][USER@]ADDRESS[:PORT]"},
		"a host twice":            {args: "--host a --host x=b@a", refused: "named twice"},
	})
}

func TestAuditDiffFlags(t *testing.T) {
	flagTable(t, newAuditDiff, map[string]flagCase[auditDiffOptions]{
		"two documents": {args: "a b -o json", want: auditDiffOptions{Old: "a", New: "b", Output: JSON}},
		"one":           {args: "a", refused: "takes two documents and got 1"},
		"three":         {args: "a b c", refused: "takes two documents and got 3"},
	})
}

func TestResetFlags(t *testing.T) {
	flagTable(t, newReset, map[string]flagCase[resetOptions]{
		"nothing said": {args: "prod", want: resetOptions{specOptions: specOptions{Spec: "prod"}, machineOptions: ten(), Output: Text}},
		"without ask":  {args: "--auto-approve", want: resetOptions{specOptions: here(), machineOptions: ten(), AutoApprove: true, Output: Text}},
	})
}

func TestKubeconfigFlags(t *testing.T) {
	base := kubeconfigOptions{specOptions: here(), machineOptions: ten(), TTL: 24 * time.Hour, Output: Text}
	with := func(change func(*kubeconfigOptions)) kubeconfigOptions { o := base; change(&o); return o }
	flagTable(t, newKubeconfig, map[string]flagCase[kubeconfigOptions]{
		"nothing said":    {args: "", want: base},
		"merged":          {args: "--merge --switch-context", want: with(func(o *kubeconfigOptions) { o.Merge, o.SwitchContext = true, true })},
		"a file, an hour": {args: "--file f --ttl 1h", want: with(func(o *kubeconfigOptions) { o.File, o.TTL = "f", time.Hour })},
		"two places":      {args: "--merge --file f", refused: "none of the others can be"},
		"a minute":        {args: "--ttl 1m", refused: "must be from"},
		"for ever":        {args: "--ttl 100000h", refused: "must be from"},
		"no file":         {args: "--file=", refused: "needs the name"},
		"whose context":   {args: "--switch-context", refused: "needs --merge"},
	})
}

func TestKindFlags(t *testing.T) {
	flagTable(t, newKindCreate, map[string]flagCase[kindCreateOptions]{
		"nothing said": {args: "", want: kindCreateOptions{specOptions: specOptions{Spec: ".", OnKind: true}, Parallelism: 10, Output: Text}},
		"an image":     {args: "x --image i@sha256:0 --parallelism 2", want: kindCreateOptions{specOptions: specOptions{Spec: "x", OnKind: true}, Image: "i@sha256:0", Parallelism: 2, Output: Text}},
		"where else":   {args: "--on kind", refused: "no flag --on"},
	})
	flagTable(t, newKindDelete, map[string]flagCase[kindDeleteOptions]{
		"nothing said": {args: "x", want: kindDeleteOptions{specOptions: specOptions{Spec: "x", OnKind: true}, Output: Text}},
	})
}

func TestVersionFlags(t *testing.T) {
	flagTable(t, newVersion, map[string]flagCase[versionOptions]{
		"nothing said": {args: "", want: versionOptions{Output: Text}},
		"a spec":       {args: "prod", refused: "at most 0"},
	})
}

// TestFlagsOfTwoRunsDoNotMix: options live in the command, not in the package.
func TestFlagsOfTwoRunsDoNotMix(t *testing.T) {
	var got validateOptions
	run := func(_ context.Context, o validateOptions) error { got = o; return nil }
	if err := parse(newValidate(run), "--var a=1 --on kind"); err != nil {
		t.Fatal(err)
	}
	if err := parse(newValidate(run), ""); err != nil {
		t.Fatal(err)
	}
	if len(got.Vars) != 0 || got.OnKind {
		t.Errorf("the second run inherited %+v", got)
	}
}
