package plan

import "strings"

// ufwConf says whether ufw is switched on. Its unit is active either way.
const ufwConf = "/etc/ufw/ufw.conf"

// UFWConf is a text that a look must read for the check firewall.
func UFWConf() string { return ufwConf }

// ufwIsOff says whether ufw's own switch is off. A machine whose file cannot
// say is taken for one where it is on.
func (p *preflight) ufwIsOff() bool {
	off := false
	for line := range strings.Lines(string(p.got.Files[ufwConf].Text)) {
		// The file is a shell's: the last line wins.
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "ENABLED="); ok {
			off = strings.EqualFold(strings.Trim(value, `"'`), "no")
		}
	}
	return off
}
