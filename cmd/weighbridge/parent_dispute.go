package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/weighbridge/weighbridge/meter"
)

// disputedRun begins the name of the run of a record that a contradiction between
// ledger and statement left; a part of a digest over what it says follows.
const disputedRun = "disputed-"

// workKey is what rules ask of work, beside its operations.
type workKey struct {
	activity  meter.Activity
	generator meter.ModelRef
	kept      bool
}

func keyOf(r meter.Record) workKey {
	// Discarded weights with a digest may be the beginning of kept ones, which the
	// statement then calls kept.
	return workKey{r.Activity, r.Generator, r.Weights == meter.WeightsKept || r.Output != ""}
}

// disputed returns the records that a model of the ledger lacks against what is
// attested of it: the operations by which the statement's high bound is above the
// ledger's, which raise the high bound alone, and the parents that the ledger does
// not name. Neither side is believed over the other; a correction of the side that
// is wrong settles it. What the ledger holds beyond the statement stays.
func (p attestedParent) disputed(held, attested []meter.Record) ([]meter.Record, error) {
	have, theirs := map[workKey]meter.Interval{}, map[workKey]meter.Interval{}
	edges := map[meter.Parent]bool{}
	for _, r := range held {
		if err := addWork(have, r); err != nil {
			return nil, err
		}
		for _, parent := range r.Parents {
			edges[meter.Parent{Model: parent.Model, Relation: parent.Relation}] = true
		}
	}
	for _, r := range attested {
		if err := addWork(theirs, r); err != nil {
			return nil, err
		}
	}
	var out []meter.Record
	for _, r := range attested {
		more := meter.Exact(meter.Ops{})
		if total, left := theirs[keyOf(r)]; left { // the first record of its kind carries it
			held, known := have[keyOf(r)]
			if !known {
				held = more
			}
			var err error
			if more, err = above(total, held); err != nil {
				return nil, err
			}
			delete(theirs, keyOf(r))
		}
		var parents []meter.Parent
		for _, parent := range r.Parents {
			edge := meter.Parent{Model: parent.Model, Relation: parent.Relation}
			if !edges[edge] {
				edges[edge], parents = true, append(parents, parent)
			}
		}
		if len(parents) == 0 && more == meter.Exact(meter.Ops{}) {
			continue
		}
		r.Operations, r.Parents, r.Output, r.Hardware, r.Period = more, parents, "", nil, nil
		r.Grade, r.Convention, r.Findings = meter.GradeDerived, meter.Convention{}, []meter.Finding{{Code: "parent-contradicted", Message: fmt.Sprintf(
			"what the statement %s signed by %s says of %s beyond this ledger: the high bound and the lineage cover both until the side that is wrong is corrected (void this record if it is the statement)",
			p.opened.Digest, p.opened.Signer.ID(), r.Model)}}
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d %s %v", p.opened.Digest, r.Model, r.Sequence, more, parents))
		r.Run, r.Sequence = disputedRun+hex.EncodeToString(sum[:16]), 0
		out = append(out, r)
	}
	return out, nil
}

func addWork(sums map[workKey]meter.Interval, r meter.Record) error {
	sum, known := sums[keyOf(r)]
	if !known {
		sum = meter.Exact(meter.Ops{})
	}
	sum, err := sum.Add(r.Operations)
	sums[keyOf(r)] = sum
	return err
}

// above is what brings the high bound of held up to that of theirs.
func above(theirs, held meter.Interval) (meter.Interval, error) {
	switch {
	case !held.High.Known || theirs.High.Known && theirs.High.Ops.Cmp(held.High.Ops) <= 0:
		return meter.Exact(meter.Ops{}), nil
	case !theirs.High.Known:
		return meter.Unbounded(meter.Ops{}), nil
	}
	more, err := theirs.High.Ops.Sub(held.High.Ops)
	return meter.Interval{High: meter.Known(more)}, err
}
