//go:build planes

package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEncryptionOfMore: resources that are added to encryption are encrypted on a
// cluster that lives, with what is there of them.
func TestEncryptionOfMore(t *testing.T) {
	const rewrite = "cluster/encryption/rewrite"
	c := newLabCluster(t, "cp-1")
	s := c.standard()
	c.write(t, s)
	if !step(t, "bootstrap", func(t *testing.T) { c.Bulwark(t, "apply", "--auto-approve").want(t, 0) }) {
		t.Fatal("there is no cluster to go on with")
	}
	var maps strings.Builder
	for i := range 30 {
		fmt.Fprintf(&maps, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: e2e-%02d}\ndata: {text: plain-as-day}\n", i)
	}
	create(t, c, maps.String())
	if n, clear := stored(t, c, "configmaps"); clear != n || n < 30 {
		t.Fatalf("before, etcd holds %d ConfigMaps, %d of them in the clear", n, clear)
	}
	runs := shell(t, c, "cp-1", "pgrep -x kube-apiserver")

	s.More = "  encryption {\n    resources = [\"configmaps\"]\n  }\n"
	c.write(t, s)
	if !step(t, "the plan is that one step", func(t *testing.T) {
		if got := toDo(t, c); !slices.Equal(got, []string{rewrite}) {
			t.Fatalf("the plan is %q", got)
		}
	}) {
		return
	}
	step(t, "apply encrypts what is there", func(t *testing.T) {
		out := c.Bulwark(t, "apply", "--auto-approve").want(t, 0)
		out.says(t, "is saved on cp-1 as /var/lib/bulwark/snapshots/etcd-", "configmaps: etcd holds", "and all begin with k8s:enc:secretbox:v1:key1:")
		for _, resource := range []string{"configmaps", "secrets"} {
			n, clear := stored(t, c, resource)
			if clear != 0 || resource == "configmaps" && n < 30 {
				t.Errorf("etcd holds %d %s, %d of them in the clear", n, resource, clear)
			}
		}
		if got := mustKubectl(t, c, "", "get", "configmap", "e2e-07", "-o", "jsonpath={.data.text}"); got != "plain-as-day" {
			t.Errorf("it is read as %q", got)
		}
		if now := shell(t, c, "cp-1", "pgrep -x kube-apiserver"); now != runs {
			t.Error("the API server was restarted for it")
		}
	})
	step(t, "then nothing is to be done", func(t *testing.T) {
		if got := toDo(t, c); len(got) > 0 {
			t.Errorf("the plan is %q", got)
		}
	})
	step(t, "what is encrypted must be named", func(t *testing.T) {
		c.write(t, c.standard())
		c.Bulwark(t, "apply", "--auto-approve").want(t, 1).says(t, "nothing was changed", "it encrypts configmaps, which the spec does not")
	})
	step(t, "a cluster that never encrypted is encrypted", func(t *testing.T) {
		c.write(t, s)
		testNeverEncrypted(t, c, rewrite)
	})
}

// testNeverEncrypted takes the encryption away as somebody would who never had it:
// everything in the clear, no key, no word of one.
func testNeverEncrypted(t *testing.T, c *labCluster, rewrite string) {
	const keys, manifest = "/etc/kubernetes/bulwark/apiserver/encryption.yaml", "/etc/kubernetes/manifests/kube-apiserver.yaml"
	shell(t, c, "cp-1", `f=`+keys+`
		k=$(awk '$1 == "secret:" {print $2}' $f)
		printf 'apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n- resources: [configmaps, secrets]\n  providers:\n  - identity: {}\n  - secretbox: {keys: [{name: key1, secret: %s}]}\n' "$k" >$f
		old=$(pgrep -x kube-apiserver); kill $old; until now=$(pgrep -x kube-apiserver) && [ "$now" != "$old" ]; do sleep 1; done`)
	eventually(t, 2*time.Minute, "the API server is back", func() error { return answers(c, "cp-1", "https://127.0.0.1:6443/readyz") })
	shell(t, c, "cp-1", `export KUBECONFIG=/etc/kubernetes/admin.conf; kubectl --cache-dir `+kubectlCache+` get configmaps,secrets -A -o json | kubectl --cache-dir `+kubectlCache+` replace -f - >/dev/null`)
	if n, clear := stored(t, c, "configmaps"); clear != n || n < 30 {
		t.Fatalf("it could not be undone: etcd holds %d ConfigMaps, %d in the clear", n, clear)
	}
	shell(t, c, "cp-1", `rm `+keys+` /var/lib/bulwark/encryption.spec; old=$(pgrep -x kube-apiserver)
		sed '/--encryption-provider-config/d' `+manifest+` >/root/m && cp /root/m `+manifest+`
		until now=$(pgrep -x kube-apiserver) && [ "$now" != "$old" ]; do sleep 1; done`)
	eventually(t, 2*time.Minute, "the API server is back", func() error { return answers(c, "cp-1", "https://127.0.0.1:6443/readyz") })
	if got, want := toDo(t, c), []string{"cp-1/file" + keys, "cp-1/file" + manifest, rewrite}; !slices.Equal(got, want) {
		t.Fatalf("the plan is %q, want %q", got, want)
	}
	c.Bulwark(t, "apply", "--auto-approve").want(t, 0)
	if n, clear := stored(t, c, "configmaps"); clear != 0 || n < 30 {
		t.Errorf("etcd holds %d ConfigMaps, %d in the clear", n, clear)
	}
	if got := toDo(t, c); len(got) > 0 {
		t.Errorf("then the plan is %q", got)
	}
}

// toDo are the ids of the steps of a plan.
func toDo(t *testing.T, c *labCluster) []string {
	t.Helper()
	var ids []string
	for _, s := range c.Bulwark(t, "plan", "-o", "json").want(t, 0).JSON(t).Plan.Steps {
		ids = append(ids, s.ID)
	}
	return ids
}

// stored counts the objects of a resource in etcd, and those in the clear, by
// asking etcd's own program.
func stored(t *testing.T, c *labCluster, resource string) (n, clear int) {
	t.Helper()
	return storedUnder(t, c, resource, "k8s:enc:secretbox:v1:key1:")
}

// storedUnder counts all that does not lie under a prefix as in the clear.
func storedUnder(t *testing.T, c *labCluster, resource, prefix string) (n, clear int) {
	t.Helper()
	var all struct {
		Kvs []struct{ Value []byte }
	}
	text := shell(t, c, "cp-1", etcdctl+" get --prefix -w json /registry/"+resource+"/")
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	for _, kv := range all.Kvs {
		if !bytes.HasPrefix(kv.Value, []byte(prefix)) {
			clear++
		}
	}
	return len(all.Kvs), clear
}
