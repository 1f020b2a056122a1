package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// credentials are the operator's keys for one login. All signers go into one
// callback, since x/crypto tries each method only once.
type credentials struct {
	at    endpoint
	ctx   context.Context //nolint:containedctx // lives for one login, for the agent's dial
	conn  net.Conn
	tried []string
	notes []string
}

// method asks for keys only when the machine's own key was accepted.
func (c *credentials) method() ssh.AuthMethod { return ssh.PublicKeysCallback(c.signers) }

// close ends the conversation with the agent.
func (c *credentials) close() {
	if c.conn != nil {
		_ = c.conn.Close()
	}
}

// signers are the keys to try: those named by the configuration first, as ssh
// does, and the agent's others behind them unless IdentitiesOnly is on.
func (c *credentials) signers() ([]ssh.Signer, error) {
	held := c.agentSigners()
	var out []ssh.Signer
	used := map[string]bool{}
	add := func(s ssh.Signer, from string) {
		id := string(s.PublicKey().Marshal())
		if used[id] {
			return
		}
		used[id] = true
		out = append(out, modern(s))
		c.tried = append(c.tried, ssh.FingerprintSHA256(s.PublicKey())+" ("+from+")")
	}
	for _, path := range c.at.identities {
		if pub := publicOf(path); pub != nil {
			if s := find(held, pub); s != nil {
				add(s, "agent")
				continue
			}
		}
		if s := c.file(path); s != nil {
			if cert := certified(path, s); cert != nil {
				add(cert, path+"-cert.pub")
			}
			add(s, path)
		}
	}
	if !c.at.identitiesOnly {
		for _, s := range held {
			add(s, "agent")
		}
	}
	if len(out) == 0 {
		return nil, errNoKeys
	}
	return out, nil
}

var errNoKeys = errors.New("no key to log in with")

// agentSigners are the keys the agent holds. An agent that does not answer is
// noted, not an error: a key file may do.
func (c *credentials) agentSigners() []ssh.Signer {
	path := c.at.agent
	switch {
	case path == "none":
		return nil
	case path == "SSH_AUTH_SOCK":
		path = os.Getenv("SSH_AUTH_SOCK")
	case strings.HasPrefix(path, "$"):
		path = os.Getenv(strings.Trim(path, "${}"))
	}
	if path == "" {
		return nil
	}
	conn, err := new(net.Dialer).DialContext(c.ctx, "unix", path)
	if err != nil {
		c.notes = append(c.notes, fmt.Sprintf("the agent at %s does not answer (%v)", path, err))
		return nil
	}
	c.conn = conn
	if deadline, ok := c.ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	// A cancelled login must not wait for an agent that asks its user.
	context.AfterFunc(c.ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	held, err := agent.NewClient(conn).Signers()
	if err != nil {
		c.notes = append(c.notes, fmt.Sprintf("the agent at %s lists no keys (%v)", path, err))
		return nil
	}
	if len(held) == 0 {
		c.notes = append(c.notes, "the agent at "+path+" holds no key")
	}
	return held
}

// file is the signer of an identity file, or nil with a note why not.
func (c *credentials) file(path string) ssh.Signer {
	data, err := readSmall(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // ssh -G lists every default name
	}
	if err != nil {
		c.notes = append(c.notes, fmt.Sprintf("%s was not read (%v)", path, err))
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		c.notes = append(c.notes, fmt.Sprintf("%s can be read by others and was not used: chmod 600 %s", path, path))
		return nil
	}
	s, err := ssh.ParsePrivateKey(data)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		c.notes = append(c.notes, fmt.Sprintf("%s has a passphrase: ssh-add %s", path, path))
		return nil
	case err != nil:
		c.notes = append(c.notes, fmt.Sprintf("%s is not a private key (%v)", path, err))
		return nil
	}
	return s
}

// certified joins a key with the certificate beside it, as ssh does.
func certified(path string, s ssh.Signer) ssh.Signer {
	data, err := readSmall(path + "-cert.pub")
	if err != nil {
		return nil
	}
	pub, _, _, _, err := ssh.ParseAuthorizedKey(data)
	if err != nil {
		return nil
	}
	cert, ok := pub.(*ssh.Certificate)
	if !ok {
		return nil
	}
	out, err := ssh.NewCertSigner(cert, s)
	if err != nil {
		return nil
	}
	return out
}

// publicOf is the public half of an identity, which may be all there is of it.
func publicOf(path string) ssh.PublicKey {
	for _, p := range []string{path + ".pub", path} {
		if data, err := readSmall(p); err == nil {
			if pub, _, _, _, err := ssh.ParseAuthorizedKey(data); err == nil {
				return pub
			}
		}
	}
	return nil
}

func find(held []ssh.Signer, pub ssh.PublicKey) ssh.Signer {
	for _, s := range held {
		if bytes.Equal(s.PublicKey().Marshal(), pub.Marshal()) {
			return s
		}
	}
	return nil
}

// modern keeps an RSA key from signing with SHA-1, which x/crypto falls back
// to when a server does not say what it takes.
func modern(s ssh.Signer) ssh.Signer {
	a, ok := s.(ssh.AlgorithmSigner)
	if !ok || !strings.HasPrefix(s.PublicKey().Type(), ssh.KeyAlgoRSA) {
		return s
	}
	m, err := ssh.NewSignerWithAlgorithms(a, algorithmsOf(ssh.KeyAlgoRSA))
	if err != nil {
		return s
	}
	return m
}

// failed says who was refused, with what, and what to do.
func (c *credentials) failed(err error) error {
	what := "no key to offer"
	if len(c.tried) > 0 {
		what = "refused " + strings.Join(c.tried, ", ")
	}
	if len(c.notes) > 0 {
		what += "; " + strings.Join(c.notes, "; ")
	}
	return fmt.Errorf("log in as %s: %s. Its authorized_keys needs one of your public keys; it was tried once and will not be again (%w)", c.at, what, err)
}

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	return io.ReadAll(io.LimitReader(f, 64<<10))
}
