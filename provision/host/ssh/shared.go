package ssh

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"

	"github.com/skeema/knownhosts"
)

// Shared is what many connections of one operator know together: the answers of
// "ssh -G", which costs a process, and the known hosts, which grow with the
// cluster. What changed on disk since is read anew.
type Shared struct {
	mu      sync.Mutex
	answers map[string]*answer
	known   map[string]*knownhosts.HostKeyDB
}

// answer is one of "ssh -G", made by whoever asks first.
type answer struct {
	once sync.Once
	text string
	err  error
}

// NewShared knows nothing yet.
func NewShared() *Shared {
	return &Shared{answers: map[string]*answer{}, known: map[string]*knownhosts.HostKeyDB{}}
}

// config is the answer about an endpoint: one that was given for another, where
// the configuration cannot tell the two apart, or that of ask. Names are always
// asked for themselves: ssh may write them in another way.
func (s *Shared) config(e endpoint, o Options, ask func() (string, error)) (string, error) {
	if _, err := netip.ParseAddr(e.asked); err != nil {
		return ask()
	}
	group, alike := sameForAll(e.asked, o.ConfigFile)
	if !alike {
		return ask()
	}
	// A port that we say is the answer's, and changes nothing else of it.
	key := fmt.Sprintf("%s\n%t\n%s", e.user, e.port != 0, group)
	s.mu.Lock()
	a := s.answers[key]
	if a == nil {
		a = &answer{}
		s.answers[key] = a
	}
	s.mu.Unlock()
	a.once.Do(func() {
		text, err := ask()
		if err != nil {
			a.err = err
			return
		}
		a.text = withoutEndpoint(text, e.port != 0)
	})
	if a.err != nil {
		return ask() // whose context ended may have been another's
	}
	return a.text + "hostname " + e.asked + "\n" + e.portLine(), nil
}

// portLine is what an answer says of a port that was asked for.
func (e endpoint) portLine() string {
	if e.port == 0 {
		return ""
	}
	return fmt.Sprintf("port %d\n", e.port)
}

// withoutEndpoint takes an answer's lines about the host itself away, and that of
// its port where it was asked for.
func withoutEndpoint(text string, port bool) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		key, _, _ := strings.Cut(line, " ")
		if key != "host" && key != "hostname" && (key != "port" || !port) {
			out.WriteString(line)
		}
	}
	return out.String()
}

// knownHosts are the keys of these files.
func (s *Shared) knownHosts(files []string) (*knownhosts.HostKeyDB, error) {
	var key strings.Builder
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return knownhosts.NewDB(files...) // which says what is wrong
		}
		fmt.Fprintf(&key, "%s\n%d %d\n", f, info.Size(), info.ModTime().UnixNano())
	}
	s.mu.Lock()
	defer s.mu.Unlock() // who comes meanwhile would read the same
	if db := s.known[key.String()]; db != nil {
		return db, nil
	}
	db, err := knownhosts.NewDB(files...)
	if err == nil {
		s.known[key.String()] = db
	}
	return db, err
}
