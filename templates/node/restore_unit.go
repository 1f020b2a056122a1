package node

const (
	// RestoreUnitName is enabled, and does nothing on a machine that no change of
	// components was under way on when it went down.
	RestoreUnitName = "bulwark-restore-boot.service"
	// RestoreUnitPath is where [RestoreUnit] goes.
	RestoreUnitPath = UnitDir + "/" + RestoreUnitName
)

// guardDir is where a machine keeps what a change of its components replaces; the
// program in it is script.Restore.
const guardDir = "/var/lib/bulwark/guard"

// RestoreUnit puts back, at boot, what a change that nobody confirmed replaced:
// the timer that would have done so went with the machine. It comes before all
// ordinary services (sysinit.target, bootup(7)), so that neither the kubelet nor
// who logs in to confirm meets files that are half one and half the other.
func RestoreUnit() []byte {
	return []byte(header + `[Unit]
Description=bulwark: what a change that nobody confirmed replaced comes back
DefaultDependencies=no
RequiresMountsFor=` + guardDir + ` /etc/kubernetes /var/lib/kubelet
After=local-fs.target
Before=sysinit.target ` + KubeletUnitName + `
ConditionPathExists=` + guardDir + `/armed

[Service]
Type=oneshot
ExecStart=/bin/sh ` + guardDir + `/restore ` + guardDir + ` boot

[Install]
WantedBy=sysinit.target
`)
}
