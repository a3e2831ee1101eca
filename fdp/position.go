package fdp

import (
	"fmt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// Position is where a lineage is against the threshold of one regime, before
// any note or exclusion: the number that counts there, not the verdict on the
// model.
type Position struct {
	Regime   string `json:"regime"`
	Quantity string `json:"quantity"` // what the threshold is compared with
	meter.Interval
	Comparison       string     `json:"comparison"` // of the quantity with the threshold, as in ">="
	Threshold        meter.Ops  `json:"threshold"`
	Margin           *meter.Ops `json:"margin"` // left to the threshold: by the estimate, else by high; null when neither is known
	Near             bool       `json:"near"`   // high reaches the threshold, or is unbounded
	ThresholdVerdict Verdict    `json:"threshold_verdict"`
	Codified         bool       `json:"codified"`              // the text stands on the date of the question
	NoticeDays       int        `json:"notice_days,omitempty"` // days to notify in, after it is met or becomes known that it will be; 0: no such duty is known
	NoticeOpen       bool       `json:"notice_open,omitempty"` // whether the duty follows turns on more than the threshold, which is not known
}

// PositionsOf is [Positions] of what [FromLineage] makes of a lineage, which is read once
// and put together first. Where Evaluate would give bounds only because of how many
// entries there are, this may be narrower; it is never wider. Its errors are those of
// the two.
func PositionsOf(r *Rules, c *provenance.Catalogue, root meter.ModelRef, records func(meter.ModelRef) ([]meter.Record, bool), q Question) ([]Position, error) {
	if err := q.Validate(r); err != nil { // before a lineage is walked that may be long
		return nil, err
	}
	lineage, err := condense(root, records)
	if err != nil {
		return nil, err
	}
	return lineage.positions(r, c, q)
}

// Positions returns the position under each regime that q asks for and that has
// a threshold: one that is a share of a number, as the EU modifier's of the
// original's, only where that number is known. Its errors are those of [Evaluate].
func Positions(r *Rules, c *provenance.Catalogue, f Facts, q Question) ([]Position, error) {
	if err := q.Validate(r); err != nil {
		return nil, err
	}
	if c := f.contradiction(); c != nil {
		return nil, fmt.Errorf("facts: %s: %s", c.path, c.message)
	}
	return positions(r, c, f, q)
}

// positions is Positions of a question and of facts that are in order.
func positions(r *Rules, c *provenance.Catalogue, f Facts, q Question) ([]Position, error) {
	f = f.flat()
	models, _ := f.models() // contradictions were refused
	found, err := underEach(q.regimes(r), func(regime string) (*Position, error) {
		return newEvaluationOf(models, r.packs[regime], c, f, q).position()
	})
	out := []Position{}
	for _, p := range found {
		if p != nil {
			out = append(out, *p)
		}
	}
	return out, err
}

// position is where the lineage is under one regime; nil where it has no threshold,
// or one that is not known.
func (e *evaluation) position() (*Position, error) {
	if !e.pack.weighs() {
		return nil, nil
	}
	limit, known := e.threshold()
	if !known {
		return nil, nil
	}
	t := *e.pack.Threshold
	p := &Position{Regime: e.pack.Regime, Quantity: t.Quantity, Interval: e.quantity(t.Quantity).interval, Comparison: t.Is, Threshold: limit,
		ThresholdVerdict: e.compare(t, "").verdict, NoticeDays: e.pack.Notice.Days, Codified: e.status.Codified}
	if where := e.pack.Notice.Where; where != "" {
		switch e.rule(where).verdict {
		case DoesNotApply:
			p.NoticeDays = 0
		case Undetermined:
			p.NoticeOpen = true
		}
	}
	p.Margin, p.Near = margin(p.Interval, limit)
	if e.numbers.err != nil {
		return nil, fmt.Errorf("position under %s: %w", p.Regime, e.numbers.err)
	}
	return p, nil
}
