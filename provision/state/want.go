package state

// Want is what one node should have.
type Want struct {
	Node    string
	Files   []File
	Sysctls []Sysctl
	Modules []Module
	Units   []WantUnit
	// Table is the text of `table inet bulwark`.
	Table string
}

// Sysctl is a kernel setting in force.
type Sysctl struct {
	// Key is with dots: "vm.overcommit_memory".
	Key, Value string
	Why        string
}

// Module is a kernel module that is loaded or built in.
type Module struct{ Name, Why string }

// WantUnit is a systemd unit that is enabled, and active where Active is set.
type WantUnit struct {
	Name string
	// Enabled and Active are held only when true.
	Enabled, Active bool
	Why             string
}

// Object is what the API should have: an object with at least these fields,
// or none of that name.
type Object struct {
	Ref ObjectRef
	// JSON is the wanted object; nil means it must not exist.
	JSON []byte
	Why  string
}

// EtcdUID is the numeric account etcd runs as, the same on every control
// plane so that rendered bytes do not depend on a machine. It is etcd's
// registered client port, which no distribution gives to an account.
const EtcdUID = 2379
