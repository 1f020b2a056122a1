package observe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// Dry is what kubeadm is asked to do without doing it.
type Dry struct {
	// Files by their names in [script.DryRunDir], in an order.
	Files []DryFile
	// Skip are the phases of kubeadm's init that it is not asked for.
	Skip []string
	// Again has the answer to the last such question, as in [Ask].
	Again *Memory
}

// DryFile is a file that kubeadm is given.
type DryFile struct {
	Name    string
	Content []byte
}

// Derivation is what kubeadm answers: files by their base names, and what it
// printed of what it would put into the API.
type Derivation struct {
	Files   map[string][]byte
	Printed [][]byte
}

// deriveTimeout bounds a dry run, which takes a tenth of a second.
const deriveTimeout = 3 * time.Minute

// derivedFiles are the names that kubeadm's dry run writes, and may answer with.
var derivedFiles = map[string]bool{
	"etcd.yaml": true, "kube-apiserver.yaml": true, "kube-controller-manager.yaml": true, "kube-scheduler.yaml": true,
	"config.yaml": true, "instance-config.yaml": true, "kubeadm-flags.env": true,
}

// Derive asks a machine's own kubeadm what it would write for a configuration:
// only that kubeadm knows, since it depends on its version and on folders of the
// machine (KUBEADM_INIT_DRYRUN_DIR with --dry-run). It runs in a mount namespace of
// its own, on a file system in memory; nothing of the machine changes. Answers
// are bounded by [MaxText] each.
func Derive(ctx context.Context, h host.Host, d Dry) (Derivation, error) {
	ctx, cancel := context.WithTimeout(ctx, deriveTimeout)
	defer cancel()
	nonce := script.Nonce()
	var b bytes.Buffer
	for _, f := range d.Files {
		fmt.Fprintf(&b, "file\n%s\n%d\n%s", f.Name, len(f.Content), f.Content)
	}
	fmt.Fprintf(&b, "init %s\n", strings.Join(d.Skip, ","))
	b.WriteString(script.End + "\n")
	question := b.Bytes()
	last := d.Again.recall(question)
	// One nonce for each of its two shells.
	res, err := h.Exec(ctx, host.Program{Name: "derive", Text: script.Derive()}, slices.Concat([]byte(nonce+"\n"+nonce+"\n"+last.line()), question))
	if err != nil {
		return Derivation{}, fmt.Errorf("dry run of kubeadm on %s: %w", h, err)
	}
	if res.Exit != 0 {
		return Derivation{}, &host.CommandError{Host: h.String(), Program: "derive", Exit: res.Exit, Stderr: Printable(string(res.Stderr))}
	}
	frames, err := script.Frames(res.Stdout, nonce)
	if err == nil {
		frames, err = last.whole(frames)
	}
	if err == nil {
		var out Derivation
		if out, err = derivation(frames); err == nil {
			d.Again.keep(question, frames)
			return out, nil
		}
	}
	d.Again.forget()
	return Derivation{}, fmt.Errorf("dry run of kubeadm on %s: %w", h, err)
}

// derivation reads the answer.
func derivation(frames []script.Frame) (Derivation, error) {
	out := Derivation{Files: map[string][]byte{}}
	for _, f := range frames {
		if f.Kind == "failed" {
			return out, errors.New(Printable(string(f.Data)))
		}
		name, text, ok := bytes.Cut(f.Data, []byte("\n"))
		if !ok || len(text) > MaxText {
			return out, fmt.Errorf("%w: an answer without a name, or of more than %d bytes", script.ErrFrames, MaxText)
		}
		switch {
		case f.Kind == "printed":
			out.Printed = append(out.Printed, bytes.Clone(text))
		case f.Kind == "derived" && derivedFiles[string(name)] && out.Files[string(name)] == nil:
			out.Files[string(name)] = bytes.Clone(text)
		default:
			return out, fmt.Errorf("%w: %s %s, which nobody asked for", script.ErrFrames, Printable(f.Kind), Printable(string(name)))
		}
	}
	return out, nil
}
