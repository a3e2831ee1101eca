package witness

import (
	"errors"
	"fmt"

	"github.com/weighbridge/weighbridge/meter/proof"
)

// ErrRefused is wrapped by every error of [Decide] that says that a log is not what
// it was: it was cut, changed or forked, or nobody showed that it was not.
var ErrRefused = errors.New("not cosigned")

// Decide says whether a witness may cosign a head: nil when it may. kept is the
// head of the same log that it cosigned last, nil for a log that it does not know;
// first says that such a log may be taken as it stands. proofs are those at hand;
// the one between the two heads is looked for among them. The signature of the
// meter is the caller's to check before.
func Decide(kept *proof.Head, head proof.Head, proofs []*proof.Consistency, first bool) error {
	switch {
	case head.Size == 0:
		return fmt.Errorf("%w: %s has no entries: there is nothing to witness", ErrRefused, head.Origin)
	case kept == nil && first:
		return nil
	case kept == nil:
		return fmt.Errorf("%w: no head of %s was cosigned before: if the log is new, say so with --first; if it is not, the state is not this witness's whole state", ErrRefused, head.Origin)
	case *kept == head:
		return nil
	case kept.Origin != head.Origin:
		return fmt.Errorf("%w: the head is of %s, the one kept of %s", ErrRefused, head.Origin, kept.Origin)
	case head.Size < kept.Size:
		return fmt.Errorf("%w: %s has %d entries, and had %d when it was cosigned last: an older state of the ledger was put in the place of the newer one, or entries were taken out", ErrRefused, head.Origin, head.Size, kept.Size)
	case head.Size == kept.Size:
		return fmt.Errorf("%w: %s has the root %x at %d entries, and had %x when it was cosigned last: the log was forked", ErrRefused, head.Origin, head.Root, head.Size, kept.Root)
	}
	for _, p := range proofs {
		if p.Old == *kept && p.New == head {
			if err := p.Verify(*kept, head); err != nil {
				return fmt.Errorf("%w: %w", ErrRefused, err)
			}
			return nil
		}
	}
	for _, p := range proofs {
		if p.Old.Origin == kept.Origin { // it says what the log began with, and that is not what was cosigned
			if err := p.Verify(*kept, head); err != nil {
				return fmt.Errorf("%w: %w", ErrRefused, err)
			}
		}
	}
	return fmt.Errorf("%w: no proof came along that %s with %d entries begins with the %d cosigned last: ask for one (weighbridge ledger prove LOG --from %d --size %d)",
		ErrRefused, head.Origin, head.Size, kept.Size, kept.Size, head.Size)
}
