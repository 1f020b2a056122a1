package state

// APIStatus says how far the cluster's API is.
type APIStatus string

const (
	// NoAPI means that no node has ever been initialised.
	NoAPI APIStatus = "none"
	// Starting means that a control plane is initialised and its API does not answer yet.
	Starting APIStatus = "starting"
	// Unreachable means that a cluster was made, and its API does not answer: what
	// it holds is unknown.
	Unreachable APIStatus = "unreachable"
	// Answering means that /readyz is 200 and our credentials are accepted.
	Answering APIStatus = "answering"
)

// API is what the cluster's API has.
type API struct {
	Status APIStatus
	// Ready are the control planes whose own API server answers /readyz with 200.
	Ready map[string]bool
	// Nodes are the Node objects by name.
	Nodes map[string]NodeObject
	// Objects are the objects that were asked for, by [ObjectRef.String]; a
	// missing key was asked for and is absent, unless Unread names it.
	Objects map[string]HaveObject
	// Deployments says of each asked "namespace/name" whether all its replicas
	// are available; one that does not exist is not among them.
	Deployments map[string]bool
	// Requests are the pending kubelet-serving certificate requests.
	Requests []CertificateRequest
	// Tokens are the bootstrap tokens that exist, by id, with their description.
	Tokens map[string]string
	// Members are etcd's, sorted by id; they are asked for where one may have to go.
	Members []Member
	// Refused are pods that run and would not be let in again; they are asked for
	// where admission is about to change.
	Refused []Refused
	// RefusedImages are pods that run images which the policy of images does not let
	// in; they are asked for where that is about to change.
	RefusedImages []Refused
	// Policies are the objects that bulwark made for the policy of a spec, of this
	// one or of one before, and those it owns fields of; sorted, without JSON.
	Policies []Object
	// Inventory is what an audit asks for; nil where none did.
	Inventory *Inventory
	// Unread says why something could not be read, by name.
	Unread map[string]string
}

// Refused are the pods of one namespace that Pod Security would refuse when they
// are made again.
type Refused struct {
	// Namespace is empty where something is said of several.
	Namespace string
	// Pods are in the server's words: "web-1 (and 2 other pods): host namespaces (hostNetwork=true)".
	Pods []string
	// Unknown says why not all pods were judged; empty when they were.
	Unknown string
}

// Member is one of etcd's.
type Member struct {
	// ID is as etcdctl writes it, in hexadecimal.
	ID string
	// Name is that of its node; empty until it has started once.
	Name string
	// Peer is the address that other members know it by, as a URL.
	Peer    string
	Learner bool
	// Alive says that it answers, follows a leader, and knows of no fault but alarms.
	Alive bool
	// Alarms are those it raises, as etcd names them ("NOSPACE"). It is there all the same.
	Alarms []string
}

// NodeObject is what bulwark reads of a Node.
type NodeObject struct {
	Name      string
	Ready     bool
	PodCIDRs  []string
	Addresses []string
	// Internal are those of Addresses that other nodes reach it at.
	Internal []string
	Labels   map[string]string
	// Taints as "key=value:Effect".
	Taints []string
	// KubeletVersion as the node reports it.
	KubeletVersion string
	// Cordoned says that bulwark keeps new pods away from it.
	Cordoned bool
}

// Agent is a DaemonSet, as it is for what runs on every node.
type Agent struct {
	Namespace, Name string
	HostNetwork     bool
	// Images are those of its containers.
	Images []string
}

// String is "kube-flannel/flannel".
func (a Agent) String() string { return a.Namespace + "/" + a.Name }

// ObjectRef names an object of the API.
type ObjectRef struct {
	APIVersion, Kind, Namespace, Name string
}

// String is "rbac.authorization.k8s.io/v1/RoleBinding/kube-public/name".
func (r ObjectRef) String() string {
	s := r.APIVersion + "/" + r.Kind
	if r.Namespace != "" {
		s += "/" + r.Namespace
	}
	return s + "/" + r.Name
}

// HaveObject is an object as read: its JSON without managed fields and status.
type HaveObject struct {
	Ref  ObjectRef
	JSON []byte
}

// CertificateRequest is a pending request for a kubelet serving certificate.
type CertificateRequest struct {
	Name string
	// User and Groups are who asked.
	User   string
	Groups []string
	// PEM is the request itself; what it asks for is parsed by who judges it.
	PEM []byte
	// Usages as the request states them.
	Usages []string
}
