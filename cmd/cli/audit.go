package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulwark-k8s/bulwark/provision"
)

type auditOptions struct {
	specOptions
	machineOptions
	Rendered bool
	Hosts    []provision.ImportHost
	Profiles []string
	Controls []string
	Nodes    []string
	FailOn   failOn
	Output   reportFormat
}

// errFindings is a cluster that fails a control, or fails more of them than before.
var errFindings = errors.New("a control is not met")

func newAudit(run func(context.Context, auditOptions) error, diff func(context.Context, auditDiffOptions) error) *cobra.Command {
	var o auditOptions
	var hosts []string
	cmd := &cobra.Command{
		Use:   "audit [SPEC]",
		Short: "Ask the controls of standards of a cluster, before it is deployed or as it is",
		Long: `Ask every control of the spec's profiles, of each node that it is about, and show which
are not met, what was seen and how to mend it. A spec that names no profile is asked
"baseline", which is what the defaults do. With --rendered no machine is looked at: the
question is asked of what the spec comes to. Without it one look is taken at each
machine and at the API, and nothing is written. What was not read is unknown, and never
passed; what the spec waives is shown as waived, until the waiver ends. Exit code 6 means
that a control is not met, or what --fail-on says.

With --host there is no spec: the cluster is one that somebody else made, and is asked the
profile "cis" unless --profile names others. One control plane has to be named; other nodes
are reached at the address that the API has of them, as the first host is, unless they are
named too. Their SSH keys have to be known. Nothing is written, here and there.

The formats but text are all made of one document, which -o json is: csv for spreadsheets,
sarif and junit for what shows the results of checks, oscal for auditors' tools, html as
one page to read and print. "bulwark audit diff" compares two documents of -o json.

"bulwark profile list" names the profiles, "bulwark profile show ID" shows a control.`,
		Example: `  bulwark audit prod/ --rendered
  bulwark audit prod/ -o json > audit.json
  bulwark audit prod/ --control 'CIS-1.2.*' --node cp-1 --fail-on fail,unknown
  bulwark audit --host ops@10.0.0.11 --profile nsa-cisa`,
		Args:              atMost(1),
		ValidArgsFunction: completeSpec,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.spec(args)
			if err := o.check(); err != nil {
				return err
			}
			if len(hosts) > 0 {
				if err := o.without(args); err != nil {
					return err
				}
				var err error
				if o.Hosts, err = auditHosts(hosts); err != nil {
					return err
				}
			}
			return run(cmd.Context(), o)
		},
	}
	o.specOptions.flags(cmd)
	o.onFlag(cmd)
	o.machineOptions.flags(cmd.Flags())
	f := cmd.Flags()
	f.BoolVar(&o.Rendered, "rendered", false, "look at no machine: ask what the spec comes to")
	f.StringArrayVar(&hosts, "host", nil, "a machine of a cluster without a spec: `[NAME=][USER@]ADDRESS[:PORT]`, or a name of the SSH configuration as ADDRESS (repeatable)")
	f.StringArrayVar(&o.Profiles, "profile", nil, "ask this profile instead of the spec's: its `NAME`, or all for every control (repeatable)")
	f.StringArrayVar(&o.Controls, "control", nil, "only the controls whose `ID` it is, or a pattern such as CIS-1.2.* (repeatable)")
	f.StringArrayVar(&o.Nodes, "node", nil, "only what is asked of `NAME` (repeatable); all machines are looked at")
	o.FailOn = failOn{"fail"}
	f.Var(&o.FailOn, "fail-on", "end with 6 where there is one of these: fail, unknown, review, or never; a list")
	complete(cmd, "fail-on", append(failWords(), "never")...)
	o.Output = reportFormat(Text)
	f.VarP(&o.Output, "output", "o", "how to show results, on standard output")
	complete(cmd, "output", reportFormats()...)
	cmd.AddCommand(newAuditDiff(diff))
	return cmd
}

func (a *app) audit(ctx context.Context, o auditOptions) error {
	return a.run(ctx, "audit", Format(o.Output), func(ctx context.Context, v View) error {
		in := a.input(o.specOptions, o.machineOptions)
		in.Profiles, in.Controls, in.Nodes, in.Hosts = o.Profiles, o.Controls, o.Nodes, o.Hosts
		switch {
		case len(o.Hosts) > 0:
			in.Path = ""
			v.Say("Looking at the cluster of %s.", o.Hosts[0])
		case !o.Rendered:
			v.Say("Looking at the nodes of %s.", o.Spec)
		}
		audited, err := a.provision.Audit(ctx, in, o.Rendered)
		if err != nil {
			return err
		}
		report := audited.Report()
		switch Format(o.Output) {
		case Text, JSON, YAML:
			v.Audited(report)
		default:
			b, err := report.Render(string(o.Output))
			if err != nil {
				return err
			}
			v.AuditNotes(report)
			v.Data(b)
		}
		if report.Has(o.FailOn...) {
			return errFindings
		}
		return nil
	})
}

// YAML is the document of JSON in the other syntax; only an audit has it, and more
// formats of its own.
const YAML Format = "yaml"

// reportFormats are all formats of an audit.
func reportFormats() []string {
	return []string{"text", "json", "yaml", "csv", "sarif", "junit", "oscal", "html"}
}

// reportFormat is the flag -o of an audit.
type reportFormat Format

// String is the format's name.
func (f *reportFormat) String() string { return string(*f) }

// Type names the flag's value in help texts.
func (f *reportFormat) Type() string { return strings.Join(reportFormats(), "|") }

// Set takes one of the formats.
func (f *reportFormat) Set(s string) error {
	if !slices.Contains(reportFormats(), s) {
		return fmt.Errorf("the formats are %s", strings.Join(reportFormats(), ", "))
	}
	*f = reportFormat(s)
	return nil
}

// failOn is the flag --fail-on: which verdicts end with 6.
type failOn []string

func failWords() []string { return []string{"fail", "unknown", "review"} }

// String is the list as it is written.
func (f *failOn) String() string {
	if len(*f) == 0 {
		return "never"
	}
	return strings.Join(*f, ",")
}

// Type names the flag's value in help texts.
func (f *failOn) Type() string { return "VERDICTS" }

// Set takes a list, which replaces the one before.
func (f *failOn) Set(s string) error {
	if s == "never" {
		*f = nil
		return nil
	}
	var list failOn
	for word := range strings.SplitSeq(s, ",") {
		if !slices.Contains(failWords(), word) {
			return fmt.Errorf("it is a list of %s, or never alone", strings.Join(failWords(), ", "))
		}
		list = append(list, word)
	}
	*f = list
	return nil
}
