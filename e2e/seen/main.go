// Command seen prints what an import sees of a cluster, as JSON:
//
//	seen SSH_CONFIG HOST...
//
// The testdata of provision/adopt are made with it, each of a cluster that
// kubeadm made on machines of the lab.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/bulwark-k8s/bulwark/provision"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "seen:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errors.New("usage: seen SSH_CONFIG HOST...")
	}
	in := provision.ImportInput{SSHConfig: args[0]}
	for _, a := range args[1:] {
		in.Hosts = append(in.Hosts, provision.ImportHost{Address: a})
	}
	seen, err := provision.See(ctx, in)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", " ")
	return out.Encode(seen)
}
