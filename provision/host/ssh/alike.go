package ssh

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
)

// plainWords are options whose value, without a token, is the same whatever the
// host: what "ssh -G" answers differs only where another word is used, or another
// Host section. (HostName, Match, ProxyJump, CanonicalizeHostname and whatever
// comes with a later ssh are not among them.)
const plainWords = " sendenv setenv hashknownhosts gssapiauthentication gssapidelegatecredentials user port identityfile " +
	"identitiesonly identityagent addkeystoagent userknownhostsfile globalknownhostsfile stricthostkeychecking batchmode loglevel " +
	"serveraliveinterval serveralivecountmax connecttimeout connectionattempts compression forwardagent forwardx11 " +
	"forwardx11trusted visualhostkey passwordauthentication pubkeyauthentication kbdinteractiveauthentication " +
	"preferredauthentications ciphers macs kexalgorithms hostkeyalgorithms pubkeyacceptedalgorithms addressfamily " +
	"tcpkeepalive controlmaster controlpersist checkhostip requesttty updatehostkeys escapechar "

// sameForAll says whether the operator's configuration is of a kind that answers
// alike for all hosts of one group, and which group a host is in: by the files as
// they are now, and by the Host sections that mean it. It is asked for addresses
// only.
func sameForAll(address, configFile string) (group string, alike bool) {
	s := sections{address: address}
	me, err := user.Current() // ssh does not go by HOME either
	if err != nil {
		return "", false
	}
	dir := filepath.Join(me.HomeDir, ".ssh")
	if configFile != "" {
		return s.group(configFile, dir)
	}
	own, ok := s.group(filepath.Join(dir, "config"), dir)
	system, ok2 := s.group("/etc/ssh/ssh_config", "/etc/ssh")
	return own + system, ok && ok2
}

// sections reads configuration files for one address.
type sections struct {
	address string
	depth   int
}

// group is a file's part of the group's name.
func (s sections) group(path, dir string) (string, bool) {
	if s.depth > 8 {
		return "", false
	}
	text, err := readSmall(path)
	if os.IsNotExist(err) {
		return "-\n", true
	}
	info, err2 := os.Stat(path)
	if err != nil || err2 != nil || len(text) >= 64<<10 {
		return "", false
	}
	out := fmt.Sprintf("%s %d %d", path, info.Size(), info.ModTime().UnixNano())
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		part, ok := s.line(lines.Text(), dir)
		if !ok {
			return "", false
		}
		out += part
	}
	return out + "\n", true
}

var assignment = regexp.MustCompile(`^\s*"?([A-Za-z0-9]+)"?(?:\s*=\s*|\s+)(.*?)\s*$`)

// line is what one line adds to the group's name.
func (s sections) line(line, dir string) (string, bool) {
	if t := strings.TrimSpace(line); t == "" || t[0] == '#' {
		return "", true
	}
	m := assignment.FindStringSubmatch(line)
	// Tokens, variables, comments and what quotes hold together are ssh's to read.
	if m == nil || strings.ContainsAny(m[2], "%$#\"'\\") {
		return "", false
	}
	word, value := strings.ToLower(m[1]), m[2]
	switch {
	case word == "host":
		return fmt.Sprintf(" %t", meant(strings.Fields(value), s.address)), true
	case word == "include":
		return s.included(strings.Fields(value), dir)
	}
	return "", strings.Contains(plainWords, " "+word+" ")
}

// included are the groups of included files.
func (s sections) included(patterns []string, dir string) (string, bool) {
	s.depth++
	out := ""
	for _, p := range patterns {
		if strings.HasPrefix(p, "~") {
			return "", false
		}
		if !filepath.IsAbs(p) {
			p = filepath.Join(dir, p)
		}
		found, err := filepath.Glob(p)
		if err != nil {
			return "", false
		}
		for _, f := range found {
			part, ok := s.group(f, dir)
			if !ok {
				return "", false
			}
			out += " (" + part + ")"
		}
	}
	return out, true
}

// meant says whether a Host line's patterns mean an address.
func meant(patterns []string, address string) bool {
	yes := false
	for _, p := range patterns {
		p, not := strings.CutPrefix(p, "!")
		if !wildcard(p, address) {
			continue
		}
		if not {
			return false
		}
		yes = true
	}
	return yes
}

// wildcard matches as ssh does: any characters for *, one for ?.
func wildcard(pattern, s string) bool {
	for pattern != "" {
		switch {
		case pattern[0] == '*':
			for i := len(s); i >= 0; i-- {
				if wildcard(pattern[1:], s[i:]) {
					return true
				}
			}
			return false
		case s == "" || pattern[0] != '?' && pattern[0] != s[0]:
			return false
		}
		pattern, s = pattern[1:], s[1:]
	}
	return s == ""
}
