package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
)

// inOrder are the logs as a ledger reads them: the attester's own first, then the
// others in the order of their origins.
func inOrder(logs []provedLog, c attest.TrainingCompute) []provedLog {
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
	return logs
}

// entriesOf are those of a model's logs, log by log.
func entriesOf(logs []provedLog, c attest.TrainingCompute, model meter.ModelRef) []entry.Entry {
	var all []entry.Entry
	for _, l := range inOrder(logs, c) {
		if l.model == model {
			all = append(all, l.entries...)
		}
	}
	return all
}

// netRecords are the records that count, by model.
func netRecords(logs []provedLog, c attest.TrainingCompute) (map[meter.ModelRef][]meter.Record, error) {
	logs = inOrder(logs, c)
	out := map[meter.ModelRef][]meter.Record{}
	for _, l := range logs {
		records, err := l.net()
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
