package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/fdp/delivery"
)

// reason is a gate that holds, or of which it cannot be told, with its steps.
type reason struct {
	word    string
	finding fdp.Finding
}

// writeGates shows each reason to hold with its steps, first those that hold; of a release
// why each does not. What several rest on stands once, after them.
func (r decideResult) writeGates(b *strings.Builder) {
	b.WriteString("why\n")
	reasons, others := r.reasons()
	times := map[string]int{}
	for _, one := range reasons {
		for _, s := range r.saying(one.finding.Trace) {
			times[stepOf(s)]++
		}
	}
	var shared []fdp.Step
	for _, one := range reasons {
		fmt.Fprintf(b, "  %-14s  %s  [%s]\n", one.word, one.finding.Sentence, one.finding.Cite)
		var own []fdp.Step
		for _, s := range r.saying(one.finding.Trace) {
			switch {
			case times[stepOf(s)] == 1:
				own = append(own, s)
			case !slices.ContainsFunc(shared, func(have fdp.Step) bool { return stepOf(have) == stepOf(s) }):
				shared = append(shared, s)
			}
		}
		writeSteps(b, own)
	}
	if len(shared) > 0 {
		b.WriteString("  and more than one of these rests on\n")
		writeSteps(b, shared)
	}
	if len(others) > 0 {
		fmt.Fprintf(b, "  does not hold   %s\n", strings.Join(others, ", "))
	}
}

// reasons are the gates that hold, then those of which it cannot be told. Those that do
// not hold come after them by name; of a release they are the reasons.
func (r decideResult) reasons() (list []reason, others []string) {
	for _, want := range []fdp.Verdict{fdp.Applies, fdp.Undetermined, fdp.DoesNotApply} {
		for _, regime := range r.Regimes {
			for _, gate := range regime.Gates {
				switch {
				case gate.Holds != want:
				case want == fdp.DoesNotApply && r.Decision.Decision != delivery.Release:
					others = append(others, gate.Rule)
				default:
					list = append(list, r.reasonOf(regime, gate)...)
				}
			}
		}
	}
	return list, others
}

// reasonOf is the finding that a gate goes by: its rule, or what lets the delivery go
// although that applies.
func (r decideResult) reasonOf(regime delivery.Regime, gate fdp.Gate) []reason {
	word := map[fdp.Verdict]string{fdp.Applies: "holds", fdp.Undetermined: "cannot be told", fdp.DoesNotApply: "does not hold"}[gate.Holds]
	counts := gate.Always || fdp.Determination{Status: regime.Status}.StandsUnder(r.Standing)
	if gate.Holds != fdp.DoesNotApply && !counts {
		word = "does not count" // under the standing that it goes by
	}
	for _, rule := range []string{gate.Rule, gate.Unless} {
		at := slices.IndexFunc(r.Findings, func(f fdp.Finding) bool { return f.Rule == rule })
		if at < 0 {
			continue
		}
		if gate.Holds == fdp.DoesNotApply && rule == gate.Rule && r.Findings[at].Verdict != fdp.DoesNotApply {
			word = "let go by"
			continue
		}
		return []reason{{word, r.Findings[at]}}
	}
	return nil
}

// saying are the steps that say something, those about the service and where the
// weights go before those about what they are. A release rests on what is not stated too.
func (r decideResult) saying(trace []fdp.Step) []fdp.Step {
	steps := slices.DeleteFunc(slices.Clone(trace), func(s fdp.Step) bool { return s.Value == "not stated" && r.Decision.Decision != delivery.Release })
	slices.SortStableFunc(steps, func(a, b fdp.Step) int { return later(a) - later(b) })
	return steps
}

func later(s fdp.Step) int {
	for _, first := range []string{"service.", "recipient", "destination", "weights.location", "training.location", "is_informed", "end_use."} {
		if strings.HasPrefix(s.Fact, first) {
			return 0
		}
	}
	return 1
}

// stepOf is what a step says, whichever paragraph asks for it.
func stepOf(s fdp.Step) string { return s.Fact + ": " + s.Value }

func writeSteps(b *strings.Builder, steps []fdp.Step) {
	for _, s := range steps[:min(len(steps), whyLines)] {
		fmt.Fprintf(b, "                  %s", strings.TrimPrefix(stepLine(s), "  "))
	}
	if left := len(steps) - whyLines; left > 0 {
		fmt.Fprintf(b, "                  and %d more: --json shows all\n", left)
	}
}

// writeChecklist shows the paragraphs of the authorisations, and which of them the
// facts answer.
func writeChecklist(b *strings.Builder, list []fdp.CheckItem) {
	if len(list) == 0 {
		return
	}
	b.WriteString("paragraphs of the authorisations: uveu, nveu, veu (both of them), aia\n")
	for _, item := range list {
		fmt.Fprintf(b, "  %-4s  %-14s  %s  [%s]\n", item.Of, metWord(item), item.Sentence, item.Cite)
	}
}

func metWord(item fdp.CheckItem) string {
	switch {
	case item.By == "documents":
		return "by documents"
	case item.Met == fdp.Applies:
		return "met"
	case item.Met == fdp.DoesNotApply:
		return "not met"
	}
	return "cannot be told"
}

// writeRestsOn names the facts that nobody stated and whose statement could turn a
// release round, a line each.
func writeRestsOn(b *strings.Builder, list []delivery.Unstated) {
	for i, one := range list {
		if i == 0 || list[i-1].Fact != one.Fact {
			fmt.Fprintf(b, "rests on what nobody stated: %s (taken as %s", one.Fact, one.TakenAs)
		}
		value := strings.Trim(string(one.Value), `"`)
		if strings.HasPrefix(value, "[") && one.TakenAs == "none" {
			value = "one"
		}
		fmt.Fprintf(b, "; with %s: %s", value, one.Decision)
		if i == len(list)-1 || list[i+1].Fact != one.Fact {
			b.WriteString(")\n")
		}
	}
}
