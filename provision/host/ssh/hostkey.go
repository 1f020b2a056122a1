package ssh

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// trust is what is known of one machine's key, and the verdict on the key it
// showed. It is for one connection.
type trust struct {
	at  endpoint
	pin ssh.PublicKey
	db  *knownhosts.HostKeyDB
	// algorithms are those of the keys known, so that a machine with several
	// keys shows one of them (golang/go#29286).
	algorithms []string
	// shown is the machine's key once it proved to have it.
	shown ssh.PublicKey
	// refused is why it was not accepted; refuseAll accepts none.
	refused   error
	refuseAll bool
}

// newTrust reads the pin or the known_hosts files of an endpoint.
func newTrust(at endpoint, shared *Shared) (*trust, error) {
	t := &trust{at: at}
	if at.pin != "" {
		return t, t.readPin()
	}
	var files []string
	for _, f := range slices.Concat(at.knownHosts, at.globalKeys) {
		info, err := os.Stat(f)
		switch {
		case errors.Is(err, os.ErrNotExist):
			continue
		case err != nil:
			return nil, fmt.Errorf("%w: %w", host.ErrUntrusted, err)
		case info.Mode().IsRegular():
			files = append(files, f)
		}
	}
	db, err := shared.knownHosts(files)
	if err != nil {
		return nil, fmt.Errorf("%w: a line cannot be read, correct or remove it: %w", host.ErrUntrusted, err)
	}
	t.db = db
	known := db.HostKeyAlgorithms(at.lookup())
	t.algorithms = accepted(known)
	if len(known) > 0 && len(t.algorithms) == 0 {
		return nil, fmt.Errorf("%w: known_hosts has only %s for %s, which is too weak: record another of its keys", host.ErrUntrusted, strings.Join(known, ", "), at.lookup())
	}
	if len(known) == 0 {
		t.algorithms = plainHostKeyAlgorithms()
	}
	return t, nil
}

func (t *trust) readPin() error {
	key, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(t.at.pin))
	if err != nil || len(strings.TrimSpace(string(rest))) > 0 {
		return fmt.Errorf("%w: host_key %q is not one key such as \"ssh-ed25519 AAAA…\"", host.ErrUntrusted, t.at.pin)
	}
	t.pin, t.algorithms = key, algorithmsOf(key.Type())
	if len(accepted(t.algorithms)) == 0 {
		return fmt.Errorf("%w: host_key is of type %s, which is not accepted", host.ErrUntrusted, key.Type())
	}
	return nil
}

// check is the host key callback: it runs after the machine proved that it has
// the key, and before anything is said about who logs in.
func (t *trust) check(_ string, _ net.Addr, key ssh.PublicKey) error {
	t.shown = key
	t.refused = t.verdict(key)
	return t.refused
}

func (t *trust) verdict(key ssh.PublicKey) error {
	if t.refuseAll {
		return host.ErrUntrusted
	}
	if t.pin != nil {
		if slices.Equal(t.pin.Marshal(), key.Marshal()) {
			return nil
		}
		return t.changed(key, "the spec pins "+describe(t.pin))
	}
	// known_hosts is asked by name, as OpenSSH does with CheckHostIP off: what
	// lies behind a bastion has no address of its own to us.
	err := t.db.HostKeyCallback()(t.at.lookup(), &net.TCPAddr{IP: net.IPv4zero}, key)
	if err == nil {
		return nil
	}
	var revoked *xknownhosts.RevokedError
	var mismatch *xknownhosts.KeyError
	switch {
	case errors.As(err, &revoked):
		return fmt.Errorf("%w: %s showed %s, which %s:%d revokes", host.ErrUntrusted, t.at, describe(key), revoked.Revoked.Filename, revoked.Revoked.Line)
	case errors.As(err, &mismatch) && len(mismatch.Want) == 0:
		return t.unknown(key)
	case errors.As(err, &mismatch):
		return t.changed(key, known(mismatch.Want))
	}
	return fmt.Errorf("%w: %s showed %s: %s", host.ErrUntrusted, t.at, describe(key), host.Tail([]byte(err.Error())))
}

// otherType is a machine that has none of the key types known of it; key is
// what it showed when asked for any, or nil.
func (t *trust) otherType(key ssh.PublicKey) error {
	if t.pin != nil {
		return t.changed(key, "the spec pins "+describe(t.pin))
	}
	var lines []string
	for _, k := range t.db.HostKeys(t.at.lookup()) {
		lines = append(lines, describe(k.PublicKey))
	}
	return t.changed(key, "known_hosts has "+strings.Join(lines, " and "))
}

func (t *trust) unknown(key ssh.PublicKey) error {
	return fmt.Errorf("%w: the key of %s is unknown, and nothing was sent to it. It showed %s. "+
		"Compare that with what the machine itself says (on its console: ssh-keygen -lf %s). "+
		"If it is the same, put host_key = %q into the spec, or run: echo %q >> ~/.ssh/known_hosts",
		host.ErrUntrusted, t.at, describe(key), publicFile(key), line(key), t.name()+" "+line(key))
}

func (t *trust) changed(key ssh.PublicKey, want string) error {
	shown, file := "only keys of another type", "/etc/ssh/ssh_host_*_key.pub"
	if key != nil {
		shown, file = describe(key), publicFile(key)
	}
	next := "correct host_key in the spec"
	if t.pin == nil {
		next = fmt.Sprintf("run: ssh-keygen -R %q, and record the new key", t.name())
	}
	return fmt.Errorf("%w: the key of %s is not the one known, and nothing was sent to it: %s, it showed %s. "+
		"Either the machine was made anew or somebody is in between. "+
		"Ask the machine itself (on its console: ssh-keygen -lf %s); if it was made anew, %s",
		host.ErrUntrusted, t.at, want, shown, file, next)
}

// name is the machine as known_hosts writes it.
func (t *trust) name() string { return xknownhosts.Normalize(t.at.lookup()) }

func known(keys []xknownhosts.KnownKey) string {
	var out []string
	for _, k := range keys {
		out = append(out, fmt.Sprintf("%s (%s:%d)", describe(k.Key), k.Filename, k.Line))
	}
	return "known_hosts has " + strings.Join(out, " and ")
}

func describe(key ssh.PublicKey) string { return key.Type() + " " + ssh.FingerprintSHA256(key) }

func line(key ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// publicFile is where sshd keeps a key of that type by default.
func publicFile(key ssh.PublicKey) string {
	kind := "ed25519"
	switch t := key.Type(); {
	case strings.HasPrefix(t, "ecdsa"):
		kind = "ecdsa"
	case strings.Contains(t, "rsa"):
		kind = "rsa"
	}
	return "/etc/ssh/ssh_host_" + kind + "_key.pub"
}
