package kubebench

import (
	"encoding/json"
	"fmt"
)

// Report is what kube-bench says of one node.
type Report struct {
	// Document is the JSON as it came.
	Document []byte
	Totals   Totals
	// Checks are in the order of the benchmark.
	Checks []Check
}

// Totals are how many checks ended how.
type Totals struct {
	Pass int `json:"total_pass"`
	Fail int `json:"total_fail"`
	Warn int `json:"total_warn"`
	Info int `json:"total_info"`
}

// Check is one check. A check that is not scored does not fail: it warns.
type Check struct {
	ID     string `json:"test_number"`
	Text   string `json:"test_desc"`
	Status string `json:"status"`
	// Type is "manual" where no automation is meant to decide.
	Type   string `json:"type"`
	Scored bool   `json:"scored"`
	// Actual is what the check's command said, and Reason why it could not be judged.
	Actual string `json:"actual_value"`
	Reason string `json:"reason"`
}

// Parse reads the JSON of a run. It refuses one that does not add up, so that a check
// that was lost on the way is not taken for one that had nothing to say.
func Parse(document []byte) (*Report, error) {
	var d struct {
		Controls []struct {
			Version string `json:"version"`
			Tests   []struct {
				Results []Check `json:"results"`
			} `json:"tests"`
		}
		Totals Totals
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, fmt.Errorf("kube-bench did not write JSON, but %.300q: %w", document, err)
	}
	r := &Report{Document: document, Totals: d.Totals}
	var counted Totals
	seen := map[string]bool{}
	for _, c := range d.Controls {
		if c.Version != Benchmark {
			return nil, fmt.Errorf("kube-bench took the benchmark %q, and %q was asked for", c.Version, Benchmark)
		}
		for _, group := range c.Tests {
			for _, check := range group.Results {
				if seen[check.ID] {
					return nil, fmt.Errorf("kube-bench says twice what it thinks of %s", check.ID)
				}
				seen[check.ID] = true
				if !counted.count(check.Status) {
					return nil, fmt.Errorf("kube-bench says %q of %s, which is no verdict that is known here", check.Status, check.ID)
				}
				r.Checks = append(r.Checks, check)
			}
		}
	}
	if len(r.Checks) == 0 || counted != d.Totals {
		return nil, fmt.Errorf("kube-bench wrote %d checks that come to %+v, and says that they come to %+v", len(r.Checks), counted, d.Totals)
	}
	return r, nil
}

// count adds a verdict, and says whether it is one.
func (t *Totals) count(status string) bool {
	switch status {
	case "PASS":
		t.Pass++
	case "FAIL":
		t.Fail++
	case "WARN":
		t.Warn++
	case "INFO":
		t.Info++
	default:
		return false
	}
	return true
}
