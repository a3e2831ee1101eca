package verify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
)

// lineageProved computes the lineage again from the entries, and refuses a
// statement that says otherwise. It needs all entries of all logs, each record once:
// otherwise the level says what is wanting.
func (v *verification) lineageProved(c attest.TrainingCompute) error {
	for _, l := range v.proved {
		if err := l.totalsProved(); err != nil {
			return err
		}
	}
	if len(v.wantingLogs(c)) > 0 || len(repeatedRecords(v.proved)) > 0 {
		return nil
	}
	records, err := netRecords(v.proved, c)
	if err != nil {
		return err
	}
	lineage, err := attest.LineageFromRecords(c.Model, func(m meter.ModelRef) ([]meter.Record, bool) { return records[m], len(records[m]) > 0 })
	if err != nil {
		return fmt.Errorf("the lineage of the entries: %w", err)
	}
	stated := c
	stated.Corrections = correctionsOfLineage(c)
	var all []meter.Record
	again := attest.TrainingCompute{Lineage: lineage, Methods: attest.MethodsOf(records[c.Model]), Period: attest.PeriodOf(records[c.Model])}
	for _, m := range lineage.Models {
		all = append(all, records[m.Model]...)
		again.Corrections = append(again.Corrections, attest.CorrectionsOf(m.Model, entriesOf(v.proved, c, m.Model))...)
	}
	again.Convention = attest.ConventionOf(all)
	return sameCompute(again, stated)
}

// sameCompute returns an error that names the first part in which a statement does
// not follow from the entries.
func sameCompute(found, stated attest.TrainingCompute) error {
	for _, part := range []struct {
		name string
		of   func(attest.TrainingCompute) any
	}{
		{"models", func(c attest.TrainingCompute) any { return c.Lineage.Models }},
		{"missing ancestors", func(c attest.TrainingCompute) any { return append([]meter.ModelRef{}, c.Lineage.Missing...) }},
		{"convention", func(c attest.TrainingCompute) any { return c.Convention }},
		{"methods", func(c attest.TrainingCompute) any { return append([]meter.Method{}, c.Methods...) }},
		{"period", func(c attest.TrainingCompute) any { return c.Period }},
		{"corrections", func(c attest.TrainingCompute) any { return append([]attest.Correction{}, c.Corrections...) }},
	} {
		a, errFound := json.Marshal(part.of(found))
		b, errStated := json.Marshal(part.of(stated))
		if errFound != nil || errStated != nil || !bytes.Equal(a, b) {
			return fmt.Errorf("the statement does not follow from the entries of its logs: for the %s they give %.300s, it says %.300s", part.name, a, b)
		}
	}
	return nil
}

// correctionsOfLineage are those of the models whose logs are counted: of others that
// only generated data no log is shown.
func correctionsOfLineage(c attest.TrainingCompute) []attest.Correction {
	return slices.DeleteFunc(slices.Clone(c.Corrections), func(o attest.Correction) bool {
		return !slices.ContainsFunc(c.Lineage.Models, func(m attest.LineageModel) bool { return m.Model == o.Model })
	})
}

// totalsProved holds the running totals of a whole log's last entry to its records.
func (l provedLog) totalsProved() error {
	if !l.whole {
		return nil
	}
	records, err := l.net()
	if err != nil {
		return fmt.Errorf("%s: %w", l.origin, err)
	}
	sum, err := meter.SumRecords(records)
	if err != nil {
		return fmt.Errorf("%s: %w", l.origin, err)
	}
	if last := l.entries[len(l.entries)-1]; !slices.Equal(last.Totals, entryTotals(sum)) {
		return fmt.Errorf("%s: the running totals of entry %d are not the sum of its records", l.origin, last.Index)
	}
	return nil
}

// otherTotals says where the running totals of a last entry that is shown alone are
// not what the statement says of the model. Several logs, or processes that share a run,
// may be the honest reason: it refuses nothing.
func (l provedLog) otherTotals(c attest.TrainingCompute) []string {
	at := slices.IndexFunc(c.Lineage.Models, func(m attest.LineageModel) bool { return m.Model == l.model }) // readLogProof found it
	stated, err := c.Lineage.Models[at].Activities()
	if err != nil {
		return []string{err.Error()}
	}
	says := make([]entry.Total, len(stated))
	for i, t := range stated {
		says[i] = entry.Total{Activity: t.Activity, Operations: t.Interval, Records: t.Records, Grade: t.Grade}
	}
	last := l.entries[len(l.entries)-1]
	if slices.Equal(last.Totals, says) {
		return nil
	}
	return []string{fmt.Sprintf("the running totals of the last entry of %s are %s; the statement says %s of %s", l.origin, totalsText(last.Totals), totalsText(says), l.model)}
}

func totalsText(totals []entry.Total) string {
	var parts []string
	for _, t := range totals {
		parts = append(parts, fmt.Sprintf("%s %s (%d record(s), %s)", t.Activity, t.Operations, t.Records, t.Grade))
	}
	return strings.Join(parts, ", ")
}

func entryTotals(sum []meter.ActivityTotal) []entry.Total {
	out := make([]entry.Total, len(sum))
	for i, t := range sum {
		out[i] = entry.Total(t)
	}
	return out
}
