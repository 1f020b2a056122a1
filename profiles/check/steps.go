package check

import (
	"context"
	"fmt"
	"reflect"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// MostSteps is how many steps one answer may take: each turn of a loop is as many as it
// has parts, and a few more for what it keeps; each list that is compared or given to a
// function as many as it has elements. The checks of bulwark's own take a few millions
// of the largest cluster that Kubernetes supports; this many take ten seconds or so.
const MostSteps = 20_000_000

const (
	// perTurn is what a turn of a loop takes besides its parts: what comes of it is kept.
	perTurn = 4
	// perStep is how much of what was seen already is looked through in one step.
	perStep = 16
	// perLook is after how many calls it is looked whether anybody still waits.
	perLook = 256
)

// steps are those that an answer may still take, and who waits for it. A context is part
// of it because the evaluator of HCL hands none on.
type steps struct {
	ctx   context.Context //nolint:containedctx // for the time of one evaluation
	most  int
	left  int
	calls int
}

// halt ends an evaluation from within: HCL goes on with a loop after an error, and
// forgets one where the other half decides.
type halt struct{ why error }

// take takes steps, and says nothing yet: a function's panic is another's to catch.
func (s *steps) take(n int) { s.left -= n }

// spend takes steps, and ends the evaluation where there are none.
func (s *steps) spend(n int) {
	s.take(n)
	if s.left < 0 {
		panic(halt{s.over()})
	}
	if s.calls++; s.calls%perLook == 0 {
		if err := s.ctx.Err(); err != nil {
			panic(halt{fmt.Errorf("it was stopped: %w", context.Cause(s.ctx))})
		}
	}
}

// over says that no steps are left.
func (s *steps) over() error {
	if s.left >= 0 {
		return nil
	}
	return fmt.Errorf("it takes more than %d steps of this cluster; give it loops that do not stand in each other, as within([for … ], [for … ]), or make it several controls", s.most)
}

// stepsName is what an expression's steps are found by; no name of HCL is like it.
const stepsName = " steps"

var stepsType = cty.Capsule("steps", reflect.TypeFor[steps]())

// stepsOf are those of an evaluation; nil where an expression is rehearsed.
func stepsOf(ctx *hcl.EvalContext) *steps {
	for ; ctx != nil; ctx = ctx.Parent() {
		if v, there := ctx.Variables[stepsName]; there {
			return v.EncapsulatedValue().(*steps)
		}
	}
	return nil
}
