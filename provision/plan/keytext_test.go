package plan

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// keyed is as many control planes as there are words, each with a key file: its first
// letter is the key, and "x" behind it means that it says something else than it should.
func keyed(files ...string) (*cluster.Cluster, []state.Want, *state.Cluster) {
	c, wants, have := encrypting()
	encryption := wants[len(wants)-1].Facts[0].Encryption
	c.Nodes = nil
	var out []state.Want
	var planes []string
	base := have.Nodes["cp-1"]
	for i := range files {
		planes = append(planes, "cp-"+string(rune('1'+i)))
	}
	for i, name := range planes {
		c.Nodes = append(c.Nodes, cluster.Node{Name: name, Role: cluster.ControlPlane, Address: netip.MustParseAddr("192.0.2.1" + string(rune('1'+i)))})
		node := *base
		node.Name, node.Unread, node.Files = name, map[string]string{}, map[string]state.HaveFile{}
		for path, f := range base.Files {
			node.Files[path] = f
		}
		f := node.Files[encryptionFile]
		f.SHA256 = state.SHA256([]byte(files[i]))
		if strings.HasSuffix(files[i], "x") {
			f.Masked = state.SHA256([]byte(files[i][1:]))
		}
		node.Files[encryptionFile] = f
		keys := encryption.File
		keys.Shared, keys.Maker = planes, "cp-1"
		if i > 0 {
			keys.Content = nil
		}
		marker := encryption.Marker
		out = append(out, state.Want{Node: name, Facts: []state.Fact{{ID: name + "/file" + encryptionFile, File: &keys}, {ID: name + "/file" + encryptionMarker, File: &marker}}})
		have.Nodes[name] = &node
	}
	return c, append(out, wants[len(wants)-1]), have
}

// Of a key file only its text beside the key is known. What somebody changed in it is
// mended by the step that encrypts, which keeps the key and writes what may lie in the
// clear again; no other step replaces a key file, since it may hold the only key.
func TestAKeyFileThatSomebodyChanged(t *testing.T) {
	const rewrite = "cluster/encryption/rewrite"
	for what, test := range map[string]struct {
		files  string
		change func(*state.Cluster)
		steps  []string
		says   string   // by the step's title, of each file
		rows   []string // of preflight
	}{
		"as it should be":                  {"k", nil, nil, "", nil},
		"all as they should be":            {"k k k", nil, nil, "", nil},
		"in the clear on the only one":     {"kx", nil, []string{rewrite}, "cp-1 says", []string{"cp-1 encryption-file warning"}},
		"in the clear on one":              {"k kx k", nil, []string{rewrite}, "cp-2 says", []string{"cp-2 encryption-file warning"}},
		"in the clear on two of three":     {"kx kx k", nil, []string{rewrite}, "cp-1 says, cp-2 says", []string{"cp-1 encryption-file warning", "cp-2 encryption-file warning"}},
		"another key on one of three":      {"k k l", nil, []string{rewrite}, "cp-3 key", []string{"cp-3 encryption-file warning"}},
		"another key on two of three":      {"l l k", nil, []string{rewrite}, "cp-3 key", []string{"cp-3 encryption-file warning"}},
		"another key on one of two":        {"k l", nil, nil, "", []string{"cp-1 shared-file"}},
		"three keys":                       {"k l m", nil, nil, "", []string{"cp-1 shared-file"}},
		"another key, and in the clear":    {"k k lx", nil, []string{rewrite}, "cp-3 says", []string{"cp-3 encryption-file warning"}},
		"a mode":                           {"k k k", func(have *state.Cluster) { mend(have, "cp-2", func(f *state.HaveFile) { f.Mode = 0o644 }) }, []string{"cp-2/file" + encryptionFile}, "", nil},
		"not compared, since not read":     {"k", func(have *state.Cluster) { unread(have, "cp-1") }, nil, "", nil},
		"nothing is known of its text":     {"k", func(have *state.Cluster) { mend(have, "cp-1", func(f *state.HaveFile) { f.Masked = "" }) }, []string{rewrite}, "cp-1 says", []string{"cp-1 encryption-file warning"}},
		"its API does not answer":          {"kx kx k", func(have *state.Cluster) { have.API.Status = state.Unreachable }, nil, "", []string{"cp-1 encryption-file", "cp-2 encryption-file"}},
		"another key, and no API":          {"k k l", func(have *state.Cluster) { have.API.Status = state.Unreachable }, nil, "", []string{"cp-3 encryption-file"}},
		"a run was cut between":            {"kx kx k", func(have *state.Cluster) { unmarked(have, "cp-2") }, []string{rewrite}, "", nil},
		"a link instead of the only one":   {"k", func(have *state.Cluster) { link(have, "cp-1") }, []string{"cp-1/file" + encryptionFile}, "", []string{"cp-1 encryption-key"}},
		"a link instead of one":            {"k k k", func(have *state.Cluster) { link(have, "cp-1") }, []string{"cp-1/file" + encryptionFile + " from cp-2"}, "", nil},
		"gone on one, wrong on the others": {"kx kx k", func(have *state.Cluster) { without(encryptionFile)("", have.Nodes["cp-1"]) }, []string{"cp-1/file" + encryptionFile + " from cp-3", rewrite}, "cp-2 says", []string{"cp-2 encryption-file warning"}},
	} {
		t.Run(what, func(t *testing.T) {
			c, wants, have := keyed(strings.Fields(test.files)...)
			if test.change != nil {
				test.change(have)
			}
			var got []string
			title := ""
			for _, s := range Compute(c, wants, have, never).Steps {
				id := s.ID
				if s.File != nil && s.File.CopyFrom != "" {
					id += " from " + s.File.CopyFrom
				}
				got = append(got, id)
				if s.Encryption != nil {
					title = s.Title
				}
			}
			if !slices.Equal(got, test.steps) {
				t.Errorf("steps %q, want %q", got, test.steps)
			}
			var says []string
			for _, part := range strings.Split(title, "; ") {
				node, why, _ := strings.Cut(part, ": "+encryptionFile)
				switch {
				case strings.Contains(why, "does not say"):
					says = append(says, node+" says")
				case strings.Contains(why, "another key"):
					says = append(says, node+" key")
				}
			}
			if got := strings.Join(says, ", "); got != test.says {
				t.Errorf("the title says %q, want %q: %s", got, test.says, title)
			}
			var rows []string
			for _, p := range slices.Concat(keyless(c, have), keyFilesRow(c, wants, have), undecided(c, wants, have)) {
				row := p.Node + " " + p.Check
				if p.Warning {
					row += " warning"
				}
				rows = append(rows, row)
			}
			if !slices.Equal(rows, test.rows) {
				t.Errorf("rows %q, want %q", rows, test.rows)
			}
		})
	}
}

func mend(have *state.Cluster, node string, change func(*state.HaveFile)) {
	f := have.Nodes[node].Files[encryptionFile]
	change(&f)
	have.Nodes[node].Files[encryptionFile] = f
}

func unread(have *state.Cluster, node string) {
	mend(have, node, func(f *state.HaveFile) { f.Masked = "" })
	have.Nodes[node].Unread = map[string]string{encryptionFile: "it could not be read"}
}

func link(have *state.Cluster, node string) {
	mend(have, node, func(f *state.HaveFile) { *f = state.HaveFile{Path: encryptionFile, Type: "symlink"} })
}

func unmarked(have *state.Cluster, node string) {
	have.Nodes[node].Files[encryptionMarker] = state.HaveFile{Path: encryptionMarker, Type: "file", Mode: 0o600, Owner: "root:root", SHA256: state.SHA256([]byte("v1 before\n"))}
}
