package spec

import (
	"strings"
	"testing"
)

// readyBlock is what a message has as the way to meet a control.
func readyBlock(said string) string {
	_, rest, _ := strings.Cut(said, "To meet it:\n")
	block, _, _ := strings.Cut(rest, "To do without it:")
	return block
}

// What a message has to copy is all that the control asks for, and is accepted.
func TestTheReadyBlockIsAccepted(t *testing.T) {
	y := layer(t, "X-1", "it costs something", `
audit { max_age = 400 }
apiserver { args = { event-ttl = "2h", request-timeout = "2m" } }
kubelet {
  config = {
    enforceNodeAllocatable = ["pods", "system-reserved"]
    evictionHard           = { "memory.available" = "5%", "nodefs.available" = "10%" }
    maxPods                = 60
    memorySwap             = { swapBehavior = "NoSwap" }
    reservedMemory         = [{ numaNode = 0, limits = { memory = "1Gi" } }]
    registryPullQPS        = 7
  }
}
kube_proxy { config = { iptables = { masqueradeAll = true } } }`)
	_, said := read(t, "profiles = [\"p\"]", layers{y})
	block := readyBlock(said)
	c, said := read(t, "profiles = [\"p\"]\n"+block, layers{y})
	if c == nil || block == "" {
		t.Fatalf("%s\n%s", block, said)
	}
	hard, _ := c.Kubelet["evictionHard"].(map[string]any)
	swap, _ := c.Kubelet["memorySwap"].(map[string]any)
	list, _ := c.Kubelet["enforceNodeAllocatable"].([]any)
	reserved, _ := c.Kubelet["reservedMemory"].([]any)
	if c.Audit.MaxAge != 400 || c.APIServer.Args["event-ttl"] != "2h" || c.APIServer.Args["request-timeout"] != "2m" || c.Kubelet["maxPods"] != int64(60) || c.Kubelet["registryPullQPS"] != int64(7) ||
		hard["memory.available"] != "5%" || hard["nodefs.available"] != "10%" || swap["swapBehavior"] != "NoSwap" || len(list) != 2 || len(reserved) != 1 || len(c.KubeProxy) != 1 {
		t.Errorf("%s\n%+v %v %v", block, c.APIServer.Args, c.Kubelet, c.KubeProxy)
	}
}

// What is said of values is in the words of a spec.
func TestValuesAreSaidAsASpecHasThem(t *testing.T) {
	y := layer(t, "X-1", "", `kubelet { config = { maxPods = 60, enforceNodeAllocatable = ["pods", "system-reserved"], reservedMemory = [{ numaNode = 0, limits = { memory = "1Gi" } }] } }`)
	for lines, want := range map[string]string{
		"maxPods = null": "maxPods is null here, and X-1 asks for 60",
		`enforceNodeAllocatable = ["pods system-reserved"]`:             `is ["pods system-reserved"] here, and X-1 asks for ["pods", "system-reserved"]`,
		`reservedMemory = [{ numaNode = 1, limits = {}, more = true }]`: `is [{ "limits" = {}, "more" = true, "numaNode" = 1 }] here, and X-1 asks for [{ "limits" = { "memory" = "1Gi" }, "numaNode" = 0 }]`,
	} {
		if _, said := read(t, "profiles = [\"p\"]\nkubelet { config = { "+lines+" } }", layers{y}); !strings.Contains(said, want) {
			t.Errorf("%s: want %q: %s", lines, want, said)
		}
	}
}
