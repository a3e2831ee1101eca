package verify

import (
	"fmt"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/attest"
)

// refuses returns why the policy does not take a statement that is sound in
// itself: it is about another model, or older than was asked for (SPEC.md R3 to
// R5).
func (p Policy) refuses(s attest.Statement) *Problem {
	if !s.Ours() {
		return nil
	}
	if p.Models != nil && !p.Models(string(s.Model())) {
		return &Problem{CodeModelDiffers, fmt.Sprintf("the statement is about %s: expected %s", s.Model(), p.Wanted),
			"a name or a tag is not signed and can be moved: fetch the model that you mean, or ask the signer which model these weights are"}
	}
	const newer = "this may be an older attestation of the same weights, sent again: ask the signer for the newest"
	if at := s.CreatedAt(); !p.NotBefore.IsZero() && at.Before(p.NotBefore) {
		return &Problem{CodeTooOld, fmt.Sprintf("the statement was made at %s: expected %s or later", timeText(at), timeText(p.NotBefore.UTC())), newer}
	}
	if c := s.TrainingCompute; c != nil && c.Entries() < p.MinLedgerSize {
		return &Problem{CodeLedgerSize, fmt.Sprintf("the statement was made of %d ledger entries: expected at least %d", c.Entries(), p.MinLedgerSize), newer}
	}
	return nil
}

// made returns when a statement of ours says that it was made, and of how many
// entries.
func made(s attest.Statement) (at string, size uint64) {
	if !s.Ours() {
		return "", 0
	}
	if s.TrainingCompute != nil {
		size = s.TrainingCompute.Entries()
	}
	return timeText(s.CreatedAt()), size
}

// madeOf says when the accepted statements of one type were made.
func (v *verification) madeOf(predicateType string) string {
	var all []string
	for _, s := range v.result.Verified {
		if s.PredicateType == predicateType {
			at, size := made(s)
			if size > 0 {
				at += fmt.Sprintf(", of %d entries", size)
			}
			all = append(all, at)
		}
	}
	return strings.Join(all, "; ")
}

func timeText(t time.Time) string { return t.Format(time.RFC3339Nano) }
