package bench

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/bulwark-k8s/bulwark/e2e/bench/job"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
	"github.com/bulwark-k8s/bulwark/provision/observe"
)

// farm is many real sshd on the loopback, each with a port, a key and a folder
// of its own. They share a file system, so a node's files are below its folder.
type farm struct {
	dir string
	// programs is where controller, floor and fleet are.
	programs string
	nodes    []job.Node
	files    []job.File
	// key logs in; config tells the nodes by name to ssh and what stands on it,
	// operator is what bulwark needs of a configuration.
	key, config, operator string
	daemons               []*exec.Cmd
}

// workplace is a folder with the programs of a benchmark and a key, all that a
// fleet needs.
func workplace(b *testing.B) *farm {
	b.Helper()
	hosttest.Need(b, "ssh")
	// Not b.TempDir: the path of a control socket may have 108 bytes.
	dir, err := os.MkdirTemp("", "bw-")
	must(b, err)
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	f := &farm{dir: dir, key: filepath.Join(dir, "key"), config: filepath.Join(dir, "ssh_config"), operator: filepath.Join(dir, "operator")}
	for _, d := range []string{"home", "empty", "tmp"} { // of operator and of nodes
		must(b, os.Mkdir(filepath.Join(dir, d), 0o700))
	}
	keygen(b, f.key)
	must(b, os.WriteFile(f.operator, fmt.Appendf(nil, "IdentityFile %s\nIdentitiesOnly yes\nIdentityAgent none\n", f.key), 0o600))
	f.programs, err = programs()
	must(b, err)
	return f
}

// programs builds controller, floor and fleet, once for all benchmarks of a run,
// unless BULWARK_BENCH_PROGRAMS says where they are.
var programs = sync.OnceValues(func() (string, error) {
	if dir := os.Getenv("BULWARK_BENCH_PROGRAMS"); dir != "" {
		return dir, nil
	}
	dir := built()
	out, err := exec.Command("go", "build", "-o", dir+"/", "./controller", "./floor", "./fleet").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return dir, nil
})

// built is where they are, or would be.
func built() string { return filepath.Join(os.TempDir(), fmt.Sprintf("bw-programs-%d", os.Getpid())) }

// TestMain takes away what was built.
func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(built())
	os.Exit(code)
}

// newFarm starts so many sshd whose nodes have these files.
func newFarm(b *testing.B, count int, files []job.File) *farm {
	b.Helper()
	if os.Getuid() != 0 {
		b.Skip("NOT RUN: only root can start sshd for root, as which all contestants log in")
	}
	for _, program := range []string{"/usr/sbin/sshd", "/bin/bash"} {
		if _, err := os.Stat(program); err != nil {
			b.Skipf("NOT RUN: %v", err)
		}
	}
	f := workplace(b)
	f.files = files
	must(b, os.MkdirAll("/run/sshd", 0o755)) // what Debian's unit makes as its RuntimeDirectory
	config := fmt.Sprintf("Host n*\n  HostName 127.0.0.1\n  User root\n  IdentityFile %s\n  IdentitiesOnly yes\n  IdentityAgent none\n"+
		"  UserKnownHostsFile %s\n  GlobalKnownHostsFile none\n  StrictHostKeyChecking yes\n  BatchMode yes\n  LogLevel ERROR\n", f.key, filepath.Join(f.dir, "known_hosts"))
	var known strings.Builder
	for i, port := range freePorts(b, count) {
		n := job.Node{Name: fmt.Sprintf("n%d", i+1), Host: "127.0.0.1", Port: port}
		own := filepath.Join(f.dir, "nodes", n.Name)
		n.Root = filepath.Join(own, "root")
		must(b, os.MkdirAll(n.Root, 0o755))
		n.HostKey = keygen(b, filepath.Join(own, "host"))
		f.nodes = append(f.nodes, n)
		must(b, os.WriteFile(filepath.Join(own, "sshd_config"), fmt.Appendf(nil, "ListenAddress 127.0.0.1:%d\nHostKey %s/host\nAuthorizedKeysFile %s.pub\n"+
			"SetEnv HOME=%s\nPidFile none\nStrictModes no\nUsePAM no\nLogLevel ERROR\nPermitRootLogin prohibit-password\n"+
			"PasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 1000\nPrintMotd no\nPrintLastLog no\n"+
			"Subsystem sftp internal-sftp\n", port, own, f.key, filepath.Join(f.dir, "empty")), 0o600))
		config = fmt.Sprintf("Host %s\n  Port %d\n", n.Name, port) + config
		fmt.Fprintf(&known, "[127.0.0.1]:%d %s\n", port, n.HostKey)
		f.restore(b, n)
		f.start(b, own)
	}
	must(b, os.WriteFile(f.config, []byte(config), 0o600))
	must(b, os.WriteFile(filepath.Join(f.dir, "known_hosts"), []byte(known.String()), 0o600))
	for _, n := range f.nodes {
		awaitPort(b, n)
	}
	return f
}

func (f *farm) start(b *testing.B, own string) {
	cmd := exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", filepath.Join(own, "sshd_config"))
	must(b, cmd.Start())
	f.daemons = append(f.daemons, cmd)
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

// restore makes a node's files what they should be.
func (f *farm) restore(b *testing.B, n job.Node) {
	for _, w := range f.files {
		path := n.Root + w.Path
		must(b, os.MkdirAll(filepath.Dir(path), 0o755))
		must(b, os.WriteFile(path, w.Content, 0o600))
		must(b, os.Chmod(path, w.Mode))
		must(b, os.Chown(path, 0, 0))
	}
}

// used is the processor time of all sshd and of what they started and outlived.
func (f *farm) used(b *testing.B) time.Duration {
	var sum time.Duration
	for _, d := range f.daemons {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.Process.Pid))
		must(b, err)
		_, rest, _ := strings.Cut(string(text), ") ")
		for _, field := range strings.Fields(rest)[11:15] { // utime, stime, and those of waited-for children
			n, err := strconv.Atoi(field)
			must(b, err)
			sum += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return sum
}

// job is one for these nodes.
func (f *farm) job(what job.What, parallel int) job.Job {
	return job.Job{What: what, Parallel: parallel, User: "root", SSHConfig: f.operator, Key: f.key, Nodes: f.nodes, Files: f.files, Ask: observe.Ask{FilesOnly: true}}
}

// run has a program do a job, and says which processor time that took.
func (f *farm) run(b *testing.B, program string, j job.Job) (job.Report, sample) {
	b.Helper()
	in, err := json.Marshal(j)
	must(b, err)
	cmd := f.command(b.Context(), filepath.Join(f.programs, program))
	cmd.Stdin = bytes.NewReader(in)
	out, s := f.time(b, cmd)
	var r job.Report
	must(b, json.Unmarshal(out, &r))
	s.start = time.Duration(r.Start * float64(time.Second))
	return r, s
}

// command is one of a contestant's, with nothing of the user's around it.
func (f *farm) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(f.dir, "home"), "TMPDIR=" + filepath.Join(f.dir, "tmp"), "LC_ALL=C.UTF-8"}
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// sample is one run of a contestant.
type sample struct {
	wall, controller, nodes time.Duration
	// start is what of the controller's went before its main began, where known.
	start time.Duration
}

func (s sample) total() time.Duration { return s.controller + s.nodes }

// time runs a command. Its connections must have ended with it.
func (f *farm) time(b *testing.B, cmd *exec.Cmd) ([]byte, sample) {
	b.Helper()
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	before, began := f.used(b), time.Now()
	err := cmd.Run()
	s := sample{wall: time.Since(began)}
	if err != nil {
		b.Fatalf("%v: %v\n%s%s", cmd.Args, err, last(out.String()), last(said.String()))
	}
	s.controller = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	time.Sleep(200 * time.Millisecond) // sessions end a moment after the client
	s.nodes = f.used(b) - before
	return out.Bytes(), s
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// keygen writes a key as OpenSSH does, and says its public half.
func keygen(b *testing.B, path string) string {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(b, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	must(b, err)
	must(b, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	signer, err := ssh.NewSignerFromKey(private)
	must(b, err)
	public := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	must(b, os.WriteFile(path+".pub", []byte(public+"\n"), 0o644))
	return public
}

func freePorts(b *testing.B, count int) []uint16 {
	var ports []uint16
	for range count {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(b, err)
		defer func() { _ = l.Close() }() // all at the end, so that none comes twice
		ports = append(ports, uint16(l.Addr().(*net.TCPAddr).Port))
	}
	return ports
}

func awaitPort(b *testing.B, n job.Node) {
	for range 1000 {
		c, err := net.Dial("tcp", net.JoinHostPort(n.Host, strconv.Itoa(int(n.Port))))
		if err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.Fatalf("the sshd of %s does not listen", n.Name)
}

// filesOfANode are so many, of 5 KB, in the modes that a node's files have.
func filesOfANode(count int) []job.File {
	var out []job.File
	for i := range count {
		mode := os.FileMode(0o600)
		if i%2 == 1 {
			mode = 0o644
		}
		text := strings.Repeat(fmt.Sprintf("file %d of what a node should have\n", i), 150)[:5000]
		out = append(out, job.File{Path: fmt.Sprintf("/f%03d", i), Mode: mode, Owner: "root:root", Content: []byte(text)})
	}
	return out
}
