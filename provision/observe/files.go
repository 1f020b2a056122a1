package observe

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// StatFormat is what our programs have stat(1) print of a path: raw mode,
// size, seconds of its last change, ids and names of the owners, and the path itself.
const StatFormat = "%f/%s/%Y/%u/%g/%U/%G%n"

// ParseStat reads one line of [StatFormat]. Owners are names, and numbers where
// no account has the number. [state.EtcdUID] is always a number, so that an
// account of that number does not change what is seen.
func ParseStat(line string) (state.HaveFile, error) {
	p := strings.SplitN(line, "/", 8)
	if len(p) != 8 {
		return state.HaveFile{}, fmt.Errorf("%.200q is not what stat was asked for", line)
	}
	// A name has no slash, so the path begins at the seventh one.
	group, file := p[6], "/"+p[7]
	raw, err1 := strconv.ParseUint(p[0], 16, 32)
	size, err2 := strconv.ParseInt(p[1], 10, 64)
	changed, err3 := strconv.ParseInt(p[2], 10, 64)
	_, err4 := strconv.ParseUint(p[3], 10, 32)
	_, err5 := strconv.ParseUint(p[4], 10, 32)
	if err := errors.Join(err1, err2, err3, err4, err5, cleanPath(file)); err != nil || size < 0 {
		return state.HaveFile{}, fmt.Errorf("%.200q is not what stat was asked for", line)
	}
	f := state.HaveFile{Path: file, Size: size, Changed: changed, Owner: account(p[3], p[5]) + ":" + account(p[4], group)}
	f.Type, f.Mode = fileMode(uint32(raw))
	return f, nil
}

// account is the name of an account, or its number.
func account(id, name string) string {
	if name == "UNKNOWN" || name == "" || id == strconv.Itoa(state.EtcdUID) {
		return id
	}
	return word(name)
}

// fileMode reads st_mode of Linux.
func fileMode(raw uint32) (string, fs.FileMode) {
	mode := fs.FileMode(raw & 0o777)
	for bit, m := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if raw&bit != 0 {
			mode |= m
		}
	}
	switch raw & 0o170000 {
	case 0o100000:
		return "file", mode
	case 0o040000:
		return "dir", mode | fs.ModeDir
	case 0o120000:
		return "symlink", mode | fs.ModeSymlink
	}
	return "other", mode | fs.ModeIrregular
}

func (r *reading) stat(f script.Frame) error {
	for line := range lines(f.Data) {
		have, err := ParseStat(line)
		if err != nil {
			return err
		}
		if !r.allowed(have.Path) {
			return fmt.Errorf("a path nobody asked for: %s", word(have.Path))
		}
		if _, ok := r.node.Files[have.Path]; ok {
			return fmt.Errorf("%s twice", word(have.Path))
		}
		r.node.Files[have.Path] = have
	}
	return nil
}

func (r *reading) absent(f script.Frame) error {
	for p := range lines(f.Data) {
		if !r.allowed(p) {
			return fmt.Errorf("a path nobody asked for: %s", word(p))
		}
		if _, ok := r.node.Files[p]; ok {
			return fmt.Errorf("%s is there and absent", word(p))
		}
		r.node.Files[p] = state.HaveFile{Path: p, Type: "absent"}
	}
	return nil
}

// digests reads sha256sum's lines: 64 digits, two characters, the path. GNU's
// begins with a backslash when it had to escape the path.
func (r *reading) digests(f script.Frame) error {
	for line := range lines(f.Data) {
		escaped := strings.HasPrefix(line, `\`)
		line = strings.TrimPrefix(line, `\`)
		if len(line) < 67 {
			return fmt.Errorf("%s is not a digest", word(line))
		}
		sum, p := line[:64], line[66:]
		if escaped {
			p = strings.ReplaceAll(p, `\\`, `\`)
		}
		if strings.Trim(sum, "0123456789abcdef") != "" {
			return fmt.Errorf("%s is not a digest", word(sum))
		}
		have, ok := r.node.Files[p]
		if !ok {
			continue // it vanished before stat came to it
		}
		if have.SHA256 != "" {
			return fmt.Errorf("two digests of %s", word(p))
		}
		if have.Type == "file" {
			have.SHA256 = sum
			r.node.Files[p] = have
		}
	}
	return nil
}

// link reads the digest of where one link leads, as sha256sum says one of a file.
func (r *reading) link(f script.Frame) error {
	sum, p, found := strings.Cut(string(f.Data), "  ")
	if !found || len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "" {
		return fmt.Errorf("%s does not say where a link leads", word(string(f.Data)))
	}
	have, ok := r.node.Files[p]
	switch {
	case !ok && !r.allowed(p):
		return fmt.Errorf("a path nobody asked for: %s", word(p))
	case have.LeadsTo != "":
		return fmt.Errorf("where %s leads twice", word(p))
	case have.Type == "symlink": // or it turned into something else
		have.LeadsTo = state.LinkDigest + sum
		r.node.Files[p] = have
	}
	return nil
}

// text reads the content of one file: its path, a line break, its bytes.
func (r *reading) text(f script.Frame) error {
	p, content, _ := bytes.Cut(f.Data, []byte("\n"))
	asked := r.files[string(p)]
	if asked.Encrypts {
		defer clear(content) // it holds keys
	}
	if !asked.Text && !asked.Encrypts {
		return fmt.Errorf("the content of %s, which nobody asked for", word(string(p)))
	}
	have, ok := r.node.Files[string(p)]
	switch {
	case !ok || have.Type != "file":
		return nil // it vanished or turned into something else: close says so
	case have.Text != nil:
		return fmt.Errorf("the content of %s twice", word(string(p)))
	case f.Status != 0:
		r.miss(string(p), "its content could not be read")
		return nil
	case asked.Encrypts && state.SHA256(content) != have.SHA256:
		r.miss(string(p), "it changed meanwhile, or is too long")
		return nil
	case asked.Encrypts:
		kept, err := state.WithoutKeys(content)
		if err != nil {
			r.miss(string(p), err.Error())
		}
		have.Text = kept
		r.node.Files[have.Path] = have
		return nil
	}
	have.Text = bytes.Clone(content)
	if have.Text == nil {
		have.Text = []byte{}
	}
	r.node.Files[have.Path] = have
	return nil
}

// masked reads the digest of one file's text without its keys: its path, a line
// break, 64 digits.
func (r *reading) masked(f script.Frame) error {
	p, sum, _ := strings.Cut(string(f.Data), "\n")
	have, ok := r.node.Files[p]
	switch {
	case !r.files[p].Masked:
		return fmt.Errorf("the digest of what %s says beside its keys, which nobody asked for", word(p))
	case have.Masked != "":
		return fmt.Errorf("the digest of what %s says beside its keys twice", word(p))
	case len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "":
		return fmt.Errorf("%s is not a digest", word(sum))
	case !ok || have.Type != "file":
		return nil // it vanished or turned into something else
	}
	have.Masked = sum
	r.node.Files[p] = have
	return nil
}

// maxOwners is how many owners of what lies under a folder are told.
const maxOwners = 9

// owners reads whose all is that lies under a folder: its path, and a line each.
func (r *reading) owners(f script.Frame) error {
	p, list, _ := strings.Cut(string(f.Data), "\n")
	have, ok := r.node.Files[p]
	switch {
	case !r.files[p].Owners:
		return fmt.Errorf("the owners of what lies under %s, which nobody asked for", word(p))
	case have.Owners != nil:
		return fmt.Errorf("the owners of what lies under %s twice", word(p))
	case !ok || have.Type != "dir":
		return nil // it vanished or turned into something else
	}
	have.Owners = []string{}
	for line := range lines([]byte(list)) {
		w := strings.Split(line, "/")
		if len(w) != 4 || len(have.Owners) == maxOwners {
			return fmt.Errorf("%.200q is not an owner", line)
		}
		if _, err := strconv.ParseUint(w[0], 10, 32); err != nil {
			return fmt.Errorf("%.200q is not an owner", line)
		}
		if _, err := strconv.ParseUint(w[1], 10, 32); err != nil {
			return fmt.Errorf("%.200q is not an owner", line)
		}
		have.Owners = append(have.Owners, account(w[0], w[2])+":"+account(w[1], w[3]))
	}
	r.node.Files[p] = have
	return nil
}
