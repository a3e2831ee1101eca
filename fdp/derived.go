package fdp

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// derived returns a fact that code supplies.
func (e *evaluation) derived(name, cite string) outcome {
	if strings.HasPrefix(name, "delivery.") {
		return e.deskFact(name, cite)
	}
	switch name {
	case "status.codified":
		return outcome{verdict: verdictOf(e.status.Codified), steps: []Step{{Fact: "as_of", Value: e.asOf + ": " + e.standingText(), Cite: cite}}}
	case "recipient.organisation":
		return e.organisation(cite)
	case "release.within":
		return e.within(cite)
	case "plant.listed":
		if e.listed == nil {
			o := e.plantListed()
			e.listed = &o
		}
		return *e.listed
	case "lineage.derived_from_published":
		if _, found := e.numbers.since[cite]; !found {
			e.numbers.since[cite] = e.derivedFromPublished(cite)
		}
		return e.numbers.since[cite]
	case "lineage.adapter":
		if _, found := e.shared.adapter[cite]; !found {
			e.shared.adapter[cite] = e.adapter(cite)
		}
		return e.shared.adapter[cite]
	}
	switch name {
	case "lineage.modifies_another_providers":
		return e.modifiesAnothers(cite)
	case "lineage.original_systemic_risk":
		return e.originalSystemic(cite)
	case "lineage.original_unknown":
		return e.originalUnknown(cite)
	}
	return e.fromControlled(cite)
}

func (e *evaluation) standingText() string {
	if e.status.Codified {
		return "the text is codified"
	}
	return "the text is not codified"
}

// organisation: an absent person means an organisation (SPEC.md).
func (e *evaluation) organisation(cite string) outcome {
	if e.toCustomer {
		return outcome{verdict: Applies, steps: []Step{{Fact: "service.customer", Value: "an organisation", Cite: cite}}}
	}
	step := Step{Fact: "recipient.person", Value: "not stated: an organisation", Cite: cite}
	if e.facts.Recipient.Person != nil {
		step.Value, step.Grade = "a person", e.facts.grade("recipient.person")
	}
	return outcome{verdict: verdictOf(e.facts.Recipient.Person == nil), steps: []Step{step}}
}

// within: the weights are released to a person where they are, which is a
// deemed export or reexport. If they leave for another country it is an export
// like any other. Without a stated destination a person is where the weights are.
func (e *evaluation) within(cite string) outcome {
	destination := e.value("release.destination")
	if !destination.known {
		return outcome{verdict: Applies, steps: destination.step(cite)}
	}
	place := e.value("weights.location")
	steps := slices.Concat(destination.step(cite), place.step(cite))
	if !place.known {
		place = e.value("training.location")
		steps = append(steps, place.step(cite)...)
	}
	if !place.known {
		return place.unknown()
	}
	return outcome{verdict: verdictOf(slices.Contains(place.values, destination.values[0])), steps: steps}
}

// derivedFromPublished: a published model is among those that are carried.
func (e *evaluation) derivedFromPublished(cite string) outcome {
	if e.facts.Parents == nil {
		return outcome{missing: []Missing{{Path: "parents", Reason: ReasonUnknown}}}
	}
	runs, whole := e.sincePublished()
	yes, no := false, !whole
	var open []Missing
	for _, r := range runs {
		yes, no = yes || r.result.derived != DoesNotApply, no || r.result.derived != Applies
		open = append(open, r.result.lineageOpen...)
	}
	step := Step{"parents", "no published model among the ancestors", e.lowestGrade("parents", len(e.facts.Parents)), cite}
	switch {
	case yes && no:
		step.Value = "perhaps a published model among the ancestors"
		return outcome{steps: []Step{step}, missing: append(open, pivotal(runs, func(a, b []run[scenario]) bool { return allDerived(a) == allDerived(b) })...)}
	case yes:
		step.Value = "a published model is among the ancestors"
		return outcome{verdict: Applies, steps: []Step{step}}
	}
	return outcome{verdict: DoesNotApply, steps: []Step{step}}
}

func allDerived(runs []run[scenario]) Verdict {
	v := runs[0].result.derived
	for _, r := range runs[1:] {
		if r.result.derived != v {
			return Undetermined
		}
	}
	return v
}

// adapter: the model adapts one of its parents (LoRA and the like).
func (e *evaluation) adapter(cite string) outcome {
	if e.facts.Parents == nil {
		return outcome{missing: []Missing{{Path: "parents", Reason: ReasonUnknown}}}
	}
	step := Step{"parents", "none is adapted", e.lowestGrade("parents", len(e.facts.Parents)), cite}
	out := outcome{verdict: DoesNotApply}
	for i, p := range e.facts.Parents {
		switch p.Relation {
		case meter.Adapts:
			step.Value = fmt.Sprintf("adapts %s", p.Model)
			return outcome{verdict: Applies, steps: []Step{step}}
		case "":
			out.verdict = Undetermined
			out.missing = append(out.missing, Missing{Path: fmt.Sprintf("parents[%d].relation", i), Reason: ReasonUnknown})
		}
	}
	out.steps = []Step{step}
	return out
}

// fromControlled: the starting weights were themselves specified in 4E091. A
// model without parents, or with published ones only, did not start from such.
func (e *evaluation) fromControlled(cite string) outcome {
	if v := e.value("derived_from_controlled"); v.known {
		return outcome{verdict: verdictOf(v.values[0] == "true"), steps: v.step(cite)}
	}
	unknown := outcome{missing: []Missing{{Path: "derived_from_controlled", Reason: ReasonUnknown}}}
	if e.facts.Parents == nil {
		return unknown
	}
	for _, p := range e.facts.Parents {
		carried := p.Relation == "" || e.pack.relation[p.Relation].Carries != "no"
		if carried && e.models[p.Model].publication.value != Published {
			return unknown
		}
	}
	return outcome{verdict: DoesNotApply, steps: []Step{
		{"derived_from_controlled", "not stated", "", cite},
		{"parents", "none, or published ones only", e.lowestGrade("parents", len(e.facts.Parents)), cite},
	}}
}

// plantListed is the plant test of 734.9(l)(1): a product in the plant that is
// subject to the EAR and specified in a listed ECCN. One suffices.
func (e *evaluation) plantListed() outcome {
	if e.facts.Training.Hardware == nil {
		return outcome{missing: []Missing{{Path: "training.hardware", Reason: ReasonUnknown}}}
	}
	cite := e.pack.Plant.Cite.Reference
	partial := yesNo(e.facts.Training.HardwareComplete) == "false"
	if len(e.facts.Training.Hardware) == 0 && !partial {
		return outcome{verdict: DoesNotApply, steps: []Step{{"training.hardware", "none", e.facts.grade("training.hardware"), cite}}}
	}
	var products []outcome
	for i, h := range e.facts.Training.Hardware {
		path := fmt.Sprintf("training.hardware[%d]", i)
		subject := outcome{verdict: verdictOfFact(h.SubjectToEAR)}
		if h.SubjectToEAR == nil {
			subject.missing = []Missing{{Path: path + ".subject_to_ear", Reason: ReasonUnknown}}
		} else {
			subject.steps = []Step{{path + ".subject_to_ear", yesNo(h.SubjectToEAR), e.facts.grade(path + ".subject_to_ear"), cite}}
		}
		products = append(products, combine([]outcome{e.listedProduct(h, path, cite), subject}, DoesNotApply))
	}
	if partial { // what is not named may be listed
		at := "training.hardware_complete"
		products = append(products, outcome{steps: []Step{{at, "false: more may have worked than the list names", e.facts.grade(at), cite}}, missing: []Missing{{Path: at, Reason: ReasonUnknown}}})
	}
	o := combine(products, Applies)
	o.steps = uniqueSteps(o.steps)
	if o.verdict == DoesNotApply && e.facts.Training.HardwareComplete != nil {
		o.steps = append(o.steps, e.value("training.hardware_complete").step(cite)...)
	}
	return o
}

// listedProduct classifies by the catalogue; what it does not hold, by the ECCN
// that the document states.
func (e *evaluation) listedProduct(h Hardware, path, cite string) outcome {
	found, accelerator := e.resolve(h, path)
	stated := Undetermined
	if h.ECCN != "" {
		stated = e.listedECCN(h.ECCN)
	}
	eccn := "not in the catalogue"
	grade := e.facts.grade(path + ".product")
	if found.verdict != Undetermined || accelerator != "" {
		eccn = accelerator
		grade = meter.LowestGrade(grade, meter.GradeDerived)
	}
	step := Step{path + ".product", fmt.Sprintf("%s: %s", h.Product, eccn), grade, cite}
	if h.ECCN != "" {
		step.Fact, step.Value = path, fmt.Sprintf("%s: %s by the catalogue, %s as stated", h.Product, eccn, h.ECCN)
	}
	switch {
	case found.verdict == Applies && stated == DoesNotApply:
		return outcome{steps: []Step{step}, missing: []Missing{{Path: path + ".eccn", Reason: ReasonConflict, Hint: fmt.Sprintf("The catalogue classes it as %s, the document as %s: find out which is right.", eccn, h.ECCN)}}}
	case found.verdict == Applies || stated == Applies:
		return outcome{verdict: Applies, steps: []Step{step}}
	case found.verdict == DoesNotApply || stated == DoesNotApply:
		return outcome{verdict: DoesNotApply, steps: []Step{step}}
	}
	found.steps = []Step{step}
	return found
}

// listedECCN: an entry of the list covers its paragraphs, so that 3A090 covers
// 3A090.a and .b; the paragraph under an option goes by its reading.
func (e *evaluation) listedECCN(eccn string) Verdict {
	if by := e.pack.Plant.ByOption; by.ECCN != "" && (eccn == by.ECCN || strings.HasPrefix(eccn, by.ECCN+".")) {
		if reading := e.consult(by.Option); reading != "" {
			return verdictOf(reading == by.Value)
		}
		return Undetermined
	}
	return verdictOf(slices.ContainsFunc(e.pack.Plant.ECCNs, func(listed string) bool { return eccn == listed || strings.HasPrefix(eccn, listed+".") }))
}

// resolve finds the product in the catalogue; absence is an unknown fact with a
// hint, never a pass.
func (e *evaluation) resolve(h Hardware, path string) (outcome, string) {
	missing := Missing{Path: path + ".product", Reason: ReasonUnresolved}
	known, seen := e.shared.classes[h.Product]
	if !seen {
		a, err := e.catalogue.Find(h.Product)
		if known.err = err; err == nil {
			known.class = a.Classify()
		}
		e.shared.classes[h.Product] = known
	}
	c, err := known.class, known.err
	var unknown *provenance.UnknownProductError
	if err != nil {
		missing.Hint = fmt.Sprintf("%s is not in the catalogue under this name: see weighbridge hardware list, or state its eccn.", h.Product)
		if errors.As(err, &unknown) && len(unknown.Nearest) > 0 {
			missing.Hint = fmt.Sprintf("%s is not in the catalogue; the nearest names are %s. Correct the name, or state its eccn.", h.Product, strings.Join(unknown.Nearest, ", "))
		}
		return outcome{missing: []Missing{missing}}, ""
	}
	if c.ECCN == provenance.Undetermined || c.ECCN == "" {
		missing.Hint = fmt.Sprintf("%s cannot be classed: %s. State its eccn from the maker.", h.Product, strings.Join(c.Reasons, "; "))
		return outcome{missing: []Missing{missing}}, string(provenance.Undetermined)
	}
	if c.ECCN == provenance.None {
		return outcome{verdict: DoesNotApply}, "not in 3A090"
	}
	return outcome{verdict: e.listedECCN(string(c.ECCN))}, string(c.ECCN)
}
