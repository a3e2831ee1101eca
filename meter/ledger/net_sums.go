package ledger

import "github.com/weighbridge/weighbridge/meter"

// NetSums are the net totals of the records of a log, kept up as records come and
// are corrected: what takes one out costs as little as what takes one in. They are
// those that [Check] recomputes. The zero value is not usable: see [NewNetSums].
type NetSums struct{ sums sums }

// NewNetSums returns the sums of no records.
func NewNetSums() NetSums { return NetSums{newSums()} }

// Add takes a record in.
func (n NetSums) Add(r *meter.Record) { n.sums.add(r, 1) }

// Remove takes out a record that was taken in.
func (n NetSums) Remove(r *meter.Record) { n.sums.add(r, -1) }

// Differ says how totals, as an entry states them, differ from the sums, or nothing.
func (n NetSums) Differ(stated []Total) string { return n.sums.differ(stated) }
