package apply

import (
	"fmt"
	"os"
	"os/user"
	"time"
)

// Owner says who works on machines.
type Owner struct {
	// Text says it to people: "ops@desk, pid 4711, bulwark 1.2.3, started 2026-01-02T03:04:05Z".
	Text string
	// process is known by [ended] to be alive or not, "" where nobody could tell.
	process string
}

// NewOwner is this process, of this version of bulwark, as of now.
func NewOwner(version string) Owner {
	name := "somebody"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if sudo := os.Getenv("SUDO_USER"); sudo != "" && name == "root" {
		name = sudo
	}
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	return Owner{
		Text:    fmt.Sprintf("%s@%s, pid %d, bulwark %s, started %s", name, host, os.Getpid(), version, time.Now().UTC().Format(time.RFC3339)),
		process: process(os.Getpid()),
	}
}
