// Command controller is the operator's side of a benchmark with all of bulwark
// in it: one process that does one job, so that its processor time and its
// memory are its own.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/bench/job"
)

func main() { job.Serve(do) }

func do(ctx context.Context, j job.Job, began time.Time) (job.Report, error) {
	switch j.What {
	case job.Check, job.Repair:
		return look(ctx, j, began)
	case job.Render:
		return render(ctx, j)
	case job.Audit:
		return audit(ctx, j)
	}
	return job.Report{}, fmt.Errorf("no job is called %q", j.What)
}
