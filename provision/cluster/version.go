package cluster

import (
	"fmt"
	"regexp"
	"strconv"
)

// Version is a Kubernetes release.
type Version struct{ Major, Minor, Patch int }

var versionPattern = regexp.MustCompile(`^v?(\d{1,3})\.(\d{1,3})\.(\d{1,3})$`)

// ParseVersion reads "1.37.2" or "v1.37.2".
func ParseVersion(s string) (Version, error) {
	m := versionPattern.FindStringSubmatch(s)
	if m == nil {
		return Version{}, fmt.Errorf("%q is not a Kubernetes version such as 1.37.2", s)
	}
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1]) // three digits at most: cannot overflow
	}
	return Version{n[0], n[1], n[2]}, nil
}

// String is the version as kubeadm writes it: "v1.37.2".
func (v Version) String() string { return fmt.Sprintf("v%d.%d.%d", v.Major, v.Minor, v.Patch) }

// SameMinor says whether two versions share major and minor.
func (v Version) SameMinor(w Version) bool { return v.Major == w.Major && v.Minor == w.Minor }

// AtLeast says whether a version is of a release such as "1.36", or of a later one.
func (v Version) AtLeast(release string) bool {
	var major, minor int
	if n, err := fmt.Sscanf(release, "%d.%d", &major, &minor); n != 2 || err != nil {
		return false
	}
	return v.Major > major || v.Major == major && v.Minor >= minor
}
