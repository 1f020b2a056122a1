package report

import "fmt"

// Render is the document in one of the formats that are made for other programs:
// "csv", "sarif", "junit", "oscal" or "html".
func (d *Document) Render(format string) ([]byte, error) {
	formats := map[string]func(*Document) ([]byte, error){
		"csv": csvOf, "sarif": sarifOf, "junit": junitOf, "oscal": oscalOf, "html": htmlOf,
	}
	render := formats[format]
	if render == nil {
		return nil, fmt.Errorf("there is no report of the format %q", format)
	}
	b, err := render(d)
	if err != nil {
		return nil, fmt.Errorf("the audit of %s cannot be written as %s: %w", d.Cluster, format, err)
	}
	return b, nil
}
