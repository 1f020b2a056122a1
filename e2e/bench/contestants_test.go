package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/bench/job"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// contestant is one way to find out what differs on all nodes.
type contestant struct {
	name, note string
	// missing is why it cannot run here.
	missing string
	// run says what was found, "node path", sorted.
	run func(b *testing.B) ([]string, sample)
}

// The contestants' names.
const (
	bulwarkName   = "bulwark"
	floorName     = "a bare loop on x/crypto"
	sshXargs      = "`xargs -P 16 ssh`"
	rsyncXargs    = "`xargs -P 16 rsync -nc`"
	ansibleCopy   = "Ansible, `copy` in a loop"
	ansibleSingle = "Ansible, one `shell` task"
	mitogenCopy   = "Ansible with Mitogen, `copy` in a loop"
)

// inFlight is how many machines bulwark and the floor talk to at a time.
const inFlight = 256

// summarise is what the floor and ssh execute on a node, below its root.
const summarise = `cd %s && stat -c '%%a %%U:%%G %%n' * && sha256sum *`

// expected is what that prints on a node without drift.
func (f *farm) expected() string {
	var stat, sum strings.Builder
	for _, w := range f.files {
		name := w.Path[1:]
		fmt.Fprintf(&stat, "%o %s %s\n", w.Mode, w.Owner, name)
		fmt.Fprintf(&sum, "%s  %s\n", state.SHA256(w.Content), name)
	}
	return stat.String() + sum.String()
}

func (f *farm) contestants(b *testing.B) []contestant {
	b.Helper()
	f.stage(b)
	all := []contestant{
		{name: bulwarkName, run: func(b *testing.B) ([]string, sample) {
			r, s := f.run(b, "controller", f.job(job.Check, inFlight))
			return r.Drift, s
		}},
		{name: floorName, note: "dial, one execution of `stat` and `sha256sum`, lines compared; a program of its own", run: func(b *testing.B) ([]string, sample) {
			j := f.job(job.Floor, inFlight)
			j.Command, j.Expected = summarise, f.expected()
			r, s := f.run(b, "floor", j)
			return r.Drift, s
		}},
		{name: sshXargs, note: "the same execution by OpenSSH's client, compared by diff", run: f.xargs("one-ssh.sh")},
		{name: rsyncXargs, note: "by checksum, with modes and owners", run: f.xargs("one-rsync.sh"), missing: lacks("rsync")},
	}
	playbook := lacks("ansible-playbook")
	mitogen := playbook
	const strategies = "/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy"
	if _, err := os.Stat(strategies); err != nil && mitogen == "" {
		mitogen = "Debian's package ansible-mitogen is not installed"
	}
	return append(all,
		contestant{name: ansibleSingle, missing: playbook, run: f.ansible("single.yml", singleFound, nil, "-v"),
			note: "`stat`, `sha256sum` and `diff` in one task; forks 50, pipelining, no facts, as the other two"},
		contestant{name: mitogenCopy, missing: mitogen, note: "strategy mitogen_linear",
			run: f.ansible("copy.yml", copyFound, []string{"ANSIBLE_STRATEGY_PLUGINS=" + strategies, "ANSIBLE_STRATEGY=mitogen_linear"})},
		contestant{name: ansibleCopy, missing: playbook, run: f.ansible("copy.yml", copyFound, nil),
			note: "`ansible-playbook --check`, what its users run to find drift"},
	)
}

func lacks(program string) string {
	if _, err := exec.LookPath(program); err != nil {
		return program + " is not installed (e2e/bench/packages.sh does)"
	}
	return ""
}

// stage writes what the contestants read.
func (f *farm) stage(b *testing.B) {
	b.Helper()
	put := func(name, text string, mode os.FileMode) {
		must(b, os.WriteFile(filepath.Join(f.dir, name), []byte(text), mode))
	}
	must(b, os.Mkdir(filepath.Join(f.dir, "want"), 0o755))
	var items []map[string]string
	for _, w := range f.files {
		path := filepath.Join(f.dir, "want", w.Path)
		must(b, os.WriteFile(path, w.Content, 0o600))
		must(b, os.Chmod(path, w.Mode))
		items = append(items, map[string]string{"name": w.Path[1:], "mode": fmt.Sprintf("%04o", w.Mode)})
	}
	put("expected", f.expected(), 0o644)
	put("one-ssh.sh", fmt.Sprintf(`#!/bin/sh
ssh -F %[1]s/ssh_config "$1" "cd %[1]s/nodes/$1/root && stat -c '%%a %%U:%%G %%n' * && sha256sum *" |
  diff - %[1]s/expected | awk -v node="$1" '/^</ {print node, "/" $NF}'
`, f.dir), 0o755)
	put("one-rsync.sh", fmt.Sprintf(`#!/bin/sh
rsync -n -rcpog --itemize-changes -e 'ssh -F %[1]s/ssh_config' %[1]s/want/ "$1:%[1]s/nodes/$1/root/" |
  awk -v node="$1" '/^[<.>]f/ {print node, "/" $2}'
`, f.dir), 0o755)
	var inventory, names strings.Builder
	for _, n := range f.nodes {
		fmt.Fprintf(&inventory, "%s ansible_host=127.0.0.1 ansible_port=%d root=%s\n", n.Name, n.Port, n.Root)
		names.WriteString(n.Name + "\n")
	}
	put("names", names.String(), 0o644)
	fmt.Fprintf(&inventory, "[all:vars]\nansible_user=root\nansible_ssh_private_key_file=%s\nansible_python_interpreter=/usr/bin/python3\n"+
		"ansible_ssh_common_args='-o UserKnownHostsFile=%s/known_hosts -o IdentitiesOnly=yes -o IdentityAgent=none'\n", f.key, f.dir)
	put("inventory.ini", inventory.String(), 0o644)
	put("ansible.cfg", fmt.Sprintf("[defaults]\nforks = 50\ntimeout = 120\ngathering = explicit\nretry_files_enabled = false\nlocal_tmp = %[1]s/tmp\n"+
		"[ssh_connection]\npipelining = true\nssh_args = -o ControlMaster=auto -o ControlPersist=60s\ncontrol_path_dir = %[1]s/cp\n", f.dir), 0o644)
	list, err := json.Marshal(items)
	must(b, err)
	put("copy.yml", fmt.Sprintf(`- hosts: all
  gather_facts: false
  vars:
    files: %s
  tasks:
    - copy:
        src: "%s/want/{{ item.name }}"
        dest: "{{ root }}/{{ item.name }}"
        mode: "{{ item.mode }}"
        owner: root
        group: root
      loop: "{{ files }}"
      loop_control:
        label: "{{ item.name }}"
`, list, f.dir), 0o644)
	put("single.yml", fmt.Sprintf(`- hosts: all
  gather_facts: false
  tasks:
    - shell: cd {{ root }} && diff <(stat -c '%%a %%U:%%G %%n' *; sha256sum *) -
      args:
        executable: /bin/bash
        stdin: "{{ lookup('file', '%s/expected') }}"
      register: difference
      check_mode: false
      changed_when: difference.rc != 0
      failed_when: difference.rc > 1
`, f.dir), 0o644)
}

func (f *farm) xargs(script string) func(b *testing.B) ([]string, sample) {
	return func(b *testing.B) ([]string, sample) {
		cmd := f.command(b.Context(), "xargs", "-a", filepath.Join(f.dir, "names"), "-P", "16", "-n", "1", filepath.Join(f.dir, script))
		out, s := f.time(b, cmd)
		return distinct(strings.Split(strings.TrimSpace(string(out)), "\n")), s
	}
}

func distinct(lines []string) []string {
	lines = slices.DeleteFunc(lines, func(l string) bool { return l == "" })
	slices.Sort(lines)
	return slices.Compact(lines)
}

func (f *farm) ansible(playbook string, found func(out []byte) []string, environment []string, flags ...string) func(b *testing.B) ([]string, sample) {
	return func(b *testing.B) ([]string, sample) {
		must(b, os.Mkdir(filepath.Join(f.dir, "cp"), 0o700))
		args := append([]string{"-i", filepath.Join(f.dir, "inventory.ini"), "--check"}, flags...)
		cmd := f.command(b.Context(), "ansible-playbook", append(args, filepath.Join(f.dir, playbook))...)
		cmd.Env = append(append(cmd.Env, environment...), "ANSIBLE_CONFIG="+filepath.Join(f.dir, "ansible.cfg"), "ANSIBLE_NOCOLOR=1")
		return f.finishAnsible(b, cmd, found)
	}
}

// finishAnsible runs it, and ends the masters it leaves behind, so that what
// their sessions cost the nodes is counted and the next run connects anew.
func (f *farm) finishAnsible(b *testing.B, cmd *exec.Cmd, found func([]byte) []string) ([]string, sample) {
	before := f.used(b)
	out, s := f.time(b, cmd)
	sockets, _ := filepath.Glob(filepath.Join(f.dir, "cp", "*"))
	for _, path := range sockets {
		_ = exec.Command("ssh", "-O", "exit", "-o", "ControlPath="+path, "any").Run()
	}
	must(b, os.RemoveAll(filepath.Join(f.dir, "cp")))
	if len(sockets) > 0 {
		time.Sleep(time.Second)
	}
	s.nodes = f.used(b) - before
	return found(out), s
}

var changedItem = regexp.MustCompile(`^changed: \[(\S+)\] => \(item=(\S+)\)`)

// copyFound reads lines such as "changed: [n7] => (item=f003)".
func copyFound(out []byte) []string {
	var found []string
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if m := changedItem.FindStringSubmatch(lines.Text()); m != nil {
			found = append(found, m[1]+" /"+m[2])
		}
	}
	return distinct(found)
}

// singleFound reads lines such as `changed: [n7] => {"stdout_lines": ["> …"]}`,
// in which ">" is what is not as expected or "<" what is, as diff writes them.
func singleFound(out []byte) []string {
	var found []string
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		head, text, ok := strings.Cut(lines.Text(), " => ")
		node, changed := strings.CutPrefix(head, "changed: [")
		var result struct {
			Lines []string `json:"stdout_lines"`
		}
		if !ok || !changed || json.Unmarshal([]byte(text), &result) != nil {
			continue
		}
		for _, l := range result.Lines {
			if words := strings.Fields(l); len(words) > 2 && words[0] == "<" {
				found = append(found, strings.TrimSuffix(node, "]")+" /"+words[len(words)-1])
			}
		}
	}
	return distinct(found)
}

func TestWhatAnsibleSaysIsRead(t *testing.T) {
	copied := "PLAY [all] ***\nok: [n1] => (item=f000)\nchanged: [n1] => (item=f001)\nchanged: [n12] => (item=f019)\n" +
		"\nPLAY RECAP ***\nn1 : ok=1 changed=1\n"
	if got := copyFound([]byte(copied)); !slices.Equal(got, []string{"n1 /f001", "n12 /f019"}) {
		t.Errorf("copy: %q", got)
	}
	single := `ok: [n1] => {"changed": false, "stdout_lines": []}` + "\n" +
		`changed: [n2] => {"changed": true, "stdout_lines": ["5c5", "< 640 root:root f004", "---", "> 600 root:root f004"]}` + "\n"
	if got := singleFound([]byte(single)); !slices.Equal(got, []string{"n2 /f004"}) {
		t.Errorf("single: %q", got)
	}
}
