package ssh_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
)

// endsSession takes its own connection away after the seconds it reads, and
// says in a file that it ran.
var endsSession = host.Program{Name: "ends its session", Text: `
read -r after file
echo ran >>"$file"
pid=$$ name=
while [ "$pid" -gt 1 ]; do
  read -r name <"/proc/$pid/comm"
  case $name in sshd*) break ;; esac
  while read -r key value; do
    [ "$key" != PPid: ] || parent=$value
  done <"/proc/$pid/status"
  pid=$parent
done
if [ "$after" = 0 ]; then
  kill -9 "$pid"
  sleep 5
fi
(sleep "$after"; kill -9 "$pid") >/dev/null 2>&1 </dev/null &
`}

// A lost connection is told to who was using it and is there again for the
// next: nothing is carried out twice that may have been carried out.
func TestALostConnectionIsMadeAgain(t *testing.T) {
	for _, config := range [][]string{nil, {"AllowTcpForwarding no"}} {
		t.Run(strings.Join(config, ""), func(t *testing.T) {
			s, target, o := setup(t, hosttest.SSHDOptions{Config: config})
			l := host.NewLasting(connect(t, target, o))
			t.Cleanup(func() { _ = l.Close() })
			file := filepath.Join(t.TempDir(), "ran")
			echo, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer echo.Close()
			works := func(connections int) {
				t.Helper()
				if res, err := l.Exec(t.Context(), cat, []byte("there")); err != nil || string(res.Stdout) != "there" {
					t.Errorf("%q, %v", res.Stdout, err)
				}
				if n := s.Connections(); n != connections {
					t.Errorf("%d connections, want %d", n, connections)
				}
			}
			works(1)
			if _, err := l.Exec(t.Context(), endsSession, []byte("0 "+file+"\n")); !errors.Is(err, host.ErrUnreachable) || errors.Is(err, host.ErrNotBegun) {
				t.Errorf("%v", err)
			}
			works(2)
			if ran, _ := os.ReadFile(file); string(ran) != "ran\n" {
				t.Errorf("it ran %d times", strings.Count(string(ran), "ran"))
			}
			// Lost while nobody used it: neither a program nor a connection minds.
			idle := func() {
				t.Helper()
				if _, err := l.Exec(t.Context(), endsSession, []byte("0.2 "+file+"\n")); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Second)
			}
			idle()
			works(3)
			idle()
			conn, err := l.Dial(t.Context(), "tcp", echo.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.Close()
			works(4)
		})
	}
}
