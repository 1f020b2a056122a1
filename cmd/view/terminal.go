package view

import "strings"

// Terminal is what is known of the place a stream goes to.
type Terminal struct {
	// TTY is true when a person is likely to read it as it comes.
	TTY bool
	// Color allows escape sequences for colour, Live those that move the cursor.
	Color, Live bool
	// Unicode allows symbols beyond ASCII.
	Unicode bool
	// Width is in columns and Height in lines; 0 where there is no edge.
	Width, Height int
}

// Detect decides what a stream may use. The flag is stronger than the
// environment, and a wish for no colour stronger than one for colour.
func Detect(tty bool, width, height int, noColor bool, lookup func(string) (string, bool)) Terminal {
	env := func(name string) string {
		v, _ := lookup(name)
		return v
	}
	set := func(name string) bool {
		v := env(name)
		return v != "" && v != "0"
	}
	dumb := env("TERM") == "dumb"
	t := Terminal{TTY: tty, Live: tty && !dumb && !set("CI")}
	if tty {
		t.Width, t.Height = width, height
	}
	switch {
	case noColor || env("NO_COLOR") != "":
	case set("FORCE_COLOR") || set("CLICOLOR_FORCE"):
		t.Color = true
	case dumb || env("CLICOLOR") == "0":
	default:
		t.Color = tty
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToUpper(env(name)); v != "" {
			t.Unicode = strings.Contains(v, "UTF-8") || strings.Contains(v, "UTF8")
			break
		}
	}
	return t
}
