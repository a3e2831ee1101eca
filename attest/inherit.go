package attest

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// Inherited returns the records with which the attested lineage enters the ledger
// of another organisation: one per line of work, of every model that c states, each
// graded attested. The signer's own grade, which says how the signer knows, stands
// in a finding. run names them; sequences count from 0 over all of them, so that the
// same statement gives the same records again. h may be nil.
func (c TrainingCompute) Inherited(h *Hardware, run string) []meter.Record {
	lookup := c.records()
	if h != nil {
		lookup = h.on(lookup)
	}
	var all []meter.Record
	for _, m := range append(slices.Clone(c.Lineage.Models), c.Lineage.Generators...) {
		records, _ := lookup(m.Model)
		for i, r := range records {
			if i < len(m.Work) && m.Work[i].Grade != "" {
				r.Findings = append(slices.Clone(r.Findings), meter.Finding{Code: "attested-grade", Message: fmt.Sprintf("the signer grades this work %s; %d record(s) of its ledger stand behind it", m.Work[i].Grade, m.Work[i].Records)})
			}
			r.Run, r.Sequence, r.Grade, r.Convention = run, uint64(len(all)), meter.GradeAttested, meter.Convention(c.Convention)
			r.Hardware = slices.Clone(r.Hardware)
			for k := range r.Hardware {
				r.Hardware[k].Grade = meter.GradeAttested
				r.Hardware[k].Count = h.count(r.Hardware[k].Product)
			}
			if m.Model == c.Model {
				r.Period = c.Period
			}
			all = append(all, r)
		}
	}
	if at := slices.IndexFunc(all, func(r meter.Record) bool { return r.Model == c.Model && r.Weights == meter.WeightsKept }); at >= 0 {
		all[at].Output = c.Weights.Root
	}
	return all
}

// count is the most devices of a product that are stated; h names each.
func (h *Hardware) count(product string) uint64 {
	most := uint64(1)
	for _, d := range h.Devices {
		if d.Product == product {
			most = max(most, d.Count)
		}
	}
	return most
}
