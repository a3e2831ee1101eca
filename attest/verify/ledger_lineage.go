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
	lineage.Generators = c.Lineage.Generators // of other models' logs, which are in no total
	found, errFound := lineageText(lineage)
	stated, errStated := lineageText(c.Lineage)
	if errFound != nil || errStated != nil || !bytes.Equal(found, stated) {
		return fmt.Errorf("the statement does not follow from the entries of its logs: they give %.400s, it says %.400s", found, stated)
	}
	return nil
}

// totalsProved holds the running totals of a whole log's last entry to its records.
func (l provedLog) totalsProved() error {
	if !l.whole {
		return nil
	}
	records, err := entry.Net(l.entries, func(uint64) bool { return false })
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

func entryTotals(sum []meter.ActivityTotal) []entry.Total {
	out := make([]entry.Total, len(sum))
	for i, t := range sum {
		out[i] = entry.Total(t)
	}
	return out
}

// lineageText is what of a lineage follows from the logs of its models.
func lineageText(l attest.Lineage) ([]byte, error) {
	return json.Marshal(struct {
		Models  []attest.LineageModel
		Missing []meter.ModelRef
	}{l.Models, l.Missing})
}

// netRecords are the records that count, by model: of the attester's own log first,
// then of the others in the order of their origins, as a ledger reads them.
func netRecords(logs []provedLog, c attest.TrainingCompute) (map[meter.ModelRef][]meter.Record, error) {
	own := ""
	if c.Ledger != nil {
		own = strings.TrimSuffix(c.Ledger.Origin, string(c.Model))
	}
	isOwn := func(l provedLog) bool { return own != "" && l.origin == own+string(l.model) }
	logs = slices.Clone(logs)
	slices.SortStableFunc(logs, func(a, b provedLog) int {
		if isOwn(a) != isOwn(b) {
			return map[bool]int{true: -1, false: 1}[isOwn(a)]
		}
		return strings.Compare(a.origin, b.origin)
	})
	out := map[meter.ModelRef][]meter.Record{}
	for _, l := range logs {
		records, err := entry.Net(l.entries, func(uint64) bool { return false })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.origin, err)
		}
		out[l.model] = append(out[l.model], records...)
	}
	for m, records := range out {
		out[m] = meter.NetRuns(records)
	}
	return out, nil
}

// repeatedRecords are the records, by run and sequence, that stand in several
// entries: which of them counts, only the ledger's own rules for merged logs say.
func repeatedRecords(logs []provedLog) []string {
	seen := map[string]bool{}
	var twice []string
	for _, l := range logs {
		for _, e := range l.entries {
			if e.Record == nil {
				continue
			}
			id := fmt.Sprintf("%s/%d", e.Record.Run, e.Record.Sequence)
			if seen[id] {
				twice = append(twice, id)
			}
			seen[id] = true
		}
	}
	return twice
}
