package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/fdp"
)

// printVerified renders a result for people: the verdict, who says what, what
// is wrong and what to do, and, where all is well, what nobody checked. Words of
// what arrived are shown with their control characters escaped.
func (a *app) printVerified(target string, r verifyResult) {
	if !r.OK {
		a.printf("%s: %s\n", refusalWord(r.Policy), printable(target))
		a.printPolicy(r.Policy)
		a.printProblems(r.Problems)
		for _, s := range r.Statements {
			if !s.OK {
				a.printf("  present  %s, which is not believed\n", printable(s.PredicateType))
			}
		}
		return
	}
	verdict := "verified"
	if r.Partial != nil {
		verdict = fmt.Sprintf("PARTLY verified, %d of %d files", r.Partial.Files, r.Partial.Of)
	}
	a.printf("%s: %s\n", verdict, printable(target))
	a.printPolicy(r.Policy)
	if len(r.Signers) == 0 {
		a.printf("  signer   %s\n", r.Signer)
	}
	for _, s := range r.Signers {
		a.printf("%s", describeSigner(s))
	}
	for _, s := range r.Subjects {
		a.printf("  subject  %s %s\n", s.Digest, s.Name)
	}
	for _, s := range r.Statements {
		a.printf("%s", describeStatement(s))
	}
	for _, s := range r.Verified {
		a.printf("%s", describePredicate(s))
	}
	a.printf("%s", describeAssurance(r.Assurance))
	if r.Partial != nil {
		for _, name := range shortened(r.Partial.Missing, 8) {
			a.printf("  not there: %s\n", printable(name))
		}
	}
	for _, n := range r.NotChecked {
		a.printf("  not checked: %s\n", printable(n))
	}
	for _, p := range r.Parents {
		a.printf("  parent   %s as its own signer attests it: the same work, from weights %s (statement %s by %s)\n", p.Model, p.Weights, p.Statement, p.Signer)
	}
	if r.Evaluation != nil {
		a.printf("under your own facts, from the attested compute:\n%s", r.Evaluation.String())
	}
}

// printProblems prints each problem, and a hint that several share once.
func (a *app) printProblems(problems []verify.Problem) {
	for i, p := range problems {
		a.printf("  problem  %s: %s\n", p.Code, printable(p.Message))
		last := i == len(problems)-1 || problems[i+1].Hint != p.Hint
		if p.Hint != "" && last {
			a.printf("           hint: %s\n", printable(p.Hint))
		}
	}
}

func describeStatement(s verify.Statement) string {
	state := "ok"
	if !s.OK {
		state = "present, not believed"
	}
	if s.Recomputed && s.Rules != verify.RulesSigner {
		state += ", recomputed here with the same result"
	}
	if s.CreatedAt != "" {
		state += "; made " + s.CreatedAt
	}
	if s.LedgerSize > 0 {
		state += fmt.Sprintf(" of %d ledger entries", s.LedgerSize)
	}
	text := fmt.Sprintf("  states   %s (%s)\n", printable(s.PredicateType), state)
	for _, t := range s.Timestamps {
		text += fmt.Sprintf("           signed at %s or before, says %s\n", t.Time, printable(t.Authority))
	}
	for _, v := range s.Verdicts {
		text += describeVerdict(v, s.Rules)
	}
	return text
}

// describeVerdict shows one side of a determination under rules that came with it.
func describeVerdict(v attest.Verdict, whose string) string {
	by := "this build's rules"
	if v.Whose == "signer" {
		by = "the signer's own rules, which nobody here accepted,"
		if whose == verify.RulesAccepted {
			by = "the signer's own rules, accepted by --accept-rules or --rules,"
		}
	}
	line := fmt.Sprintf("           under %s (%s): controlled %s", by, v.RulesDigest, v.Controlled)
	if v.SubjectToEAR != "" {
		line += fmt.Sprintf("; subject to the EAR %s; licence required %s", v.SubjectToEAR, v.LicenceRequired)
	}
	line += "\n"
	if v.Error != "" {
		line += "           they cannot answer: " + printable(v.Error) + "\n"
	}
	return line
}

// describePredicate is what an accepted statement of ours says, in a few lines.
func describePredicate(s attest.Statement) string {
	switch {
	case s.TrainingCompute != nil:
		return describeCompute(*s.TrainingCompute, s.Disclosed)
	case s.Hardware != nil:
		return describeHeld(*s.Hardware, s.Disclosed)
	case s.Determination != nil:
		return describeDetermination(*s.Determination)
	}
	return ""
}

func describeCompute(c attest.TrainingCompute, d *attest.Disclosed) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  says     %s: a lineage of %d model(s)\n", c.Model, len(c.Lineage.Models)+len(c.Lineage.Missing))
	for _, t := range c.Lineage.Activities {
		fmt.Fprintf(&b, "           %s %s (%s%d record(s), %s)\n", t.Activity, t.Interval, hiddenBound(d, "records"), t.Records, t.Grade)
	}
	b.WriteString(describeDisclosed(c, d))
	for _, m := range c.Lineage.Missing {
		fmt.Fprintf(&b, "           nothing is recorded of %s, so there is no upper bound\n", m)
	}
	for _, correction := range c.Corrections {
		fmt.Fprintf(&b, "           corrected %s\n", describeCorrection(correction))
	}
	for _, f := range c.Findings {
		fmt.Fprintf(&b, "           finding %s: %s\n", printable(f.Code), printable(f.Message))
	}
	return b.String()
}

// describeCorrection is one correction in one line: what counted and what counts.
func describeCorrection(c attest.Correction) string {
	counts := "nothing"
	if c.After != nil {
		counts = describeCorrected(*c.After)
	}
	return fmt.Sprintf("%s of %s/%d of %s by %s on %s: %s; %s counted, %s counts", c.Kind, printable(c.Run), c.Sequence, c.Model, printable(c.Author),
		c.Time.Format(time.DateOnly), printable(c.Reason), describeCorrected(c.Before), counts)
}

func describeCorrected(c attest.Corrected) string {
	text := fmt.Sprintf("%s %s (%s, %s)", c.Activity, c.Interval, c.Weights, c.Grade)
	for _, p := range c.Parents {
		text += fmt.Sprintf(", %s %s", p.Relation, p.Model)
	}
	return text
}

func describeHeld(h attest.Hardware, disclosed *attest.Disclosed) string {
	var b strings.Builder
	for i, d := range h.Devices {
		if disclosed.Hides(fmt.Sprintf("devices[%d].count", i)) {
			fmt.Fprintf(&b, "  says     on %s, how many is hidden (%s; %s)\n", printable(d.Product), d.Grade, d.ECCN)
			continue
		}
		fmt.Fprintf(&b, "  says     on %d x %s (%s; %s)\n", d.Count, printable(d.Product), d.Grade, d.ECCN)
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
	asked := ""
	if d.Question.Destination != "" {
		asked = " for " + d.Question.Destination
	}
	for _, name := range slices.Sorted(maps.Keys(d.Question.Options)) {
		asked += fmt.Sprintf(", %s=%s", name, d.Question.Options[name])
	}
	out := fmt.Sprintf("  says     under %s on %s%s: controlled %s", printable(r.Regime), printable(r.AsOf), printable(asked), r.Controlled)
	if r.Export != nil {
		out += fmt.Sprintf("; subject to the EAR %s; licence required %s", r.SubjectToEAR, r.Licence.Required)
	}
	return out + "\n"
}
