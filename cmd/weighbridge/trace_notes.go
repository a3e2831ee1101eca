package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// traceNote says how a record was counted that tells of work which others tell of too.
type traceNote struct {
	Model    meter.ModelRef `json:"model"`
	Run      string         `json:"run"`
	Sequence uint64         `json:"sequence"`
	meter.Finding
}

// netNotes are the notes of all records that were looked up, each once.
type netNotes map[traceNote]bool

// over returns the lookup, which keeps the notes as it goes.
func (n netNotes) over(records func(meter.ModelRef) ([]meter.Record, bool)) func(meter.ModelRef) ([]meter.Record, bool) {
	return func(m meter.ModelRef) ([]meter.Record, bool) {
		found, known := records(m)
		for _, r := range found {
			for _, f := range r.Findings {
				switch f.Code {
				case "steps-repeated", "steps-not-shown", "rank-promoted", "attested-counted", "attested-beyond", "held-alone", meter.InputDiffers, inputOfNone:
					n[traceNote{m, r.Run, r.Sequence, f}] = true
				}
			}
		}
		n.repeated(m, found)
		return found, known
	}
}

// repeated notes runs of a model that were read from the same lines of a log, as
// of a job that was watched and whose log was recorded too, in this ledger or in
// another that was merged. Two jobs can print the same: both count.
func (n netNotes) repeated(m meter.ModelRef, records []meter.Record) {
	first := map[string]meter.Record{}
	for _, r := range records {
		if r.Observed == nil || r.Observed.LinesDigest == "" || r.Operations == meter.Exact(meter.Ops{}) {
			continue
		}
		key := string(r.Activity) + r.Observed.LinesDigest
		other, seen := first[key]
		if !seen {
			first[key] = r
			continue
		}
		if other.Run != r.Run && sameLines(other, r) {
			n[traceNote{m, r.Run, r.Sequence, meter.Finding{Code: "lines-repeated", Message: fmt.Sprintf(
				"it was read from the same lines as run %s: if both are the same work it counts twice; void one of them (weighbridge ledger correct)", other.Run)}}] = true
		}
	}
}

func (n netNotes) sorted() []traceNote {
	var list []traceNote
	for note := range n {
		list = append(list, note)
	}
	slices.SortFunc(list, func(a, b traceNote) int {
		return cmp.Or(cmp.Compare(a.Model, b.Model), cmp.Compare(a.Run, b.Run), cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Code, b.Code))
	})
	return list
}

// writeNotes prints the first of them.
func writeNotes(b *strings.Builder, notes []traceNote) {
	const most = 8
	for _, n := range notes[:min(len(notes), most)] {
		fmt.Fprintf(b, "  note: run %s of %s: %s\n", n.Run, n.Model, n.Message)
	}
	if len(notes) > most {
		fmt.Fprintf(b, "  note: %d more of this kind; --json lists them\n", len(notes)-most)
	}
}
