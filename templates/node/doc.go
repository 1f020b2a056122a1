// Package node renders the files of a machine that are neither kubeadm's nor
// the API server's: the firewall, kernel settings, systemd units, the etcd
// account, and the pod network of `cni "bridge"`.
//
// Every function is pure and deterministic: the same [cluster.Cluster] and
// [cluster.Node] give the same bytes, whatever the machine, clock or version
// of bulwark. What exists only at run time, a node's pod prefix, is a
// reference (see [state.Ref]). Names that go into a file are checked here too,
// although the spec has checked them before: nothing but a DNS name ever
// stands in a comment or a path.
package node

import (
	"fmt"
	"io/fs"
	"regexp"
	"sync"
)

// The modes of what this package renders: only root has business with it. A
// unit of mode 0600 is what CIS 4.1.1 asks for; systemd reads it as root.
const (
	FileMode fs.FileMode = 0o600
	DirMode  fs.FileMode = fs.ModeDir | 0o700
)

// ConfigDir holds the files that bulwark's own units read.
const ConfigDir = "/etc/bulwark"

// header opens every file in which # starts a comment.
const header = "# Written by bulwark. The next apply undoes changes made here.\n"

// dnsName compiles when it is first needed: a thousand nodes' routes name each
// other a million times.
var dnsName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
})

// checkName refuses what is not an RFC 1123 subdomain: a name is written into
// comments, set names and references, and must not be able to end them.
func checkName(what, name string) error {
	if len(name) > 253 || !dnsName().MatchString(name) {
		return fmt.Errorf("%s %q is not a DNS name (lower-case letters, digits, '-' and '.')", what, name)
	}
	return nil
}
