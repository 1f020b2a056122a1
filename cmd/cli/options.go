package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulwark-k8s/bulwark/provision"
)

// globals are the flags of every verb.
type globals struct {
	Verbose bool
	NoColor bool
	LogFile string
}

func (g *globals) flags(f *pflag.FlagSet) {
	f.BoolVarP(&g.Verbose, "verbose", "v", false, "show step ids, reasons and debug lines")
	f.BoolVar(&g.NoColor, "no-color", false, "no colour (also NO_COLOR=1)")
	f.StringVar(&g.LogFile, "log-file", "", "append debug lines to `FILE`, whatever is shown (mode 0600)")
}

// Format is how results are shown.
type Format string

// The formats.
const (
	Text Format = "text"
	JSON Format = "json"
	// Lines is what JSON means for a verb that does not end by itself.
	Lines Format = "json lines"
)

// String, Set and Type make a Format a flag.
func (f *Format) String() string { return string(*f) }

// Set takes one of the formats.
func (f *Format) Set(s string) error {
	if s != string(Text) && s != string(JSON) {
		return fmt.Errorf("the formats are text and json")
	}
	*f = Format(s)
	return nil
}

// Type names the flag's value in help texts.
func (f *Format) Type() string { return "text|json" }

func formatFlag(cmd *cobra.Command, f *Format, shorthand string) {
	*f = Text
	cmd.Flags().VarP(f, "output", shorthand, "how to show results: text, or one JSON document on standard output")
	complete(cmd, "output", "text", "json")
}

// specOptions say which cluster is meant and how to read it.
type specOptions struct {
	Spec    string
	Vars    map[string]string
	Overlay string
	OnKind  bool
}

func (o *specOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var((*variables)(&o.Vars), "var", "set a variable of the spec: `NAME=VALUE` (repeatable; also BULWARK_VAR_name)")
	f.StringVar(&o.Overlay, "overlay", "", "`FILE` of deviations these machines need; every plan and report shows them")
}

// onFlag adds --on to verbs that can mean kind nodes.
func (o *specOptions) onFlag(cmd *cobra.Command) {
	cmd.Flags().Var((*onKind)(&o.OnKind), "on", "which nodes are meant: machines, or the kind nodes of the cluster")
	complete(cmd, "on", "machines", "kind")
}

// spec takes the argument SPEC, which is "." when it is not given.
func (o *specOptions) spec(args []string) {
	o.Spec = "."
	if len(args) > 0 {
		o.Spec = args[0]
	}
}

// machineOptions say how machines are reached.
type machineOptions struct {
	SSHConfig   string
	Parallelism int
}

func (o *machineOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.SSHConfig, "ssh-config", "", "`FILE` of SSH settings, instead of ~/.ssh/config")
	parallelismFlag(f, &o.Parallelism)
}

func parallelismFlag(f *pflag.FlagSet, n *int) {
	f.IntVar(n, "parallelism", 10, "work on at most `N` nodes at a time")
}

func (o *machineOptions) check() error {
	if o.Parallelism < 1 {
		return usagef("--parallelism is %d and must be at least 1", o.Parallelism)
	}
	return nil
}

// scopeOptions say how far a plan goes.
type scopeOptions struct {
	Nodes  []string
	Remove bool
}

func (o *scopeOptions) flags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.Nodes, "node", nil, "only what is to be done on `NAME` (repeatable); all machines are looked at")
	f.BoolVar(&o.Remove, "remove", false, "take nodes out of the cluster that the spec does not name any more")
}

// input is what the facade is told.
func (a *app) input(s specOptions, m machineOptions) provision.Input {
	return provision.Input{
		Path: s.Spec, Vars: s.Vars, LookupEnv: a.sys.LookupEnv, Overlay: s.Overlay, OnKind: s.OnKind,
		SSHConfig: m.SSHConfig, Parallelism: m.Parallelism, Log: a.log.logger(), Version: buildVersion().Bulwark,
	}
}

// variables is the flag --var.
type variables map[string]string

// String is empty: values of variables are not shown.
func (v *variables) String() string { return "" }

// Type names the flag's value in help texts.
func (v *variables) Type() string { return "name=value" }

// Set takes one name=value; the last one of a name wins.
func (v *variables) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return fmt.Errorf("it is written --var NAME=VALUE")
	}
	if *v == nil {
		*v = variables{}
	}
	(*v)[name] = value
	return nil
}

// onKind is the flag --on.
type onKind bool

// String is the word for the value.
func (o *onKind) String() string {
	if *o {
		return "kind"
	}
	return "machines"
}

// Type names the flag's value in help texts.
func (o *onKind) Type() string { return "machines|kind" }

// Set takes one of the two words.
func (o *onKind) Set(s string) error {
	switch s {
	case "kind":
		*o = true
	case "machines":
		*o = false
	default:
		return fmt.Errorf("the choices are machines and kind")
	}
	return nil
}
