package report

import (
	"bytes"
	"encoding/csv"
	"regexp"
	"strconv"
	"strings"
)

var csvHead = []string{"standard", "id", "title", "section", "level", "cat", "scored", "refs", "node", "verdict",
	"evidence", "notes", "waiver", "remedy", "question", "file", "line", "time"}

// csvOf is a row for each finding.
func csvOf(d *Document) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{csvHead}
	for _, f := range d.Findings {
		var evidence []string
		for _, e := range f.Evidence {
			evidence = append(evidence, e.String())
		}
		verdict, _ := f.Verdict.MarshalText()
		waiver, file, line := "", "", ""
		if f.Waiver != nil {
			waiver = f.Waiver.String()
		}
		if f.At != nil {
			file, line = f.At.File, number(f.At.Line)
		}
		rows = append(rows, []string{f.Standard, f.ID, f.Title, f.Section, number(f.Level), number(f.Cat), strconv.FormatBool(f.Scored), strings.Join(f.Refs, " "),
			f.Node, string(verdict), strings.Join(evidence, "; "), strings.Join(f.Notes, "; "), waiver, f.Remedy, f.Question, file, line, d.Time})
	}
	for _, row := range rows {
		for i := range row {
			row[i] = inert(row[i])
		}
		if err := w.Write(row); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// formula is what a spreadsheet may take for one: at the beginning of a cell, or behind
// a semicolon, which is what separates cells in some countries.
var formula = regexp.MustCompile(`(^|;)(\s*)([=+\-@＝＋－＠])`)

// inert puts an apostrophe before what would be a formula.
func inert(cell string) string {
	if !strings.ContainsRune(cell, ';') && !strings.ContainsAny(firstOf(strings.TrimSpace(cell)), "=+-@＝＋－＠") {
		return cell // as nearly all: a look by the pattern takes long
	}
	return formula.ReplaceAllString(cell, "$1$2'$3")
}

// firstOf is the first character of a text.
func firstOf(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}
