package kube

import (
	"strings"
	"testing"
)

func TestTheDigestIsFoundAmongMetrics(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	const name = "apiserver_encryption_config_controller_last_config_info"
	for text, want := range map[string]string{
		"# HELP " + name + " [ALPHA] Information\n# TYPE " + name + " gauge\n" + name + `{apiserver_id_hash="sha256:` + strings.Repeat("b", 64) + `",hash="sha256:` + sum + "\"} 1\nup 1\n": sum,
		name + `{hash="sha256:` + sum + `"} 1`:              sum,
		name + `{apiserver_id_hash="sha256:` + sum + `"} 1`: "",
		"other" + name + `{hash="sha256:` + sum + `"} 1`:    "",
		"up 1\n": "",
		"":       "",
	} {
		if got, err := digestIn(strings.NewReader(text)); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
