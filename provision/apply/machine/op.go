// Package machine is what apply can do to one machine over a [host.Host]:
// change files, sysctls, modules and units in one execution; run a command
// that outlives the connection; load the firewall table behind a timer.
//
// Every effect is idempotent: what is already as wanted is left untouched, not
// even its times move. What was cut is found again by doing the same once more.
package machine

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// OpKind is the closed set of operations.
type OpKind string

// The kinds, and which fields of [Op] each reads.
const (
	// PutFile gives Path the bytes Content, with Mode and Owner: by a stage
	// beside it, checked on the node, and one rename. Its directory must exist.
	PutFile OpKind = "put"
	// CopyFile gives Path the bytes of From, a file of the same node.
	CopyFile OpKind = "copy"
	// MakeDir makes the directory Path, or gives one that is there Mode and
	// Owner. Its parent must exist.
	MakeDir OpKind = "mkdir"
	// SetAttributes gives Mode and Owner to a file or directory that must exist.
	SetAttributes OpKind = "attributes"
	// OwnTree gives Owner to all that lies under the directory Path, of its own file system.
	OwnTree OpKind = "own-tree"
	// Remove takes away the file, link or empty directory at Path.
	Remove OpKind = "remove"
	// WillMake says that a program of the machine is about to write Path: a restore takes
	// whatever it finds there for the guarded change's. It changes nothing.
	WillMake OpKind = "will-make"
	// HasMade says that it is done: what is at Path now is the change's, and what
	// somebody makes of it from here on is not.
	HasMade OpKind = "has-made"
	// RemoveTree takes away Path with all that lies under it, unless something is mounted there.
	RemoveTree OpKind = "remove-tree"
	// NeedRoom fails unless there is room for Files files of Bytes together where
	// Path will be. It changes nothing.
	NeedRoom OpKind = "room"
	// WriteSysctl puts Value in force for Key.
	WriteSysctl OpKind = "sysctl"
	// LoadModule loads the kernel module Key, unless it is loaded or built in.
	LoadModule OpKind = "module"
	// EndProcess ends the component Key, which the kubelet starts again with what
	// its files say now. With Later the kubelet ends it by itself, and it is only seen
	// to that this does not take long. One that does not run is left to the kubelet.
	EndProcess OpKind = "end-process"
	// DoUnit applies the verb Value to the systemd unit Key.
	DoUnit OpKind = "unit"
)

// AnyDigest as [Op.Had] says that whatever is at the path may be replaced.
const AnyDigest = "any"

// Op is one operation on a machine.
type Op struct {
	Kind OpKind
	Path string
	// From is the source of a [CopyFile].
	From string
	// Mode holds permission bits; other bits are ignored.
	Mode fs.FileMode
	// Owner is "user:group", names or numbers; names are resolved on the node.
	Owner   string
	Content []byte
	// Had is the digest that the plan saw at Path: "" when nothing was there,
	// one behind [state.LinkDigest], or [AnyDigest]. A file that has the wanted bytes already is fine whatever
	// Had says. It guards [PutFile], [CopyFile] and [Remove].
	Had string
	// Bytes and Files are what [NeedRoom] asks room for.
	Bytes int64
	Files int
	// Later is of [EndProcess].
	Later bool
	// Key and Value are a sysctl's, a module's name, or a unit's name and verb.
	Key, Value string
}

// MaxContent is the most that one [PutFile] carries.
const MaxContent = 8 << 20

// String names the operation for people; content is never part of it.
func (o Op) String() string {
	switch o.Kind {
	case WriteSysctl, LoadModule, EndProcess:
		return string(o.Kind) + " " + o.Key
	case DoUnit:
		return strings.TrimSpace(o.Value + " " + o.Key)
	default:
		return string(o.Kind) + " " + o.Path
	}
}

var (
	ownerPattern  = pattern(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}:[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$`)
	digestPattern = pattern(`^[0-9a-f]{64}$`)
	keyPattern    = pattern(`^[a-z][a-z0-9_-]*(\.[A-Za-z0-9_/-]+)+$`)
	modulePattern = pattern(`^[a-z0-9][A-Za-z0-9_-]{0,55}$`)
	// componentPattern are the components of a node.
	componentPattern = pattern(`^(etcd|kube-apiserver|kube-controller-manager|kube-scheduler|kube-vip|kubelet)$`)
	unitPattern      = pattern(`^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]{0,200}\.(service|socket|timer|path|mount|target|slice)$`)
	verbs            = map[string]bool{"daemon-reload": true, "unmask": true, "enable": true, "start": true, "restart": true, "disable": true, "stop": true}
)

// validate refuses what no machine should ever be asked.
func (o Op) validate() error {
	switch o.Kind {
	case PutFile, CopyFile, MakeDir, SetAttributes, OwnTree, WillMake, HasMade, Remove, RemoveTree:
		return o.validateFile()
	case NeedRoom:
		if o.Bytes < 1 || o.Files < 1 {
			return fmt.Errorf("%s: room for %d files of %d bytes is no question", o.Path, o.Files, o.Bytes)
		}
		return cleanPath(o.Path)
	case WriteSysctl:
		if !keyPattern().MatchString(o.Key) || strings.Contains(o.Key, "//") || strings.HasSuffix(o.Key, "/") {
			return fmt.Errorf("%q is not a sysctl key", o.Key)
		}
		if o.Value == "" || len(o.Value) > 4096 || strings.ContainsAny(o.Value, "\n\x00") {
			return fmt.Errorf("value %.40q of sysctl %s is not one line", o.Value, o.Key)
		}
	case LoadModule:
		if !modulePattern().MatchString(o.Key) {
			return fmt.Errorf("%q is not a kernel module's name", o.Key)
		}
	case EndProcess:
		if !componentPattern().MatchString(o.Key) || o.Key == "kubelet" {
			return fmt.Errorf("%q is not a component that the kubelet starts", o.Key)
		}
	case DoUnit:
		if !verbs[o.Value] {
			return fmt.Errorf("%q is not a verb for units", o.Value)
		}
		if o.Value != "daemon-reload" && !unitPattern().MatchString(o.Key) {
			return fmt.Errorf("%q is not a unit's full name", o.Key)
		}
	default:
		return fmt.Errorf("%q is not a kind of operation", o.Kind)
	}
	return nil
}

func (o Op) validateFile() error {
	if err := cleanPath(o.Path); err != nil {
		return err
	}
	if o.Had != "" && o.Had != AnyDigest && !digestPattern().MatchString(strings.TrimPrefix(o.Had, state.LinkDigest)) {
		return fmt.Errorf("%s: %.70q is not a digest", o.Path, o.Had)
	}
	switch o.Kind {
	case Remove, WillMake, HasMade:
		return nil
	case RemoveTree:
		if strings.Count(o.Path, "/") < 2 {
			return fmt.Errorf("%s is too much of a machine to be removed", o.Path)
		}
		return nil
	case CopyFile:
		if err := cleanPath(o.From); err != nil {
			return err
		}
	case PutFile:
		if len(o.Content) > MaxContent {
			return fmt.Errorf("%s: %d bytes are more than the %d that one file may have", o.Path, len(o.Content), MaxContent)
		}
	default: // nothing beyond path and owner
	}
	if !ownerPattern().MatchString(o.Owner) {
		return fmt.Errorf("%s: owner %.70q is not user:group", o.Path, o.Owner)
	}
	return nil
}

// cleanPath refuses what is not one absolute, plain path below the root.
func cleanPath(p string) error {
	if !path.IsAbs(p) || path.Clean(p) != p || p == "/" || len(p) > 1024 || strings.ContainsAny(p, "\n\x00") {
		return fmt.Errorf("%.200q is not a clean absolute path", p)
	}
	return nil
}

// bits are the permission bits as chmod takes them.
func bits(m fs.FileMode) string {
	n := uint32(m.Perm())
	for bit, go_ := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if m&go_ != 0 {
			n |= bit
		}
	}
	return strconv.FormatUint(uint64(n), 8)
}
