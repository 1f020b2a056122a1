package observe

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// keyFileText is a key file as bulwark writes it, with something in place of its key.
func keyFileText(key string) string {
	return "kind: EncryptionConfiguration\nresources:\n- providers:\n  - secretbox:\n      keys:\n      - name: key1\n        secret: " + key +
		"\n  - identity: {}\n  resources:\n  - secrets\n"
}

// What a key file says beside its keys is compared by a digest; no key leaves the machine.
func TestLookMasksKeys(t *testing.T) {
	const key = "c2VjcmV0IG9mIDMyIGJ5dGVzLCBpbiBiYXNlNjQgLys9PQ+/=="
	text := keyFileText(key)
	files := map[string]string{
		"right": text, "another key": keyFileText("YW5vdGhlcg=="), "in the clear": strings.Replace(text, "- identity: {}\n", "", 1) + "  - identity: {}\n",
		"no break at the end": strings.TrimSuffix(text, "\n"), "a comment": strings.Replace(text, key, key+" # old", 1), "quoted": keyFileText(`"` + key + `"`),
		"crlf": strings.ReplaceAll(text, "\n", "\r\n"), "no key": keyFileText(""), "in one line": "{name: key1, secret: " + key + "}\n", "empty": "",
	}
	wanted := state.SHA256(state.Masked([]byte(keyFileText(state.Ref("encryption-key")))))
	scripttest.Each(t, func(t *testing.T, local *scripttest.Host) {
		h := &counted{Host: local}
		dir := t.TempDir()
		ask := Ask{Node: "n", FilesOnly: true}
		for name, text := range files {
			must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
			ask.Files = append(ask.Files, AskFile{Path: filepath.Join(dir, name), Masked: true})
		}
		link, none := filepath.Join(dir, "link"), filepath.Join(dir, "none")
		must(t, os.Symlink(filepath.Join(dir, "right"), link))
		ask.Files = append(ask.Files, AskFile{Path: link, Masked: true}, AskFile{Path: none, Masked: true}, AskFile{Path: dir, Masked: true})
		n, err := Node(t.Context(), h, ask)
		must(t, err)
		for name, text := range files {
			got := n.Files[filepath.Join(dir, name)]
			if got.Masked != state.SHA256(state.Masked([]byte(text))) || got.SHA256 != state.SHA256([]byte(text)) {
				t.Errorf("%s: %+v", name, got)
			}
			if right := name == "right" || name == "another key"; (got.Masked == wanted) != right {
				t.Errorf("%s: as wanted is %v", name, !right)
			}
		}
		for _, p := range []string{link, none, dir} {
			if n.Files[p].Masked != "" {
				t.Errorf("%+v", n.Files[p])
			}
		}
		if len(n.Unread) > 0 || strings.Contains(string(h.said), key) {
			t.Errorf("%q\n%s", n.Unread, h.said)
		}
	})
}

// A key file whose text cannot be compared is one that was not read.
func TestAKeyFileThatIsNotMaskedIsUnread(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		path := filepath.Join(t.TempDir(), "keys")
		must(t, os.WriteFile(path, []byte(keyFileText("a2V5")), 0o600))
		own := *h
		own.Env = append([]string{}, h.Env...)
		own.Shim(t, map[string]string{"sed": "#!/bin/sh\nexit 4\n"})
		n, err := Node(t.Context(), &own, Ask{Node: "n", FilesOnly: true, Files: []AskFile{{Path: path, Masked: true}}})
		must(t, err)
		if n.Unread[path] == "" || n.Files[path].Masked != "" || n.Files[path].Type != "file" {
			t.Errorf("%+v, %q", n.Files[path], n.Unread)
		}
	})
}

func TestLiesAboutMaskedTexts(t *testing.T) {
	sum := state.SHA256(nil)
	for what, data := range map[string]string{"of a stranger": "/etc\n" + sum, "no digest": "/keys\nabc", "no hex": "/keys\n" + strings.Repeat("g", 64), "twice": "/twice\n" + sum} {
		r := newReading(Ask{Node: "n", Files: []AskFile{{Path: "/keys", Masked: true}, {Path: "/twice", Masked: true}, {Path: "/etc"}}})
		r.node.Files["/keys"] = state.HaveFile{Type: "file"}
		r.node.Files["/twice"] = state.HaveFile{Type: "file", Masked: sum}
		if err := r.masked(script.Frame{Kind: "masked", Data: []byte(data)}); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	r := newReading(Ask{Node: "n", Files: []AskFile{{Path: "/keys", Masked: true}}})
	r.node.Files["/keys"] = state.HaveFile{Path: "/keys", Type: "file", SHA256: sum}
	if r.close(); r.node.Unread["/keys"] == "" {
		t.Error("silence is taken for an answer")
	}
}
