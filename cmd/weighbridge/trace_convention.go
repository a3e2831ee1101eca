package main

import "github.com/weighbridge/weighbridge/meter"

// conventionSum is the convention of all records that were looked up: mixed in
// what they differ. Looking one up twice changes nothing.
type conventionSum struct {
	total meter.Convention
	any   bool
}

// over returns the lookup, which notes the conventions as it goes. Records of
// which nothing was counted have none.
func (s *conventionSum) over(records func(meter.ModelRef) ([]meter.Record, bool)) func(meter.ModelRef) ([]meter.Record, bool) {
	return func(m meter.ModelRef) ([]meter.Record, bool) {
		found, known := records(m)
		for _, r := range found {
			if r.Operations.Low.IsZero() && !r.Operations.Estimate.Known || r.Operations == meter.Exact(meter.Ops{}) {
				continue
			}
			if s.any {
				s.total = s.total.Merge(r.Convention)
			} else {
				s.total, s.any = r.Convention, true
			}
		}
		return found, known
	}
}
