package main

import (
	"fmt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
)

// completed adds what the log leaves out and the flags state: the length of
// sequences where the log states it and no flag does, and tokens where the log
// states samples, each of which is one sequence.
func (c runCount) completed() runCount {
	seen := &c.observed
	if _, stated := c.sequence.Length(); !stated && c.sequence.IsZero() && seen.SequenceLength != nil {
		if s, err := estimate.ParseSchedule(fmt.Sprint(*seen.SequenceLength)); err == nil {
			c.sequence = s
		}
	}
	length, known := c.sequence.Length()
	if seen.SamplesCommitted == nil || seen.TokensCommitted != nil || !known {
		return c
	}
	seen.TokensCommitted, seen.TokensExecuted = times(seen.SamplesCommitted, length), times(seen.SamplesExecuted, length)
	if seen.SamplesPerStep != nil {
		if tokens := times(new(meter.NewOps(*seen.SamplesPerStep)), length); tokens != nil {
			if n, fits := tokens.Uint64(); fits {
				seen.TokensPerStep = &n
			}
		}
	}
	return c
}

// times is samples x length; nil when nothing is stated, or out of all range.
func times(samples *meter.Ops, length uint64) *meter.Ops {
	if samples == nil {
		return nil
	}
	tokens, err := samples.Mul(meter.NewOps(length))
	if err != nil {
		return nil
	}
	return &tokens
}
