package main

import (
	"fmt"
	"math/big"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
)

// runCount is what one run is known to have computed, by every method there
// was, before one of them is chosen.
type runCount struct {
	activity     meter.Activity
	outcome      meter.Outcome
	live         bool // the run goes on: the figures are those of now
	observed     meter.Observation
	architecture *estimate.Architecture
	tokens       *meter.Ops        // stated with --tokens
	sequence     estimate.Schedule // stated with --sequence-length
	only         estimate.Passes   // these passes alone; 0: those of the activity
	work         estimate.Work     // what encoders and towers read in the whole run, and what is trained
}

// fill gives the record its operations from the best method there is (counted
// in the job, architecture, the framework's own total, none, in that order); the
// others become witnesses, and what they disagree about a finding. A framework's
// total stands behind the architecture, because it is a formula too, with known
// omissions. It never fails: a method that cannot be used is a finding, because
// the run itself must be recorded whatever becomes of it.
func (c runCount) fill(r *meter.Record) {
	c = c.completed()
	formula, tokens, err := c.formula()
	if err != nil {
		formula = nil
		r.Findings = append(r.Findings, meter.Finding{Code: "formula-failed", Message: "the formula gives no count: " + err.Error()})
	}
	if err := c.shapeOfLog(); err != nil && formula != nil {
		r.Witnesses = append(r.Witnesses, *formula)
		formula = nil
		r.Findings = append(r.Findings, meter.Finding{Code: "parameters-disagree", Message: err.Error() + ": the formula's count is of another model and is not used; supersede this record when the right one is known"})
	}
	counted, err := c.counted()
	if err != nil {
		counted = nil
		r.Findings = append(r.Findings, meter.Finding{Code: "counter-failed", Message: "the job's counter gives no count: " + err.Error()})
	}
	if formula != nil {
		beside, err := c.besides(formula, tokens)
		if err != nil { // the bound is out of all range
			formula.Operations.High = meter.Bound{}
		}
		r.Witnesses = append(r.Witnesses, *formula)
		r.Findings = append(append(r.Findings, beside...), c.compareStated(r, formula, tokens)...)
	}
	impossible := contradicts(counted, formula)
	if counted != nil {
		if !impossible {
			r.Findings = append(r.Findings, c.compare(counted, formula, tokens)...)
		}
		r.Witnesses = append(r.Witnesses, *counted)
	}
	r.Findings = append(r.Findings, meter.Quantities(heldTogether(r, counted, formula), c.causes())...)
	stated := c.statedTotal()
	if stated != nil {
		r.Findings = append(r.Findings, c.against(stated, formula)...)
		r.Witnesses = append(r.Witnesses, *stated)
	}
	c.choose(r, firstKnown(counted, formula, stated))
	if impossible {
		r.Operations.Estimate, r.Operations.High = meter.Bound{}, formula.Operations.High
		r.Findings = append(r.Findings, meter.Finding{Code: "no-estimate", Message: contradictionMeans + c.likely(counted.Operations.Low, tokens.Low)})
	}
	if c.open() {
		r.Findings = append(r.Findings, meter.Finding{Code: "interrupted",
			Message: "the meter ended before the job did: the job may have gone on, so there is no upper bound; supersede this record when its true end is known"})
	}
}

// compareStated holds the tokens that a person stated against those that were
// seen. Where they disagree the high bound covers both.
func (c runCount) compareStated(r *meter.Record, formula *meter.Witness, seen tokenRange) []meter.Finding {
	if c.tokens == nil || c.tokens.Cmp(seen.Low) >= 0 && (!seen.High.Known || c.tokens.Cmp(seen.High.Ops) <= 0) {
		return nil
	}
	stated, err := c.training(*c.tokens)
	if err != nil {
		return []meter.Finding{{Code: "formula-failed", Message: "the formula gives no count for the tokens stated: " + err.Error()}}
	}
	r.Witnesses = append(r.Witnesses, meter.Witness{Quantity: meter.Required, Method: meter.Architecture, Grade: meter.GradeDeclared,
		Operations: stated.Operations, Convention: stated.Convention, Source: fmt.Sprintf("%s; %s tokens as stated with --tokens", stated.Source, c.tokens)})
	if h := stated.Operations.High; h.Known && formula.Operations.High.Known && h.Ops.Cmp(formula.Operations.High.Ops) > 0 {
		formula.Operations.High = h
	}
	return []meter.Finding{{Code: "tokens-disagree", Message: fmt.Sprintf("--tokens says %s, the log shows %s: the estimate goes by the log, the high bound covers both", c.tokens, seen.Low)}}
}

// contradicts: what was performed can never be less than what the mathematics
// requires. Where a counter says so, by more than the 2 % that conventions differ
// by, nobody knows which of the two is wrong: there is no estimate, and the high
// bound covers both. One printed line must not outweigh a model's shape.
func contradicts(counted, formula *meter.Witness) bool {
	if counted == nil || formula == nil || !counted.Operations.High.Known {
		return false
	}
	performed := new(big.Int).Mul(counted.Operations.High.Ops.Big(), big.NewInt(100))
	required := new(big.Int).Mul(formula.Operations.Low.Big(), big.NewInt(98))
	return performed.Cmp(required) < 0
}

// contradictionMeans is what follows where one method contradicts another.
const contradictionMeans = "the counter and the formula contradict each other and one of the two is wrong, so there is no estimate and the high bound covers both; " +
	"supersede this record when the cause is found"

func firstKnown(list ...*meter.Witness) *meter.Witness {
	for _, w := range list {
		if w != nil {
			return w
		}
	}
	return nil
}

func (c runCount) choose(r *meter.Record, best *meter.Witness) {
	switch {
	case c.outcome == meter.NeverStarted:
		r.Operations, r.Method, r.Grade = meter.Exact(meter.Ops{}), meter.Counted, meter.GradeMeasured
	case best == nil:
		r.Operations, r.Method, r.Grade = meter.Unbounded(meter.Ops{}), meter.NoMethod, meter.GradeMeasured
		r.Findings = append(r.Findings, c.notCounted(r))
	default:
		r.Operations, r.Method, r.Grade, r.Convention = best.Operations, best.Method, best.Grade, best.Convention
	}
}

// notCounted says what was missing for a count, and how to give it now.
func (c runCount) notCounted(r *meter.Record) meter.Finding {
	missing := "the log stated no tokens and no operations"
	if c.outcome == meter.Stated {
		return meter.Finding{Code: "not-counted", Message: "the file states neither operations nor all that they follow from, so there is no count: " +
			"give --architecture, and --sequence-length where it states samples, --batch-tokens where it states steps, or --tokens"}
	}
	if c.observed.TokensCommitted != nil && c.architecture == nil {
		missing = fmt.Sprintf("the log shows %s tokens, but the model's shape is not known (--architecture)", c.observed.TokensCommitted)
	}
	return meter.Finding{Code: "not-counted", Message: fmt.Sprintf(
		"%s, so there is no upper bound; supersede this record when the count is known, or void it if the run did no work: weighbridge ledger correct %s --run %s --sequence %d (--void | --supersede FILE) --reason TEXT --author WHO",
		missing, r.Model, r.Run, r.Sequence)}
}

// counted is what the job's own counter reported last for the run's activity.
func (c runCount) counted() (*meter.Witness, error) {
	report, found := c.ownReport()
	if !found || report.Operations == nil {
		return nil, nil
	}
	high, err := c.reportTail(report)
	if err != nil {
		return nil, err
	}
	return &meter.Witness{Quantity: meter.Performed, Method: meter.Counted, Grade: meter.GradeReported,
		Operations: meter.Interval{Low: *report.Operations, Estimate: meter.Known(*report.Operations), High: high},
		Source:     "the job's own counter, last report"}, nil
}

// reportTail bounds what a job did after its last report. A finished job has
// reported all; one that ended otherwise did at most one more logging interval
// of steps at the mean cost so far, or there is no bound.
func (c runCount) reportTail(report meter.Report) (meter.Bound, error) {
	last := report.MostOperations()
	switch {
	case c.outcome == meter.Finished:
		return meter.Known(last), nil
	case c.open(), report.Step == nil, *report.Step == 0, c.observed.LogInterval == nil:
		return meter.Bound{}, nil
	}
	tail, err := last.Mul(meter.NewOps(*c.observed.LogInterval))
	if err != nil {
		return meter.Bound{}, err
	}
	steps, rest := tail.Div(*report.Step)
	if rest > 0 {
		if steps, err = steps.Add(meter.NewOps(1)); err != nil {
			return meter.Bound{}, err
		}
	}
	high, err := last.Add(steps)
	return meter.Known(high), err
}

// open says that work may have been done that nobody saw.
func (c runCount) open() bool { return c.outcome == meter.Interrupted && !c.live }

// compare says how far the job's counter and the formula are apart, and why
// where a known convention reproduces the counter to the operation.
func (c runCount) compare(counted, formula *meter.Witness, tokens tokenRange) []meter.Finding {
	if formula == nil || !formula.Operations.Estimate.Known || formula.Operations.Estimate.Ops.IsZero() {
		return nil
	}
	a, b := counted.Operations.Low, formula.Operations.Estimate.Ops
	message := fmt.Sprintf("the job's counter says %s, the formula %s: %s", a, b, apart(a, b))
	for _, keys := range []estimate.Keys{estimate.HalfKeys, estimate.ExactKeys, estimate.FullKeys} {
		total, convention, err := c.under(keys, tokens.Low)
		if err == nil && total == a {
			counted.Convention = convention
			return []meter.Finding{{Code: "counts-agree", Message: fmt.Sprintf(
				"%s. Counted with %s keys per token instead of %s, the formula gives the counter's number to the operation", message, keys, estimate.HalfKeys)}}
		}
	}
	if cause, found := meter.LikelyCause(a, b, c.causes()); found && farApart(a, b) {
		return []meter.Finding{{Code: "counts-differ", Message: message + ". Likely cause: " + cause.Name + c.likely(a, tokens.Low)}}
	}
	return []meter.Finding{{Code: "counts-differ", Message: message + ". No convention that was tried (s/2, (s+1)/2 and s keys per token) explains it exactly" + c.likely(a, tokens.Low)}}
}

// apart is the distance of a from b in per cent of b, for reading.
func apart(a, b meter.Ops) string {
	distance := new(big.Rat).SetFrac(new(big.Int).Sub(a.Big(), b.Big()), b.Big())
	percent := distance.Mul(distance, big.NewRat(100, 1))
	sign := "+"
	if percent.Sign() < 0 {
		sign = ""
	}
	return sign + percent.FloatString(4) + " %"
}
