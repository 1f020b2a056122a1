package verify

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// grepProgram searches etcd's files for patterns, one a line on stdin, and
// answers with how many files hold each.
var grepProgram = host.Program{Name: "search etcd's files", Text: `
while IFS= read -r pattern; do
  printf '%s\n' "$pattern" | LC_ALL=C grep -rlaFf /dev/stdin /var/lib/etcd/member | wc -l
done
`}

// encryption: what a Secret says is nowhere in etcd's files, and the Secret is.
func (v *verifier) encryption(ctx context.Context) {
	cp, _ := v.c.Node(v.first)
	title := "a Secret lies encrypted in etcd's files"
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails, see crypto/rand
	name, canary := "bulwark-verify-"+hex.EncodeToString(raw[:6]), "canary-"+hex.EncodeToString(raw)

	forget, err := v.client.Canary(ctx, "kube-system", name, canary)
	if err != nil {
		v.add("encryption/secret", cp.Name, title, "", false, err)
		return
	}
	defer func() {
		if err := forget(context.WithoutCancel(ctx)); err != nil {
			v.add("encryption/clean-up", cp.Name, "the Secret made for this check is gone", "", false, err)
		}
	}()
	prefix := fmt.Sprintf("k8s:enc:%s:v1:", v.c.Encryption.Provider)
	patterns := []string{"/registry/secrets/kube-system/" + name, prefix, canary}
	res, err := v.controlPlane().Exec(ctx, grepProgram, []byte(strings.Join(patterns, "\n")+"\n"))
	if err == nil && res.Exit != 0 {
		err = &host.CommandError{Host: v.controlPlane().String(), Program: grepProgram.Name, Exit: res.Exit, Stderr: string(res.Stderr)}
	}
	counts := strings.Fields(string(res.Stdout))
	if err == nil && len(counts) != len(patterns) {
		err = fmt.Errorf("%s: %s answered %d lines instead of %d", v.controlPlane(), grepProgram.Name, len(counts), len(patterns))
	}
	if err != nil {
		v.add("encryption/secret", cp.Name, title, "", false, err)
		return
	}
	seen := fmt.Sprintf("files with its name: %s, with %s: %s, with its text: %s", counts[0], prefix, counts[1], counts[2])
	v.add("encryption/secret", cp.Name, title, seen, counts[0] != "0" && counts[1] != "0" && counts[2] == "0", nil)
}
