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
//	BULWARK_MATRIX_ROWS    a regular expression, to run only the kills it finds
//	BULWARK_MATRIX_BUDGET  no kill is begun after this time, as "40m"
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
	var queue chan cut
	var fill sync.Once
	var all sync.WaitGroup
	for i := range sets {
		all.Go(func() {
			t.Run(fmt.Sprintf("set %d", i+1), func(t *testing.T) {
				r := newKillRig(t, t.Context())
				fill.Do(func() { queue = r.queue(only, report) })
				r.addStages(t, t.Context())
				for c := range queue {
					if time.Now().After(end) {
						break
					}
					t.Run(c.String(), func(t *testing.T) {
						result := r.try(t, c)
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

// queue is the cuts that are asked for; the report learns of all.
func (r *killRig) queue(only *regexp.Regexp, report *faultReport) chan cut {
	all := cuts(r.plan)
	report.whole(r.plan, all)
	queue := make(chan cut, len(all))
	for _, c := range all {
		if only.MatchString(c.String()) {
			queue <- c
		}
	}
	close(queue)
	return queue
}
