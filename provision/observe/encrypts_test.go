package observe

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// Who encrypts what is kept of a key file, and no key. What is none is not read.
func TestLookKeepsNoKeys(t *testing.T) {
	const key = "c2VjcmV0IG9mIDMyIGJ5dGVzLCBpbiBiYXNlNjQgLys9PQ"
	files := map[string]struct{ text, want string }{
		"as bulwark writes it": {keyFileText(key), `{"resources":[{"resources":["secrets"],"providers":[{"secretbox":{}},{"identity":{}}]}]}`},
		"somebody else's":      {`{"resources": [{"resources": ["*.*"], "providers": [{"aescbc": {"keys": [{"name": "` + key + `", "secret": "` + key + `"}]}}]}]}`, `{"resources":[{"resources":["*.*"],"providers":[{"aescbc":{}}]}]}`},
		"another provider":     {"resources: [{resources: [secrets], providers: [{" + key + ": {}}]}]", ""},
		"two in one":           {"resources: [{resources: [secrets], providers: [{identity: {}, aescbc: {}}]}]", ""},
		"another resource":     {"resources: [{resources: [" + key + "], providers: [{identity: {}}]}]", ""},
		"a key alone":          {key, ""},
		"nothing":              {"", ""},
		"too long":             {keyFileText(key) + strings.Repeat("#", MaxText), ""},
	}
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		ask := Ask{Node: "n", FilesOnly: true}
		for name, f := range files {
			must(t, os.WriteFile(filepath.Join(dir, name), []byte(f.text), 0o600))
			ask.Files = append(ask.Files, AskFile{Path: filepath.Join(dir, name), Encrypts: true, Masked: true})
		}
		ask.Files = append(ask.Files, AskFile{Path: filepath.Join(dir, "a key alone"), Text: true}, AskFile{Path: filepath.Join(dir, "none"), Encrypts: true})
		n, err := Node(t.Context(), h, ask)
		must(t, err)
		for name, f := range files {
			path := filepath.Join(dir, name)
			got, why := n.Files[path], n.Unread[path]
			if string(got.Text) != f.want || (why == "") != (f.want != "") || got.SHA256 != state.SHA256([]byte(f.text)) {
				t.Errorf("%s: %s, %q", name, got.Text, why)
			}
		}
		for _, f := range n.Files {
			if said := fmt.Sprintf("%+v %s %q", f, f.Text, n.Unread); strings.Contains(said, key) {
				t.Errorf("the key is kept: %s", said)
			}
		}
		if n.Files[filepath.Join(dir, "none")].Exists() || len(n.Listed) > 0 {
			t.Errorf("%+v", n)
		}
	})
}

// A key is gone from what was read as soon as it was read.
func TestKeysAreCleared(t *testing.T) {
	for what, text := range map[string]string{"kept": keyFileText("a2V5"), "none": "a2V5", "another": keyFileText("a2V5") + "#"} {
		r := newReading(Ask{Node: "n", Files: []AskFile{{Path: "/k", Encrypts: true}}})
		r.node.Files["/k"] = state.HaveFile{Path: "/k", Type: "file", SHA256: state.SHA256([]byte(strings.TrimSuffix(text, "#")))}
		data := []byte("/k\n" + text)
		must(t, r.text(script.Frame{Kind: "text", Data: data}))
		if strings.Contains(string(data), "a2V5") {
			t.Errorf("%s: %q", what, data)
		}
		if r.close(); (r.node.Unread["/k"] == "") != (what == "kept") {
			t.Errorf("%s: %q", what, r.node.Unread)
		}
	}
	r := newReading(Ask{Node: "n", Files: []AskFile{{Path: "/k", Encrypts: true}}})
	r.node.Files["/k"] = state.HaveFile{Path: "/k", Type: "file", SHA256: state.SHA256(nil)}
	if r.close(); r.node.Unread["/k"] == "" {
		t.Error("silence is taken for an answer")
	}
}

// What was asked to be listed is told from what nobody listed.
func TestLookSaysWhatItListed(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir := t.TempDir()
		must(t, os.MkdirAll(filepath.Join(dir, "a", "b"), 0o700))
		none := filepath.Join(dir, "none")
		n, err := Node(t.Context(), h, Ask{Node: "n", FilesOnly: true, Dirs: []string{none, dir, dir}})
		must(t, err)
		if len(n.Listed) != 2 || n.Listed[0] != dir || n.Listed[1] != none || n.Files[none].Exists() || !n.Files[filepath.Join(dir, "a", "b")].Exists() {
			t.Errorf("%q, %+v", n.Listed, n.Files)
		}
	})
}
