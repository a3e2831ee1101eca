package entry

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// Net returns the records of a log that count, in the order in which the pieces of
// work were first recorded, each as its last correction tells it. entries are all of
// the log's, in order; those whose index is left out count elsewhere, with their
// corrections. A correction of an entry that holds no record is an error.
func Net(entries []Entry, leftOut func(index uint64) bool) ([]meter.Record, error) {
	if !slices.ContainsFunc(entries, func(e Entry) bool { return e.Correction != nil || leftOut(e.Index) }) {
		records := make([]meter.Record, len(entries)) // as in most logs
		for i, e := range entries {
			records[i] = *e.Record
		}
		return records, nil
	}
	var slots []*meter.Record
	slot := map[uint64]int{} // entry -> its place in slots
	for _, e := range entries {
		if e.Record != nil {
			slot[e.Index] = len(slots)
			slots = append(slots, e.Record)
			continue
		}
		at, found := slot[e.Correction.Entry]
		if !found {
			return nil, fmt.Errorf("entry %d corrects entry %d, which holds no record", e.Index, e.Correction.Entry)
		}
		slot[e.Index] = at
		slots[at] = e.Correction.Record
	}
	for _, e := range entries {
		if e.Record != nil && leftOut(e.Index) {
			slots[slot[e.Index]] = nil
		}
	}
	var records []meter.Record
	for _, r := range slots {
		if r != nil {
			records = append(records, *r)
		}
	}
	return records, nil
}
