package fdp

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// deskFact returns a fact that code supplies for a delivery.
func (e *evaluation) deskFact(name, cite string) outcome {
	switch name {
	case "delivery.leaves":
		return e.leaves(cite)
	case "delivery.notice":
		return e.notice(cite)
	case "delivery.licence":
		return e.reference("service.licence", []string{"none", "applied"}, cite)
	case "delivery.authorised":
		return e.reference("service.authorisation", []string{"none"}, cite)
	case "delivery.recipient":
		another := e.anotherRecipient()
		value := map[bool]string{true: "another than the customer", false: "the customer"}[another]
		return outcome{verdict: verdictOf(another), steps: []Step{{"recipient", value, e.facts.grade("recipient"), cite}}}
	}
	return e.fineTuningWithin(cite)
}

// leaves: the customer takes the weights in another country than the one they
// are in. What is not stated shows nothing: it takes a fact to contradict an answer.
func (e *evaluation) leaves(cite string) outcome {
	to, from := e.value("service.customer.location"), e.value("weights.location")
	if !from.known {
		from = e.value("training.location")
	}
	steps := slices.Concat(to.step(cite), from.step(cite))
	return outcome{verdict: verdictOf(to.known && from.known && !slices.Contains(from.values, to.values[0])), steps: steps}
}

// reference: a document is named by its reference, not by one of the words that
// say there is none. Unstated, there is none that could be shown.
func (e *evaluation) reference(path string, words []string, cite string) outcome {
	v := e.value(path)
	return outcome{verdict: verdictOf(v.known && !slices.Contains(words, v.values[0])), steps: v.step(cite)}
}

// notice: the authority has informed the provider individually (is_informed).
func (e *evaluation) notice(cite string) outcome {
	step := Step{Fact: "is_informed", Value: "not stated", Cite: cite}
	if e.facts.IsInformed != nil {
		step.Value, step.Grade = "none", e.facts.grade("is_informed")
	}
	if len(e.facts.IsInformed) > 0 {
		step.Value = strings.Join(e.facts.IsInformed, ", ")
	}
	return outcome{verdict: verdictOf(len(e.facts.IsInformed) > 0), steps: []Step{step}}
}

// quantityOf is what counts of other facts under the same question.
func (e *evaluation) quantityOf(f Facts) quantity {
	models, _ := f.models() // a part of facts without a contradiction has none
	return newEvaluationOf(models, e.pack, e.catalogue, f, e.question).quantity("operations")
}

// fineTuningWithin: this model's own operations are within the share of those of
// the model that it came from, its whole lineage (Supp. 10 to Part 748,
// paragraph 7: of the training operations of the original model).
func (e *evaluation) fineTuningWithin(cite string) outcome {
	own, original := e.facts, e.facts
	own.Parents, own.SyntheticData = []Parent{}, []Generator{}
	original.Operations, original.SyntheticData = []Work{}, []Generator{}
	switch {
	case e.facts.Parents != nil && len(e.facts.Parents) == 0: // there is no original that could be a 4E091 model
		return outcome{verdict: DoesNotApply, steps: []Step{{"parents", "none: no original model", e.facts.grade("parents"), cite}}}
	case e.facts.Operations == nil:
		return outcome{missing: []Missing{{Path: "operations", Reason: ReasonUnknown}}}
	case e.facts.Parents == nil:
		return outcome{missing: []Missing{{Path: "parents", Reason: ReasonUnknown}}}
	}
	x, y := e.quantityOf(own), e.quantityOf(original)
	percent := e.pack.Delivery.FineTuning.Percent
	limit := bounds(y.interval, big.NewRat(int64(percent), 100))
	steps := []Step{
		{"operations", "own: " + intervalText(x.interval), e.lowestGrade("operations", len(e.facts.Operations)), cite},
		{"parents", fmt.Sprintf("%d%% of the original's: %s", percent, strings.TrimSuffix(limit.number(), ", ")), e.lowestGrade("parents", len(e.facts.Parents)), cite},
	}
	switch {
	case y.interval.High.Known && y.interval.High.Ops.Cmp(e.pack.threshold) < 0: // the original is no 4E091 model
		return outcome{verdict: DoesNotApply, steps: steps}
	case y.interval.Low.Cmp(e.pack.threshold) < 0: // perhaps it is one
	case x.interval.High.Known && ratBound(x.interval.High.Ops).Cmp(limit.low) <= 0:
		return outcome{verdict: Applies, steps: steps}
	case limit.high != nil && ratBound(x.interval.Low).Cmp(limit.high) > 0:
		return outcome{verdict: DoesNotApply, steps: steps}
	}
	missing := slices.Concat(x.missing, y.missing)
	if len(missing) == 0 {
		missing = []Missing{{Path: "operations", Reason: ReasonRange}}
	}
	return outcome{steps: steps, missing: missing}
}
