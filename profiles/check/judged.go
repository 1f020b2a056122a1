package check

import (
	"slices"
	"sync"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// judged is what questions came to of nodes that were asked before. Most nodes of a
// cluster say the same, and an expression comes to the same where everything that it
// asks for is the same: so it is evaluated once for all of them, and they share what it
// rests on. It is safe for concurrent use.
type judged struct {
	mu       sync.Mutex
	answers  map[question][]*answer
	outcomes map[about][]outcome

	listing sync.Mutex // held while a list of the API is made, which takes its time
	lists   map[question]*answer
}

// about is a question of nodes of one role, or of the cluster. Shown says that it is
// evidence.
type about struct {
	question *Question
	role     cluster.Role
	shown    bool
}

// outcome is what a question came to, and all that it asked for until then, in order.
type outcome struct {
	rests  []rest
	answer Answer
}

// rest is one thing that an outcome rests on.
type rest struct {
	question question
	answer   *answer
}

// mostKept is how many answers to one question are kept: where nearly every node says
// something else, looking for one that said the same is in vain.
const mostKept = 32

func newJudged() *judged {
	return &judged{answers: map[question][]*answer{}, outcomes: map[about][]outcome{}, lists: map[question]*answer{}}
}

// same is an answer as it was given before, if it was.
func (j *judged) same(q question, now *answer) *answer {
	if now.err != nil { // errors cannot be compared
		return now
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	before := j.answers[q]
	for _, b := range before {
		if slices.Equal(b.seen, now.seen) && slices.Equal(b.doubts, now.doubts) && b.value.RawEquals(now.value) {
			return b
		}
	}
	if len(before) < mostKept {
		now.kept = true
		j.answers[q] = append(before, now)
	}
	return now
}

// list is an answer of the API, asked for once.
func (j *judged) list(q question, ask func() *answer) *answer {
	j.listing.Lock()
	defer j.listing.Unlock()
	if j.lists[q] == nil {
		j.lists[q] = ask()
		j.lists[q].kept = j.lists[q].err == nil
	}
	return j.lists[q]
}

// before is what came of a question where all that it asks for was the same.
func (j *judged) before(of about, a *asked) (Answer, bool) {
	j.mu.Lock()
	known := j.outcomes[of] // what is in it does not change
	j.mu.Unlock()
	for _, o := range known {
		// Each thing is asked for where those before it were the same, and so no more is
		// asked for than the expression would.
		if !slices.ContainsFunc(o.rests, func(r rest) bool { return a.answer(r.question) != r.answer }) {
			return o.answer, true
		}
	}
	return Answer{}, false
}

// keep keeps what came of a question, unless nobody will say the same.
func (j *judged) keep(of about, o outcome) {
	if slices.ContainsFunc(o.rests, func(r rest) bool { return !r.answer.kept }) {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.outcomes[of]) < mostKept {
		j.outcomes[of] = append(j.outcomes[of], o)
	}
}
