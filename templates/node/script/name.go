package script

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// RunUnit is the name, without ".service", of the transient unit that carries
// out the step called id. It is a valid unit name and file name whatever the id
// holds, and different ids have different names.
func RunUnit(id string) string {
	const longest = 40
	var slug strings.Builder
	for _, c := range []byte(strings.ToLower(id)) {
		switch {
		case slug.Len() == longest:
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			slug.WriteByte(c)
		case slug.Len() > 0 && !strings.HasSuffix(slug.String(), "-"):
			slug.WriteByte('-')
		}
	}
	sum := sha256.Sum256([]byte(id))
	return "bulwark-" + strings.Trim(slug.String()+"-", "-") + "-" + hex.EncodeToString(sum[:4])
}

// SysctlPath is the path under /proc/sys of a key: dots become slashes, and a
// slash, which stands for a dot inside a name, becomes a dot.
func SysctlPath(key string) string {
	return strings.NewReplacer(".", "/", "/", ".").Replace(key)
}
