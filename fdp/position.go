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
	f = f.flat()
	models, _ := f.models() // contradictions were refused
	out := []Position{}
	for _, regime := range q.regimes(r) {
		pack := r.packs[regime]
		if !pack.weighs() {
			continue
		}
		e := newEvaluationOf(models, pack, c, f, q)
		threshold, known := e.threshold()
		if !known {
			continue
		}
		p := Position{Regime: regime, Quantity: pack.Threshold.Quantity, Interval: e.quantity(pack.Threshold.Quantity).interval,
			Comparison: pack.Threshold.Is, Threshold: threshold, ThresholdVerdict: e.compare(*pack.Threshold, "").verdict, NoticeDays: pack.Notice.Days, Codified: e.status.Codified}
		p.Margin, p.Near = margin(p.Interval, threshold)
		if e.numbers.err != nil {
			return nil, fmt.Errorf("position under %s: %w", regime, e.numbers.err)
		}
		out = append(out, p)
	}
	return out, nil
}
