package view

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/profiles/report"
	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/adopt"
	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/spec"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

var update = flag.Bool("update", false, "write the golden files")

// shower is what the two views have in common, as the command line uses it.
type shower interface {
	Valid(*cluster.Cluster)
	Rendered(string, *provision.Rendered)
	Audited(*report.Document)
	Tested(string, *report.Document)
	AuditNotes(*report.Document)
	AuditDiff(*report.Diff)
	Profiles(*provision.Standards, bool)
	Control(profiles.Control, *provision.Standards)
	Explained(*cluster.Explained)
	Data([]byte)
	Problems([]provision.Problem)
	Plan(*plan.Plan, []string)
	Targets(string, []string)
	Ask(context.Context, io.Reader, string) (bool, error)
	Begin(*plan.Plan)
	Event(apply.Event)
	Applied(apply.Result)
	Checks([]apply.Check)
	Looked(provision.Pass)
	Passed(provision.Pass)
	Findings([]provision.Finding)
	Next([]NextStep)
	Diff(string, []byte, []byte)
	Formatted(string)
	Wrote(string, string)
	Say(string, ...any)
	Warn(string, ...any)
	Debug(string)
	Version(VersionInfo)
	Diagnostics(Diagnosis)
	Close(error, int) error
}

var (
	_ shower = (*Human)(nil)
	_ shower = (*JSON)(nil)
)

// scenes are what a user can come to see, each shown by both views.
var scenes = map[string]func(shower) error{
	"valid": func(v shower) error { v.Valid(sampleCluster()); return nil },
	"audit": func(v shower) error { v.Audited(sampleAudit("true")); return nil },
	"tested": func(v shower) error {
		v.Tested("met.json", sampleAudit("true"))
		v.Tested("not-met.json", sampleAudit("false"))
		return nil
	},
	"audit data": func(v shower) error { v.AuditNotes(sampleAudit("true")); v.Data([]byte("a,b\n")); return nil },
	"audit diff": func(v shower) error {
		before, after := sampleAudit("true"), sampleAudit("maybe")
		before.Findings[1].Verdict, after.Findings[3].Verdict, after.Findings = profiles.Pass, profiles.Pass, after.Findings[:4]
		v.AuditDiff(report.Compare(before, after))
		return nil
	},
	"profiles": func(v shower) error { v.Profiles(sampleStandards(), true); return nil },
	"control":  func(v shower) error { v.Control(sampleStandards().Controls[0], sampleStandards()); return nil },
	"explained": func(v shower) error {
		v.Explained(&cluster.Explained{Path: "audit.max_age", Value: "1825", Origin: "NSA-AL-3", Rule: "the highest of what is asked for counts", Refs: []string{"PCI-7.1"},
			Asked: []cluster.Asked{{Control: "CIS-1.2.17", Value: "30"}, {Control: "NSA-AL-3", Value: "1825"}, {Control: "ACME-1", Value: "2\x1b[2J000", Waived: true}}})
		v.Explained(&cluster.Explained{Path: "apiserver.args.event-ttl", Origin: "default", Rule: "no table has it"})
		return nil
	},
	"plan": func(v shower) error {
		v.Plan(samplePlan(), []string{"the image has Kubernetes v1.37.0, of the spec's minor version; it is used"})
		return nil
	},
	"changed file": func(v shower) error {
		f := &plan.FileStep{Want: state.File{Path: "/etc/bulwark/firewall.nft", Origin: state.Written, Mode: 0o600, Owner: "root:root"}, Had: "x",
			Before: []byte("table inet bulwark {\n\telements = { 10.0.0.11 }\n\x1b[2J# somebody's\n}\n"), After: []byte("table inet bulwark {\n\telements = { 10.0.0.11, 10.0.0.12 }\n}\n")}
		long := &plan.FileStep{Want: f.Want, Before: bytes.Repeat([]byte("a\n"), mostOfDiff), After: []byte("b\n")}
		v.Plan(&plan.Plan{Cluster: "prod", Steps: []plan.Step{
			{ID: "w-1/file/etc/bulwark/firewall.nft", Node: "w-1", Kind: plan.KindFile, Action: plan.Change, Title: "/etc/bulwark/firewall.nft", Why: "cluster.hcl:12 (firewall.admins)", File: f},
			{ID: "w-1/file/long", Node: "w-1", Kind: plan.KindFile, Action: plan.Change, Title: "/long", File: long, Restarts: []string{"kubelet"}, Drains: []string{"maxPods", "systemReserved"}},
		}}, nil)
		return nil
	},
	"empty plan": func(v shower) error { v.Plan(&plan.Plan{Cluster: "prod"}, nil); return nil },
	"apply": func(v shower) error {
		p := samplePlan()
		v.Plan(p, nil)
		v.Begin(p)
		for _, s := range p.Steps {
			v.Event(apply.Event{Kind: apply.Started, Step: s})
			v.Event(apply.Event{Kind: apply.Done, Step: s})
		}
		v.Event(apply.Event{Kind: apply.Note, Text: "the cluster-info binding was removed"})
		v.Applied(apply.Result{Done: []string{"a", "b", "c", "d", "e", "f"}})
		v.Checks(sampleChecks())
		v.Next([]NextStep{{"bulwark kubeconfig prod --merge", "adds the cluster to your kubeconfig"}})
		return nil
	},
	"partial": func(v shower) error {
		p := samplePlan()
		v.Begin(p)
		v.Event(apply.Event{Kind: apply.Started, Step: p.Steps[0]})
		v.Event(apply.Event{Kind: apply.Done, Step: p.Steps[0]})
		cause := &host.CommandError{Host: "ops@10.0.0.11:22", Program: "kubeadm", Exit: 1, Stderr: "error execution phase preflight:\n\t[ERROR Port-6443]: in use\x1b[2J\n"}
		v.Event(apply.Event{Kind: apply.Failed, Step: p.Steps[2], Err: cause})
		r := apply.Result{Done: []string{p.Steps[0].ID}, Failed: []string{p.Steps[2].ID}, NotReached: []string{p.Steps[3].ID, p.Steps[4].ID}}
		v.Applied(r)
		return &apply.PartialError{Result: r, Errs: []error{cause}}
	},
	"preflight": func(v shower) error {
		return &provision.PreflightError{Problems: []provision.Problem{
			{Node: "cp-1", Check: "swap", Seen: "/dev/dm-1 is in use as swap", Remedy: "swapoff -a, and take the line out of /etc/fstab"},
			{Node: "w-1", Check: "clock", Seen: "the clock is 4 s ahead of ours", Remedy: "start a time service", Warning: true},
		}}
	},
	"refused spec": func(v shower) error { return sampleRefusal() },
	"unreachable": func(v shower) error {
		return fmt.Errorf("%w: w-1 at 10.0.0.21:22: connection refused", host.ErrUnreachable)
	},
	"reset question": func(v shower) error {
		v.Targets("bulwark will take the cluster and all its data off these nodes:", []string{"cp-1", "w-1"})
		if yes, _ := v.Ask(context.Background(), strings.NewReader("yes please\n"), "Reset 2 node(s)?"); yes {
			return nil
		}
		return provision.ErrDeclined
	},
	"findings": func(v shower) error {
		v.Findings([]provision.Finding{
			{Kind: adopt.Refused, Setting: "etcd.external", Seen: "an etcd outside of the cluster", Will: "one on each control plane", Consequence: "bulwark's etcd would begin without the data that are there"},
			{Kind: adopt.Weakens, Setting: "apiserver.args.profiling", Nodes: []string{"cp-1", "cp-2"}, Seen: "not set", Will: "false", Consequence: "profiles are no longer served", Refs: []string{"CIS-1.2.15"}},
			{Kind: adopt.Weakens, Setting: "kubelet.config.readOnlyPort", Nodes: []string{"w-1"}, Seen: "10255\x1b[2J", Will: "0", Consequence: "who reads a kubelet without credentials no longer can", Refs: []string{"CIS-4.2.4", "STIG-V-242387"}},
		})
		return nil
	},
	"no findings": func(v shower) error { v.Findings(nil); return nil },
	"format": func(v shower) error {
		v.Formatted("cluster.hcl")
		v.Diff("cluster.hcl", []byte("a=1\nb = 2\n"), []byte("a = 1\nb = 2\n"))
		return nil
	},
	"version": func(v shower) error {
		v.Version(VersionInfo{Bulwark: "0.1.0", Commit: "abc123", Modified: true, Go: "go1.26.8", Platform: "linux/amd64", Kubernetes: "v1.37.2", KubeadmAPI: "v1beta4"})
		return nil
	},
	"messages": func(v shower) error {
		v.Say("Looking at %d nodes.", 3)
		v.Warn("the node says %q", "\x1b]0;pwned\a")
		v.Debug("level=DEBUG msg=connected")
		v.Wrote("/root/.kube/config", "a kubeconfig")
		return nil
	},
}

// sampleAudit is an audit with every verdict; a setting is in it as it was seen.
func sampleAudit(profiling string) *report.Document {
	control := func(id, title string) *profiles.Control {
		return &profiles.Control{ID: id, Title: title, Section: "1.2", Level: 1, Scored: true, Remedy: "set --profiling=false"}
	}
	c := sampleCluster()
	c.Origins = map[string]cluster.Origin{"name": {File: "cluster.hcl", Line: 1}, "apiserver.args.profiling": {File: "cluster.hcl", Line: 9}}
	review := &profiles.Control{ID: "NSA-AA-1", Title: "Few are administrators", Question: "Does everybody here need it?"}
	var bindings []check.Seen
	for i := range mostEvidence + 2 {
		bindings = append(bindings, check.Seen{What: "evidence", Value: fmt.Sprintf("User %d by cluster-admin", i)})
	}
	profiled := control("CIS-1.2.15", "The API server is not profiled over the network")
	saw := []check.Seen{{What: "kube-apiserver --profiling", Value: profiling + "\x1b[2J"}}
	return report.New(report.Audit{Cluster: c, Dir: "prod", Looked: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
		Notes: []string{"w-1 was not looked at: no route to host"}, Profiles: []string{"cis"}, Findings: []profiles.Finding{
			{Control: profiled, Node: "cp-1", Verdict: profiles.Fail, Seen: saw, Notes: []string{"since 1.36 it is off by itself"}},
			{Control: profiled, Node: "cp-2", Verdict: profiles.Fail, Seen: saw, Notes: []string{"since 1.36 it is off by itself"}},
			{Control: control("CIS-1.2.16", "The API server writes an audit log"), Node: "cp-1", Verdict: profiles.Pass,
				Seen: []check.Seen{{What: "kube-apiserver --audit-log-path", Value: "/var/log/kubernetes/audit/audit.log"}}},
			{Control: control("CIS-4.1.1", "The kubelet's unit can be read and written by root alone"), Node: "w-1", Verdict: profiles.Unknown,
				Seen: []check.Seen{{What: "/etc/systemd/system/kubelet.service", Unread: "the machine was not looked at"}}},
			{Control: control("CIS-1.2.11", "Images are always pulled"), Node: "cp-1", Verdict: profiles.Waived, Seen: []check.Seen{{What: "kube-apiserver --enable-admission-plugins", Value: "none"}},
				Waiver: &profiles.Waiver{Reason: "there is no registry", Expires: "2027-06-30", By: "security"}},
			{Control: review, Verdict: profiles.Review, Seen: bindings},
			{Control: profiled, Node: "w-1", Verdict: profiles.NotApplicable},
		}})
}

func TestScenes(t *testing.T) {
	for name, scene := range scenes {
		for _, kind := range []string{"text", "colour", "json", "yaml"} {
			if kind == "yaml" && !strings.HasPrefix(name, "audit") {
				continue // only an audit is shown so
			}
			t.Run(name+"/"+kind, func(t *testing.T) {
				var out, err bytes.Buffer
				v := sampleView(kind, &out, &err)
				shown, code := scene(v), 0
				if shown != nil {
					code = 1
				}
				if e := v.Close(shown, code); e != nil {
					t.Fatal(e)
				}
				golden(t, strings.ReplaceAll(name, " ", "-")+"."+kind, "-- stdout --\n"+out.String()+"-- stderr --\n"+err.String())
			})
		}
	}
}

func sampleView(kind string, out, err *bytes.Buffer) shower {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { now = now.Add(700 * time.Millisecond); return now }
	switch kind {
	case "yaml":
		return NewYAML(NewStream(out, Terminal{}), NewStream(err, Terminal{}), "audit", true)
	case "json":
		return NewJSON(NewStream(out, Terminal{}), NewStream(err, Terminal{}), "apply", true)
	case "colour":
		t := Terminal{TTY: true, Color: true, Unicode: true, Width: 72, Height: 20}
		return NewHuman(NewStream(out, t), NewStream(err, t), HumanOptions{Verbose: true, Now: clock})
	}
	return NewHuman(NewStream(out, Terminal{}), NewStream(err, Terminal{}), HumanOptions{Now: clock})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	got = strings.ReplaceAll(got, "\x1b", "␛") // so that a golden file can be looked at
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (go test -update writes it anew):\n%s", path, d)
	}
}

func sampleCluster() *cluster.Cluster {
	return &cluster.Cluster{
		Name: "prod", Kubernetes: cluster.Version{Major: 1, Minor: 37, Patch: 2},
		Nodes: []cluster.Node{
			{Name: "cp-1", Role: cluster.ControlPlane, Address: netip.MustParseAddr("10.0.0.11")},
			{Name: "w-1", Role: cluster.Worker, Address: netip.MustParseAddr("10.0.0.21")},
			{Name: "w-2", Role: cluster.Worker, Address: netip.MustParseAddr("fd00::22")},
		},
		Deviations: []cluster.Deviation{{ID: "cgroup-v1", Reason: "the lab's kernel has cgroup v1 only", Origin: cluster.Origin{File: "overlay.hcl", Line: 3}}},
	}
}

func samplePlan() *plan.Plan {
	return &plan.Plan{
		Cluster: "prod",
		Steps: []plan.Step{
			{
				ID: "cp-1/file/etc/kubernetes/policy/audit.yaml", Node: "cp-1", Kind: plan.KindFile, Action: plan.Add,
				Title: "write /etc/kubernetes/policy/audit.yaml", Why: "audit",
				File: &plan.FileStep{Want: state.File{Path: "/etc/kubernetes/policy/audit.yaml", Origin: state.Written, Mode: 0o600, Owner: "root:root", Content: []byte("secret-looking bytes")}},
			},
			{
				ID: "w-1/sysctl/vm.overcommit_memory", Node: "w-1", Kind: plan.KindSysctl, Action: plan.Change,
				Title: "set vm.overcommit_memory to 1", Sysctl: &state.Sysctl{Key: "vm.overcommit_memory", Value: "1"},
			},
			{
				ID: "cp-1/phase/certs", Node: "cp-1", Kind: plan.KindPhase, Action: plan.Run, Title: "kubeadm init phase certs all",
				After: []string{"cp-1/file/etc/kubernetes/policy/audit.yaml"}, Phase: &state.Phase{Name: "certs", Args: []string{"init", "phase", "certs", "all"}},
			},
			{
				ID: "cluster/object/cluster-info", Kind: plan.KindObject, Action: plan.Remove, Title: "remove the cluster-info binding", Why: "default",
				Object: &state.Object{Ref: state.ObjectRef{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "RoleBinding", Namespace: "kube-public", Name: "kubeadm:bootstrap-signer-clusterinfo"}},
			},
			{
				ID: "w-1/unit/kubelet.service", Node: "w-1", Kind: plan.KindUnit, Action: plan.Change, Title: "enable and start kubelet.service",
				Unit: &plan.UnitStep{Name: "kubelet.service", Verbs: []string{"enable", "start"}},
			},
			{
				ID: "cluster/wait/w-1", Kind: plan.KindWait, Action: plan.Check, Title: "w-1 is Ready",
				Wait: &state.Wait{For: state.WaitNodeReady, Subject: "w-1", Seconds: 120},
			},
		},
		Deviations: []plan.Deviation{{ID: "cgroup-v1", Reason: "the lab's kernel has cgroup v1 only", Origin: "overlay.hcl:3"}},
	}
}

func sampleChecks() []apply.Check {
	return []apply.Check{
		{ID: "anonymous/version", Node: "cp-1", Title: "/version is closed without credentials", Seen: "401", Verdict: "pass"},
		{ID: "encryption/secret", Title: "a Secret is encrypted in etcd", Seen: "begins k8s:enc:secretbox:", Verdict: "pass"},
		{ID: "firewall/6443", Node: "w-1", Title: "6443 is closed to others", Seen: "open from 192.0.2.7", Verdict: "fail"},
		{ID: "audit/secret", Node: "cp-1", Title: "the audit log names who read a Secret", Seen: "not read: timeout", Verdict: "unknown"},
	}
}

func sampleRefusal() error {
	src := []byte("cluster \"prod\" {\n  kuberntes = \"1.37.2\"\n  encryption { provider = \"\x1b[31mrot13\" }\n}\n")
	at := func(line, from, to, start int) *hcl.Range {
		return &hcl.Range{Filename: "cluster.hcl", Start: hcl.Pos{Line: line, Column: from, Byte: start}, End: hcl.Pos{Line: line, Column: to, Byte: start + to - from}}
	}
	return &spec.Error{
		Diags: hcl.Diagnostics{
			{Severity: hcl.DiagError, Summary: "Unsupported argument", Detail: `An argument named "kuberntes" is not expected here. Did you mean "kubernetes"?`, Subject: at(2, 3, 12, 19), Extra: spec.CodeUnknown},
			{Severity: hcl.DiagError, Summary: "No such provider", Detail: "Write \"secretbox\" or \"aescbc\", not \"\x1b[31mrot13\".", Subject: at(3, 29, 41, 68), Extra: spec.CodeChoice},
		},
		Files: spec.Files{"cluster.hcl": &hcl.File{Bytes: src}},
	}
}

// sampleStandards are two profiles with a control of each way to be decided.
func sampleStandards() *provision.Standards {
	return &provision.Standards{
		Profiles: []profiles.Profile{{Name: "acme", Title: "ACME's \x1b[31mown"}, {Name: "cis", Title: "A benchmark", Kubernetes: "1.34 to 1.35"}},
		Holds:    map[string][]string{"acme": {"ACME-1"}, "cis": {"CIS-1.2.17", "CIS-5.1.1", "STIG-V-242398"}},
		Controls: []profiles.Control{
			{ID: "ACME-1", Title: "Logs are kept", Check: &check.Question{}, Remedy: "keep them", Text: "control \"ACME-1\" {\n  title = \"Logs \x1b[2Jare kept\"\n}"},
			{ID: "CIS-5.1.1", Title: "Few are administrators", Question: "Who needs it?"},
			{ID: "STIG-V-242398", Title: "Asked no more", Retired: "since V2R5"},
		},
	}
}
