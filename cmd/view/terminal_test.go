package view

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDetect(t *testing.T) {
	for name, c := range map[string]struct {
		tty, noColor bool
		env          string
		want         Terminal
	}{
		"a pipe":                       {want: Terminal{}},
		"a terminal":                   {tty: true, env: "TERM=xterm LANG=de_DE.UTF-8", want: Terminal{TTY: true, Color: true, Live: true, Unicode: true, Width: 80, Height: 24}},
		"NO_COLOR":                     {tty: true, env: "NO_COLOR=1", want: Terminal{TTY: true, Live: true, Width: 80, Height: 24}},
		"an empty NO_COLOR is none":    {tty: true, env: "NO_COLOR=", want: Terminal{TTY: true, Color: true, Live: true, Width: 80, Height: 24}},
		"the flag beats FORCE_COLOR":   {tty: true, noColor: true, env: "FORCE_COLOR=1", want: Terminal{TTY: true, Live: true, Width: 80, Height: 24}},
		"NO_COLOR beats FORCE_COLOR":   {env: "NO_COLOR=1 FORCE_COLOR=1", want: Terminal{}},
		"FORCE_COLOR in a pipe":        {env: "FORCE_COLOR=1", want: Terminal{Color: true}},
		"CLICOLOR_FORCE=0 forces none": {env: "CLICOLOR_FORCE=0", want: Terminal{}},
		"a dumb terminal":              {tty: true, env: "TERM=dumb", want: Terminal{TTY: true, Width: 80, Height: 24}},
		"CI has no live view":          {tty: true, env: "CI=true", want: Terminal{TTY: true, Color: true, Width: 80, Height: 24}},
		"LC_ALL beats LANG":            {env: "LC_ALL=C LANG=en_US.UTF-8", want: Terminal{}},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{}
			for _, kv := range strings.Fields(c.env) {
				k, v, _ := strings.Cut(kv, "=")
				env[k] = v
			}
			lookup := func(k string) (string, bool) { v, ok := env[k]; return v, ok }
			if d := cmp.Diff(c.want, Detect(c.tty, 80, 24, c.noColor, lookup)); d != "" {
				t.Error(d)
			}
		})
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestLostOutputIsAnError(t *testing.T) {
	for _, v := range []shower{
		NewHuman(NewStream(full{}, Terminal{}), NewStream(&strings.Builder{}, Terminal{}), HumanOptions{}),
		NewJSON(NewStream(full{}, Terminal{}), NewStream(&strings.Builder{}, Terminal{}), "version", false),
	} {
		v.Version(VersionInfo{})
		if err := v.Close(nil, 0); err == nil {
			t.Errorf("%T did not notice that its output was lost", v)
		}
	}
}
