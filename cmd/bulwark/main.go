// Command bulwark turns one HCL file into a hardened Kubernetes cluster.
package main

import (
	"os"

	"github.com/bulwark-k8s/bulwark/cmd/cli"
)

func main() { os.Exit(cli.Main()) }
