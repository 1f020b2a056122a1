package report

import (
	"encoding/xml"
	"strings"

	"github.com/bulwark-k8s/bulwark/profiles"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Timestamp string      `xml:"timestamp,attr,omitempty"`
	Cases     []junitCase `xml:"testcase"`
	Says      string      `xml:"system-out,omitempty"`
}

type junitCase struct {
	Class   string      `xml:"classname,attr"`
	Name    string      `xml:"name,attr"`
	File    string      `xml:"file,attr,omitempty"`
	Line    int         `xml:"line,attr,omitempty"`
	Failure *junitWords `xml:"failure"`
	Error   *junitWords `xml:"error"`
	Skipped *junitWords `xml:"skipped"`
}

type junitWords struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// junitOf is a suite for each standard and a case for each finding: failed where it is
// not met, an error where it is not known, and skipped where it is waived, not
// applicable or for a person to judge.
func junitOf(d *Document) ([]byte, error) {
	all := junitSuites{Name: "bulwark audit of " + d.Cluster + ", " + d.State()}
	for _, standard := range d.Standards() {
		s := junitSuite{Name: standard, Timestamp: strings.TrimSuffix(d.Time, "Z"), Says: strings.Join(d.Notes, "\n")}
		for _, f := range d.Findings {
			if f.Standard == standard {
				s.add(f)
			}
		}
		all.Tests, all.Failures, all.Errors, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors, all.Skipped+s.Skipped
		all.Suites = append(all.Suites, s)
	}
	b, err := xml.MarshalIndent(all, "", "  ")
	return append([]byte(xml.Header), append(b, '\n')...), err
}

func (s *junitSuite) add(f Finding) {
	c := junitCase{Class: f.Standard, Name: f.ID + " " + f.Title}
	if f.Node != "" {
		c.Name = f.ID + " on " + f.Node + ": " + f.Title
	}
	if f.At != nil {
		c.File, c.Line = f.At.File, f.At.Line
	}
	words := &junitWords{Message: f.sentence(), Type: string(f.Verdict), Text: strings.Join(f.lines(), "\n")}
	s.Tests++
	switch f.Verdict {
	case profiles.Fail:
		c.Failure = words
		s.Failures++
	case profiles.Unknown:
		c.Error = words
		s.Errors++
	case profiles.Waived, profiles.Review, profiles.NotApplicable:
		words.Type = ""
		c.Skipped = words
		s.Skipped++
	case profiles.Pass:
	}
	s.Cases = append(s.Cases, c)
}
