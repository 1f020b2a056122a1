package observe

import "strings"

// criConfig is what preflight needs of containerd's own configuration.
type criConfig struct {
	socket, disabled, systemdCgroup bool
	sandbox                         string
}

// read goes through the TOML that `containerd config dump` prints, which has
// one key to a line. Versions 2 and 3 of the configuration name the sandbox
// image differently.
func (c *criConfig) read(text string) {
	table, inDisabled := "", false
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") && !inDisabled {
			table = line
			continue
		}
		key, value, found := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if inDisabled || (found && key == "disabled_plugins") {
			// The one list that can run over several lines.
			c.disabled = c.disabled || strings.Contains(line, `cri"`) || strings.Contains(line, `cri'`)
			inDisabled = !strings.Contains(line, "]")
			continue
		}
		switch unquoted := strings.Trim(value, `"'`); {
		case key == "SystemdCgroup" && strings.Contains(table, "runc"):
			c.systemdCgroup = value == "true"
		case key == "sandbox_image", key == "sandbox" && strings.Contains(table, "pinned_images"):
			c.sandbox = unquoted
		}
	}
}
