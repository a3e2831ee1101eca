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
}

// PositionsOf is [Positions] of what [FromLineage] makes of a lineage. Ancestors
// that no counting table could tell apart are put together before they are counted,
// by the same code: a lineage of 100 000 models is a document of a few entries.
// Where Evaluate would give bounds only because of how many entries there are, this
// may be narrower; it is never wider. Its errors are those of the two.
func PositionsOf(r *Rules, c *provenance.Catalogue, root meter.ModelRef, records func(meter.ModelRef) ([]meter.Record, bool), q Question) ([]Position, error) {
	if err := q.Validate(r); err != nil {
		return nil, err
	}
	var facts Facts
	condensed, err := false, error(nil)
	if countsOnlySums(r, q) {
		facts, condensed, err = condensedLineage(root, records)
	}
	if err == nil && !condensed {
		facts, err = FromLineage(root, records)
	}
	if err != nil {
		return nil, err
	}
	return Positions(r, c, facts, q)
}

// countsOnlySums reports whether every threshold is one of the sum over a lineage:
// other quantities may tell one ancestor from another.
func countsOnlySums(r *Rules, q Question) bool {
	for _, regime := range q.regimes(r) {
		if name := r.packs[regime].Threshold.Quantity; name != "" && name != "operations" {
			return false
		}
	}
	return true
}

// Positions returns the position under each regime that q asks for and that has
// a threshold. Its errors are those of [Evaluate].
func Positions(r *Rules, c *provenance.Catalogue, f Facts, q Question) ([]Position, error) {
	if err := q.Validate(r); err != nil {
		return nil, err
	}
	if c := f.contradiction(); c != nil {
		return nil, fmt.Errorf("facts: %s: %s", c.path, c.message)
	}
	f = f.flat()
	out := []Position{}
	for _, regime := range q.regimes(r) {
		pack := r.packs[regime]
		if pack.Threshold.Quantity == "" {
			continue
		}
		e := newEvaluation(pack, c, f, q)
		p := Position{Regime: regime, Quantity: pack.Threshold.Quantity, Interval: e.quantity(pack.Threshold.Quantity).interval,
			Comparison: pack.Threshold.Is, Threshold: pack.threshold, ThresholdVerdict: e.compare(pack.Threshold, "").verdict}
		p.Margin, p.Near = margin(p.Interval, pack.threshold)
		if e.numbers.err != nil {
			return nil, fmt.Errorf("position under %s: %w", regime, e.numbers.err)
		}
		out = append(out, p)
	}
	return out, nil
}
