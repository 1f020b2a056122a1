package node

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The test binary is its own prober and server: started again inside a
// network namespace with this variable, it does one of these.
const helperEnv = "BULWARK_NODE_TEST_HELPER"

func TestMain(m *testing.M) {
	switch os.Getenv(helperEnv) {
	case "serve":
		helperServe()
	case "probe":
		helperProbe()
	case "hold":
		helperHold()
	default:
		os.Exit(m.Run())
	}
}

func helper(n ns, what string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command("ip", "netns", "exec", string(n), self)
	cmd.Env = append(os.Environ(), helperEnv+"="+what)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// serve listens on ports such as "tcp/80" and "udp/53" of every address (or
// on "tcp/127.0.0.1:80") inside a namespace, until the test ends. A server
// says who it sees and then echoes.
func serve(t *testing.T, n ns, ports ...string) {
	t.Helper()
	cmd := helper(n, "serve")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	fmt.Fprintln(stdin, strings.Join(ports, " "))
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("server did not start: %q %v", line, err)
	}
}

func helperServe() {
	in := bufio.NewReader(os.Stdin)
	line, _ := in.ReadString('\n')
	for _, port := range strings.Fields(line) {
		proto, address, _ := strings.Cut(port, "/")
		if !strings.Contains(address, ":") {
			address = ":" + address
		}
		if err := listen(proto, address); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	fmt.Println("ready")
	// Bounded: until the test closes our input, and never longer than this.
	time.AfterFunc(5*time.Minute, func() { os.Exit(1) })
	_, _ = io.Copy(io.Discard, in)
}

func listen(proto, address string) error {
	if proto == "udp" {
		c, err := net.ListenPacket("udp", address)
		if err != nil {
			return err
		}
		go func() {
			buf := make([]byte, 512)
			for {
				_, from, err := c.ReadFrom(buf)
				if err != nil {
					return
				}
				_, _ = c.WriteTo([]byte(from.String()+"\n"), from)
			}
		}()
		return nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				fmt.Fprintln(c, c.RemoteAddr())
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return nil
}

// probe is one attempt: from an address of a namespace to "tcp", "udp" or
// "icmp" of another.
type probe struct {
	Proto, From, To string
	// Open is what is expected; a probe that should be answered waits longer.
	Open bool
	// Seen is who the server saw, "" when nothing answered.
	Seen string
}

func (p probe) String() string { return fmt.Sprintf("%s %s -> %s", p.Proto, p.From, p.To) }

// probeAll makes all attempts at once and says what each saw.
func probeAll(t *testing.T, n ns, probes []probe) []probe {
	t.Helper()
	cmd := helper(n, "probe")
	in, err := json.Marshal(probes)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = strings.NewReader(string(in))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var seen []probe
	if err := json.Unmarshal(out, &seen); err != nil {
		t.Fatal(err)
	}
	return seen
}

// check probes and reports whatever is not as expected.
func check(t *testing.T, n ns, probes []probe) []probe {
	t.Helper()
	seen := probeAll(t, n, probes)
	for _, p := range seen {
		switch {
		case p.Open && p.Seen == "":
			t.Errorf("%s: closed, should be open", p)
		case !p.Open && p.Seen != "":
			t.Errorf("%s: open, should be closed", p)
		}
	}
	return seen
}

func helperProbe() {
	var probes []probe
	if err := json.NewDecoder(os.Stdin).Decode(&probes); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 200)
	for i := range probes {
		wg.Go(func() {
			slots <- struct{}{}
			probes[i].Seen = attempt(probes[i])
			<-slots
		})
	}
	wg.Wait()
	_ = json.NewEncoder(os.Stdout).Encode(probes)
}

func attempt(p probe) string {
	patience := 700 * time.Millisecond
	if p.Open {
		patience = 8 * time.Second
	}
	if p.Proto == "icmp" {
		return ping(p, patience)
	}
	from := net.ParseIP(p.From)
	var local net.Addr = &net.TCPAddr{IP: from}
	if p.Proto == "udp" {
		local = &net.UDPAddr{IP: from}
	}
	deadline := time.Now().Add(patience)
	c, err := (&net.Dialer{LocalAddr: local, Deadline: deadline}).Dial(p.Proto, p.To)
	if err != nil {
		return ""
	}
	defer c.Close()
	_ = c.SetDeadline(deadline)
	if p.Proto == "udp" {
		_, _ = c.Write([]byte("hello"))
	}
	line, _ := bufio.NewReader(c).ReadString('\n')
	host, _, err := net.SplitHostPort(strings.TrimSpace(line))
	if err != nil {
		return ""
	}
	return host
}

// ping sends one echo request and says whether the answer came.
func ping(p probe, patience time.Duration) string {
	network, request, reply := "ip4:icmp", byte(8), byte(0)
	if strings.Contains(p.To, ":") {
		network, request, reply = "ip6:ipv6-icmp", 128, 129
	}
	c, err := net.DialIP(network, &net.IPAddr{IP: net.ParseIP(p.From)}, &net.IPAddr{IP: net.ParseIP(p.To)})
	if err != nil {
		return ""
	}
	defer c.Close()
	message := []byte{request, 0, 0, 0, 0x62, 0x77, 0, 1}
	var sum uint32
	for i := 0; i < len(message); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(message[i:]))
	}
	binary.BigEndian.PutUint16(message[2:], ^uint16(sum+sum>>16)) // the kernel's, for IPv6
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write(message); err != nil {
		return ""
	}
	buf := make([]byte, 512)
	for {
		k, _, err := c.ReadFromIP(buf)
		if err != nil {
			return ""
		}
		if k > 0 && buf[0] == reply {
			return p.To
		}
	}
}

// echo is a connection that a namespace holds open.
type echo struct {
	in  io.Writer
	out *bufio.Reader
}

func dialFrom(t *testing.T, n ns, from, to string) *echo {
	t.Helper()
	cmd := helper(n, "hold")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	fmt.Fprintln(stdin, from, to)
	e := &echo{stdin, bufio.NewReader(stdout)}
	if line, _ := e.out.ReadString('\n'); line != "alive\n" {
		t.Fatalf("%s -> %s: %q", from, to, line)
	}
	return e
}

// alive says whether what is sent now still comes back.
func (e *echo) alive() bool {
	fmt.Fprintln(e.in, "?")
	line, _ := e.out.ReadString('\n')
	return line == "alive\n"
}

// helperHold reads from where to where it connects, and then answers each
// further line with the state of that connection.
func helperHold() {
	in := bufio.NewReader(os.Stdin)
	line, _ := in.ReadString('\n')
	var from, to string
	if _, err := fmt.Sscan(line, &from, &to); err != nil {
		os.Exit(1)
	}
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 8 * time.Second}).Dial("tcp", to)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	answers := bufio.NewReader(c)
	_, _ = answers.ReadString('\n') // who we are to the server
	for {
		state := "dead"
		_ = c.SetDeadline(time.Now().Add(2 * time.Second))
		fmt.Fprintln(c, "x")
		if got, _ := answers.ReadString('\n'); got == "x\n" {
			state = "alive"
		}
		fmt.Println(state)
		if _, err := in.ReadString('\n'); err != nil {
			return
		}
	}
}
