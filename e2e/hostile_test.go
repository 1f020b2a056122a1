package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
)

// company are honest machines: sshds of this machine, which hold nothing that a
// node has. Beside them a spec names hostile ones.
type company struct {
	*operator
	honest []*hosttest.SSHD
}

func newCompany(t *testing.T) *company {
	first := hosttest.StartSSHD(t, hosttest.SSHDOptions{})
	return &company{newOperator(t), []*hosttest.SSHD{first, hosttest.StartSSHD(t, hosttest.SSHDOptions{Key: first.Key})}}
}

// member is a further node.
type member struct {
	name, hostKey string
	port          uint16
}

// planned is a run, its log, and the most memory that was resident, in MiB.
type planned struct {
	outcome
	log    string
	memory int
}

// plan plans for the honest nodes and further ones, in a format, with all there
// is to be said.
func (c *company) plan(t testing.TB, format string, further ...member) planned {
	t.Helper()
	nodes := []member{{"cp-1", c.honest[0].HostKey("ed25519"), c.honest[0].Port}, {"w-1", c.honest[1].HostKey("ed25519"), c.honest[1].Port}}
	var spec, config strings.Builder
	fmt.Fprintf(&spec, "cluster \"lab\" {\n  defaults   = 1\n  kubernetes = \"1.37.2\"\n  firewall { admins = [\"203.0.113.0/24\"] }\n  ssh { user = %q }\n", c.honest[0].User)
	for i, n := range append(nodes, further...) {
		role := "worker"
		if i == 0 {
			role = "control-plane"
		}
		fmt.Fprintf(&spec, "  node %q {\n    role     = %q\n    address  = \"192.0.2.%d\"\n    ssh_host = %q\n    host_key = %q\n  }\n", n.name, role, 11+i, n.name, n.hostKey)
		fmt.Fprintf(&config, "Host %s\n  HostName 127.0.0.1\n  Port %d\n", n.name, n.port)
	}
	fmt.Fprintf(&config, "Host *\n  IdentityFile %s\n  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile none\n  GlobalKnownHostsFile none\n", c.honest[0].Key)
	dir, file := t.TempDir(), ""
	for name, text := range map[string]string{"cluster.hcl": spec.String() + "}\n", "ssh_config": config.String()} {
		file = filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file = filepath.Join(dir, "log")
	o, memory := *c.operator, make(chan int, 1)
	o.started = func(p *os.Process) { go func() { memory <- mostResident(p.Pid) }() }
	out := o.run(t, "plan", filepath.Join(dir, "cluster.hcl"), "--ssh-config", filepath.Join(dir, "ssh_config"), "-v", "--log-file", file, "-o", format, "--parallelism", "16")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return planned{out, string(b), <-memory}
}

// mostResident watches a process to its end. What wait4 tells of a process is no
// less than its parent had, since Linux counts what it was before its exec.
func mostResident(pid int) int {
	most := 0
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		_, rest, found := strings.Cut(string(status), "VmHWM:")
		var kib int
		if _, scan := fmt.Sscan(rest, &kib); err != nil || !found || scan != nil {
			return most // it ended, and has no memory any more
		}
		most = kib >> 10
		time.Sleep(10 * time.Millisecond)
	}
}

// rows are what is said of each node.
func (d document) rows() map[string][]string {
	rows := map[string][]string{}
	for _, p := range d.Problems {
		rows[p.Node] = append(rows[p.Node], p.Check+": "+p.Seen)
	}
	return rows
}

// among plans for rogues beside the honest nodes, in both formats. Whatever they do, the
// output is clean, the honest ones are reported as they are without them, and each
// rogue has one row that says what it does.
func (c *company) among(t *testing.T, alone planned, rogues map[string]row) {
	t.Helper()
	names := slices.Sorted(maps.Keys(rogues))
	var further []member
	for i, name := range names {
		port, key := startRogue(t, rogues[name].rogue)
		further = append(further, member{fmt.Sprintf("rogue-%d", i), key, port})
	}
	for _, format := range []string{"json", "text"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			out := c.plan(t, format, further...)
			clean(t, out)
			if out.memory == 0 || out.memory > alone.memory+64 {
				t.Errorf("%d MiB were resident, and %d without rogues", out.memory, alone.memory)
			}
			t.Logf("%v, %d MiB; without rogues %v, %d MiB", out.Took, out.memory, alone.Took, alone.memory)
			if format == "text" {
				for i, name := range names {
					if !strings.Contains(out.Stderr, further[i].name) {
						t.Errorf("%s is not in the table", name)
					}
				}
				return
			}
			rows := out.JSON(t).rows()
			for i, name := range names {
				got, r := strings.Join(rows[further[i].name], "\n"), rogues[name]
				one := len(rows[further[i].name]) == 1 && strings.HasPrefix(got, "reach: ")
				if one == r.legible || !strings.Contains(got, r.says) || len(got) > 64<<10 {
					t.Errorf("%s: want a row that says %q, got %d bytes: %.3000s", name, r.says, len(got), got)
				}
				delete(rows, further[i].name)
			}
			if got, want := checks(rows), checks(alone.JSON(t).rows()); !maps.EqualFunc(got, want, slices.Equal) {
				t.Errorf("the honest nodes are\n%v\nand without rogues\n%v", got, want)
			}
		})
	}
}

// checks are the rows without what was seen, which moves.
func checks(rows map[string][]string) map[string][]string {
	out := map[string][]string{}
	for node, all := range rows {
		for _, r := range all {
			check, _, _ := strings.Cut(r, ": ")
			out[node] = append(out[node], check)
		}
	}
	return out
}

// clean looks at every character that came out, and at every one that a program
// gets which reads the JSON.
func clean(t testing.TB, out planned) {
	t.Helper()
	texts := map[string]string{"standard output": out.Stdout, "standard error": out.Stderr, "log": out.log}
	for name, text := range map[string]string{"document": out.Stdout, "lines": out.Stderr} {
		d := json.NewDecoder(strings.NewReader(text))
		for {
			var v any
			if d.Decode(&v) != nil {
				break // not JSON, which who reads the document says
			}
			texts["values of the "+name] += values(v)
		}
	}
	for name, text := range texts {
		if len(text) > 1<<20 {
			t.Errorf("%s has %d bytes", name, len(text))
		}
		marks := 0
		for i, r := range text {
			if unicode.Is(unicode.M, r) {
				marks++
			} else {
				marks = 0
			}
			if r == '\n' || unicode.IsPrint(r) && r != utf8.RuneError && marks < 8 {
				continue
			}
			t.Errorf("%s: %U came through: %q", name, r, text[max(0, i-200):min(len(text), i+50)])
			break
		}
	}
}

// values are all texts of a JSON value.
func values(v any) string {
	var b strings.Builder
	switch v := v.(type) {
	case string:
		return v + "\n"
	case []any:
		for _, e := range v {
			b.WriteString(values(e))
		}
	case map[string]any:
		for k, e := range v {
			b.WriteString(k + "\n" + values(e))
		}
	}
	return b.String()
}

// TestRogueNodes has every rogue that does not flood in one cluster.
func TestRogueNodes(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.among(t, c.plan(t, "json"), rogues(t))
}

// TestRogueNodesThatFlood has those that need memory at a time of their own.
func TestRogueNodesThatFlood(t *testing.T) {
	c := newCompany(t)
	alone := c.plan(t, "json")
	for name, r := range floods() {
		t.Run(name, func(t *testing.T) { c.among(t, alone, map[string]row{name: r}) })
	}
	t.Run("as much as is read", func(t *testing.T) { c.among(t, alone, heaps(t)) })
}
