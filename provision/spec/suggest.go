package spec

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// didYouMean is " Did you mean …?" when one of the words is close, or "".
func didYouMean(given string, words []string) string {
	if best := Nearest(given, words); best != "" {
		return fmt.Sprintf(" Did you mean %q?", best)
	}
	return ""
}

// Nearest is the word that is spelt most like another, "" where none is near.
func Nearest(given string, words []string) string {
	if len(given) > 64 || len(words) > 1000 {
		return "" // not worth its time
	}
	best, distance := "", 1+len(given)/3
	for _, w := range words {
		if len(w) > 64 {
			continue
		}
		if d := edits(strings.ToLower(given), strings.ToLower(w)); d < distance || d == distance && best == "" {
			best, distance = w, d
		}
	}
	return best
}

// edits is how many letters must change to make one word the other.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// keys are a map's keys, sorted.
func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// inOrder are attributes as their files have them.
func inOrder(attrs map[string]*hcl.Attribute) []*hcl.Attribute {
	return slices.SortedFunc(maps.Values(attrs), func(a, b *hcl.Attribute) int {
		return cmp.Or(cmp.Compare(a.Range.Filename, b.Range.Filename), cmp.Compare(a.Range.Start.Byte, b.Range.Start.Byte), cmp.Compare(a.Name, b.Name))
	})
}
