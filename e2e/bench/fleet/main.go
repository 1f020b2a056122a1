// Command fleet is many machines in one process: an SSH server on each of as
// many ports, that takes bulwark's frames and gives to each the answer that was
// recorded of a real look. It is for what the operator's side costs alone.
package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/bulwark-k8s/bulwark/e2e/bench/job"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	in := bufio.NewReader(os.Stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	var f job.Fleet
	if err := json.Unmarshal(line, &f); err != nil {
		return err
	}
	user, _, _, _, err := ssh.ParseAuthorizedKey([]byte(f.UserKey))
	if err != nil {
		return err
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return err
	}
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
		if !bytes.Equal(k.Marshal(), user.Marshal()) {
			return nil, errors.New("another key")
		}
		return nil, nil
	}}
	config.AddHostKey(key)
	public := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey())))
	var nodes []job.Node
	for i := range f.Nodes {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		n := node{config: config, answer: f.Answer, silent: i == f.Silent-1}
		if i == f.Drifted-1 {
			n.answer = bytes.Replace(f.Answer, []byte(f.Digest), []byte(strings.Repeat("0", len(f.Digest))), 1)
		}
		go n.serve(l)
		port := l.Addr().(*net.TCPAddr).Port
		nodes = append(nodes, job.Node{Name: fmt.Sprintf("n%d", i+1), Host: "127.0.0.1", Port: uint16(port), HostKey: public, Root: f.Root})
	}
	if err := json.NewEncoder(os.Stdout).Encode(nodes); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, in) // until whoever started it ends
	return nil
}

// node is one machine.
type node struct {
	config *ssh.ServerConfig
	answer []byte
	// silent takes connections and says nothing.
	silent bool
}

func (n node) serve(l net.Listener) {
	var held []net.Conn // open, and never read
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if n.silent {
			if held = append(held, c); len(held) > 100 {
				return
			}
			continue
		}
		go n.connection(c)
	}
}

func (n node) connection(c net.Conn) {
	defer func() { _ = c.Close() }()
	_, channels, requests, err := ssh.NewServerConn(c, n.config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for open := range channels {
		channel, requests, err := open.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range requests {
				_ = r.Reply(r.Type == "exec", nil)
				if r.Type == "exec" {
					go n.execute(channel)
				}
			}
		}()
	}
}

// execute answers a framed look: "bulwark1 LENGTH NONCE", the program, and data
// whose first line is the nonce of the answer.
func (n node) execute(channel ssh.Channel) {
	defer func() { _ = channel.Close() }()
	in := bufio.NewReaderSize(channel, 32<<10)
	head, err := in.ReadString('\n')
	words := strings.Fields(head)
	if err != nil || len(words) != 3 {
		return
	}
	var size int
	if _, err := fmt.Sscan(words[1], &size); err != nil {
		return
	}
	if _, err := in.Discard(size); err != nil {
		return
	}
	nonce, err := in.ReadString('\n')
	if err != nil {
		return
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if line == "end\n" {
			break
		}
	}
	mark := words[0] + " " + words[2] + "\n"
	_, _ = io.WriteString(channel.Stderr(), mark)
	out := append([]byte(mark), bytes.ReplaceAll(n.answer, []byte(job.Nonce), []byte(strings.TrimSpace(nonce)))...)
	_, _ = channel.Write(out)
	_ = channel.CloseWrite()
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
}
