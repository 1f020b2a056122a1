// Command lab starts machines and leaves them running, for trying things by hand.
//
//	lab up DIR NAME...     starts machines; DIR keeps their keys
//	lab renew DIR NAME...  puts machines back to how they were made
//	lab save DIR SNAPSHOT  keeps the state of all machines
//	lab load DIR SNAPSHOT  puts all machines back into it
//	lab down DIR           removes them
//	lab down               removes everything of every run
//	lab vm DIR NAME        runs a virtual machine until it is interrupted
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == "down" {
		return lab.Remove(ctx, "")
	}
	if len(args) < 2 {
		return errors.New("usage: lab up|renew|save|load|down|vm DIR [NAME...]")
	}
	verb, dir, names := args[0], args[1], args[2:]
	if verb == "up" {
		set, err := lab.Machines(ctx, lab.Options{Names: names, Dir: dir})
		if err != nil {
			return err
		}
		describe(set)
		return nil
	}
	if verb == "vm" && len(names) == 1 {
		vm, err := lab.StartVM(ctx, lab.VMOptions{Name: names[0], Dir: dir})
		if err != nil {
			return err
		}
		fmt.Printf("%s %v, sees this host as %v, console %s\n  ssh -i %s -o UserKnownHostsFile=%s -o HostKeyAlias=%v -p %d %s@127.0.0.1\n",
			vm.Name, vm.Address, vm.Admin, vm.Console, vm.Key, vm.KnownHosts, vm.Address, vm.Port, lab.User)
		<-ctx.Done()
		return vm.Close()
	}
	set, err := lab.Open(dir)
	if err != nil {
		return err
	}
	switch {
	case verb == "renew":
		for _, name := range names {
			if err := set.Machine(name).Renew(ctx); err != nil {
				return err
			}
		}
		return nil
	case verb == "save" && len(names) == 1:
		return set.Snapshot(ctx, names[0])
	case verb == "load" && len(names) == 1:
		return set.Restore(ctx, names[0])
	case verb == "down":
		return set.Close(ctx)
	}
	return fmt.Errorf("%s: unknown verb, or not what it takes", verb)
}

func describe(set *lab.Set) {
	fmt.Printf("network %v, this host is %v\n", set.Subnet, set.Admin)
	for _, m := range set.Machines {
		fmt.Printf("%s %v %s\n", m.Name, m.Address, m.HostKeys[0])
		fmt.Printf("  docker exec -it %s bash\n", m.Container())
		fmt.Printf("  ssh -i %s -o UserKnownHostsFile=%s %s@%v\n", set.Key, set.KnownHosts, lab.User, m.Address)
	}
}
