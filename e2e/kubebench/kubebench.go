// Package kubebench runs kube-bench on machines: a judge of the CIS benchmark that others
// wrote, beside which bulwark's own verdicts are put.
package kubebench

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Benchmark is the one that is always asked for by name: left to itself kube-bench takes
// the one of the Kubernetes version that it finds, or another where it knows none.
const Benchmark = "cis-1.12"

// ControlPlane and Worker are the targets of kube-bench that a node of each role has.
// Those of a control plane are the whole benchmark.
var (
	ControlPlane = []string{"master", "etcd", "controlplane", "policies", "node"}
	Worker       = []string{"node"}
)

// Node runs programs as root on a machine, and answers with their standard output.
type Node interface {
	Exec(ctx context.Context, stdin io.Reader, args ...string) (string, error)
}

// Program is kube-bench with its checks, in a folder of this host.
type Program struct{ dir string }

// Build makes the program, or finds that it is there: build is the file build.sh beside
// this one.
func Build(ctx context.Context, build string) (*Program, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, build)
	cmd.Stderr = &stderr
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", build, err, strings.TrimSpace(stderr.String()))
	}
	dir := strings.TrimSpace(string(out))
	if _, err := os.Stat(filepath.Join(dir, "cfg", Benchmark)); err != nil {
		return nil, fmt.Errorf("%s does not bring the benchmark: %w", build, err)
	}
	return &Program{dir: dir}, nil
}

// at is where the program is on a machine while it runs: not below /tmp, from where
// nothing can be executed.
const at = "/opt/kube-bench"

// patience is how long one run may take. Most of it is kubectl, once for each pod and
// for each of some checks.
const patience = 10 * time.Minute

// Run has a node judged, and takes away again what it brought there.
func (p *Program) Run(ctx context.Context, node Node, targets []string) (_ *Report, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		_, remove := node.Exec(ctx, nil, "rm", "-rf", at)
		err = errors.Join(err, remove)
	}()
	if err := p.bring(ctx, node); err != nil {
		return nil, fmt.Errorf("kube-bench does not get onto the node: %w", err)
	}
	// What kubectl keeps in a home goes with the rest.
	out, err := node.Exec(ctx, nil, "env", "HOME="+at, "KUBECONFIG=/etc/kubernetes/admin.conf",
		at+"/kube-bench", "run", "--benchmark", Benchmark, "--targets", strings.Join(targets, ","),
		"--config-dir", at+"/cfg", "--config", at+"/cfg/config.yaml", "--json")
	if err != nil {
		return nil, err
	}
	return Parse([]byte(out))
}

// bring copies the program onto a node.
func (p *Program) bring(ctx context.Context, node Node) error {
	archive, in := io.Pipe()
	go func() {
		w := tar.NewWriter(in)
		err := w.AddFS(os.DirFS(p.dir))
		in.CloseWithError(errors.Join(err, w.Close()))
	}()
	// Where nobody reads any more the writer has to end too.
	defer archive.Close()
	_, err := node.Exec(ctx, archive, "sh", "-euc", "mkdir -p "+at+"; tar -C "+at+" --no-same-owner -x")
	return err
}
