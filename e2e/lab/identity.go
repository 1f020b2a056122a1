package lab

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// identities makes the keys of the run and of every machine, and writes them to the set's
// folder: a machine that is renewed comes back with them.
func (s *Set) identities() error {
	client, err := newEd25519()
	if err != nil {
		return err
	}
	s.Key = filepath.Join(s.Dir, "id_ed25519")
	s.KnownHosts = filepath.Join(s.Dir, "known_hosts")
	files := map[string]string{
		"id_ed25519":     client.Private,
		"id_ed25519.pub": client.Public + "\n",
		// Nobody answers there: a machine of the lab looks up no names but its peers'.
		"resolv.conf": fmt.Sprintf("nameserver %v\n", s.Admin),
	}
	var known strings.Builder
	for _, m := range s.Machines {
		var id [16]byte
		rand.Read(id[:])
		files[m.Name+".machine-id"] = fmt.Sprintf("%x\n", id)
		for _, kind := range []struct {
			name string
			make func() (keyPair, error)
		}{{"ed25519", newEd25519}, {"ecdsa", newECDSA}} {
			key, err := kind.make()
			if err != nil {
				return err
			}
			files[m.Name+"."+kind.name] = key.Private
			files[m.Name+"."+kind.name+".pub"] = key.Public + "\n"
			m.HostKeys = append(m.HostKeys, key.Public)
			fmt.Fprintf(&known, "%v %s\n", m.Address, key.Public)
		}
	}
	files["known_hosts"] = known.String()
	for name, content := range files {
		mode := os.FileMode(0o600)
		if name == "resolv.conf" {
			mode = 0o644
		}
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(content), mode); err != nil {
			return err
		}
	}
	return nil
}

// ownFile is a file of a machine, kept in the set's folder under another name.
type ownFile struct {
	path, from string
	mode       int64
}

// own are the files that tell one machine from another.
func (m *Machine) own() []ownFile {
	return []ownFile{
		{"etc/machine-id", m.Name + ".machine-id", 0o444},
		{"etc/ssh/ssh_host_ed25519_key", m.Name + ".ed25519", 0o600},
		{"etc/ssh/ssh_host_ed25519_key.pub", m.Name + ".ed25519.pub", 0o644},
		{"etc/ssh/ssh_host_ecdsa_key", m.Name + ".ecdsa", 0o600},
		{"etc/ssh/ssh_host_ecdsa_key.pub", m.Name + ".ecdsa.pub", 0o644},
		{"home/" + User + "/.ssh/authorized_keys", "id_ed25519.pub", 0o644},
	}
}

// archive is such files, to be unpacked over a root.
func (s *Set) archive(files []ownFile) (io.Reader, error) {
	var archive bytes.Buffer
	out := tar.NewWriter(&archive)
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(s.Dir, file.from))
		if err != nil {
			return nil, err
		}
		header := &tar.Header{Name: file.path, Mode: file.mode, Size: int64(len(content)), ModTime: time.Now()}
		if err := out.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := out.Write(content); err != nil {
			return nil, err
		}
	}
	return &archive, out.Close()
}
