package spec

import (
	"bytes"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

const maxLineBytes = 32 << 10

// checkEncoding says whether bytes are text that reads as it looks: UTF-8
// without a byte order mark, without control characters, without characters
// that reorder or hide what a reviewer sees. It reports the first place only:
// a binary file would have thousands.
func checkEncoding(src source) *hcl.Diagnostic {
	b := src.bytes
	start := hcl.Range{Filename: src.name, Start: hcl.InitialPos, End: hcl.InitialPos}
	switch {
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}), bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return problem(CodeEncoding, start, "UTF-16 text",
			"The file begins with a UTF-16 byte order mark. Save it as UTF-8, for example with: iconv -f UTF-16 -t UTF-8.")
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		return problem(CodeEncoding, start, "Byte order mark",
			"The file begins with a byte order mark. Save it as UTF-8 without one, for example with: sed -i '1s/^\\xEF\\xBB\\xBF//'.")
	}
	line, lineStart := 1, 0
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		at := func() hcl.Range {
			p := hcl.Pos{Line: line, Column: i - lineStart + 1, Byte: i}
			e := p
			e.Byte, e.Column = e.Byte+size, e.Column+1
			return hcl.Range{Filename: src.name, Start: p, End: e}
		}
		switch {
		case r == utf8.RuneError && size == 1:
			return problem(CodeEncoding, at(), "Not UTF-8 text",
				"Byte 0x%02x on line %d is not part of UTF-8 text. Save the file as UTF-8.", b[i], line)
		case r == 0:
			return problem(CodeEncoding, at(), "NUL byte",
				"Line %d holds a NUL byte, so this is not a text file. Remove the byte, or name another file.", line)
		case r == '\n':
			line, lineStart = line+1, i+1
		case r == '\r' && i+1 < len(b) && b[i+1] == '\n', r == '\t':
		case r < 0x20, r >= 0x7F && r < 0xA0:
			return problem(CodeEncoding, at(), "Control character",
				"Line %d holds the control character U+%04X. Remove it; in a string write an escape such as \\n or \\u%04x.", line, r, r)
		case hidden(r):
			return problem(CodeEncoding, at(), "Invisible or reordering character",
				"Line %d holds U+%04X, which makes text look other than it is. Remove it; if a string needs it, write \\u%04x.", line, r, r)
		}
		i += size
		if i-lineStart > maxLineBytes {
			return problem(CodeLimit, hcl.Range{Filename: src.name, Start: hcl.Pos{Line: line, Column: 1, Byte: lineStart}, End: hcl.Pos{Line: line, Column: 2, Byte: lineStart + 1}},
				"Line too long", "Line %d is longer than %d bytes. Break it up, or put the text in a file of its own and use file(\"…\").", line, maxLineBytes)
		}
	}
	return nil
}

// hidden says whether a character is one of those that reorder text (the
// bidirectional controls) or that show nothing at all.
func hidden(r rune) bool {
	switch {
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, // embeddings, overrides, isolates
		r == 0x061C, r == 0x200E, r == 0x200F, // marks
		r >= 0x200B && r <= 0x200D, r == 0x2060, r == 0xFEFF, r == 0x00AD, // zero width
		r == 0x2028, r == 0x2029, // other line ends
		r >= 0xE0000 && r <= 0xE007F: // tags
		return true
	}
	return false
}
