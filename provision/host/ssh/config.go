package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// resolve asks the operator's configuration about a target and its hop. What
// the spec says wins. hop is nil when there is none.
func resolve(ctx context.Context, t Target, o Options) (at endpoint, hop *endpoint, err error) {
	if err := checkHost(t.Host); err != nil {
		return at, nil, err
	}
	at, err = query(ctx, endpoint{asked: t.Host, port: t.Port, user: t.User, pin: t.HostKey}, o)
	if err != nil {
		return at, nil, err
	}
	jump := t.Bastion
	if jump == "" {
		jump = at.jump
		if at.proxyCommand != "" {
			return at, nil, errors.New("its SSH configuration has a ProxyCommand, which bulwark does not run: use ProxyJump, or bastion in the spec")
		}
	}
	if jump == "" {
		return at, nil, nil
	}
	if strings.Contains(jump, ",") {
		return at, nil, fmt.Errorf("the way over %s has more than one hop, and bulwark takes one", jump)
	}
	ask, err := parseHop(jump)
	if err != nil {
		return at, nil, err
	}
	ask.pin = t.BastionHostKey
	via, err := query(ctx, ask, o)
	if err != nil {
		return at, nil, fmt.Errorf("bastion: %w", err)
	}
	if via.jump != "" || via.proxyCommand != "" {
		return at, nil, fmt.Errorf("the bastion %s is itself behind another host, and bulwark takes one hop", via.asked)
	}
	return at, &via, nil
}

// query completes an endpoint by what the operator's configuration says. Hosts
// that it does not tell apart are answered by one question.
func query(ctx context.Context, e endpoint, o Options) (endpoint, error) {
	bin, err := exec.LookPath("ssh")
	if err != nil {
		return withoutSSH(e, o)
	}
	out, err := o.Shared.config(e, o, func() (string, error) { return askSSH(ctx, bin, e, o) })
	if err != nil {
		return e, err
	}
	return e.parse(out)
}

// askSSH is the answer of "ssh -G", which resolves Match, Include and tokens as
// the operator's own ssh does.
func askSSH(ctx context.Context, bin string, e endpoint, o Options) (string, error) {
	args := []string{"-G"}
	if o.ConfigFile != "" {
		args = append(args, "-F", o.ConfigFile)
	}
	// Given on the command line, so that Match blocks and tokens see them too.
	if e.user != "" {
		args = append(args, "-l", e.user)
	}
	if e.port != 0 {
		args = append(args, "-p", strconv.Itoa(int(e.port)))
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, bin, append(args, "--", e.asked)...)
	cmd.Stdout, cmd.Stderr = &out, &said
	// A spec's variables may be secrets, and neither ssh nor a Match exec needs them.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "BULWARK_VAR_") })
	cmd.WaitDelay = 5 * time.Second // a Match exec may leave children behind
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx) // which says more than that it was killed
		}
		return "", fmt.Errorf("read the SSH configuration: ssh -G %s: %w: %s", e.asked, err, host.Tail(said.Bytes()))
	}
	return out.String(), nil
}

// parse takes the output of "ssh -G". Options that would weaken the check of
// host keys (StrictHostKeyChecking, VerifyHostKeyDNS, NoHostAuthenticationForLocalhost)
// are not read at all.
func (e endpoint) parse(out string) (endpoint, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return e, err
	}
	e.agent = "SSH_AUTH_SOCK"
	var identities []string
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if value == "" || value == "none" && key != "identityagent" {
			continue
		}
		value = strings.Clone(value) // or it would keep all of the answer
		switch key {
		case "hostname":
			e.host = value
		case "port":
			n, err := strconv.ParseUint(value, 10, 16)
			if err != nil {
				return e, fmt.Errorf("ssh -G %s: %q is not a port", e.asked, value)
			}
			e.port = uint16(n)
		case "user":
			e.user = value
		case "identityfile":
			identities = append(identities, value)
		case "identitiesonly":
			e.identitiesOnly = value == "yes"
		case "identityagent":
			e.agent = value
		case "hostkeyalias":
			e.alias = value
		case "userknownhostsfile":
			e.knownHosts = strings.Fields(value)
		case "globalknownhostsfile":
			e.globalKeys = strings.Fields(value)
		case "proxyjump":
			e.jump = value
		case "proxycommand":
			e.proxyCommand = value
		}
	}
	if err := checkHost(e.host); err != nil {
		return e, fmt.Errorf("ssh -G %s: %w", e.asked, err)
	}
	for _, id := range identities {
		e.identities = append(e.identities, e.expand(home, id))
	}
	for i, f := range e.knownHosts {
		e.knownHosts[i] = e.expand(home, f)
	}
	e.agent = e.expand(home, e.agent)
	return e, nil
}

// expand resolves "~" and the tokens that ssh -G leaves as they are.
func (e endpoint) expand(home, s string) string {
	if rest, ok := strings.CutPrefix(s, "~/"); ok {
		s = filepath.Join(home, rest)
	}
	if !strings.Contains(s, "%") {
		return s
	}
	local := ""
	if u, err := user.Current(); err == nil {
		local = u.Username
	}
	return strings.NewReplacer("%%", "%", "%d", home, "%h", e.host, "%n", e.asked,
		"%p", strconv.Itoa(int(e.port)), "%r", e.user, "%u", local).Replace(s)
}

// withoutSSH is for operators without an ssh binary. A configuration that
// cannot be read the way ssh reads it is not guessed at.
func withoutSSH(e endpoint, o Options) (endpoint, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return e, err
	}
	conf := o.ConfigFile
	if conf == "" {
		conf = filepath.Join(home, ".ssh", "config")
	}
	if _, err := os.Stat(conf); err == nil {
		return e, fmt.Errorf("%s cannot be read without ssh: install the OpenSSH client", conf)
	}
	e.host, e.agent = e.asked, "SSH_AUTH_SOCK"
	if e.port == 0 {
		e.port = 22
	}
	if e.user == "" {
		u, err := user.Current()
		if err != nil {
			return e, err
		}
		e.user = u.Username
	}
	for _, k := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		e.identities = append(e.identities, filepath.Join(home, ".ssh", k))
	}
	e.knownHosts = []string{filepath.Join(home, ".ssh", "known_hosts")}
	e.globalKeys = []string{"/etc/ssh/ssh_known_hosts"}
	return e, nil
}
