package main

import (
	"fmt"

	"github.com/weighbridge/weighbridge/attest/verify"
)

// printVerified renders a result for people: the verdict, who says what, what
// is wrong and what to do, and, where all is well, what nobody checked.
func (a *app) printVerified(target string, r verify.Result) error {
	if !r.OK {
		a.printf("REFUSED: %s\n", target)
		a.printProblems(r.Problems)
		return nil
	}
	a.printf("verified: %s\n  signer   %s\n", target, r.Signer)
	for _, s := range r.Subjects {
		a.printf("  subject  %s %s\n", s.Digest, s.Name)
	}
	for _, s := range r.Statements {
		a.printf("  %s\n", describeStatement(s))
	}
	a.printProblems(r.Problems)
	for _, n := range r.NotChecked {
		a.printf("  not checked: %s\n", n)
	}
	return nil
}

// printProblems prints each problem, and a hint that several share once.
func (a *app) printProblems(problems []verify.Problem) {
	for i, p := range problems {
		a.printf("  problem  %s: %s\n", p.Code, p.Message)
		last := i == len(problems)-1 || problems[i+1].Hint != p.Hint
		if p.Hint != "" && last {
			a.printf("           hint: %s\n", p.Hint)
		}
	}
}

func describeStatement(s verify.Statement) string {
	state := "ok"
	if !s.OK {
		state = "not ok"
	}
	if s.Recomputed {
		state += ", recomputed here with the same result"
	}
	return fmt.Sprintf("states   %s (%s)", s.PredicateType, state)
}
