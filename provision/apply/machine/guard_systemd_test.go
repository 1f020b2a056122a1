package machine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/templates/node"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

const (
	manifest = "/etc/kubernetes/manifests/a.yaml"
	added    = "/etc/kubernetes/manifests/b.yaml"
	// components are a kubelet that notes what it found when it began, and a
	// scheduler that nothing starts again.
	components = `mkdir -p /etc/kubernetes/manifests; printf old >` + manifest + `; chmod 640 ` + manifest + `; rm -f ` + added + `
cat >/etc/systemd/system/kubelet.service <<'EOF'
[Service]
ExecStart=/bin/sh -c 'cat ` + manifest + ` >/var/lib/seen; exec sleep infinity'
[Install]
WantedBy=multi-user.target
EOF
cp /bin/sleep /usr/local/bin/kube-scheduler; systemctl stop scheduler 2>/dev/null
systemctl daemon-reload; systemctl enable --quiet kubelet; systemctl restart kubelet
systemd-run --quiet --unit=scheduler /usr/local/bin/kube-scheduler 1000`
	// files are what is there of the change, and of the guard.
	files  = `for f in ` + manifest + ` ` + added + `; do [ ! -e $f ] || { stat -c %a $f; cat $f; echo; }; done; ls -A /etc/kubernetes/manifests`
	guards = `ls -d /var/lib/bulwark/guard; systemctl --no-legend --all list-units 'bulwark-restore*'`
)

// changed is the change that is guarded.
func changed(t *testing.T, h *scripttest.Host) {
	t.Helper()
	put := Op{Kind: PutFile, Path: manifest, Mode: 0o600, Owner: "root:root", Content: []byte("new"), Had: AnyDigest}
	more := put
	more.Path = added
	if _, err := DoGuarded(t.Context(), h, []Op{put, more}); err != nil {
		t.Fatal(err)
	}
}

func guardedFor(within time.Duration) Guarded {
	return Guarded{Paths: []string{manifest, added}, Restarts: []string{"kube-scheduler", "kubelet"}, Within: within}
}

// Nobody is there any more when the machine's own timer has it put back what was.
func guardedChangeIsPutBack(t *testing.T, h *scripttest.Host) {
	h.Shell(t, false, components)
	began, err := Guard(t.Context(), h, guardedFor(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	invocation := `systemctl show -P InvocationID kubelet`
	first := h.Shell(t, false, invocation)
	changed(t, h)
	h.Shell(t, false, `n=0; while [ -e `+GuardedPath+` ] && [ $n -lt 200 ]; do sleep 0.1; n=$((n + 1)); done; sleep 0.5`)
	if got := h.Shell(t, true, files); got != "640\nold\na.yaml" {
		t.Errorf("%s", got)
	}
	if h.Shell(t, false, invocation) == first {
		t.Error("the kubelet was not restarted")
	}
	if got := h.Shell(t, true, "systemctl is-active kubelet scheduler"); got != "active\ninactive" {
		t.Errorf("kubelet and scheduler are %s", got)
	}
	if err := Confirm(t.Context(), h); !errors.Is(err, ErrRestored) {
		t.Errorf("%v", err)
	}
	if at, err := Restore(t.Context(), h); err != nil || at < began+1 {
		t.Errorf("armed at %d, restored at %d, %v", began, at, err)
	}
	if got := h.Shell(t, true, guards); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

func guardedChangeIsConfirmed(t *testing.T, h *scripttest.Host) {
	h.Shell(t, false, components)
	if _, err := Guard(t.Context(), h, guardedFor(10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	changed(t, h)
	if got := h.Shell(t, false, "systemctl is-active bulwark-restore.timer; stat -c %a /var/lib/bulwark/guard"); got != "active\n700" {
		t.Errorf("%s", got)
	}
	if _, err := Guard(t.Context(), h, guardedFor(time.Minute)); err == nil {
		t.Error("guarded twice")
	}
	if err := Confirm(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	if got := h.Shell(t, true, files); got != "600\nnew\n600\nnew\na.yaml\nb.yaml" {
		t.Errorf("%s", got)
	}
	if got := h.Shell(t, true, guards); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

// A machine that restarts puts it back before its kubelet reads anything.
func guardedChangeOverABoot(t *testing.T, h *scripttest.Host) {
	h.Shell(t, false, components)
	unit := func(verb string) Op { return Op{Kind: DoUnit, Key: node.RestoreUnitName, Value: verb} }
	if _, err := Do(t.Context(), h, []Op{
		{Kind: PutFile, Path: node.RestoreUnitPath, Mode: 0o600, Owner: "root:root", Content: node.RestoreUnit()}, unit("enable"),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := Guard(t.Context(), h, guardedFor(time.Minute)); err != nil {
		t.Fatal(err)
	}
	changed(t, h)
	h.Shell(t, false, "systemctl restart kubelet; sleep 0.5")
	if got := h.Shell(t, false, "cat /var/lib/seen"); got != "new" {
		t.Fatalf("the kubelet saw %s", got)
	}
	h.Restart(t)
	if got := h.Shell(t, true, files+"; cat /var/lib/seen"); got != "640\nold\na.yaml\nold" {
		t.Errorf("%s", got)
	}
	if got := h.Shell(t, false, "systemctl show -P Result -P ConditionResult "+node.RestoreUnitName); got != "success\nyes" {
		t.Errorf("the unit: %s", got)
	}
	for range 2 {
		if err := Confirm(t.Context(), h); !errors.Is(err, ErrRestored) {
			t.Errorf("%v", err)
		}
	}
	if at, err := Restore(t.Context(), h); err != nil || at == 0 {
		t.Errorf("%d, %v", at, err)
	}
	if got := h.Shell(t, true, "systemctl start "+node.RestoreUnitName+" && systemctl show -P ActiveState -P ConditionResult "+node.RestoreUnitName); got != "inactive\nno" {
		t.Errorf("with nothing to put back: %s", got)
	}
	if _, err := Do(t.Context(), h, []Op{unit("disable")}); err != nil {
		t.Error(err)
	}
}

// The mark that it was taken away finds no room, and it is taken away nevertheless.
func tableIsTakenAwayWithoutRoom(t *testing.T, h *scripttest.Host) {
	h.Shell(t, false, "rm -rf /run/bulwark/table; nft add table inet bulwark; cat >/run/revert <<'EOF'\n"+script.Revert()+"EOF\nsh /run/revert")
	if got := h.Shell(t, false, "nft list tables"); strings.Contains(got, "inet bulwark") {
		t.Errorf("%s", got)
	}
}
