package e2e_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	nodescript "github.com/bulwark-k8s/bulwark/templates/node/script"
)

// rogue is what a hostile machine does. Its SSH server lives in this process, has
// the key that the spec pins, lets everybody in, and knows how bulwark talks.
type rogue struct {
	// raw has the connection before SSH is spoken on it.
	raw func(net.Conn)
	// login changes how it lets in.
	login func(*ssh.ServerConfig)
	// refuse is why it opens no session.
	refuse string
	// mute answers no question whether it lives.
	mute bool
	// look answers a look.
	look func(*rogueSession)
	// legible answers as a machine would, with values that none has: there is a
	// row for each of them, and none that it could not be looked at.
	legible bool
}

// rogueSession is one execution of bulwark's on a rogue, its input read.
type rogueSession struct {
	ssh.Channel
	command string
	input   []byte
}

// startRogue starts one, and says where it listens and what its key is.
func startRogue(t testing.TB, r rogue) (port uint16, hostKey string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, nil }}
	config.AddHostKey(signer)
	if r.login != nil {
		r.login(config)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if r.raw != nil {
					r.raw(c)
					return
				}
				r.serve(c, config)
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).AddrPort().Port(), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
}

func (r rogue) serve(c net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	if !r.mute {
		go ssh.DiscardRequests(requests)
	}
	for n := range channels {
		if n.ChannelType() != "session" || r.refuse != "" {
			_ = n.Reject(ssh.ResourceShortage, r.refuse)
			continue
		}
		channel, requests, err := n.Accept()
		if err != nil {
			return
		}
		go func() {
			for q := range requests {
				var p struct{ Command string }
				ok := q.Type == "exec" && ssh.Unmarshal(q.Payload, &p) == nil
				if q.WantReply {
					_ = q.Reply(ok, nil)
				}
				if ok {
					go func() {
						input, _ := io.ReadAll(channel)
						r.look(&rogueSession{channel, p.Command, input})
					}()
				}
			}
		}()
	}
}

// mark is the line that says a program began.
func (s *rogueSession) mark() string {
	head, _, _ := bytes.Cut(s.input, []byte("\n"))
	words := strings.Fields(string(head))
	return words[0] + " " + words[2] + "\n"
}

// nonce is the word that this look's frames begin with.
func (s *rogueSession) nonce() string {
	head, rest, _ := bytes.Cut(s.input, []byte("\n"))
	n, _ := strconv.Atoi(strings.Fields(string(head))[1])
	nonce, _, _ := bytes.Cut(rest[n:], []byte("\n"))
	return string(nonce)
}

// begin says on both streams that the program began.
func (s *rogueSession) begin() {
	_, _ = io.WriteString(s, s.mark())
	_, _ = io.WriteString(s.Stderr(), s.mark())
}

func (s *rogueSession) exit(status byte) {
	_, _ = s.SendRequest("exit-status", false, []byte{0, 0, 0, status})
	_ = s.Close()
}

// say writes text until it is no more taken.
func (s *rogueSession) say(text string) { _, _ = io.WriteString(s, text) }

// frame is a frame as the look writes it.
func (s *rogueSession) frame(kind string, status int, data string) string {
	return fmt.Sprintf("%s %s %d %d\n%s\n", s.nonce(), kind, status, len(data), data)
}

// honestLook remembers what this machine, an honest one, answered a look.
type honestLook struct {
	once   sync.Once
	frames []nodescript.Frame
}

// answer is that answer, in this look's words. The machine is asked once; what
// moves of it is the clock.
// Frames of the kinds in place hold what place says.
func (h *honestLook) answer(t testing.TB, s *rogueSession, place map[string]string) []string {
	h.once.Do(func() {
		cmd := exec.Command("/bin/sh", "-c", strings.TrimPrefix(s.command, "sudo -n -- "))
		cmd.Stdin, cmd.Env, cmd.WaitDelay = bytes.NewReader(s.input), []string{"PATH=/usr/bin:/bin"}, time.Second
		out, err := cmd.Output()
		if err == nil {
			h.frames, err = nodescript.Frames(out, s.nonce())
		}
		if err != nil {
			t.Errorf("a look at this machine: %v", err)
		}
	})
	frames := slices.Clone(h.frames)
	for kind := range place {
		if !slices.ContainsFunc(frames, func(f nodescript.Frame) bool { return f.Kind == kind }) {
			frames = append(frames, nodescript.Frame{Kind: kind})
		}
	}
	var all []string
	for _, f := range frames {
		if f.Kind == "clock" {
			f.Data = fmt.Append(nil, time.Now().UnixNano())
		}
		if other, ok := place[f.Kind]; ok {
			f.Data = []byte(other)
		}
		all = append(all, s.frame(f.Kind, f.Status, string(f.Data)))
	}
	return all
}

// flood writes the same until nobody takes it any more.
func flood(w io.Writer, text string) {
	chunk := []byte(strings.Repeat(text, 1+(32<<10)/len(text)))
	for {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// trickle writes a byte a second until nobody takes it any more.
func trickle(w io.Writer, text string) {
	for i := 0; ; i = (i + 1) % len(text) {
		if _, err := io.WriteString(w, text[i:i+1]); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}
