package machine

import (
	"io"
	"strconv"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

func itoa(n int) string { return strconv.Itoa(n) }

// framed is all that travels to a machine for one operation.
func framed(op Op) []byte {
	f := host.NewFrame(host.Program{Name: "change", Text: script.Change()}, encode(strings.Repeat("0", 32), "", []Op{op}))
	b, _ := io.ReadAll(f.Reader())
	return b
}
