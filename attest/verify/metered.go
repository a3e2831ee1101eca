package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
)

// CheckedPoint is the last checkpoint of a log, whose entries gave its root.
type CheckedPoint struct {
	Origin  string `json:"origin"`
	Size    uint64 `json:"size"`
	Entries int    `json:"entries"`         // that came along: all, or the last alone
	Meter   string `json:"meter,omitempty"` // id of the key that signed it; absent: no meter key was named
	Quorum  bool   `json:"quorum"`          // the witnesses meet the policy's
	// Witnesses are those of the policy that cosigned it, the earliest first.
	Witnesses []CheckedWitness `json:"witnesses"`
}

// CheckedWitness is a cosignature that holds.
type CheckedWitness struct {
	Witness string `json:"witness"`
	Time    string `json:"time"` // RFC 3339, UTC
}

func (l provedLog) last() point { return l.points[len(l.points)-1] }

// net are the records of a whole log that count: a recipient leaves none out.
func (l provedLog) net() ([]meter.Record, error) {
	return entry.Net(l.entries, func(uint64) bool { return false })
}

// checked reports on the last checkpoint.
func (l provedLog) checked() CheckedPoint {
	p := l.last()
	out := CheckedPoint{Origin: l.origin, Size: p.Head.Size, Entries: len(l.entries), Quorum: p.met(), Witnesses: []CheckedWitness{}}
	if p.meter != nil {
		out.Meter = p.meter.ID()
	}
	for _, s := range p.seen {
		out.Witnesses = append(out.Witnesses, CheckedWitness{s.Witness, timeText(s.Time)})
	}
	return out
}

// unmetered are the conditions of the level metered that do not hold for the
// quantity; none: it is reached. SPEC.md, "Levels", numbers them.
func (v *verification) unmetered(c attest.Statement) []string {
	if v.accepted(func(s attest.Statement) bool { return s.LedgerProof != nil }) == nil {
		return withoutProof(*c.TrainingCompute)
	}
	if c.Disclosed != nil {
		return []string{"the statement hides figures, so that nothing shows that they are those of the log"}
	}
	if v.unprovable {
		return []string{"the proof of the ledger that came along was refused"}
	}
	compute := *c.TrainingCompute
	var why []string
	why = append(why, v.wantingLogs(compute)...)
	why = append(why, v.wantingSignatures()...)
	for _, l := range v.proved {
		why = append(why, l.untimely()...)
	}
	why = append(why, repeated(v.proved)...)
	why = append(why, missingAncestors(compute)...)
	records := heldRecords(v.proved)
	why = append(why, unmeteredRecords(records)...)
	why = append(why, inputsWithoutOutput(records)...)
	return append(why, weightsWithoutRecord(compute, records)...)
}

// withoutProof is what is wanting where no proof came along.
func withoutProof(c attest.TrainingCompute) []string {
	why := []string{
		"no proof came along that the last entry of the log is in a checkpoint signed by a meter key that is not the release key",
		"no checkpoint with the cosignature of a witness outside the lab came along",
		"without witnessed checkpoints the time of no record lies between two of them",
	}
	if c.Ledger == nil {
		why = append(why, "the statement names no head of the model's log")
	}
	return append(why, missingAncestors(c)...)
}

func missingAncestors(c attest.TrainingCompute) []string {
	var why []string
	for _, m := range c.Lineage.Missing {
		why = append(why, fmt.Sprintf("nothing is attested of the ancestor %s", m))
	}
	return few(why)
}

func repeated(logs []provedLog) []string {
	var why []string
	for _, id := range repeatedRecords(logs) {
		why = append(why, fmt.Sprintf("the record %s stands in several entries of the logs", id))
	}
	return few(why)
}

// wantingLogs: of every log that the statement counts a proof is there, with all
// entries; and of every model a log.
func (v *verification) wantingLogs(c attest.TrainingCompute) []string {
	var why []string
	proved := func(origin string) *provedLog {
		if at := slices.IndexFunc(v.proved, func(l provedLog) bool { return l.origin == origin }); at >= 0 {
			return &v.proved[at]
		}
		return nil
	}
	for _, h := range c.Heads() {
		switch l := proved(h.Origin); {
		case l == nil:
			why = append(why, fmt.Sprintf("no proof of the log %s came along, which the statement counts", h.Origin))
		case !l.whole:
			why = append(why, fmt.Sprintf("of %s the last entry alone came along: running totals, times, inputs and records that stand there twice cannot be checked (weighbridge attest --entries all shows the others)", h.Origin))
			why = append(why, l.otherTotals(c)...)
		}
	}
	for _, m := range c.Lineage.Models {
		if !slices.ContainsFunc(c.Heads(), func(h attest.Head) bool { return strings.HasSuffix(h.Origin, "/"+string(m.Model)) }) {
			why = append(why, fmt.Sprintf("the statement names no log of %s", m.Model))
		}
	}
	return why
}
