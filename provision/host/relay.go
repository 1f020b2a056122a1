package host

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"sync"
)

// relayProgram connects from the machine to an address and joins the
// connection to its standard input and output. bash is the only tool that can
// and is found nearly everywhere.
var relayProgram = Program{Name: "relay", Text: `
IFS=" " read -r host port || exit 1
command -v bash >/dev/null || { echo "there is no bash" >&2; exit 1; }
exec bash -c '
exec 3<>"/dev/tcp/$1/$2" || exit 1
echo up
exec 4<&0
cat <&4 >&3 & a=$!
cat <&3 & b=$!
exec 3>&- 4<&- 1>&-
wait -n
kill "$a" "$b" 2>/dev/null
' relay "$host" "$port"
`}

// Pipes are the ends of a running remote command ([Argv] or [Command]).
type Pipes struct {
	Stdin  io.Writer
	Stdout io.Reader
	// Shut ends the command and unblocks both.
	Shut func() error
	// Said gives what the command wrote to stderr, once it ended.
	Said func() []byte
}

// hostName is a name that DNS could know. It reaches the machine as data and
// becomes part of a path of bash's own, so it has no slash, space or quote.
var hostName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$`)
})

// destination is where a relay connects to: an IP address or a name, which the
// machine itself looks up, and a port.
func destination(address string) (to string, port uint16, err error) {
	to, number, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || n == 0 {
		return "", 0, fmt.Errorf("%q is no port", number)
	}
	if ip, err := netip.ParseAddr(to); err == nil && ip.Zone() == "" {
		return ip.String(), uint16(n), nil
	}
	if !hostName().MatchString(to) {
		return "", 0, fmt.Errorf("%q is neither an IP address nor a host name", to)
	}
	return to, uint16(n), nil
}

// Relay makes a connection to a TCP address out of a running remote command,
// for machines that can run programs but not forward connections. address is
// an IP address or a host name, with a port.
func Relay(ctx context.Context, p Pipes, address string) (net.Conn, error) {
	to, port, err := destination(address)
	if err != nil {
		_ = p.Shut()
		return nil, fmt.Errorf("relay: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = p.Shut() })
	defer stop()

	f := NewFrame(relayProgram, fmt.Appendf(nil, "%s %d\n", to, port))
	out := bufio.NewReaderSize(p.Stdout, 4096)
	_, err = io.Copy(p.Stdin, f.Reader())
	if err == nil {
		err = skipTo(out, string(f.mark)+"up\n")
	}
	if err != nil {
		_ = p.Shut()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("connect to %s: %w", address, context.Cause(ctx))
		}
		said, _ := f.Output(p.Said())
		return nil, fmt.Errorf("connect to %s from the machine: %s", address, Tail(said))
	}
	if !stop() {
		_ = p.Shut()
		return nil, fmt.Errorf("connect to %s: %w", address, context.Cause(ctx))
	}
	return Stream(out, p.Stdin, p.Shut, &net.TCPAddr{}, relayed(address)), nil
}

// relayed is the far end of a relay as it was asked for: a name is looked up
// on the machine, and has no address here.
type relayed string

func (relayed) Network() string  { return "tcp" }
func (r relayed) String() string { return string(r) }

// skipTo reads up to and with a mark, and gives up after a megabyte.
func skipTo(r *bufio.Reader, mark string) error {
	matched := 0
	for range 1 << 20 {
		b, err := r.ReadByte()
		if err != nil {
			return err
		}
		// Marks begin with a letter that a nonce or "up" can repeat only
		// behind the first one, so restarting at the first byte is enough.
		switch {
		case b == mark[matched]:
			matched++
		case b == mark[0]:
			matched = 1
		default:
			matched = 0
		}
		if matched == len(mark) {
			return nil
		}
	}
	return fmt.Errorf("too much output before the connection")
}
