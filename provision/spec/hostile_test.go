package spec

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// refused loads a spec that must be refused with a code, and returns what the
// user would see.
func refused(t *testing.T, path string, code Code) string {
	t.Helper()
	c, files, diags := Load(path, Options{})
	if c != nil || !diags.HasErrors() {
		t.Fatal("the spec was accepted")
	}
	text := printed(files, diags)
	if !hasCode(diags, code) {
		t.Fatalf("no diagnostic has the code %q:\n%s", code, cut(text))
	}
	return text
}

func hasCode(diags hcl.Diagnostics, code Code) bool {
	for _, d := range diags {
		if CodeOf(d) == code && d.Detail != "" {
			return true
		}
	}
	return false
}

func cut(s string) string { return s[:min(len(s), 2000)] }

// A Go stack overflow cannot be recovered from: if the guard lets one of these
// through, the test binary dies.
func TestNestingIsRefusedBeforeItIsParsed(t *testing.T) {
	const n = 100_000
	r := strings.Repeat
	for name, text := range map[string]string{
		"parentheses":             "locals { a = " + r("(", n) + "1" + r(")", n) + " }",
		"parentheses left open":   "locals { a = " + r("(", n),
		"tuples":                  "locals { a = " + r("[", n) + r("]", n) + " }",
		"objects":                 "locals { a = " + r("{a=", n) + "1" + r("}", n) + " }",
		"objects over lines":      "locals { a = " + r("{\na=", n) + "1" + r("\n}", n) + " }",
		"blocks":                  r("a {\n", n) + r("}\n", n),
		"blocks in one line":      r("a {", n) + r("}", n),
		"calls":                   "locals { a = " + r("f(", n) + r(")", n) + " }",
		"indexes inside":          "locals { a = " + r("a[", n) + "0" + r("]", n) + " }",
		"indexes behind":          "locals { a = b" + r("[c]", n) + " }",
		"splats":                  "locals { a = b" + r("[*]", n) + " }",
		"attribute splats":        "locals { a = b" + r(".*", n) + " }",
		"attributes":              "locals { a = b" + r(".c", n) + " }",
		"templates":               "locals { a = " + r(`"${`, n) + "1" + r(`}"`, n) + " }",
		"template ifs":            `locals { a = "` + r("%{if true}", n/2) + r("%{endif}", n/2) + `" }`,
		"template fors":           `locals { a = "` + r("%{for x in y}", n/3) + r("%{endfor}", n/3) + `" }`,
		"template elses":          `locals { a = "` + r("%{if a}%{else}%{if b}%{else}", n/4) + `" }`,
		"heredocs":                "locals { a = " + r("<<A\n${", n/2),
		"not":                     "locals { a = " + r("!", n) + "true }",
		"minus":                   "locals { a = " + r("-", n) + "1 }",
		"minus over lines":        "locals { a = (" + r("-\n", n) + "1) }",
		"minus over lines in for": "locals { a = {for k, v in x : k => " + r("-\n", n) + "1} }",
		"conditions":              "locals { a = " + r("a?b:", n) + "c }",
		"conditions inside":       "locals { a = " + r("a?", n) + "b" + r(":c", n) + " }",
		"sums":                    "locals { a = 1" + r("+1", n) + " }",
		"ands":                    "locals { a = a" + r("&&a", n) + " }",
		"mixed operators":         "locals { a = 1" + r("+1*1-1==1", n/5) + " }",
		"loops":                   "locals { a = " + r("[for x in y : ", n/2) + r("]", n/2) + " }",
		"closers that do not fit": "locals { a = " + r("(]", n),
		"braces and parentheses":  "locals { a = " + r("({", n) + r("})", n),
	} {
		t.Run(name, func(t *testing.T) {
			if len(text) > maxFileBytes {
				t.Fatal("the file is refused for its size already, and proves nothing")
			}
			refused(t, written(t, text), CodeLimit)
		})
	}
}

// HCL's parser would take minutes for each of these.
func TestLongHeredocsAreRefusedBeforeTheyAreParsed(t *testing.T) {
	r := strings.Repeat
	for name, text := range map[string]string{
		"a line too many":   "locals {\n a = <<A\n" + r("x\n", maxHeredoc+1) + "A\n}\n",
		"never ended":       "locals {\n a = <<A\n" + r("x y\n", 250_000),
		"one in each line":  r("a = <<A\n", 130_000),
		"indented":          "locals {\n a = <<-A\n" + r("  x y\n", 100_000) + "  A\n}\n",
		"many of them":      "locals {\n" + r("a = <<A\n"+r("x\n", 4000)+"A\n", 5) + "}\n",
		"pieces of lines":   "locals {\n a = <<A\n" + r(r("$${", 10_000)+"\n", 10) + "A\n}\n",
		"pieces of strings": "locals {\n" + r("a = \""+r("$${", 10_000)+"\"\n", 30) + "}\n",
		"pieces of many":    "locals {\n" + r("a = \""+r("%%{", 4000)+"\"\n", 30) + "}\n",
		"with expressions":  "locals {\n a = <<A\n" + r("${1} x\n", 100_000) + "A\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			if said := refused(t, written(t, text), CodeLimit); !strings.Contains(said, "file(") {
				t.Errorf("it does not say what to do:\n%s", cut(said))
			}
			if d := time.Since(begun); d > 30*time.Second {
				t.Errorf("it took %s", d)
			}
		})
	}
	_, _, diags := Load(written(t, "locals {\n a = <<A\n"+r("x\n", maxHeredoc)+"A\n}\n"+minimal), Options{})
	if diags.HasErrors() {
		t.Error(diags)
	}
	var many strings.Builder // as a large spec has them
	for i := range maxHeredocs {
		fmt.Fprintf(&many, "a%d = \"a${1}b${2}c\"\n", i)
	}
	if _, _, diags = Load(written(t, "locals {\n"+many.String()+"}\n"+minimal), Options{}); diags.HasErrors() {
		t.Error(diags)
	}
}

func TestAnExpressionBuildsNoMoreThanABudget(t *testing.T) {
	loop := "1"
	for i := range 9 {
		loop = fmt.Sprintf("[for x%d in [0,1,2,3,4,5,6,7,8,9] : %s]", i, loop)
	}
	doubling := func(first, next string) string {
		s := "  a0 = " + first + "\n"
		for i := 1; i < 60; i++ {
			s += fmt.Sprintf("  a%d = %s\n", i, strings.ReplaceAll(next, "@", fmt.Sprintf("local.a%d", i-1)))
		}
		return s
	}
	set := "a = toset([for x in range(1000) : \"a${x}\"])\n"
	for name, locals := range map[string]string{
		"nested loops":               "a = " + loop,
		"strings that double":        doubling(`"0123456789"`, `"${@}${@}"`),
		"strings joined":             doubling(`"0123456789"`, `join(@, [@, @, @])`),
		"lists that double":          doubling("[1]", "concat(@, @)"),
		"lists that hold themselves": doubling("[1]", "[@, @]"),
		"lists that only get deep":   doubling("[1]", "[[@]]"),
		"equal lists":                doubling("[1]", "[@, @]") + "  b = local.a30 == local.a30\n",
		"json of itself":             doubling(`"\""`, "jsonencode(@)"),
		"splats":                     "a = range(1000)\n b = [for x in local.a : local.a]\n c = [for x in local.b : local.b]\n d = flatten(local.c)\n",
		"set product":                "a = range(1000)\n b = setproduct(local.a, local.a, local.a, local.a)\n",
		"format width":               `a = format("%0999999999d", 1)`,
		"format precision":           `a = format("%.999999999f", 1)`,
		"indent":                     `a = indent(999999999, "a\nb\n")`,
		"replace":                    doubling(`"aaaaaaaaaa"`, `replace(@, "a", @)`),
		"regexreplace":               doubling(`"aaaaaaaaaa"`, `regexreplace(@, "a", @)`),
		"regexreplace groups":        doubling(`"aaaaaaaaaa"`, `regexreplace(@, "a*", "$0$0$0$0$0")`),
		"numbers that double":        doubling("1e900", "@ * @"),
		"small numbers that double":  doubling("1e-900", "@ * @"),
		"json that is deep":          `a = jsondecode(join("", [for x in range(1000) : "[[[[[[[[["]))`,
		"json numbers":               `a = jsondecode("1e999999999")`,
		"regex that is slow":         `a = [for x in range(1000) : regexall("(a{900}){900}", "` + strings.Repeat("a", 9000) + `")]`,
		"distinct":                   "a = range(1000)\n b = flatten([for x in local.a : [for y in local.a : x * 1000 + y]])\n c = distinct(local.b)\n",
		"distinct in a loop":         set + " b = [for x in range(1000) : distinct(tolist(local.a))]\n",
		"distinct of deep lists":     "a = [for x in range(300) : range(300)]\n b = [for x in range(100) : distinct(local.a)]\n",
		"unions in a loop":           set + " b = [for x in range(1000) : setunion(local.a, local.a, local.a)]\n",
		"intersections in a loop":    set + " b = [for x in range(1000) : setintersection(local.a, local.a)]\n",
		"differences in a loop":      set + " b = [for x in range(1000) : setsubtract(local.a, local.a)]\n",
		"set products in a loop":     "a = toset([for x in range(30) : \"a${x}\"])\n b = [for x in range(1000) : setproduct(local.a, local.a)]\n",
		"sets made in a loop":        "a = [for x in range(1000) : \"a${x}\"]\n b = [for x in range(1000) : toset(local.a)]\n",
		"sets compared in a loop":    set + " b = [for x in range(1000) : local.a == local.a]\n",
		"members asked in a loop":    set + " b = [for x in range(1000) : sethaselement(local.a, \"a1\")]\n",
		"big text in a loop":         "a = join(\"\", [for x in range(1000) : \"" + strings.Repeat("a", 1000) + "\"])\n b = [for x in range(1000) : upper(local.a)]\n",
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			path := written(t, "locals {\n"+locals+"\n}\n")
			_, files, diags := Load(path, Options{})
			text := printed(files, diags)
			if !hasCode(diags, CodeBudget) && !strings.Contains(text, "than 3 digits") && !strings.Contains(text, "1000 spaces") {
				t.Fatalf("nothing stopped it:\n%s", cut(text))
			}
			if d := time.Since(begun); d > 20*time.Second {
				t.Errorf("it took %s", d)
			}
		})
	}
}

func TestBytesThatAreNoTextAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nul":                  "cluster \"a\" {\x00}",
		"utf-16":               "\xff\xfec\x00l\x00",
		"utf-16 big end":       "\xfe\xff\x00c",
		"byte order mark":      "\xef\xbb\xbfcluster \"a\" {}",
		"invalid utf-8":        "# \xff\xff",
		"overlong":             "# \xc0\xaf",
		"surrogate":            "# \xed\xa0\x80",
		"escape":               "# \x1b[2J",
		"bidi override":        "# \u202e }",
		"bidi isolate":         "a = \"\u2066\"",
		"zero width":           "clus\u200bter \"a\" {}",
		"cyrillic word":        "\u0441luster \"a\" {}",
		"cyrillic key":         "cluster \"a\" { kubelet { config = { \u0440odPidsLimit = -1 } } }",
		"lone carriage return": "cluster \"a\" {\r}",
		"c1 control":           "# \u0085",
		"line separator":       "# \u2028",
	} {
		t.Run(name, func(t *testing.T) {
			text := refused(t, written(t, text), CodeEncoding)
			if strings.ContainsAny(text, "\x00\x1b") {
				t.Errorf("the diagnostic repeats the control character: %q", text)
			}
		})
	}
	t.Run("long line", func(t *testing.T) {
		refused(t, written(t, "# "+strings.Repeat("a", maxLineBytes)), CodeLimit)
	})
	t.Run("large file", func(t *testing.T) {
		refused(t, written(t, strings.Repeat("# a\n", maxFileBytes/4+1)), CodeFile)
	})
}

func TestNumbersThatAreNoNumbersAreRefused(t *testing.T) {
	for _, n := range []string{"1e1000", "1e999999999", "1e-999999999", "1e99999999999999999999", strings.Repeat("9", 100)} {
		refused(t, written(t, "locals { a = "+n+" }"), CodeRange)
	}
}

// A spec that is a pipe, a device or a folder of its own must not hang bulwark.
func TestOnlyRegularFilesAreRead(t *testing.T) {
	special := func(make func(path string) error) string {
		dir := t.TempDir()
		if err := make(filepath.Join(dir, "cluster.hcl")); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for name, dir := range map[string]string{
		"pipe":           special(func(p string) error { return syscall.Mkfifo(p, 0o600) }),
		"folder":         special(func(p string) error { return os.Mkdir(p, 0o700) }),
		"link outside":   special(func(p string) error { return os.Symlink("/etc/hostname", p) }),
		"link to zeros":  special(func(p string) error { return os.Symlink("/dev/zero", p) }),
		"dangling link":  special(func(p string) error { return os.Symlink("nothing", p) }),
		"link to itself": special(func(p string) error { return os.Symlink("cluster.hcl", p) }),
	} {
		t.Run(name, func(t *testing.T) { refused(t, dir, CodeFile) })
	}
}

func TestFileReadsNothingOutsideTheFolder(t *testing.T) {
	dir := written(t, "")
	outside := filepath.Join(t.TempDir(), "secret")
	for _, err := range []error{
		os.WriteFile(outside, []byte("CANARY"), 0o600),
		os.WriteFile(filepath.Join(dir, "inside"), []byte("yes"), 0o600),
		os.WriteFile(filepath.Join(dir, "binary"), []byte{0xff, 0xfe}, 0o600),
		os.WriteFile(filepath.Join(dir, "decomposed"), []byte("e\u0301"), 0o600),
		os.Mkdir(filepath.Join(dir, "sub"), 0o700),
		os.Symlink("inside", filepath.Join(dir, "link")),
		os.Symlink(outside, filepath.Join(dir, "out")),
		os.Symlink("/", filepath.Join(dir, "sub", "root")),
		os.Symlink("/dev/zero", filepath.Join(dir, "zeros")),
		syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600),
		os.Truncate(filepath.Join(dir, "cluster.hcl"), 0),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	big, err := os.Create(filepath.Join(dir, "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	if err := big.Truncate(10 << 30); err != nil {
		t.Fatal(err)
	}
	if err := big.Close(); err != nil {
		t.Fatal(err)
	}
	read := func(name string) hcl.Diagnostics {
		text := fmt.Sprintf("locals { a = file(%q) }\n", name) + minimal
		if err := os.WriteFile(filepath.Join(dir, "cluster.hcl"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, files, diags := Load(dir, Options{})
		if s := printed(files, diags); strings.Contains(s, "CANARY") {
			t.Errorf("%s was read:\n%s", name, s)
		}
		return diags
	}
	for _, name := range []string{"inside", "link", "./inside", "sub/../inside"} {
		if diags := read(name); diags.HasErrors() {
			t.Errorf("%s is inside the folder, and was refused: %s", name, diags.Error())
		}
	}
	for _, name := range []string{"", ".", "/", "..", "../x", "sub", "nothing", "out", outside, "zeros", "pipe", "sparse", "binary", "decomposed",
		"/etc/passwd", "../../../../../../etc/passwd", "/proc/self/mem", "/proc/self/environ", "sub/root/etc/passwd", "sub/../../x", "inside/"} {
		if diags := read(name); !hasCode(diags, CodeEval) {
			t.Errorf("%q was accepted, or refused without a reason: %v", name, diags)
		}
	}
}
