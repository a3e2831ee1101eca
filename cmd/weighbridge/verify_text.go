package main

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/fdp"
)

// printVerified renders a result for people: the verdict, who says what, what
// is wrong and what to do, and, where all is well, what nobody checked.
func (a *app) printVerified(target string, r verify.Result) {
	if !r.OK {
		a.printf("REFUSED: %s\n", target)
		a.printProblems(r.Problems)
		return
	}
	a.printf("verified: %s\n  signer   %s\n", target, r.Signer)
	for _, s := range r.Subjects {
		a.printf("  subject  %s %s\n", s.Digest, s.Name)
	}
	for _, s := range r.Statements {
		a.printf("  %s\n", describeStatement(s))
	}
	for _, s := range r.Verified {
		a.printf("%s", describePredicate(s))
	}
	for _, n := range r.NotChecked {
		a.printf("  not checked: %s\n", n)
	}
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

// describePredicate is what an accepted statement of ours says, in a few lines.
func describePredicate(s attest.Statement) string {
	switch {
	case s.TrainingCompute != nil:
		return describeCompute(*s.TrainingCompute)
	case s.Hardware != nil:
		return describeHeld(*s.Hardware)
	case s.Determination != nil:
		return describeDetermination(*s.Determination)
	}
	return ""
}

func describeCompute(c attest.TrainingCompute) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  says     %s: a lineage of %d model(s)\n", c.Model, len(c.Lineage.Models)+len(c.Lineage.Missing))
	for _, t := range c.Lineage.Activities {
		fmt.Fprintf(&b, "           %s %s (%d record(s), %s)\n", t.Activity, t.Interval, t.Records, t.Grade)
	}
	for _, m := range c.Lineage.Missing {
		fmt.Fprintf(&b, "           nothing is recorded of %s, so there is no upper bound\n", m)
	}
	for _, f := range c.Findings {
		fmt.Fprintf(&b, "           finding %s: %s\n", f.Code, f.Message)
	}
	return b.String()
}

func describeHeld(h attest.Hardware) string {
	var b strings.Builder
	for _, d := range h.Devices {
		fmt.Fprintf(&b, "  says     on %d x %s (%s; %s)\n", d.Count, d.Product, d.Grade, d.ECCN)
	}
	if len(h.Devices) == 0 {
		b.WriteString("  says     no accelerator was seen\n")
	}
	return b.String()
}

func describeDetermination(d attest.Determination) string {
	r, err := fdp.ParseDetermination(d.Result)
	if err != nil {
		return "" // verification has refused such a one
	}
	return fmt.Sprintf("  says     under %s on %s: controlled %s; subject to the EAR %s; licence required %s\n",
		r.Regime, r.AsOf, r.Controlled, r.SubjectToEAR, r.Licence.Required)
}
