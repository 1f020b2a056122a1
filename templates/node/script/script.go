// Package script holds the programs that run on nodes, as POSIX sh, and the Go
// side of what they speak. They are constants: whatever varies reaches them as
// framed data on standard input, and what they answer is framed by a nonce.
//
// A program's text is its parts joined; each part is a file of its own, so that
// several programs share one way to answer and one way to look at a run.
package script

import (
	_ "embed"
	"sync"
)

//go:embed common.sh
var common string

//go:embed runs.sh
var runs string

//go:embed same.sh
var same string

//go:embed lookfiles.sh
var lookFiles string

//go:embed lookcertificates.sh
var lookCertificates string

//go:embed looksystem.sh
var lookSystem string

//go:embed look.sh
var look string

//go:embed input.sh
var input string

//go:embed no.sh
var no string

//go:embed space.sh
var space string

//go:embed private.sh
var private string

//go:embed files.sh
var files string

//go:embed guarded.sh
var guarded string

//go:embed effects.sh
var effects string

//go:embed change.sh
var change string

//go:embed run.sh
var run string

//go:embed runner.sh
var runner string

//go:embed table.sh
var table string

//go:embed revert.sh
var revert string

//go:embed clean.sh
var clean string

//go:embed guard.sh
var guard string

//go:embed restore.sh
var restore string

//go:embed derive.sh
var derive string

//go:embed dryrun.sh
var dryRun string

//go:embed snapshot.sh
var snapshot string

//go:embed lock.sh
var lock string

// Look reads what one machine has and changes nothing.
func Look() string { return wholeLook() }

// wholeLook is put together once, since it goes to every machine.
var wholeLook = sync.OnceValue(func() string {
	return common + runs + same + lookFiles + lookCertificates + lookSystem + look
})

// Change carries out a batch of operations on files, sysctls, modules and units.
func Change() string { return common + input + no + space + files + guarded + effects + change }

// Run starts a command as a transient unit or attaches to it, and waits for its end.
func Run() string { return common + input + no + space + private + runs + run }

// Runner is what the transient unit of [Run] executes. It travels to the
// machine as data of Run, never through the prelude.
func Runner() string { return runner }

// Table loads, confirms and drops `table inet bulwark` behind a timer.
func Table() string { return common + input + no + space + private + table }

// Revert is what that timer executes. It travels as data of Table.
func Revert() string { return revert }

// Derive answers with what the machine's own kubeadm would write, and changes
// nothing.
func Derive() string {
	return common + no + "inside=$(cat <<'INSIDE'\n" + DryRun() + "INSIDE\n)\n" + derive
}

// DryRun is what Derive runs in a mount namespace of its own, and DryRunDir where
// it puts what it is given.
func DryRun() string { return common + input + no + same + dryRun }

// DryRunDir is a folder that every machine has, for a file system in memory that
// only [DryRun] sees.
const DryRunDir = "/mnt"

// Guard keeps what a change of components replaces, and puts it back unless the
// change is confirmed.
func Guard() string { return common + input + no + space + private + guard }

// Restore is what puts it back. It travels as data of Guard.
func Restore() string { return restore }

// Clean takes away what pods and the kubelet left outside of files.
func Clean() string { return clean }

// Snapshot saves etcd on the disk of its own machine. A transient unit executes
// it as a file, with the folder and how many are kept as arguments.
func Snapshot() string { return snapshot }

// Lock takes, keeps and gives back the lock of a machine, and writes its journal.
func Lock() string { return common + no + space + private + lock }
