package e2e_test

import (
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// row is a rogue and what the one row about it says.
type row struct {
	rogue
	says string
}

// nasty is text that would own a terminal, a log, or who reads one: CSI, OSC, C1
// as bytes and as characters, NUL, a carriage return, a line that looks like
// ours, bytes that are no UTF-8, the other direction of writing, characters
// without width, and more marks on one letter than a screen has lines.
var nasty = "\x1b[2J\x1b]0;owned\x07\x9b31m\u009b31m\x00\r\nError: all is well\xff\xfe\u202eevil\u200b\u2066\ufeff\u2028" + strings.Repeat("\u0301", 200) + "$(reboot)`reboot`"

// rogues are those that do not flood.
func rogues(t *testing.T) map[string]row {
	all := map[string]row{}
	maps.Copy(all, beforeLogin())
	maps.Copy(all, afterLogin())
	for name, r := range liars(t) {
		all["lies: "+name] = r
	}
	maps.Copy(all, options(t))
	all["tells strange things"] = strangers(t, 1)
	return all
}

// beforeLogin are wrong before anybody is in.
func beforeLogin() map[string]row {
	const greeting = "SSH-2.0-OpenSSH_9.9\r\n"
	wait := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	return map[string]row{
		"says nothing":                {rogue{raw: wait}, "no answer within 30s"},
		"stops after its greeting":    {rogue{raw: func(c net.Conn) { _, _ = io.WriteString(c, greeting); wait(c) }}, "no answer within 30s"},
		"greets a byte a second":      {rogue{raw: func(c net.Conn) { trickle(c, strings.Repeat("x", 50)+"\n") }}, "no answer within 30s"},
		"greets in colours":           {rogue{raw: func(c net.Conn) { _, _ = io.WriteString(c, nasty[:100]) }}, "dropped the connection"},
		"greets without end":          {rogue{raw: func(c net.Conn) { flood(c, "A") }}, "version string"},
		"greets in lines without end": {rogue{raw: func(c net.Conn) { flood(c, nasty+"\r\n") }}, "version string"},
		"names a version in colours":  {rogue{raw: func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-"+nasty); wait(c) }}, "ssh: "},
		"sends a packet of 4 GiB":     {rogue{raw: func(c net.Conn) { _, _ = io.WriteString(c, greeting+"\xff\xff\xff\xff\x04"); wait(c) }}, "packet"},
		"says goodbye in colours":     {rogue{raw: func(c net.Conn) { _, _ = io.WriteString(c, greeting+goodbye(nasty)); wait(c) }}, "ssh: "},
		"floods after its greeting": {rogue{raw: func(c net.Conn) {
			_, _ = io.WriteString(c, greeting)
			flood(c, packet("\x02"+strings.Repeat("i", 1000)))
		}}, "ssh: "},
		"never answers the login":        {rogue{login: func(s *ssh.ServerConfig) { s.PublicKeyCallback = never }}, "logging in: no answer within 30s"},
		"asks for a password in colours": {rogue{login: asks}, "log in as"},
		"floods banners": {rogue{login: func(s *ssh.ServerConfig) {
			s.PreAuthConnCallback = func(c ssh.ServerPreAuthConn) {
				for c.SendAuthBanner(strings.Repeat(nasty, 10)) == nil {
				}
			}
			s.PublicKeyCallback = never
		}}, "too much before the login"},
	}
}

// packet is one of SSH before there are keys; goodbye is a disconnect.
func packet(payload string) string {
	pad := 8 - (5+len(payload))%8 + 8
	n := 1 + len(payload) + pad
	return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), byte(pad)}) + payload + strings.Repeat("\x00", pad)
}

func goodbye(text string) string {
	return packet(string(ssh.Marshal(struct {
		Reason         uint32 `sshtype:"1"`
		Text, Language string
	}{2, text, ""})))
}

func never(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { select {} }

func asks(s *ssh.ServerConfig) {
	s.PublicKeyCallback = func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, fmt.Errorf("no") }
	s.BannerCallback = func(ssh.ConnMetadata) string { return nasty }
	s.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
		_, err := ask(nasty, nasty, []string{nasty}, []bool{true})
		return nil, err
	}
}

// afterLogin let in, and do not do what is asked.
func afterLogin() map[string]row {
	return map[string]row{
		"refuses sessions in colours": {rogue{refuse: nasty}, "nothing was begun"},
		"ends without a status":       {rogue{look: func(s *rogueSession) { s.begin(); _ = s.Close() }}, "not known"},
		"ends with half a status": {rogue{look: func(s *rogueSession) {
			_, _ = s.SendRequest("exit-status", false, []byte{0})
			_ = s.Close()
		}}, "not known"},
		"has a shell in colours": {rogue{look: func(s *rogueSession) {
			s.say(nasty)
			_, _ = io.WriteString(s.Stderr(), nasty)
			s.exit(1)
		}}, "did not start look"},
		"fails in colours": {rogue{look: func(s *rogueSession) {
			s.begin()
			_, _ = io.WriteString(s.Stderr(), nasty)
			s.exit(1)
		}}, "look failed with status 1"},
		"says all is well and ran nothing": {rogue{look: func(s *rogueSession) { s.exit(0) }}, "did not start look"},
	}
}

// liars run the look and lie about what it said.
func liars(t *testing.T) map[string]row {
	const unreadable = "the machine's answer cannot be read"
	var look honestLook
	// says writes another answer; the frames are an honest machine's.
	says := func(text func(s *rogueSession, honest []string) string) row {
		return row{rogue{look: func(s *rogueSession) {
			honest := look.answer(t, s, nil)
			s.begin()
			s.say(text(s, honest))
			s.exit(0)
		}}, unreadable}
	}
	adds := func(text func(s *rogueSession) string) row {
		return says(func(s *rogueSession, honest []string) string { return text(s) + strings.Join(honest, "") + end(s) })
	}
	frame := func(kind, data string) row {
		return adds(func(s *rogueSession) string { return s.frame(kind, 0, data) })
	}
	header := func(rest string) row { return adds(func(s *rogueSession) string { return s.nonce() + rest }) }
	const passwd = "8180/9/0/0/root/root/etc/passwd\n"
	return map[string]row{
		"no end": says(func(_ *rogueSession, honest []string) string { return strings.Join(honest, "") }),
		"cut in a frame": says(func(_ *rogueSession, honest []string) string {
			all := strings.Join(honest, "")
			return all[:len(all)-3]
		}),
		"every frame twice": says(func(s *rogueSession, honest []string) string {
			return strings.Repeat(strings.Join(honest, ""), 2) + end(s)
		}),
		"too many frames": adds(func(s *rogueSession) string { return strings.Repeat(s.frame("text", 0, ""), 20001) }),
		"another nonce": says(func(s *rogueSession, honest []string) string {
			return strings.ReplaceAll(strings.Join(honest, "")+end(s), s.nonce(), strings.Repeat("0", 32))
		}),
		"the nonce of the frame before": says(func(s *rogueSession, honest []string) string {
			nonce := strings.Fields(s.mark())[1]
			return strings.ReplaceAll(strings.Join(honest, "")+end(s), s.nonce(), nonce)
		}),
		"noise between frames": says(func(s *rogueSession, honest []string) string {
			return strings.Join(slices.Insert(honest, 1, nasty), "") + end(s)
		}),
		"a length too long":               header(" user 0 6\nhello\n"),
		"a length too short":              header(" user 0 4\nhello\n"),
		"a negative length":               header(" user 0 -1\n\n"),
		"a huge length":                   header(" user 0 999999999\nhello\n"),
		"a length beyond int64":           header(" user 0 99999999999999999999\nhello\n"),
		"a status in colours":             header(" user " + nasty + " 0\n\n"),
		"a kind in colours":               frame("\x1b[2J\u202e\x00", nasty),
		"a kind nobody knows":             frame("root", "yes"),
		"a path upwards":                  frame("absent", "/etc/kubernetes/../shadow\n"),
		"a path in colours":               frame("absent", "/etc/kubernetes/manifests/"+nasty+"\n"),
		"a file nobody asked":             frame("stat", passwd),
		"a text nobody asked":             frame("text", "/etc/shadow\nroot:*:"),
		"a file with an odd mode":         frame("stat", nasty+"/"+passwd),
		"a digest in colours":             frame("sha256", nasty+strings.Repeat("x", 80)+"\n"),
		"a unit nobody asked":             frame("units", "Id="+nasty+"\n"),
		"a process nobody asked":          frame("process", nasty),
		"a run nobody asked":              frame("run", "x\nactive\n"),
		"a sysctl nobody asked":           frame("sysctl", "/proc/sys/../../etc/shadow:"+nasty),
		"a module nobody asked":           frame("modules", nasty),
		"silence about what nobody asked": frame("unread", nasty+"\n"+nasty),
	}
}

func end(s *rogueSession) string { return s.frame("end", 0, "") }

// strangers answer in frames as they should be. What is in them is not.
func strangers(t *testing.T, much int) row {
	text := strings.Repeat(nasty, much)
	var look honestLook
	return row{rogue{look: func(s *rogueSession) {
		s.begin()
		s.say(strings.Join(look.answer(t, s, map[string]string{
			"user": text, "uname": text, "table": text, "container": text, "etcdaccount": text + ":", "plugins": "--help\n../x\n" + text, "cri": text, "peer": text,
			"small":     "/etc/os-release:ID=" + text + "\n/etc/os-release:VERSION_ID=" + text + strings.Repeat("\n/proc/swaps:/"+nasty[:99], much),
			"ss":        "LISTEN 0 1 0.0.0.0:6443 0.0.0.0:* users:((\"" + text + "\"))\n",
			"addresses": strings.Repeat("1: x inet6 2001:db8::1%"+nasty+"\n1: x inet 192.0.2.99/24\n", much),
			"kubelet":   strings.Repeat("9", much) + ".9" + text, "criconfig": "sandbox_image = \"" + text + "\"\n",
		}), ""))
		s.say(s.frame("unread", 1, "Systemd\n"+text) + s.frame("end", 0, ""))
		s.exit(0)
	}, legible: true}, "Hostname: uname says"}
}

// options are host names that ssh or a shell would take for something else.
func options(t *testing.T) map[string]row {
	all := map[string]row{}
	for _, name := range []string{"-oProxyCommand=reboot", "$(reboot)", "`reboot`", "a/../b", "a;reboot"} {
		var look honestLook
		all["is called "+name] = row{rogue{look: func(s *rogueSession) {
			s.begin()
			s.say(strings.Join(look.answer(t, s, map[string]string{"uname": name + " 6.1.0 x86_64"}), "") + end(s))
			s.exit(0)
		}, legible: true}, "Hostname: uname says"}
	}
	return all
}

// floods send without end.
func floods() map[string]row {
	return map[string]row{
		"standard output": {rogue{look: func(s *rogueSession) { s.begin(); flood(s, nasty) }}, "wrote more than"},
		"standard error":  {rogue{look: func(s *rogueSession) { s.begin(); flood(s.Stderr(), nasty) }}, "wrote more than"},
		"one frame": {rogue{look: func(s *rogueSession) {
			s.begin()
			s.say(s.nonce() + " user 0 999999999\n")
			flood(s, "A")
		}}, "wrote more than"},
	}
}

// heaps send no more than is read, and all of it where little is expected.
func heaps(t *testing.T) map[string]row {
	return map[string]row{
		"long lines where words are": strangers(t, 500),
		"one path": {rogue{look: func(s *rogueSession) {
			s.begin()
			s.say(s.frame("absent", 0, "/etc/kubernetes/manifests/"+strings.Repeat("\x00", 1<<20)) + end(s))
			s.exit(0)
		}}, "a path nobody asked for"},
		"errors": {rogue{look: func(s *rogueSession) {
			s.begin()
			_, _ = io.WriteString(s.Stderr(), strings.Repeat("\x00", 4<<20-100))
			s.exit(1)
		}}, "look failed with status 1"},
	}
}
