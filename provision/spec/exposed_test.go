package spec

import (
	"strings"
	"testing"
)

func TestOpeningsThatAreMeantAreAcceptedWithoutAWord(t *testing.T) {
	for name, text := range map[string]string{
		"the API's port of workers":  inFirewall("allow \"x\" {\non = \"worker\"\nports = [\"tcp/6443\"]\nfrom = [\"0.0.0.0/0\"]\n}"),
		"sshd for a few":             inFirewall("allow \"x\" {\nports = [\"tcp/22\"]\nfrom = [\"192.0.2.0/24\"]\n}"),
		"the same number in udp":     inFirewall("allow \"x\" {\nports = [\"udp/6443\"]\nfrom = [\"0.0.0.0/0\"]\n}"),
		"another port for everybody": inFirewall("allow \"x\" {\nports = [\"tcp/443\"]\nfrom = [\"0.0.0.0/0\"]\n}"),
		"admins beside the pods":     strings.Replace(minimal, "203.0.113.0/24", "10.0.0.0/24", 1),
	} {
		if _, files, diags := Load(written(t, text), Options{}); len(diags) > 0 {
			t.Errorf("%s:\n%s", name, printed(files, diags))
		}
	}
}
