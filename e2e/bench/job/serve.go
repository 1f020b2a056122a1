package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Serve is all of a controller's main: it reads one job, does it, and answers
// with time and memory of this process.
func Serve(do func(ctx context.Context, j Job, began time.Time) (Report, error)) {
	began := time.Now()
	start := processor()
	var j Job
	err := json.NewDecoder(os.Stdin).Decode(&j)
	var r Report
	if err == nil {
		r, err = do(context.Background(), j, began)
	}
	if err == nil {
		r.Seconds, r.Start = time.Since(began).Seconds(), start.Seconds()
		r.PeakKiB, err = peak()
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(r)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// processor is the time that this process used so far.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak is the high-water mark of this process' memory. What getrusage says
// would be that of whoever started it, if that was more.
func peak() (int64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		}
	}
	return 0, errors.New("the kernel tells no VmHWM")
}
