package spec

import (
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// label refuses what Kubernetes would not take as a name of one word.
func (l *loader) label(s item, what string) bool {
	if len(validation.IsDNS1123Label(s.value)) == 0 {
		return true
	}
	l.report(problem(CodeName, s.at, "Not a name",
		"%s cannot name a %s. A name has 1 to 63 small letters, digits and -, and begins and ends with a letter or digit.", short(s.value), what))
	return false
}

// dnsName refuses what is not a plain host name. Letters of other alphabets
// must be written in their xn-- form: what is resolved is then what is read.
func (l *loader) dnsName(s item, what string) bool {
	why := ""
	switch last := s.value[strings.LastIndexByte(s.value, '.')+1:]; {
	case s.value == "":
		why = "it is empty"
	case strings.HasSuffix(s.value, "."):
		why = "leave out the dot at its end"
	case strings.Contains(s.value, "%"):
		why = "a zone such as %eth0 means another thing on each machine"
	case strings.Contains(s.value, "/"):
		why = "write the host alone, without a scheme or a path"
	case !ascii([]byte(s.value)):
		why = "write letters of other alphabets in their xn-- form"
	case strings.HasPrefix(s.value, "-"):
		why = "it must not begin with -, which programs read as an option"
	case s.value != strings.ToLower(s.value):
		why = "write it in small letters"
	case len(validation.IsDNS1123Subdomain(s.value)) > 0:
		why = "it needs small letters, digits, - and ., 253 at most"
	case tooLongLabel(s.value):
		why = "between two dots are 63 letters at most"
	case isNumber(last):
		why = "it looks like an address, and is none"
	default:
		return true
	}
	l.report(problem(CodeName, s.at, "Not a host name", "%s cannot be the %s: %s.", short(s.value), what, why))
	return false
}

func tooLongLabel(s string) bool {
	return slices.ContainsFunc(strings.Split(s, "."), func(p string) bool { return len(p) > 63 })
}

func isNumber(s string) bool { _, err := strconv.Atoi(s); return err == nil }

var (
	aliasPattern = pattern(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$`)
	userPattern  = pattern(`^[A-Za-z_][A-Za-z0-9_.-]{0,31}$`)
)

// sshTarget refuses what ssh could read as anything but a host: an option, a
// zone, a command. Unlike in the cluster, a name from ~/.ssh/config will do.
func (l *loader) sshTarget(s item, what string) bool {
	if addr, err := netip.ParseAddr(s.value); err == nil {
		return l.usableAddress(addr, s, what)
	}
	if aliasPattern().MatchString(s.value) && !strings.HasSuffix(s.value, ".") {
		return true
	}
	l.report(problem(CodeName, s.at, "Not a host", "%s cannot be the %s: write a host name, an address or a name from ~/.ssh/config, with letters, digits, _, - and . only.", short(s.value), what))
	return false
}

// keyTypes are the host keys that sshd may have; ssh-dss and ssh-rsa with SHA-1
// are a matter of the handshake.
func keyTypes() []string {
	return []string{"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
		"sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"}
}

// hostKey returns a key without its comment: "ssh-ed25519 AAAA…".
func (l *loader) hostKey(s item) (string, bool) {
	fields := strings.Fields(s.value)
	why := ""
	switch {
	case strings.ContainsAny(s.value, "\n\r"):
		why = "it has more than one line"
	case len(fields) < 2:
		why = "it needs a type and the key itself"
	case !slices.Contains(keyTypes(), fields[0]):
		why = "its type is none of " + strings.Join(keyTypes()[:5], ", ")
	default:
		// The type is inside the key once more: that catches a cut or swapped line.
		raw, err := base64.StdEncoding.DecodeString(fields[1])
		if err == nil && len(raw) > 4 {
			if n := binary.BigEndian.Uint32(raw); uint64(n)+4 < uint64(len(raw)) && string(raw[4:4+n]) == fields[0] {
				return fields[0] + " " + fields[1], true
			}
		}
		why = "the key itself is cut or changed"
	}
	l.report(problem(CodeName, s.at, "Not a host key", "This is no host key: %s. Write a line of /etc/ssh/ssh_host_ed25519_key.pub, as `ssh-keyscan -t ed25519 HOST` prints it behind the name.", why))
	return "", false
}

// short quotes text for a sentence.
func short(s string) string {
	const most = 80
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}
