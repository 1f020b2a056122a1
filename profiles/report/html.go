package report

import (
	"bytes"
	_ "embed"
	"html/template"

	"github.com/bulwark-k8s/bulwark/profiles"
)

//go:embed audit.html.tmpl
var page string

// htmlPart is the findings of one verdict.
type htmlPart struct {
	Verdict profiles.Verdict
	Word    string
	Groups  []Group
	Count   int
}

// htmlRow is the counts of one standard.
type htmlRow struct {
	Standard string
	Counts   []int
}

// heading says what findings of a verdict have in common.
func heading(v profiles.Verdict) string {
	return map[profiles.Verdict]string{
		profiles.Fail: "Not met", profiles.Waived: "Waived", profiles.Unknown: "Not known", profiles.Review: "For a person to judge",
		profiles.Pass: "Met", profiles.NotApplicable: "Not applicable",
	}[v]
}

// htmlOf is one page that needs nothing else: no script, no picture, no other file.
func htmlOf(d *Document) ([]byte, error) {
	t, err := template.New("audit").Parse(page)
	if err != nil {
		return nil, err
	}
	data := struct {
		*Document
		Parts []htmlPart
		Rows  []htmlRow
	}{Document: d}
	for _, v := range profiles.Verdicts() {
		word, _ := v.MarshalText()
		data.Parts = append(data.Parts, htmlPart{v, string(word), d.Groups(v), d.Count("", v)})
	}
	for _, s := range append(d.Standards(), "") {
		row := htmlRow{Standard: s}
		for _, v := range profiles.Verdicts() {
			row.Counts = append(row.Counts, d.Count(s, v))
		}
		data.Rows = append(data.Rows, row)
	}
	var b bytes.Buffer
	err = t.Execute(&b, data)
	return b.Bytes(), err
}

// Heading is what the part is called.
func (p htmlPart) Heading() string { return heading(p.Verdict) }

// Open says that the part's evidence is shown without a click: what is not met.
func (p htmlPart) Open() bool { return p.Verdict == profiles.Fail }
