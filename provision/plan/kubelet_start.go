package plan

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// kubelet is the component that starts all others.
const kubelet = "kubelet"

// kubeletFlags is where the unit's KUBELET_KUBEADM_ARGS come from.
const kubeletFlags = "/var/lib/kubelet/kubeadm-flags.env"

// fromUnit are the arguments that the kubelet's unit gives by itself. Without the
// first there is no hardened setting: such a kubelet answers everybody.
func fromUnit(a string) bool {
	return strings.HasPrefix(a, "--config=") || strings.HasPrefix(a, "--kubeconfig=") || strings.HasPrefix(a, "--bootstrap-kubeconfig=")
}

// kubeletStart refuses a node whose kubelet runs without an argument that it should
// have, or would from its next start on. What bulwark itself puts back, and what the
// kubelet starts again for, is no problem but a step.
func (p *preflight) kubeletStart(packaged bool) {
	if !p.joined() || len(p.arguments) == 0 {
		return
	}
	dropIn := packagedKubeletUnit + ".d/" + kubeadmDropIn
	if packaged {
		if missing := p.startsWithout(packagedKubeletUnit, dropIn); len(missing) > 0 {
			p.bad("kubelet-start", "the kubelet will start without "+strings.Join(missing, " ")+": "+p.startedFrom(),
				"install the package of the kubelet again, so that %s gives it these arguments, then systemctl daemon-reload and systemctl restart kubelet", dropIn)
			return
		}
	}
	if missing := p.runsWithout(packaged); len(missing) > 0 {
		p.bad("kubelet-start", "the kubelet runs without "+strings.Join(missing, " ")+": "+p.startedFrom(),
			"see with systemctl cat kubelet which file leaves them out, put that right, then systemctl daemon-reload and systemctl restart kubelet")
	}
}

// startedFrom is what the kubelet's unit is made of, for people.
func (p *preflight) startedFrom() string {
	u := p.got.Units[kubeletUnit]
	out := "its unit is " + cmp.Or(u.Fragment, "unknown")
	if len(u.DropIns) == 0 {
		return out + ", without drop-ins"
	}
	return out + ", with " + list(u.DropIns)
}

// runsWithout are arguments that the running kubelet should have and has not.
func (p *preflight) runsWithout(packaged bool) []string {
	got := p.got.Processes[kubelet]
	if len(got.Args) == 0 || !packaged && p.startsAgain() {
		return nil
	}
	var out []string
	for _, a := range p.arguments {
		if !slices.Contains(got.Args[1:], a) && (fromUnit(a) || p.saidBefore(a, got)) {
			out = append(out, a)
		}
	}
	return out
}

// startsAgain says whether a plan mends bulwark's own unit or drop-in and starts the
// kubelet again with it.
func (p *preflight) startsAgain() bool {
	got := p.got.Processes[kubelet]
	return p.got.Units[kubeletUnit].Stale || slices.ContainsFunc(p.facts, func(f state.Fact) bool {
		if f.File == nil || !starts(*f.File) || !slices.Contains(f.File.Restarts, kubelet) || f.File.Mode.IsDir() {
			return false
		}
		have := p.got.Files[f.File.Path]
		return have.SHA256 != state.SHA256(f.File.Content) || newer(have, got, p.got.Clock)
	})
}

// saidBefore says whether an argument stood in what kubeadm wrote for the kubelet when
// that started, and is what kubeadm would write now. Otherwise a plan mends it.
func (p *preflight) saidBefore(a string, got state.Process) bool {
	derived, have := p.got.Derived[kubeletFlags], p.got.Files[kubeletFlags]
	return strings.Contains(string(derived), a) && state.SHA256(derived) == have.SHA256 && got.Started > 0 && !newer(have, got, p.got.Clock)
}

// newer says whether a file changed since a process began, as [rules.processStep] does.
func newer(f state.HaveFile, p state.Process, clock int64) bool {
	return p.Started > 0 && f.Changed > p.Started+startSlack && f.Changed <= clock
}

// startsWithout are arguments of the unit that its files do not give. Nothing is said
// where they cannot tell: one was not read, or names another file.
func (p *preflight) startsWithout(files ...string) []string {
	var text strings.Builder
	for _, name := range files {
		f := p.got.Files[name]
		if _, unread := p.got.Unread[name]; unread || f.Exists() && f.Type != "file" {
			return nil
		}
		text.Write(f.Text)
		text.WriteByte('\n')
	}
	words, known := commandOf(text.String())
	if !known {
		return nil
	}
	var out []string
	for _, a := range p.arguments {
		if fromUnit(a) && !slices.Contains(words, a) {
			out = append(out, a)
		}
	}
	return out
}

var (
	continued = regexp.MustCompile(`\\\r?\n`)
	unitWord  = regexp.MustCompile(`(?:"[^"]*"|'[^']*'|[^\s"'])+`)
	variable  = regexp.MustCompile(`^\$\{?(\w+)\}?$`)
)

// commandOf is what a unit's text has systemd execute, with the variables it sets
// itself, in words: systemd.exec(5), systemd.service(5). It is not known where the
// unit reads variables from a file that is neither kubeadm's nor compared elsewhere.
func commandOf(text string) (words []string, known bool) {
	known = true
	set := map[string]string{}
	for line := range strings.Lines(continued.ReplaceAllString(text, " ")) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "Environment":
			if value == "" {
				clear(set)
			}
			for _, word := range unitWord.FindAllString(value, -1) {
				name, said, _ := strings.Cut(unquoted(word), "=")
				set[name] = said
			}
		case "EnvironmentFile":
			file := strings.TrimPrefix(value, "-")
			known = known && (file == "" || file == kubeletFlags || slices.Contains(kubeletEnvironments(), file))
		case "ExecStart":
			words = unitWord.FindAllString(value, -1)
		}
	}
	var out []string
	for _, word := range words {
		if m := variable.FindStringSubmatch(word); m != nil {
			out = append(out, strings.Fields(set[m[1]])...)
			continue
		}
		out = append(out, unquoted(word))
	}
	return out, known
}

// unquoted is a word without the quotes in it.
func unquoted(word string) string { return strings.NewReplacer(`"`, "", `'`, "").Replace(word) }
