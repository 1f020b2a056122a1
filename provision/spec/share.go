package spec

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// mostUnavailable is more workers than a cluster of Kubernetes may have.
const mostUnavailable = 5000

var percentPattern = pattern(`^([1-9][0-9]?|100)%$`)

// maxUnavailable is how many workers may be away for a change.
func (l *loader) maxUnavailable(t *clusterText) {
	l.c.MaxUnavailable = cluster.Share{Count: defaultMaxUnavailable}
	v, ok := l.get(t.MaxUnavailable)
	if !ok {
		return
	}
	l.from("max_unavailable", t.MaxUnavailable.Range)
	at := t.MaxUnavailable.Expr.Range()
	switch v.Type() {
	case cty.Number:
		n, accuracy := v.AsBigFloat().Int64()
		if accuracy != big.Exact || n < 1 || n > mostUnavailable {
			l.report(problem(CodeRange, at, "Out of range",
				"%q must be a whole number from 1 to %d, or a percentage such as \"25%%\": with none away, nothing could ever be changed.", "max_unavailable", mostUnavailable))
			return
		}
		l.c.MaxUnavailable = cluster.Share{Count: int(n)}
	case cty.String:
		s := v.AsString()
		if !percentPattern().MatchString(s) {
			l.report(problem(CodeRange, at, "Not a share of the workers",
				"%q is not a percentage from \"1%%\" to \"100%%\". Write one, or a whole number without quotes.", s))
			return
		}
		n, _ := strconv.Atoi(strings.TrimSuffix(s, "%"))
		l.c.MaxUnavailable = cluster.Share{Percent: n}
	default:
		l.wrongType(t.MaxUnavailable, at, v, `a whole number, or a percentage such as "25%"`)
	}
}

// share writes a share that is not its default.
func (w *writer) share(name string, s, unless cluster.Share) {
	switch {
	case s == unless || s == cluster.Share{}:
	case s.Percent > 0:
		w.set(name, cty.StringVal(s.String()))
	default:
		w.set(name, cty.NumberIntVal(int64(s.Count)))
	}
}
