package node

import (
	"fmt"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

const (
	// EtcdUser is the name of the account and group etcd runs as; the number
	// is [state.EtcdUID].
	EtcdUser = "etcd"
	// AccountPath is where [EtcdAccount] goes.
	AccountPath = "/etc/sysusers.d/bulwark-etcd.conf"
	// AccountUnitName makes the account when it is started.
	AccountUnitName = "bulwark-account.service"
	// AccountUnitPath is where [AccountUnit] goes.
	AccountUnitPath = UnitDir + "/" + AccountUnitName
)

// EtcdAccount is the account etcd runs as (CIS 1.1.12, V-242445), in the
// format of sysusers.d(5): no home, no shell, no password. The group comes
// first so that its number is not left to chance.
//
// An account of that name or number that is already there is left as it is;
// whether it is the right one, preflight has to say.
func EtcdAccount() []byte {
	return fmt.Appendf(nil, header+`g %[1]s %[2]d
u %[1]s %[2]d:%[1]s "etcd of this control plane" - /usr/sbin/nologin
`, EtcdUser, state.EtcdUID)
}

// AccountUnit makes the account of [AccountPath] and nothing else: other files
// in sysusers.d are left to the machine. It does nothing when the account is
// there.
func AccountUnit() []byte {
	return []byte(header + `[Unit]
Description=bulwark: the account etcd runs as
Before=` + KubeletUnitName + `

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=systemd-sysusers ` + AccountPath + `

[Install]
WantedBy=multi-user.target
`)
}
