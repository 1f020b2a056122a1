package scripttest

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Program is the path of a program that the lab has compiled, "etcd-*/etcd": of
// those that fit the newest. Without it the test is not run.
func Program(t *testing.T, pattern string) string {
	t.Helper()
	cache := os.Getenv("BULWARK_LAB_CACHE")
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(home, ".cache", "bulwark-lab")
	}
	found, _ := filepath.Glob(filepath.Join(cache, "bin", pattern)) // the pattern is ours
	best, when := "", time.Time{}
	for _, p := range found {
		if st, err := os.Stat(p); err == nil && st.ModTime().After(when) {
			best, when = p, st.ModTime()
		}
	}
	if best == "" {
		NotRun(t, "the lab's %s is not in %s; e2e/lab/build.sh makes it", pattern, cache)
	}
	return best
}
