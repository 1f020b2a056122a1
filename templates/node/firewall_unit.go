package node

// UnitDir is where bulwark's own units are written.
const UnitDir = "/etc/systemd/system"

const (
	// FirewallUnitName is enabled only after the table was confirmed.
	FirewallUnitName = "bulwark-firewall.service"
	// FirewallUnitPath is where [FirewallUnit] goes.
	FirewallUnitPath = UnitDir + "/" + FirewallUnitName
)

// FirewallUnit loads the table at boot, before the network is configured
// (network-pre.target, systemd.special(7)) and before the kubelet. Stopping it
// takes only our table away. It is not stopped by a shutdown, unlike most
// units: containers may outlive it there, and would stand open meanwhile.
func FirewallUnit() []byte {
	return []byte(header + `[Unit]
Description=bulwark: table inet bulwark, who may reach this node
DefaultDependencies=no
Wants=network-pre.target
After=local-fs.target systemd-modules-load.service
Before=network-pre.target kubelet.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=nft -f ` + FirewallPath + `
ExecReload=nft -f ` + FirewallPath + `
# The dash: a table that is already gone is what was asked for.
ExecStop=-nft delete table ` + FirewallFamily + ` ` + FirewallTable + `

[Install]
WantedBy=sysinit.target
`)
}
