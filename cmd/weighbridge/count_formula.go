package main

import (
	"cmp"
	"fmt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
	"github.com/weighbridge/weighbridge/meter/trainlog"
)

// tokenRange is low <= estimate <= high in tokens; an unknown bound is as in
// [meter.Interval].
type tokenRange = meter.Interval

// formula is the architecture's count for the tokens that the log showed or
// that a person stated. The second value is those tokens.
func (c runCount) formula() (*meter.Witness, tokenRange, error) {
	if c.architecture == nil {
		return nil, tokenRange{}, nil
	}
	tokens, grade, source, err := c.tokensSeen()
	if err != nil || source == "" {
		return nil, tokens, err
	}
	if documents, packed := c.packedReport(); packed {
		work := c.work
		work.Passes = passesOf(c.activity)
		if count, err := c.architecture.Packed(documents, work); err == nil {
			if tokens.High != tokens.Estimate { // of tokens done again no document is known
				count.Operations.High = meter.Bound{}
			}
			return &meter.Witness{Quantity: meter.Required, Method: meter.Architecture, Grade: grade, Operations: count.Operations,
				Convention: count.Convention, Source: fmt.Sprintf("%s; %s, packed in documents that it reported too", count.Source, source)}, tokens, nil
		}
	}
	low, err := c.training(tokens.Low)
	if err != nil {
		return nil, tokens, err
	}
	operations := low.Operations
	if operations.High, err = c.upper(tokens.High); err != nil {
		return nil, tokens, err
	}
	if !tokens.Estimate.Known {
		operations.Estimate = meter.Bound{}
	}
	return &meter.Witness{Quantity: meter.Required, Method: meter.Architecture, Grade: grade, Operations: operations,
		Convention: low.Convention, Source: fmt.Sprintf("%s; %s", low.Source, source)}, tokens, nil
}

func (c runCount) upper(tokens meter.Bound) (meter.Bound, error) {
	if !tokens.Known {
		return meter.Bound{}, nil
	}
	count, err := c.training(tokens.Ops)
	return count.Operations.High, err
}

// training is the canonical count. A run that went on past its schedule did so
// at the schedule's last length: a record must not fail for it.
func (c runCount) training(tokens meter.Ops) (estimate.Count, error) {
	work := c.work
	if work.Tokens, work.Passes = tokens, c.passes(); c.outcome != meter.Finished && c.outcome != meter.Stated {
		work.Source, work.Images = nil, nil // stated for the whole run: how much of it is done cannot be told
	}
	return c.architecture.Along(work, c.sequence.Covering(tokens))
}

// passes are those of the run's activity.
func (c runCount) passes() estimate.Passes { return cmp.Or(c.only, passesOf(c.activity)) }

// besides raises the formula's upper bound by what its activity may run beside it.
func (c runCount) besides(formula *meter.Witness, tokens tokenRange) ([]meter.Finding, error) {
	forward, activity := c, c.activity
	forward.only = estimate.Forward
	if trainlog.Sampled(c.observed.Format) && c.passes() == 0 {
		activity = meter.ReinforcementLearning
	}
	return besides(activity, &formula.Operations, func() (estimate.Count, error) { return forward.training(tokens.High.Ops) })
}

// under is the count of training with another convention of keys.
func (c runCount) under(keys estimate.Keys, tokens meter.Ops) (total meter.Ops, convention meter.Convention, err error) {
	parts, err := c.sequence.Covering(tokens).Stretches(tokens)
	if err != nil {
		return total, convention, err
	}
	for _, part := range parts {
		count, err := c.architecture.Count(estimate.Work{Tokens: part.Tokens, Sequence: part.Sequence, Keys: keys, Passes: c.passes()})
		if err != nil {
			return total, convention, err
		}
		convention = count.Convention
		if total, err = total.Add(count.Operations.Low); err != nil {
			return total, convention, err
		}
	}
	return total, convention, nil
}

// tokensSeen returns the tokens by the best source: the log, else the flag.
// Committed steps give low and estimate; steps executed again, and the steps
// after the last logged one, which no line shows, add to high.
func (c runCount) tokensSeen() (tokenRange, meter.Grade, string, error) {
	seen := c.observed
	if report, found := c.ownReport(); found && report.Tokens != nil && c.outcome == meter.Finished {
		tokens := meter.Exact(*report.Tokens)
		tokens.High = meter.Known(report.MostTokens())
		return tokens, meter.GradeDerived, fmt.Sprintf("%s tokens by the job's own counter", report.Tokens), nil
	}
	if seen.TokensCommitted == nil || seen.TokensExecuted == nil {
		return c.tokensStated()
	}
	tokens := tokenRange{Low: *seen.TokensCommitted, Estimate: meter.Known(*seen.TokensCommitted)}
	source := fmt.Sprintf("%s tokens by the %s log", seen.TokensCommitted, seen.Format)
	if c.open() {
		return tokens, meter.GradeDerived, source, nil
	}
	if seen.LogInterval == nil || seen.TokensPerStep == nil {
		return tokens, meter.GradeDerived, source + "; how many more in steps that were not logged cannot be told", nil
	}
	tail, err := c.unlogged()
	if err != nil {
		return tokens, "", "", err
	}
	high, err := seen.TokensExecuted.Add(tail)
	if err != nil {
		return tokens, "", "", err
	}
	source += fmt.Sprintf(", up to %s more in steps that were not logged", tail)
	tokens.High = meter.Known(high)
	return tokens, meter.GradeDerived, source, nil
}

// unlogged bounds the tokens of steps that no line shows: less than one logging
// interval after the last line, and on both sides of each restart.
func (c runCount) unlogged() (meter.Ops, error) {
	tail, err := meter.NewOps(*c.observed.LogInterval).Mul(meter.NewOps(*c.observed.TokensPerStep))
	if err != nil {
		return meter.Ops{}, err
	}
	return tail.Mul(meter.NewOps(1 + 2*c.observed.Restarts))
}

// tokensStated is what --tokens says. A run that did not finish did at most
// that.
func (c runCount) tokensStated() (tokenRange, meter.Grade, string, error) {
	if c.tokens == nil {
		return tokenRange{}, "", "", nil
	}
	source := fmt.Sprintf("%s tokens as stated", c.tokens)
	if c.outcome == meter.Finished || c.outcome == meter.Stated {
		return meter.Exact(*c.tokens), meter.GradeDeclared, source, nil
	}
	return tokenRange{High: meter.Known(*c.tokens)}, meter.GradeDeclared, source + " for the whole run, which did not finish", nil
}
