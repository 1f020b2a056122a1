package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageError is a command line that cannot be meant; its exit code is 64.
type usageError struct{ text, hint string }

// Error says what is wrong.
func (e *usageError) Error() string { return e.text }

// Hint says what to do.
func (e *usageError) Hint() string { return e.hint }

func usagef(format string, args ...any) *usageError {
	return &usageError{text: fmt.Sprintf(format, args...)}
}

// seeHelp is the hint when there is no better one.
func seeHelp(cmd *cobra.Command) string {
	return fmt.Sprintf("See %q.", cmd.CommandPath()+" --help")
}

// atMost refuses more than n arguments, with the verb's own usage line.
func atMost(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= n {
			return nil
		}
		return &usageError{
			text: fmt.Sprintf("%s takes at most %d argument(s) and got %d: %s", cmd.CommandPath(), n, len(args), strings.Join(args, " ")),
			hint: "Usage: " + cmd.UseLine(),
		}
	}
}

// between refuses less than least arguments, which what names, and more than most.
func between(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least {
			return &usageError{text: fmt.Sprintf("%s needs %s", cmd.CommandPath(), what), hint: "Usage: " + cmd.UseLine()}
		}
		return atMost(most)(cmd, args)
	}
}

// verbs is for commands that only hold others: it refuses a word that is none
// of them and says which one is close.
func verbs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return &usageError{text: cmd.CommandPath() + " needs to be told what to do", hint: seeHelp(cmd)}
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	e := &usageError{text: fmt.Sprintf("%s knows no %q", cmd.CommandPath(), args[0]), hint: seeHelp(cmd)}
	if near := nearest(args[0], names); near != "" {
		e.hint = fmt.Sprintf("Did you mean %q?", cmd.CommandPath()+" "+near)
	}
	return e
}

// flagError explains an error of the flag parser.
func flagError(cmd *cobra.Command, err error) error {
	e := &usageError{text: cmd.CommandPath() + ": " + err.Error(), hint: seeHelp(cmd)}
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok || unknown.GetSpecifiedShortnames() != "" {
		return e
	}
	name := unknown.GetSpecifiedName()
	e.text = fmt.Sprintf("%s has no flag --%s", cmd.CommandPath(), name)
	if near := nearest(name, flagNames(cmd)); near != "" {
		e.hint = fmt.Sprintf("Did you mean --%s?", near)
	}
	return e
}

// singleDash finds a long flag written with one dash, as other tools of this
// field write theirs; the flag parser would take it for a row of short ones.
func singleDash(root *cobra.Command, args []string) error {
	known := map[string]bool{}
	every(root, func(c *cobra.Command) {
		for _, n := range flagNames(c) {
			known[n] = true
		}
	})
	for _, a := range args {
		if a == "--" {
			return nil
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(a, "-"), "=")
		if len(name) < 2 || !strings.HasPrefix(a, "-") || strings.HasPrefix(a, "--") {
			continue
		}
		if known[name] {
			return &usageError{
				text: fmt.Sprintf("%s: long flags have two dashes", a),
				hint: fmt.Sprintf("Did you mean -%s?", a),
			}
		}
	}
	return nil
}

func every(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, s := range c.Commands() {
		every(s, do)
	}
}

func flagNames(c *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) { names = append(names, f.Name) }
	c.Flags().VisitAll(add)
	c.InheritedFlags().VisitAll(add)
	return names
}
