package fdp

import (
	"slices"
)

// outcome is the verdict of a condition with its proof.
type outcome struct {
	verdict Verdict
	steps   []Step    // what suffices for the verdict; with undetermined, what is known
	missing []Missing // with undetermined: what could change it
	soft    []Missing // what would change a determined verdict if it were stated (see earned)
}

// couldChange returns everything that could change the verdict.
func (o outcome) couldChange() []Missing {
	if o.verdict == Undetermined {
		return slices.Concat(o.missing, o.soft)
	}
	return o.soft
}

func (o outcome) not() outcome {
	o.verdict = o.verdict.Not()
	return o
}

// combine is the Kleene conjunction when decides is DoesNotApply, and the
// disjunction when it is Applies: one child with that verdict settles it.
func combine(children []outcome, decides Verdict) outcome {
	deciding := slices.DeleteFunc(slices.Clone(children), func(o outcome) bool { return o.verdict != decides })
	if len(deciding) > 0 {
		return shortest(deciding)
	}
	out := outcome{verdict: decides.Not()}
	for _, o := range children {
		out.steps = append(out.steps, o.steps...)
		out.soft = append(out.soft, o.soft...)
		if o.verdict == Undetermined {
			out.verdict = Undetermined
			out.missing = append(out.missing, o.missing...)
		}
	}
	return out
}

// shortest returns the outcome with the firmest and then the shortest proof. A
// verdict that rests on soft outcomes only can change when all of them do.
func shortest(list []outcome) outcome {
	best := list[0]
	var soft []Missing
	firm := false
	for _, o := range list {
		soft = append(soft, o.soft...)
		firm = firm || len(o.soft) == 0
		if better(o, best) {
			best = o
		}
	}
	best.soft = soft
	if firm {
		best.soft = nil
	}
	return best
}

func better(a, b outcome) bool {
	if (len(a.soft) == 0) != (len(b.soft) == 0) {
		return len(a.soft) == 0
	}
	return len(a.steps) < len(b.steps)
}

func uniqueSteps(steps []Step) []Step {
	return uniqueBy(steps, func(s Step) [2]string { return [2]string{s.Fact, s.Value} })
}

func uniqueMissing(list []Missing) []Missing {
	return uniqueBy(list, func(m Missing) string { return m.Path })
}

// uniqueBy keeps the first of those with one key, in order.
func uniqueBy[T any, K comparable](list []T, key func(T) K) []T {
	var out []T
	if len(list) <= 16 { // most are; a map costs more than looking
		for _, item := range list {
			if !slices.ContainsFunc(out, func(have T) bool { return key(have) == key(item) }) {
				out = append(out, item)
			}
		}
		return out
	}
	seen := make(map[K]bool, len(list))
	for _, item := range list {
		if k := key(item); !seen[k] {
			seen[k] = true
			out = append(out, item)
		}
	}
	return out
}

// rule returns the outcome of a clause, once.
func (e *evaluation) rule(id string) outcome {
	if o, found := e.memo[id]; found && len(e.unearned) == 0 {
		return o
	}
	c := e.pack.byID[id]
	o := e.condition(c.When, c.Cite.Reference)
	o.steps, o.missing, o.soft = uniqueSteps(o.steps), uniqueMissing(o.missing), uniqueMissing(o.soft)
	if len(e.unearned) == 0 {
		e.memo[id] = o
	}
	return o
}

func (e *evaluation) conditions(list []condition, cite string) []outcome {
	out := make([]outcome, 0, len(list))
	for _, c := range list {
		out = append(out, e.condition(c, cite))
	}
	return out
}

// condition evaluates one node. The linter has made sure that exactly one field
// is set.
func (e *evaluation) condition(c condition, cite string) outcome {
	switch {
	case c.All != nil:
		return combine(e.conditions(c.All, cite), DoesNotApply)
	case c.Any != nil:
		return combine(e.conditions(c.Any, cite), Applies)
	case c.Not != nil:
		return e.condition(*c.Not, cite).not()
	case c.Is != nil:
		return e.is(*c.Is, cite)
	case c.In != nil:
		return e.in(*c.In, cite)
	case c.Compare != nil:
		return e.compare(*c.Compare, cite)
	case c.ByOption != nil:
		return e.byOption(*c.ByOption, cite)
	case c.Earned != nil:
		return e.earned(*c.Earned, cite)
	case c.Flag != nil:
		return e.flag(*c.Flag, cite)
	case c.ToCustomer != nil:
		return e.towardsCustomer().condition(*c.ToCustomer, cite)
	case c.Rule != "":
		return e.rule(c.Rule)
	}
	return outcome{verdict: DoesNotApply} // never
}

// flag leaves to counsel what is not out.
func (e *evaluation) flag(inner condition, cite string) outcome {
	o := e.condition(inner, cite)
	if o.verdict == Applies {
		o.verdict = Undetermined
		o.soft = nil
	}
	return o
}

// byOption takes the reading that was chosen. Where none was and the text
// supports no default, every reading is evaluated: they agree, or the outcome is
// undetermined and the option is missing.
func (e *evaluation) byOption(b byOption, cite string) outcome {
	chosen := Step{Fact: "options." + b.Option, Cite: e.pack.option[b.Option].Cite.Reference}
	if value := e.consult(b.Option); value != "" {
		o := e.condition(b.Readings[value], cite)
		chosen.Value = value
		o.steps = append([]Step{chosen}, o.steps...)
		if b.Readings[value].Flag != nil && o.verdict == Undetermined {
			o.missing = append(o.missing, Missing{Path: chosen.Fact, Reason: ReasonOption})
		}
		return o
	}
	var all []outcome
	for _, value := range e.pack.option[b.Option].Values {
		all = append(all, e.condition(b.Readings[value], cite))
	}
	return agreement(all, chosen)
}

func agreement(all []outcome, chosen Step) outcome {
	out := outcome{verdict: all[0].verdict}
	for _, o := range all {
		if o.verdict != out.verdict {
			out.verdict = Undetermined
		}
		out.steps = append(out.steps, o.steps...)
		out.missing = append(out.missing, o.missing...)
		out.soft = append(out.soft, o.soft...)
	}
	if out.verdict == Undetermined {
		out.missing = append(out.missing, Missing{Path: chosen.Fact, Reason: ReasonOption})
	}
	return out
}

// earned evaluates an exclusion that must be earned. While a fact that it needs
// is not stated, or is "none", it does not apply; the fact is named when stating
// it could make the exclusion apply.
func (e *evaluation) earned(c earned, cite string) outcome {
	short := map[string]bool{}
	var steps []Step
	for _, path := range c.Facts {
		if v := e.value(path); !v.known || slices.Equal(v.values, []string{"none"}) {
			short[path] = true
			steps = append(steps, Step{Fact: path, Value: "not earned: " + v.text(), Grade: v.grade, Cite: cite})
		}
	}
	if len(short) == 0 {
		return e.condition(c.When, cite)
	}
	before := e.unearned
	e.unearned = short
	o := e.condition(c.When, cite)
	e.unearned = before
	if o.verdict == DoesNotApply {
		return o
	}
	out := outcome{verdict: DoesNotApply, steps: steps[:1]} // one that is short is enough for the verdict; all are missing
	for _, path := range c.Facts {
		if short[path] {
			out.soft = append(out.soft, Missing{Path: path, Reason: ReasonEvidence})
		}
	}
	return out
}
