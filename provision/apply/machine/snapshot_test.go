package machine

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// etcdAsKubeadmHasIt runs the lab's etcd under containerd, with the kubelet's
// labels, kubeadm's certificates and arguments, and bulwark's account.
const etcdAsKubeadmHasIt = `
kubeadm init phase certs etcd-ca --kubernetes-version v1.37.2 >/dev/null &&
  kubeadm init phase certs etcd-server --kubernetes-version v1.37.2 >/dev/null || exit 1
mkdir -m 0700 -p /var/lib/etcd
chown -R 2379:2379 /var/lib/etcd /etc/kubernetes/pki/etcd
image=$(ctr -n k8s.io images list -q | grep '/etcd:' | head -n 1)
pki=/etc/kubernetes/pki/etcd
ctr -n k8s.io run --detach --snapshotter native --net-host --read-only --user 2379:2379 \
  --label io.kubernetes.container.name=etcd --label io.kubernetes.pod.namespace=kube-system \
  --mount type=bind,src=/var/lib/etcd,dst=/var/lib/etcd,options=rbind:rw --mount type=bind,src=$pki,dst=$pki,options=rbind:ro \
  "$image" 0123abcd etcd --data-dir=/var/lib/etcd --client-cert-auth=true --trusted-ca-file=$pki/ca.crt --cert-file=$pki/server.crt --key-file=$pki/server.key \
  --listen-client-urls=https://127.0.0.1:2379,https://127.0.0.2:2379 --advertise-client-urls=https://127.0.0.1:2379 || exit 1
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  ctr -n k8s.io tasks exec --exec-id put-$(date +%s%N) 0123abcd etcdctl --endpoints=https://127.0.0.1:2379 \
    --cacert=$pki/ca.crt --cert=$pki/server.crt --key=$pki/server.key put /registry/secrets/a/b canary && exit
  sleep 1
done
exit 1
`

func snapshot(t *testing.T, h *scripttest.Host) {
	if s, err := SaveSnapshot(t.Context(), h, "cp-1/snapshot"); err == nil {
		t.Errorf("without an etcd there is %+v", s)
	}
	h.Shell(t, false, etcdAsKubeadmHasIt)
	h.Shell(t, false, "mkdir -p /var/lib/bulwark/snapshots && mount -t tmpfs -o size=16k none /var/lib/bulwark/snapshots")
	_, err := SaveSnapshot(t.Context(), h, "cp-1/snapshot")
	if full, ok := errors.AsType[*DiskFullError](err); !ok || full.Path != snapshotsDir || full.Free >= full.Needed {
		t.Errorf("on a full disk: %v", err)
	}
	h.Shell(t, false, "umount /var/lib/bulwark/snapshots && rm -r /var/lib/bulwark")
	var made []Snapshot
	for range 2 {
		began := time.Now()
		s, err := SaveSnapshot(t.Context(), h, "cp-1/snapshot")
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v took %v", s, time.Since(began))
		made = append(made, s)
		if got, want := h.Shell(t, false, "stat -c '%U:%G %a %s' "+s.Path+" && grep -q canary "+s.Path), fmt.Sprintf("root:root 600 %d", s.Bytes); got != want || s.Revision != 2 {
			t.Errorf("%+v: %s, want %s", s, got, want)
		}
		time.Sleep(time.Second) // names have seconds
	}
	if left := h.Shell(t, true, "ls -A /var/lib/etcd /var/lib/bulwark/snapshots; ctr -n k8s.io tasks ps 0123abcd | wc -l; stat -c %a /var/lib/bulwark /var/lib/bulwark/snapshots"); left !=
		fmt.Sprintf("/var/lib/bulwark/snapshots:\n%s\n%s\n\n/var/lib/etcd:\nmember\n2\n700\n700", made[0].Path[len(snapshotsDir)+1:], made[1].Path[len(snapshotsDir)+1:]) {
		t.Errorf("there is\n%s", left)
	}
	// It can be brought back.
	h.Shell(t, false, "cp "+made[1].Path+` /var/lib/etcd/s.db && chown 2379 /var/lib/etcd/s.db &&
ctr -n k8s.io tasks exec --exec-id restore 0123abcd etcdutl snapshot restore /var/lib/etcd/s.db --data-dir /var/lib/etcd/restored && grep -q canary /var/lib/etcd/restored/member/snap/db`)
}
