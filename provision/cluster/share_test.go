package cluster

import "testing"

func TestAShareIsNeverNobody(t *testing.T) {
	for _, c := range []struct {
		share Share
		all   int
		want  int
	}{
		{Share{}, 5, 1}, {Share{Count: 1}, 5, 1}, {Share{Count: 3}, 5, 3}, {Share{Count: 9}, 5, 9},
		{Share{Percent: 25}, 3, 1}, {Share{Percent: 25}, 7, 1}, {Share{Percent: 25}, 8, 2}, {Share{Percent: 100}, 8, 8}, {Share{Percent: 1}, 0, 1},
	} {
		if got := c.share.Of(c.all); got != c.want {
			t.Errorf("%s of %d is %d, want %d", c.share, c.all, got, c.want)
		}
	}
}
