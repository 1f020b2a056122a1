package state

// ConfirmedTablePath is where a machine keeps what [ConfirmedTable] made of
// the table it last confirmed.
const ConfirmedTablePath = "/var/lib/bulwark/firewall.confirmed"

// ConfirmedTable ties a table's text to what was live once it was loaded: the
// digests of both. Counters and handles must not be in live.
func ConfirmedTable(text, live string) []byte {
	return []byte("v1 " + SHA256([]byte(text)) + " " + SHA256([]byte(live)))
}
