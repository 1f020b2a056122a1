package state

// Want is what one node, or the cluster's API, should have: facts in an order
// in which they can be brought about one after another.
type Want struct {
	// Node is empty for facts that the API holds.
	Node  string
	Facts []Fact
	// Images are what the node's runtime must have, or be able to pull.
	Images []string
	// Kubelet are the arguments its kubelet should run with.
	Kubelet []string
}

// Fact is one thing that should be so. Exactly one payload is set.
type Fact struct {
	// ID is "<node>/<kind>/<subject>", the same in every look and every plan.
	ID    string
	Title string
	// Why is the setting path or default the fact rests on.
	Why string
	// After are ids of facts of other nodes that must hold first; facts of one
	// node hold in their order anyway.
	After []string

	File        *File
	Sysctl      *Sysctl
	Module      *Module
	Unit        *WantUnit
	Table       *Table
	Phase       *Phase
	Object      *Object
	Approval    *Approval
	Wait        *Wait
	Process     *WantProcess
	Folder      *Folder
	Encryption  *Encryption
	Certificate *WantCertificate
}

// WantCertificate is a leaf certificate that is signed by the authority which is
// there and does not end soon.
type WantCertificate struct {
	// Path is the file that holds it: PEM, or a kubeconfig.
	Path string `json:"path"`
	// CA is the file of the authority that signs it.
	CA string `json:"ca"`
	// Renews signs it anew with another key. It is nil for one that its owner
	// rotates, of which nothing is done but to say when it does not.
	Renews *Phase `json:"renews,omitempty"`
	// Remakes does so where there is none that can be read.
	Remakes *Phase `json:"remakes,omitempty"`
	// Restarts names the components that read the file only when they start.
	Restarts []string `json:"restarts,omitempty"`
	// Names are the names and addresses that it must be for, none where nobody
	// compares them.
	Names []string `json:"names,omitempty"`
	// Remedy is what a person does about one that its owner does not rotate.
	Remedy string `json:"-"`
}

// WantProcess is a component that runs with what its files say now.
type WantProcess struct {
	// Name is the component's.
	Name string `json:"name"`
	// Manifest is the static pod it is started from, "" for a kubelet.
	Manifest string `json:"manifest,omitempty"`
	// Unit is the unit of systemd that starts it, "" for a static pod.
	Unit string `json:"unit,omitempty"`
	// Args are what follows its name, of one whose manifest is not kubeadm's.
	Args []string `json:"args,omitempty"`
	// Reads are files that it reads when it starts, and no later.
	Reads []string `json:"reads,omitempty"`
}

// Folder is a folder in which nothing may be but what is named: whoever reads it
// takes each file in it for an order.
type Folder struct {
	Path  string   `json:"path"`
	Names []string `json:"names"`
}

// Sysctl is a kernel setting in force.
type Sysctl struct {
	// Key is with dots: "vm.overcommit_memory".
	Key   string `json:"key"`
	Value string `json:"value"`
	Why   string `json:"why,omitempty"`
}

// Module is a kernel module that is loaded or built in.
type Module struct {
	Name string `json:"name"`
	Why  string `json:"why,omitempty"`
}

// WantUnit is a systemd unit that is enabled, and active where Active is set.
type WantUnit struct {
	Name string `json:"name"`
	// Enabled and Active are held only when true.
	Enabled bool `json:"enabled,omitempty"`
	Active  bool `json:"active,omitempty"`
	// Follows are paths: when one of them is written, the unit starts again.
	Follows []string `json:"follows,omitempty"`
}

// Table is `table inet bulwark`, live and confirmed.
type Table struct {
	// Text is the whole table, as `nft -f` reads it.
	Text Text `json:"text"`
	// Revert is after how many seconds the machine takes an unconfirmed table away.
	Revert int `json:"revert_seconds"`
}

// Phase is a kubeadm command that makes files or objects, run as a transient
// unit that survives a lost connection and is attached to again.
type Phase struct {
	Name string `json:"name"`
	// Args follow "kubeadm".
	Args []string `json:"args"`
	// Again follows "kubeadm" instead of Args when part of what the phase makes
	// is there already, from a run that was cut.
	Again []string `json:"again,omitempty"`
	// Clear are files that a run which was cut left half written, as a plan
	// found them: kubeadm takes them for its own good ones. They go first.
	Clear []string `json:"clear,omitempty"`
	// Makes are paths, and Objects objects, whose absence makes the phase unmet.
	Makes   []string    `json:"makes,omitempty"`
	Objects []ObjectRef `json:"objects,omitempty"`
	// Besides are paths that it makes too and that need not be there afterwards.
	Besides []string `json:"besides,omitempty"`
	// Awaits is a file that something else makes a moment before, and without which
	// kubeadm would do nothing and say nothing.
	Awaits string `json:"awaits,omitempty"`
	// Rewritten says that files which the phase makes are facts of their own once the
	// machine is a node.
	Rewritten bool `json:"rewritten,omitempty"`
	// Label must be on the Node of the fact's node.
	Label string `json:"label,omitempty"`
	// Registered, the node's Node object must exist.
	Registered bool `json:"registered,omitempty"`
	// Unless are paths whose presence makes the phase unnecessary.
	Unless []string `json:"unless,omitempty"`
	// Lacks is text that must not be left in a file the phase rewrites, by path.
	Lacks map[string]string `json:"lacks,omitempty"`
	// Sets are held in mode and owner right after the phase, before the step is done.
	Sets []File `json:"sets,omitempty"`
	// Into is the file that what the command prints becomes, root's and 0600.
	Into string `json:"into,omitempty"`
	// Transient files are put before the phase and removed after it, also when
	// it failed.
	Transient []File `json:"transient,omitempty"`
}

// Object is what the API should have: an object with at least these fields,
// or none of that name.
type Object struct {
	Ref ObjectRef `json:"ref"`
	// JSON is the wanted object; nil means it must not exist.
	JSON []byte `json:"object,omitempty"`
	Why  string `json:"why,omitempty"`
	// Derived objects are what kubeadm would make of the configuration.
	Derived bool `json:"derived,omitempty"`
	// Tokens, with an empty Ref, stands for all bootstrap tokens that were made
	// for joining: none may be left.
	Tokens bool `json:"tokens,omitempty"`
	// Policy is what of the spec's policy the object is for, "" for others. It
	// says so itself, by [PolicyLabel]: one of its name that does not is somebody
	// else's, and left alone.
	Policy string `json:"policy,omitempty"`
	// Fields says that of an object of the policy only the fields of JSON are
	// bulwark's. It is never deleted: without JSON they are given back.
	Fields bool `json:"fields,omitempty"`
	// Undo says that a derived object is wanted only where the one that is there
	// was made otherwise for the policy, and so has [PolicyLabel].
	Undo bool `json:"undo,omitempty"`
	// Retired, with an empty Ref, stands for all objects of the policy that the
	// spec no longer asks for: none may be left.
	Retired bool `json:"retired,omitempty"`
}

// Named says that it is about one object, and not about all of a kind.
func (o *Object) Named() bool { return !o.Tokens && !o.Retired }

// PolicyLabel is on every object, or object with fields, that bulwark owns for
// the policy of a spec; its value is what for.
const PolicyLabel = "bulwark/policy"

// What an object of the policy is for.
const (
	PolicyNamespace   = "namespace"
	PolicyTokens      = "no-default-tokens"
	PolicyDefaultDeny = "default-deny"
	PolicyImages      = "images"
	PolicyKubeProxy   = "unprivileged-kube-proxy"
)

// Approval is a kubelet that serves with a certificate the cluster signed,
// after its request was judged by the spec.
type Approval struct {
	Node      string   `json:"node"`
	Addresses []string `json:"addresses"`
	// Makes is the file the kubelet keeps the certificate in.
	Makes string `json:"makes"`
}

// WaitFor is the closed set of conditions a fact can wait for.
type WaitFor string

// The conditions.
const (
	// WaitAPI: the API server of the control plane named Subject answers /readyz with 200.
	WaitAPI WaitFor = "api"
	// WaitNodeObject: the Node object named Subject exists and has its pod prefixes.
	WaitNodeObject WaitFor = "node-object"
	// WaitNodeReady: the node named Subject is Ready.
	WaitNodeReady WaitFor = "node-ready"
	// WaitDeployment: "namespace/name" has all its replicas available.
	WaitDeployment WaitFor = "deployment"
)

// Wait is a condition that comes about by itself, with a deadline in seconds.
type Wait struct {
	For     WaitFor `json:"for"`
	Subject string  `json:"subject,omitempty"`
	Seconds int     `json:"seconds"`
}

// EtcdUID is the numeric account etcd runs as, the same on every control
// plane so that rendered bytes do not depend on a machine. It is etcd's
// registered client port, which no distribution gives to an account.
const EtcdUID = 2379

// EtcdOwner is that account as [File.Owner] writes it. It is numbers, as a look
// reports it: an account of another name with that id must not look right.
const EtcdOwner = "2379:2379"
