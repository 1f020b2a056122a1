package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// GuardTime is how long a machine waits for a change of its components to be
// confirmed.
const GuardTime = guardTime

// Times of a guarded change. The machine waits for guardTime, counted from before
// anything is written, and then puts back what was; what it needs for that comes on
// top. Components have gateTime to come back, and are watched for soakTime more.
const (
	guardTime   = 110 * time.Second
	gateTime    = 80 * time.Second
	soakTime    = 10 * time.Second
	restoreTime = 90 * time.Second
	changeTime  = 6 * time.Minute
	gatePause   = time.Second
)

// change is a guarded change of one node on its way.
type change struct {
	*run
	node     cluster.Node
	restarts []string
	// before is what ran, and wants what should run with which arguments.
	before map[string]state.Process
	wants  map[string][]string
	// manifests are the static pods whose manifests change.
	manifests map[string]bool
	// acted is when the node was changed, or put back what was: back says which.
	acted time.Time
	back  bool
	// last is the last look at the node: many follow each other, and little moves.
	last observe.Memory
	// beat is what the API knows of the kubelet since it started again.
	beat beat
	// voters are the members of etcd that lived before, by name.
	voters []string
	// stays are the processes that came back and stayed, and confirming says that the
	// node was told so, whether or not it heard it.
	stays      map[string]state.Process
	confirming bool
}

// change does the guarded steps of one node together: all of them turn out well, or
// the node puts back what was before, be it without us.
func (ru *run) change(ctx context.Context, steps []plan.Step) error {
	c := &change{run: ru, wants: map[string][]string{}, manifests: map[string]bool{}}
	c.node, _ = ru.Cluster.Node(steps[0].Node)
	var paths []string
	var writes []plan.FileStep
	for _, s := range steps {
		for _, name := range s.Restarts {
			if !slices.Contains(c.restarts, name) {
				c.restarts = append(c.restarts, name)
			}
		}
		if s.Renewal != nil {
			paths = append(paths, s.Renewal.Phase.Makes...)
		}
		if s.File == nil || s.File.Want.Mode.IsDir() {
			continue
		}
		paths = append(paths, s.File.Want.Path)
		writes = append(writes, *s.File)
		if pod := staticPod(s.File.Want, s.Restarts); pod != "" {
			c.manifests[pod] = true
			if s.File.Want.Origin == state.Derived {
				c.wants[pod] = plan.Command(s.File.Want.Content)
			}
		}
	}
	ops, err := c.operations(ctx, steps)
	if err != nil {
		return err
	}
	return c.drained(ctx, steps, func(ctx context.Context) error {
		err := c.mayBegin(ctx, writes)
		if err == nil {
			err = c.saved(ctx, steps[0])
		}
		if err != nil {
			return fmt.Errorf("nothing was changed on %s: %w", c.node.Name, err)
		}
		return c.guarded(ctx, steps, ops, paths)
	})
}

// guarded does what a change consists of behind the node's own guard.
func (c *change) guarded(ctx context.Context, steps []plan.Step, ops []machine.Op, paths []string) error {
	h := c.Hosts[c.node.Name]
	if _, err := machine.Guard(ctx, h, machine.Guarded{Paths: paths, Restarts: endedToo(c.restarts), Within: guardTime}); err != nil {
		return err
	}
	c.note(steps[0], "the node puts back what was before in %v, unless all is well by then", guardTime)
	ctx, cancel := context.WithTimeoutCause(ctx, guardTime-time.Second, errors.New("the node puts back what was before"))
	defer cancel()
	err := c.carryOut(ctx, steps, ops)
	if err == nil {
		c.acted = time.Now()
		c.note(steps[0], "waiting for %s", names(c.restarts))
		err = c.comesBack(ctx, func() { c.note(steps[0], "back, and watched for %v: %s", soakTime, names(c.restarts)) })
	}
	if err == nil {
		c.confirming = true
		err = machine.Confirm(ctx, h)
	}
	if err != nil {
		err = c.takeBack(context.WithoutCancel(ctx), err)
	}
	if errors.Is(err, errInForce) {
		c.note(steps[0], "%v", err)
		return nil
	}
	return err
}

// operations are what is done to the machine, in one execution: files, and then
// whatever does not start again by itself. A static pod does when its manifest
// changes.
func (c *change) operations(ctx context.Context, steps []plan.Step) ([]machine.Op, error) {
	var ops, again []machine.Op
	bySelf := map[string]bool{}
	for _, s := range steps {
		if s.File == nil {
			continue
		}
		some, err := c.fileOperations(ctx, *s.File)
		if err != nil {
			return nil, err
		}
		ops = append(ops, some...)
		if s.File.Want.Tree {
			again = append(again, ownTree(s.File.Want))
		}
		bySelf[staticPod(s.File.Want, s.Restarts)] = true
	}
	for _, name := range etcdFirst(c.restarts) {
		switch {
		case bySelf[name]:
			ops = append(ops, machine.Op{Kind: machine.EndProcess, Key: name, Later: true})
		case name == kubelet:
			ops = append(ops, machine.Op{Kind: machine.DoUnit, Key: "kubelet.service", Value: "daemon-reload"},
				machine.Op{Kind: machine.DoUnit, Key: "kubelet.service", Value: "restart"})
		default:
			ops = append(ops, machine.Op{Kind: machine.EndProcess, Key: name})
		}
	}
	// Who ended may have written something until then, as who it was.
	return append(ops, again...), nil
}

// etcdFirst has an API server end when its etcd is gone already: one that began again
// before would serve without it.
func etcdFirst(restarts []string) []string {
	others := slices.DeleteFunc(slices.Clone(restarts), func(name string) bool { return name == "etcd" })
	if len(others) == len(restarts) {
		return restarts
	}
	return slices.Insert(others, 0, "etcd")
}

// endedToo are components that have to end for others to be put back: an API server
// that lost its etcd lets each request wait for a minute, and the kubelet that
// starts anew makes one before it mounts any volume (it asks for its Node's, see
// pkg/kubelet/volumemanager/reconciler). Of one that is gone it is refused at once.
func endedToo(restarts []string) []string {
	if slices.Contains(restarts, "etcd") && !slices.Contains(restarts, "kube-apiserver") {
		return append(slices.Clone(restarts), "kube-apiserver")
	}
	return restarts
}

// kubelet is the component that is a unit of systemd.
const kubelet = "kubelet"

// comesBack waits until all that starts again is as it should be, tells so, and
// watches that it stays.
func (c *change) comesBack(ctx context.Context, tell func()) error {
	deadline := time.Now().Add(gateTime)
	var why error
	for {
		if why = c.well(ctx); why == nil {
			break
		}
		if ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), why)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("it did not come back within %v: %w", gateTime, why)
		}
		if err := pause(ctx, gatePause); err != nil {
			return errors.Join(err, why)
		}
	}
	tell()
	// What comes back and ends again is not back.
	stays, err := c.look(ctx)
	if err != nil {
		return err
	}
	for until := time.Now().Add(soakTime); ; {
		if err := pause(ctx, gatePause); err != nil {
			return errors.Join(err, why)
		}
		now, err := c.look(ctx)
		if err != nil {
			return err
		}
		for _, name := range c.restarts {
			if now.Processes[name].PID != stays.Processes[name].PID {
				return fmt.Errorf("%s came back, and then ended again", name)
			}
		}
		// One question that is not answered in time is not an end: a busy machine
		// may be slow. At the end all must be well.
		if why = c.well(ctx); why == nil && time.Now().After(until) {
			c.stays = now.Processes
			return nil
		}
		if time.Now().After(deadline.Add(soakTime)) {
			return fmt.Errorf("it came back, and then: %w", why)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// errInForce is a change that the node was told to keep, and keeps, though its answer
// did not arrive.
var errInForce = errors.New("the connection was lost while the node was told that all is well; it guards nothing any more, and the change is in force")

// inForce says whether a node that guards nothing any more kept its change, as it was
// told: whatever puts back what was before has all of it start again, within moments.
func (c *change) inForce(ctx context.Context) bool {
	if !c.confirming {
		return false
	}
	for range fewProbes {
		now, err := c.look(ctx)
		if err != nil || slices.ContainsFunc(endedToo(append([]string{kubelet}, c.restarts...)), func(name string) bool {
			return now.Processes[name].PID != c.stays[name].PID
		}) || pause(ctx, gatePause) != nil {
			return false
		}
	}
	return true
}

// takeBack has the node put back what was before, and waits until that works again.
// Where it turns out to keep the change, that is errInForce.
func (c *change) takeBack(ctx context.Context, why error) error {
	h := c.Hosts[c.node.Name]
	ctx, cancel := context.WithTimeout(ctx, 2*restoreTime)
	defer cancel()
	at, err := machine.Restore(ctx, h)
	if left, ok := errors.AsType[*machine.LeftError](err); ok {
		return fmt.Errorf("%w; %w", why, left) // what runs with a file of somebody's is not judged here
	}
	if err != nil {
		fresh, err2 := h.Fresh(ctx)
		if err2 != nil {
			return fmt.Errorf("%w; the node could not be reached to put back what was before, which it does by itself within %v: %w", why, guardTime, errors.Join(err, err2))
		}
		defer func() { _ = fresh.Close() }()
		if at, err = machine.Restore(ctx, fresh); err != nil {
			return fmt.Errorf("%w; that the node puts back what was before could not be waited for: %w", why, err)
		}
	}
	if at == 0 && c.inForce(ctx) {
		return errInForce
	}
	c.wants, c.back, c.acted, c.beat = map[string][]string{}, true, time.Now(), beat{}
	for name, p := range c.before {
		c.wants[name] = p.Args
	}
	when := "before"
	if at > 0 {
		when = "at " + time.Unix(at, 0).UTC().Format("15:04:05") + " UTC by its clock"
	}
	for deadline := time.Now().Add(restoreTime); ; {
		still := c.well(ctx)
		if still == nil {
			return fmt.Errorf("%w; the node put back what was %s, and that works again", why, when)
		}
		if time.Now().After(deadline) || pause(ctx, gatePause) != nil {
			return fmt.Errorf("%w; the node put back what was %s, and does not work with it: %w", why, when, still)
		}
	}
}

// names lists components for people.
func names(list []string) string {
	switch len(list) {
	case 0:
		return "nothing"
	case 1:
		return list[0]
	}
	out := list[0]
	for i, n := range list[1:] {
		if i == len(list)-2 {
			return out + " and " + n
		}
		out += ", " + n
	}
	return out
}
