// Command floor is what no tool on x/crypto can be faster than: it connects,
// executes, reads what comes, and compares lines.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/bulwark-k8s/bulwark/e2e/bench/job"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/observe"
)

func main() { job.Serve(floor) }

// floor does what is needed and nothing else: no configuration is read, nothing
// is bounded, parsed or explained.
func floor(ctx context.Context, j job.Job, began time.Time) (job.Report, error) {
	r := job.Report{Failed: map[string]string{}, Done: map[string]float64{}}
	pem, err := os.ReadFile(j.Key)
	if err != nil {
		return r, err
	}
	signer, err := ssh.ParsePrivateKey(pem)
	if err != nil {
		return r, err
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	clients := make([]*ssh.Client, len(j.Nodes)) // held, as a tool that may have to repair holds them
	slots := make(chan struct{}, j.Parallel)
	for i, n := range j.Nodes {
		if j.Batch && i%j.Parallel == 0 {
			all.Wait()
		}
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			var out string
			var err error
			clients[i], out, err = ask(ctx, j, n, signer)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				r.Failed[n.Name] = err.Error()
				return
			}
			r.Done[n.Name] = time.Since(began).Seconds()
			r.Drift = append(r.Drift, differing(j, n, out)...)
		})
	}
	all.Wait()
	for _, c := range clients {
		if c != nil {
			_ = c.Close()
		}
	}
	slices.Sort(r.Drift)
	return r, nil
}

func ask(ctx context.Context, j job.Job, n job.Node, signer ssh.Signer) (*ssh.Client, string, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(n.HostKey))
	if err != nil {
		return nil, "", err
	}
	address := net.JoinHostPort(n.Host, strconv.Itoa(int(n.Port)))
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, "", err
	}
	if j.TimeoutSeconds > 0 {
		_ = conn.SetDeadline(time.Now().Add(time.Duration(j.TimeoutSeconds) * time.Second))
	}
	c, chans, reqs, err := ssh.NewClientConn(conn, address, &ssh.ClientConfig{
		User: j.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback: ssh.FixedHostKey(key), HostKeyAlgorithms: []string{key.Type()},
	})
	if err != nil {
		return nil, "", errors.Join(err, conn.Close())
	}
	client := ssh.NewClient(c, chans, reqs)
	s, err := client.NewSession()
	if err != nil {
		return client, "", err
	}
	defer func() { _ = s.Close() }()
	command := fmt.Sprintf(j.Command, n.Root)
	if j.Command == "" {
		sent := &recorder{}
		_, _ = observe.Node(ctx, sent, j.AskOf(n))
		command, s.Stdin = host.Command(false), host.NewFrame(sent.program, sent.stdin).Reader()
	}
	out, err := s.Output(command)
	return client, string(out), err
}

// recorder is a host that only notes what it was to execute.
type recorder struct {
	host.Host
	program host.Program
	stdin   []byte
}

func (r *recorder) Exec(_ context.Context, p host.Program, stdin []byte) (host.Result, error) {
	r.program, r.stdin = p, stdin
	return host.Result{}, errors.New("only noted")
}

func (r *recorder) String() string { return "recorder" }

// differing are the files in lines that are not those expected. The last word of
// a line is the file.
func differing(j job.Job, n job.Node, out string) []string {
	if out == j.Expected || j.Expected == "" {
		return nil
	}
	expected := map[string]bool{}
	for line := range strings.Lines(j.Expected) {
		expected[line] = true
	}
	var files []string
	for line := range strings.Lines(out) {
		if words := strings.Fields(line); !expected[line] && len(words) > 0 {
			files = append(files, n.Name+" /"+words[len(words)-1])
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}
