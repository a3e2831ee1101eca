package fdp

import (
	"fmt"
	"math/big"
	"slices"
	"sync"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// Evaluate answers q for the facts under the rules: one determination per
// regime asked for, in the order asked, or of every regime in order of name. It
// is a pure function. The error is a [*QuestionError], a contradiction in the
// facts, or a sum of operations past 2^128-1; a fact that is missing is never an
// error.
func Evaluate(r *Rules, c *provenance.Catalogue, f Facts, q Question) ([]Determination, error) {
	if r == nil || c == nil {
		return nil, fmt.Errorf("evaluate: without rules or without a catalogue: use Embedded of fdp and of provenance")
	}
	if err := q.Validate(r); err != nil {
		return nil, err
	}
	if c := f.contradiction(); c != nil {
		return nil, fmt.Errorf("facts: %s: %s", c.path, c.message)
	}
	f = f.flat()
	models, _ := f.models() // contradictions were refused
	return underEach(q.regimes(r), func(regime string) (Determination, error) {
		d, err := newEvaluationOf(models, r.packs[regime], c, f, q).determine(r.digest)
		if err != nil {
			return d, fmt.Errorf("evaluate %s: %w", regime, err)
		}
		return d, nil
	})
}

// underEach asks every regime beside the others, and returns the answers in order, or
// the first error in order. Regimes share what they only read. A panic is the caller's:
// run watches thresholds beside a job that must not end with it.
func underEach[T any](regimes []string, ask func(string) (T, error)) ([]T, error) {
	out, errs := make([]T, len(regimes)), make([]error, len(regimes))
	var group sync.WaitGroup
	panics := make([]any, len(regimes))
	for i, regime := range regimes {
		group.Go(func() {
			defer func() { panics[i] = recover() }()
			out[i], errs[i] = ask(regime)
		})
	}
	group.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p)
		}
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// evaluation is one pass over one regime.
type evaluation struct {
	pack      *pack
	catalogue *provenance.Catalogue
	facts     Facts
	models    map[meter.ModelRef]*modelFacts
	question  Question
	asOf      string
	status    Status
	consulted map[string]bool // options that were asked for
	memo      map[string]outcome
	numbers   *numbers
	counting  int             // above 0 while a quantity is counted
	listed    *outcome        // the plant test, once
	unearned  map[string]bool // facts that decide nothing while an earned condition is examined
	shared    *shared

	toCustomer bool        // of the hand-over to the customer (desk_customer.go)
	customer   *evaluation // that evaluation, once
}

// shared is what the evaluations of one document under several readings have in
// common.
type shared struct {
	values  map[string]factValue
	classes map[string]classified
	numbers map[string]*numbers // by the readings that counting asks for
	parts   map[meter.ModelRef][]part
	lowest  map[string]meter.Grade    // of lists
	adapter map[string]outcome        // by citation
	hints   map[string]string         // by path
	bounded map[string]bool           // quantities of which not every combination can be tried
	lines   map[meter.ModelRef][]line // of work, by generator
	groups  []int                     // of synthetic_data

	children map[string]meter.ModelRef // whose parents stand in a list, by its path
	edges    map[meter.ModelRef]edgePlace
}

// classified is what the catalogue says about a product.
type classified struct {
	class provenance.Classification
	err   error
}

// newEvaluationOf begins an evaluation of facts whose models are joined already:
// the regimes of one question share them, and only read them.
func newEvaluationOf(models map[meter.ModelRef]*modelFacts, p *pack, c *provenance.Catalogue, f Facts, q Question) *evaluation {
	e := &evaluation{
		pack: p, catalogue: c, facts: f, models: models, question: q, asOf: q.AsOf.Format(dateFormat),
		consulted: map[string]bool{}, memo: map[string]outcome{}, unearned: map[string]bool{},
		shared: &shared{values: map[string]factValue{}, classes: map[string]classified{}, numbers: map[string]*numbers{},
			parts: map[meter.ModelRef][]part{}, lowest: map[string]meter.Grade{}, adapter: map[string]outcome{}, hints: map[string]string{}, bounded: map[string]bool{}},
	}
	e.status = p.statusOn(e.asOf)
	e.shareNumbers()
	return e
}

// shareNumbers takes the numbers of an earlier evaluation of the same document
// whose counting had the same readings.
func (e *evaluation) shareNumbers() {
	key := ""
	for _, name := range e.pack.readings {
		key += e.reading(name) + "|"
	}
	if e.shared.numbers[key] == nil {
		e.shared.numbers[key] = newNumbers()
	}
	e.numbers = e.shared.numbers[key]
}

// statusOn returns the standing of the text on a date (facts, 8.2).
func (p *pack) statusOn(date string) Status {
	out := Status{TextLastSeen: p.TextLastSeen, Presumed: date > p.TextLastSeen}
	for _, s := range p.Standing {
		if (s.From == "" || string(s.From) <= date) && (s.To == "" || date <= string(s.To)) {
			out.Codified, out.ComplianceDue, out.Enforced, out.Why, out.Cite = s.Codified, s.ComplianceDue, s.Enforced, s.Why, s.Cite.Reference
		}
	}
	return out
}

func (e *evaluation) determine(digest string) (Determination, error) {
	d, err := e.determination(digest)
	if err != nil {
		return Determination{}, err
	}
	for _, o := range e.pack.Options {
		if e.consulted[o.Name] {
			alternatives, err := e.alternatives(o, d)
			if err != nil {
				return Determination{}, err
			}
			d.Alternatives = append(d.Alternatives, alternatives...)
		}
	}
	slices.SortFunc(d.Alternatives, Alternative.compare) // whatever the order of the rules' files
	d.Missing = pivotalOptions(d)
	return d, nil
}

// determination fills what the regime asks for; findings follow the clauses' order.
func (e *evaluation) determination(digest string) (Determination, error) {
	d, missing := e.answers()
	d.Regime, d.AsOf, d.RulesDigest, d.Status = e.pack.Regime, e.asOf, digest, e.status
	d.Options, d.Findings, d.Alternatives = map[string]string{}, []Finding{}, []Alternative{}
	for _, c := range e.pack.sorted() {
		o := e.rule(c.ID)
		d.Findings = append(d.Findings, Finding{
			Rule: c.ID, Answers: e.answeredBy(c.ID), Verdict: o.verdict, Sentence: c.Sentence, Cite: c.Cite.Reference,
			Trace: atLeast(o.steps), Missing: atLeast(e.hints(o.couldChange())),
		})
	}
	d.Missing = atLeast(e.hints(missing))
	if d.Weighed != nil {
		e.weigh(d.Weighed)
	}
	for _, o := range e.pack.Options { // what counsel chose is echoed, whether or not it came up
		_, set := e.question.Options[o.Name]
		if value := e.reading(o.Name); value != "" && (set || e.consulted[o.Name]) {
			d.Options[o.Name] = value
		}
	}
	return d, e.numbers.err
}

// answers gives the verdicts and the number, and what could change them.
func (e *evaluation) answers() (Determination, []Missing) {
	var d Determination
	var missing []Missing
	ask := func(rule string) Verdict {
		o := e.rule(rule)
		missing = append(missing, o.couldChange()...)
		return o.verdict
	}
	d.Controlled = ask(e.pack.Outcomes.Controlled)
	if e.pack.Outcomes.SubjectToEAR != "" {
		d.Export = &Export{SubjectToEAR: ask(e.pack.Outcomes.SubjectToEAR)}
		d.Licence.Required = ask(e.pack.Outcomes.LicenceRequired)
		d.Licence.Exception = choose(e.pack.Outcomes.Exceptions, ask)
		d.Licence.Policy = choose(e.pack.Outcomes.Policies, ask)
	}
	if e.pack.weighs() {
		d.Weighed = &Weighed{Operations: e.quantity(e.pack.Threshold.Quantity).interval}
	}
	return d, missing
}

// answer names the question that a clause's verdict answers, if any.
func (o outcomes) answer(id string) string {
	switch id {
	case o.Controlled:
		return "controlled"
	case o.SubjectToEAR:
		return "subject_to_ear"
	case o.LicenceRequired:
		return "licence.required"
	}
	return ""
}

// answeredBy is answer, and where a licence may be required also licence.exception
// or licence.policy: the clause that names it, or the last that would have.
func (e *evaluation) answeredBy(id string) string {
	o := e.pack.Outcomes
	if direct := o.answer(id); direct != "" || o.LicenceRequired == "" || e.rule(o.LicenceRequired).verdict == DoesNotApply {
		return direct
	}
	switch id {
	case e.decidedBy(o.Exceptions):
		return "licence.exception"
	case e.decidedBy(o.Policies):
		return "licence.policy"
	}
	return ""
}

// decidedBy is the clause on which choose stops.
func (e *evaluation) decidedBy(answers []answer) string {
	last := ""
	for _, a := range answers {
		if last = a.Rule; e.rule(a.Rule).verdict != DoesNotApply {
			break
		}
	}
	return last
}

func atLeast[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// choose returns the first answer whose rule applies; undetermined when one
// before it is.
func choose(answers []answer, ask func(string) Verdict) string {
	for _, a := range answers {
		switch ask(a.Rule) {
		case Applies:
			return a.Value
		case Undetermined:
			return Undetermined.String()
		}
	}
	return ""
}

// threshold is the number that the threshold comes to, rounded down: of whole
// operations just those above 1/3 of a number are above that, rounded down. It
// reports false for a share of a number that is not known.
func (e *evaluation) threshold() (meter.Ops, bool) {
	if e.pack.Threshold.Value != "" {
		return e.pack.threshold, true
	}
	for _, b := range e.pack.Threshold.HighestOf {
		q := e.quantity(b.Of).decisive()
		if b.Of != "" && q.High.Known && (q.Low == q.High.Ops || q.Estimate.Known) {
			of := q.Estimate.Ops
			if !q.Estimate.Known {
				of = q.Low
			}
			share := bounds(meter.Exact(of), b.factor()).low
			whole, err := meter.OpsFromBig(new(big.Int).Quo(share.Num(), share.Denom()))
			return whole, err == nil
		}
	}
	return meter.Ops{}, false
}

// weigh holds the number against the threshold, and says how it is reported and
// what notification follows.
func (e *evaluation) weigh(w *Weighed) {
	w.Near = true
	if threshold, known := e.threshold(); known {
		w.Threshold = &Threshold{e.pack.Threshold.Quantity, e.pack.Threshold.Is, threshold}
		w.Margin, w.Near = margin(w.Operations, threshold)
	}
	for _, r := range e.pack.Reports {
		if r.Where != "" && e.rule(r.Where).verdict == DoesNotApply {
			continue
		}
		w.Reported = append(w.Reported, Reported{r.To, figure(w.Operations.Estimate, r.Figures), r.Figures, r.Cite.Reference})
	}
	switch n := e.pack.Notice; {
	case n.Rule != "":
		w.Notification = &Notification{n.Duty, n.Rule, e.rule(n.Rule).verdict, n.Days, n.Cite.Reference}
	case n.None != "":
		w.Notification = &Notification{Duty: n.None, Verdict: DoesNotApply, Cite: n.Cite.Reference}
	}
}

// margin is what is left to the threshold: by the estimate, else by the high
// bound; nothing below zero. Near: the high bound reaches it.
func margin(i meter.Interval, threshold meter.Ops) (*meter.Ops, bool) {
	near := !i.High.Known || i.High.Ops.Cmp(threshold) >= 0
	best := i.Estimate
	if !best.Known {
		best = i.High
	}
	if !best.Known {
		return nil, near
	}
	left, err := threshold.Sub(best.Ops)
	if err != nil { // passed
		left = meter.Ops{}
	}
	return &left, near
}
