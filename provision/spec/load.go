package spec

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// maxReports is how many problems are worth reading at once.
const maxReports = 100

// Options are what a spec is loaded with besides its own text.
type Options struct {
	// Vars are the values of --var, by name.
	Vars map[string]string
	// LookupEnv answers for the environment: BULWARK_VAR_x and env("X") in
	// defaults. Without it there is no environment.
	LookupEnv func(string) (string, bool)
	// Overlay is a file of deviation blocks, or "".
	Overlay string
	// Standards knows profiles; nil where a spec can name none.
	Standards Standards
}

// Load reads the spec at a path, which is a file or a folder with one cluster
// in its *.hcl files; "" is the current folder. The cluster is nil when a
// diagnostic is an error. The files are those that were read, for snippets.
func Load(path string, opts Options) (*cluster.Cluster, Files, hcl.Diagnostics) {
	r := Read(path, opts)
	return r.Cluster, r.Files, r.Diags
}

// Read is [Load] for a caller that may find more wrong with the spec.
func Read(path string, opts Options) *Reading {
	l := newLoader(opts)
	r := &Reading{Files: l.files, l: l}
	l.load(path)
	if r.Diags = l.sorted(); !r.Diags.HasErrors() {
		r.Cluster, r.Own = l.c, l.own
	}
	return r
}

func (l *loader) load(path string) {
	dir, names, err := openSpec(path)
	if err != nil {
		l.report(problem(CodeFile, hcl.Range{}, "Spec not found", "%q: %s. Name a *.hcl file, or a folder that holds one; `bulwark init` writes a first one.", path, cause(err)))
		return
	}
	defer dir.root.Close() //nolint:errcheck // nothing was written
	l.dir = dir
	l.eval.functions = l.eval.standard(dir)
	body := l.parse(names)
	if body != nil {
		l.root(body)
	}
	if l.opts.Overlay != "" {
		l.overlay(l.opts.Overlay)
	}
}

// loader is one run of Load.
type loader struct {
	opts    Options
	dir     *folder
	files   Files
	eval    *evaluator
	secrets []string    // never to be printed
	hidden  []hcl.Range // whose values are never to be printed
	diags   hcl.Diagnostics
	c       *cluster.Cluster
	at      sites
	own     []OwnProfile
}

func newLoader(opts Options) *loader {
	return &loader{
		opts:  opts,
		files: Files{},
		c:     &cluster.Cluster{Origins: map[string]cluster.Origin{}},
		at:    sites{},
		eval: &evaluator{
			budget: &budget{left: maxSteps},
			vars:   map[string]cty.Value{},
			locals: map[string]cty.Value{},
			secret: map[string]bool{},
		},
	}
}

func (l *loader) lookupEnv(name string) (string, bool) {
	if l.opts.LookupEnv == nil {
		return "", false
	}
	return l.opts.LookupEnv(name)
}

func (l *loader) report(diags ...*hcl.Diagnostic) { l.diags = append(l.diags, diags...) }

// sorted are the problems in the order of the text, warnings among them, with
// what is secret taken out.
func (l *loader) sorted() hcl.Diagnostics {
	sort.SliceStable(l.diags, func(i, j int) bool {
		a, b := l.diags[i].Subject, l.diags[j].Subject
		switch {
		case a == nil || b == nil:
			return a == nil && b != nil
		case a.Filename != b.Filename:
			return a.Filename < b.Filename
		}
		return cmp.Or(cmp.Compare(a.Start.Byte, b.Start.Byte), cmp.Compare(l.diags[i].Detail, l.diags[j].Detail)) < 0
	})
	if len(l.diags) > maxReports {
		more := len(l.diags) - maxReports
		l.diags = append(l.diags[:maxReports:maxReports], problem(CodeLimit, hcl.Range{}, "More problems", "%d further problems are not shown. Solve these first.", more))
	}
	l.withoutSecrets(l.diags)
	return l.diags
}

// parse reads the files into one body. It is nil when there is nothing to go on with.
func (l *loader) parse(names []string) hcl.Body {
	if len(names) == 0 {
		l.report(problem(CodeFile, hcl.Range{}, "No spec here", "Folder %q holds no *.hcl file. `bulwark init` writes a first one.", l.dir.path))
		return nil
	}
	if len(names) > maxFiles {
		l.report(problem(CodeLimit, hcl.Range{}, "Too many files", "Folder %q holds %d *.hcl files, and a spec has at most %d.", l.dir.path, len(names), maxFiles))
		return nil
	}
	var parsed []*hcl.File
	total := 0
	for _, name := range names {
		src := source{name: l.dir.display(name)}
		b, err := l.dir.read(name, maxFileBytes)
		if err != nil {
			l.report(unreadable(src.name, err))
			continue
		}
		if total += len(b); total > maxTotalBytes {
			l.report(problem(CodeLimit, hcl.Range{}, "Spec too large", "The *.hcl files of %q have more than %d bytes together.", l.dir.path, maxTotalBytes))
			return nil
		}
		src.bytes = b
		if f := l.parseOne(src); f != nil {
			parsed = append(parsed, f)
		}
	}
	if l.diags.HasErrors() {
		return nil // half a spec would only have follow-on problems
	}
	return hcl.MergeFiles(parsed)
}

func (l *loader) parseOne(src source) *hcl.File {
	l.files[src.name] = &hcl.File{}
	if d := checkEncoding(src); d != nil {
		l.report(d)
		return nil
	}
	l.files[src.name].Bytes = src.bytes
	if diags := guard(src); diags.HasErrors() {
		l.report(diags...)
		return nil
	}
	f, diags := hclsyntax.ParseConfig(src.bytes, src.name, hcl.InitialPos)
	l.report(tagged(diags, CodeSyntax)...)
	if f != nil {
		l.files[src.name] = f
	}
	return f
}

func unreadable(name string, err error) *hcl.Diagnostic {
	switch {
	case errors.Is(err, errTooLarge):
		return problem(CodeFile, hcl.Range{}, "File too large", "%s: %s. Split the spec over several files of one folder.", name, err)
	case errors.Is(err, errNotRegular):
		return problem(CodeFile, hcl.Range{}, "Not a file", "%s cannot be read: %s.", name, err)
	case errors.Is(err, fs.ErrPermission):
		return problem(CodeFile, hcl.Range{}, "File not readable", "%s: %s. Give yourself the right to read it.", name, cause(err))
	case escapes(err):
		return problem(CodeFile, hcl.Range{}, "File outside the folder", "%s is a link to a file outside the spec's folder. Copy the file into it.", name)
	}
	return problem(CodeFile, hcl.Range{}, "File not readable", "%s: %s.", name, cause(err))
}

// root reads the top level: variables and locals first, since all else may use them.
func (l *loader) root(body hcl.Body) {
	var text rootText
	l.decode(body, &text)
	l.declare(text.Variables)
	l.report(l.eval.define(text.Locals)...)
	for _, d := range text.Deviation {
		l.report(problem(CodeOverlay, d.At, "Deviation in a spec",
			"A spec says what is wanted; what a machine cannot have belongs to a file of its own, named with --overlay."))
	}
	switch len(text.Clusters) {
	case 0:
		// Without a cluster because of another problem, this one would only confuse.
		if !l.diags.HasErrors() {
			l.report(problem(CodeMissing, hcl.Range{}, "No cluster", "The spec in %q has no cluster block. Write cluster \"name\" { … }; `bulwark init` writes a first one.", l.dir.path))
		}
	case 1:
		l.cluster(text.Clusters[0], text.Profiles)
	default:
		for _, c := range text.Clusters[1:] {
			first := text.Clusters[0].At
			l.report(problem(CodeDuplicate, c.At, "More than one cluster",
				"A spec is one cluster, and one is already there on %s line %d. Give each cluster its own file or folder.", first.Filename, first.Start.Line))
		}
	}
}

// decode reads a block's words. HCL suggests words for those it does not know.
func (l *loader) decode(body hcl.Body, into any) {
	for _, d := range gohcl.DecodeBody(body, nil, into) {
		code := CodeUnknown
		switch {
		case strings.HasPrefix(d.Summary, "Missing"), strings.HasPrefix(d.Summary, "Extraneous"):
			code = CodeMissing
		case strings.HasPrefix(d.Summary, "Duplicate"):
			code = CodeDuplicate
		}
		if code == CodeUnknown {
			d.Detail += " See the words of a spec with `bulwark init`."
		}
		l.report(tagged(hcl.Diagnostics{d}, code)...)
	}
}

// sites are where settings were written, by their path, for problems that
// show only when all is known.
type sites map[string]hcl.Range

// from records where a setting came from.
func (l *loader) from(path string, at hcl.Range) {
	l.at[path] = at
	l.c.Origins[path] = cluster.Origin{File: filepath.Base(at.Filename), Line: at.Start.Line}
}

// where is the place of a setting, or a place near it.
func (l *loader) where(path string, near hcl.Range) hcl.Range {
	if at, ok := l.at[path]; ok {
		return at
	}
	return near
}
