package spec

import (
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const (
	maxDepth    = 64  // brackets, templates and blocks inside each other
	maxChain    = 256 // operators, indexes and conditions in one expression
	maxDigits   = 64  // characters of a number
	maxExponent = 999 // of a number

	maxHeredoc  = 4096    // lines of one heredoc, or $${ and %%{ of one string
	maxHeredocs = 4 << 12 // of all of one file
)

// guard refuses text that HCL's recursive parser, or what walks its tree,
// could not survive: a Go stack overflow cannot be recovered from, and 200 kB
// of parentheses are enough for one. It works on tokens, which the scanner
// makes without recursion.
func guard(src source) hcl.Diagnostics {
	// The scanner's own complaints come again from the parser.
	tokens, _ := hclsyntax.LexConfig(src.bytes, src.name, hcl.InitialPos)
	g := guarded{frames: []frame{{}}}
	for i, t := range tokens {
		if d := g.token(t, tokens[i+1:]); d != nil {
			return hcl.Diagnostics{d}
		}
	}
	return nil
}

// frame is one bracket, string or block that is open.
type frame struct {
	closer hclsyntax.TokenType
	// chain counts what would make a tree of one level each.
	chain int
	// directives counts the %{ if } and %{ for } that are open in a string.
	directives int
	// pieces are the lines of a heredoc, or what a $${ cuts a string into.
	pieces int
	// loop is a for expression in braces: its new lines end nothing.
	loop bool
}

type guarded struct {
	frames     []frame
	directives int // of all frames
	pieces     int // of text, of all strings so far
}

func (g *guarded) token(t hclsyntax.Token, rest hclsyntax.Tokens) *hcl.Diagnostic {
	top := &g.frames[len(g.frames)-1]
	switch t.Type { //nolint:exhaustive // the other tokens nest nothing
	case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote,
		hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		if t.Type == hclsyntax.TokenTemplateControl {
			g.directive(top, rest)
		}
		if !top.text() {
			top.chain++
		} else if top.closer == hclsyntax.TokenCQuote {
			top.pieces = 0 // an expression stands between them
		}
		g.frames = append(g.frames, frame{closer: closer(t.Type), loop: t.Type == hclsyntax.TokenOBrace && opensLoop(rest)})
		if len(g.frames)+g.directives > maxDepth {
			return problem(CodeLimit, t.Range, "Nested too deeply",
				"More than %d brackets, strings or blocks are open here. Give the inner parts names in a locals block.", maxDepth)
		}
		return nil
	case top.closer:
		if len(g.frames) > 1 {
			g.directives -= top.directives
			g.frames = g.frames[:len(g.frames)-1]
		}
		return nil
	case hclsyntax.TokenComma:
		top.chain = 0
	case hclsyntax.TokenNewline:
		// Inside other brackets a new line does not end an expression.
		if (top.closer == 0 || top.closer == hclsyntax.TokenCBrace) && !top.loop {
			top.chain = 0
		}
	case hclsyntax.TokenStringLit, hclsyntax.TokenQuotedLit:
		return g.piece(top, t.Range)
	case hclsyntax.TokenIdent:
		if !ascii(t.Bytes) {
			return problem(CodeEncoding, t.Range, "Letters that may look like others",
				"The name %q is not plain ASCII; letters of other alphabets can look like Latin ones. Write it with a-z, 0-9, _ and -.", t.Bytes)
		}
	case hclsyntax.TokenNumberLit:
		if !smallNumber(string(t.Bytes)) {
			return problem(CodeRange, t.Range, "Number too large",
				"A number has at most %d characters and an exponent of at most %d. No setting needs more.", maxDigits, maxExponent)
		}
	case hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPlus, hclsyntax.TokenMinus, hclsyntax.TokenPercent,
		hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq,
		hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq, hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenBang,
		hclsyntax.TokenDot, hclsyntax.TokenDoubleColon, hclsyntax.TokenQuestion, hclsyntax.TokenColon, hclsyntax.TokenEllipsis:
		top.chain++
	}
	if top.chain > maxChain {
		return problem(CodeLimit, t.Range, "Expression too long",
			"One expression holds more than %d operators, conditions or indexes. Give parts of it names in a locals block.", maxChain)
	}
	return nil
}

// piece keeps out strings that HCL would read for minutes: its parser takes a
// time that grows with the square of the pieces it gets them in.
func (g *guarded) piece(in *frame, at hcl.Range) *hcl.Diagnostic {
	in.pieces++
	if in.closer == hclsyntax.TokenCHeredoc || in.pieces > 1 {
		g.pieces++
	}
	switch {
	case in.pieces <= maxHeredoc && g.pieces <= maxHeredocs:
		return nil
	case in.closer == hclsyntax.TokenCHeredoc:
		return problem(CodeLimit, at, "Heredoc too long",
			"A heredoc has at most %d lines, and those of one file %d together; perhaps the end of one is missing. Put the text in a file of its own and use file(\"…\").", maxHeredoc, maxHeredocs)
	}
	return problem(CodeLimit, at, "String in too many pieces",
		"A string has at most %d of $${ and %%%%{, and those of one file %d together. Put the text in a file of its own and use file(\"…\").", maxHeredoc, maxHeredocs)
}

// directive counts the control sequence that begins with rest: HCL parses what
// is between if and endif, or for and endfor, one level deeper.
func (g *guarded) directive(in *frame, rest hclsyntax.Tokens) {
	if len(rest) == 0 {
		return
	}
	switch string(rest[0].Bytes) {
	case "if", "for":
		in.directives++
		g.directives++
	case "endif", "endfor":
		if in.directives > 0 {
			in.directives--
			g.directives--
		}
	}
}

// text says whether a frame is a string: its parts are a list, however many.
func (f *frame) text() bool {
	return f.closer == hclsyntax.TokenCQuote || f.closer == hclsyntax.TokenCHeredoc
}

func closer(open hclsyntax.TokenType) hclsyntax.TokenType {
	switch open { //nolint:exhaustive // the callers give tokens that open
	case hclsyntax.TokenOBrace:
		return hclsyntax.TokenCBrace
	case hclsyntax.TokenOBrack:
		return hclsyntax.TokenCBrack
	case hclsyntax.TokenOParen:
		return hclsyntax.TokenCParen
	case hclsyntax.TokenOQuote:
		return hclsyntax.TokenCQuote
	case hclsyntax.TokenOHeredoc:
		return hclsyntax.TokenCHeredoc
	}
	return hclsyntax.TokenTemplateSeqEnd
}

func opensLoop(rest hclsyntax.Tokens) bool {
	for _, t := range rest {
		if t.Type != hclsyntax.TokenNewline && t.Type != hclsyntax.TokenComment {
			return t.Type == hclsyntax.TokenIdent && string(t.Bytes) == "for"
		}
	}
	return false
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// smallNumber keeps out numbers whose decimal digits alone would fill memory:
// HCL reads 1e999999999 in no time, and writes it as a gigabyte of zeros.
func smallNumber(s string) bool {
	mantissa, exponent, has := strings.Cut(strings.ToLower(s), "e")
	if len(mantissa) > maxDigits {
		return false
	}
	if !has {
		return true
	}
	n, err := strconv.Atoi(exponent)
	return err == nil && n <= maxExponent && n >= -maxExponent
}
