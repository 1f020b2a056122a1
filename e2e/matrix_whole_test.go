//go:build matrix

// The whole matrix takes more than an hour: `make e2e` builds it in.

package e2e_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

// TestMatrix kills bulwark before and after the effect of every step there is,
// and applies then. It writes docs/faults.md. Environment:
//
//	BULWARK_MATRIX_ROWS    a regular expression, to run only the rows it finds
//	BULWARK_MATRIX_BUDGET  no row is begun after this time, as "40m"
//	BULWARK_MATRIX_SETS    how many sets of machines work at a time, 1 unless said
func TestMatrix(t *testing.T) {
	lab.Require(t)
	only, err := regexp.Compile(os.Getenv("BULWARK_MATRIX_ROWS"))
	if err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(24 * time.Hour)
	if budget := os.Getenv("BULWARK_MATRIX_BUDGET"); budget != "" {
		d, err := time.ParseDuration(budget)
		if err != nil {
			t.Fatal(err)
		}
		end = time.Now().Add(d)
	}
	sets := 1
	if n := os.Getenv("BULWARK_MATRIX_SETS"); n != "" {
		if sets, err = strconv.Atoi(n); err != nil {
			t.Fatal(err)
		}
	}
	report := newFaultReport(t)
	defer report.write(t)
	var rows chan killRow
	var fill sync.Once
	var all sync.WaitGroup
	for i := range sets {
		all.Go(func() {
			t.Run(fmt.Sprintf("set %d", i+1), func(t *testing.T) {
				r := newKillRig(t, t.Context())
				fill.Do(func() { rows = r.queue(only, report) })
				r.addStages(t, t.Context())
				for row := range rows {
					if time.Now().After(end) {
						break
					}
					t.Run(row.String(), func(t *testing.T) {
						result := r.try(t, row)
						if result.err != nil {
							t.Error(result.err)
						}
						report.add(t, result)
					})
				}
			})
		})
	}
	all.Wait()
}

// queue is the rows that are asked for; the report learns of all.
func (r *killRig) queue(only *regexp.Regexp, report *faultReport) chan killRow {
	all := r.rows()
	report.whole(len(r.plan.Steps), all)
	rows := make(chan killRow, len(all))
	for _, row := range all {
		if only.MatchString(row.String()) {
			rows <- row
		}
	}
	close(rows)
	return rows
}
