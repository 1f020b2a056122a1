package observe

import (
	"fmt"
	"slices"
	"sync"

	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// Memory holds what a machine answered last to one question, whole and without
// fault. When the same is asked again, the digest of that answer goes with the
// question, and a machine on which nothing moved answers with the digest alone. What
// always moves, its clock, is told each time. The zero value remembers nothing yet,
// and so does nil, always; it is safe for concurrent use.
type Memory struct {
	mu       sync.Mutex
	question string
	answer   []script.Frame
	digest   string
}

// recollection is what is known when a question is asked.
type recollection struct {
	answer []script.Frame
	digest string // "" when nothing is
}

// recall is what was answered to a question.
func (m *Memory) recall(question []byte) recollection {
	if m == nil {
		return recollection{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.digest == "" || m.question != string(question) {
		return recollection{}
	}
	return recollection{answer: m.answer, digest: m.digest}
}

// keep remembers an answer in place of the one before.
func (m *Memory) keep(question []byte, answer []script.Frame) {
	if m == nil {
		return
	}
	answer = slices.DeleteFunc(slices.Clone(answer), moves)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.question, m.answer, m.digest = string(question), answer, script.Digest(answer)
}

// forget keeps no answer any more.
func (m *Memory) forget() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.question, m.answer, m.digest = "", nil, ""
}

// line is what a question says of the last answer.
func (r recollection) line() string {
	if r.digest == "" {
		return ""
	}
	return "same " + r.digest + "\n"
}

// whole is an answer in full. A machine that says that nothing moved without being
// asked, or since another answer, or says something beside it, is not believed.
func (r recollection) whole(frames []script.Frame) ([]script.Frame, error) {
	i := slices.IndexFunc(frames, func(f script.Frame) bool { return f.Kind == script.Same })
	switch {
	case i < 0:
		return frames, nil
	case r.digest == "":
		return nil, fmt.Errorf("%w: it says that nothing moved, and was not asked that", script.ErrFrames)
	case string(frames[i].Data) != r.digest:
		return nil, fmt.Errorf("%w: it says that nothing moved since another answer than its last", script.ErrFrames)
	}
	rest := slices.Delete(slices.Clone(frames), i, i+1)
	if slices.ContainsFunc(rest, func(f script.Frame) bool { return !moves(f) }) {
		return nil, fmt.Errorf("%w: it says that nothing moved, and more", script.ErrFrames)
	}
	return append(rest, r.answer...), nil
}

// moves says whether a part of an answer is another one each time.
func moves(f script.Frame) bool { return f.Kind == "clock" }
