package main

import (
	"context"
	"os"

	"github.com/bulwark-k8s/bulwark/e2e/bench/job"
	"github.com/bulwark-k8s/bulwark/provision"
)

// audit is what `bulwark profile test` does, but for its report: read the snapshot, decode
// it, and ask it every control of the profiles.
func audit(ctx context.Context, j job.Job) (job.Report, error) {
	text, err := os.ReadFile(j.Snapshot)
	if err != nil {
		return job.Report{}, err
	}
	all, err := provision.AuditSnapshots(ctx, provision.Input{Path: j.Spec, Profiles: j.Profiles}, []provision.SnapshotFile{{Name: j.Snapshot, Text: text}})
	if err != nil {
		return job.Report{}, err
	}
	r := job.Report{Verdicts: map[string]int{}}
	for _, f := range all[0].Findings {
		r.Verdicts[string(f.Verdict)]++
	}
	return r, nil
}
