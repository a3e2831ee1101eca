package epoch

import (
	"crypto/ed25519"
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/meter/proof"
)

// Right returns nil where key is the right one under a head: that of an epoch which
// held when the log had so many entries, and which no revocation takes back. The
// error says what was found and why it is refused. That the signature holds is the
// caller's to verify.
//
// A head that an epoch began or ended with is right under both keys. What a
// document does not show of a log is taken to be nothing: it refuses, and never
// accepts.
func (h History) Right(head proof.Head, key ed25519.PublicKey) error {
	if !strings.HasPrefix(head.Origin, h.Ledger()) || head.Size == 0 {
		return fmt.Errorf("the epochs of %s say nothing of a head of %d entries of %s", h.Origin, head.Size, head.Origin)
	}
	if err := h.forked(head); err != nil {
		return err
	}
	for _, e := range h.Epochs {
		if !e.Key.Equal(key) {
			continue
		}
		if e.Number > 0 && !h.shown(e, head.Origin) {
			return h.unshown(e, head, "whether its key is right")
		}
		if from := h.from(e, head.Origin); e.Number > 0 && head.Size < from.Size {
			return fmt.Errorf("%s, a head of %d entries: epoch %d of the meter's keys began at %d entries of it; its key %s signs none of fewer", head.Origin, head.Size, e.Number, from.Size, proof.KeyID(key))
		}
		return h.within(e, head)
	}
	expected := "no key"
	if right, found := h.at(head.Origin, head.Size); found {
		expected = fmt.Sprintf("%s (epoch %d)", proof.KeyID(right.Key), right.Number)
	}
	return fmt.Errorf("%s, a head of %d entries: the key %s is that of no epoch of the ledger; expected %s: do not rely on it, somebody else signed it", head.Origin, head.Size, proof.KeyID(key), expected)
}

// at is the newest epoch whose key is right for a head of so many entries of a log;
// false where there is none, because the key was revoked and no other had begun.
func (h History) at(origin string, size uint64) (Epoch, bool) {
	for i := len(h.Epochs) - 1; i >= 0; i-- {
		e := h.Epochs[i]
		if e.Number > 0 && size < h.from(e, origin).Size {
			continue
		}
		if until, ended := h.until(e, origin); !ended || size <= until.Size {
			return e, true
		}
	}
	return Epoch{}, false
}

// within holds a head against where the epoch of its key ended.
func (h History) within(e Epoch, head proof.Head) error {
	if r := e.Revoked; r != nil {
		good := r.good[head.Origin].Size
		if head.Size <= good {
			return nil
		}
		return fmt.Errorf("%s, a head of %d entries: the key of epoch %d, %s, is revoked (%.300q), and its last good head of this log has %s: whoever has the key now can have made this one; ask for a head by the key that holds now",
			head.Origin, head.Size, e.Number, proof.KeyID(e.Key), r.Reason, entries(good))
	}
	if e.Number+1 < uint64(len(h.Epochs)) && !h.shown(h.Epochs[e.Number+1], head.Origin) {
		return h.unshown(h.Epochs[e.Number+1], head, "how far the key of the epoch before is right")
	}
	if until, ended := h.until(e, head.Origin); ended && head.Size > until.Size {
		next := h.Epochs[e.Number+1]
		return fmt.Errorf("%s, a head of %d entries: the key of epoch %d, %s, was replaced when this log had %s; later heads are signed by %s (epoch %d): whoever still has the old key can have made this one",
			head.Origin, head.Size, e.Number, proof.KeyID(e.Key), entries(until.Size), proof.KeyID(next.Key), next.Number)
	}
	return nil
}

// forked tells a head with another root than one that a step names at its size.
func (h History) forked(head proof.Head) error {
	differs := func(known proof.Head, format string, args ...any) error {
		if known.Size != head.Size || known.Root == head.Root {
			return nil
		}
		return fmt.Errorf("%s, a head of %d entries: its root is %x, and %s it was %x: the log has two roots at one size, a fork; do not rely on it, and keep both heads",
			head.Origin, head.Size, head.Root, fmt.Sprintf(format, args...), known.Root)
	}
	for _, e := range h.Epochs {
		if err := differs(h.from(e, head.Origin), "when epoch %d of the meter's keys began", e.Number); err != nil {
			return err
		}
		if e.Revoked != nil {
			if err := differs(e.Revoked.good[head.Origin], "as the last good one of epoch %d", e.Number); err != nil {
				return err
			}
		}
	}
	if head.Origin != h.Origin {
		return nil
	}
	root, there := h.RootAt(head.Size)
	if !there {
		return fmt.Errorf("%s, a head of %d entries: the epochs at hand have %d: a rotation or a revocation is missing; get the newer ones (weighbridge key show --for meter --json)", head.Origin, head.Size, h.Size)
	}
	return differs(proof.Head{Size: head.Size, Root: root}, "in the epochs at hand")
}

// unshown is why nothing can be said of a head of a log of which no head is shown.
func (h History) unshown(e Epoch, head proof.Head, of string) error {
	return fmt.Errorf("%s, a head of %d entries: these epochs do not show how many entries the log had when epoch %d of the meter's keys began, so that nothing says %s: ask for the epochs with the heads of this log, or of all (weighbridge key show --for meter --json)", head.Origin, head.Size, e.Number, of)
}

// shown reports whether it is known where a log stood when an epoch began: its head is
// shown, or all heads of the boundary are, and it is none of them.
func (h History) shown(e Epoch, origin string) bool {
	_, there := e.from[origin]
	return there || origin == h.Origin || uint64(len(e.from)) == e.all
}

// from is the head of a log with which an epoch began, of no entries where none is
// known.
func (h History) from(e Epoch, origin string) proof.Head {
	if origin == h.Origin {
		return proof.Head{Origin: origin, Size: e.Index, Root: e.root}
	}
	return e.from[origin]
}

// until is the last head of a log by an epoch's key; false while it has no end.
func (h History) until(e Epoch, origin string) (proof.Head, bool) {
	if e.Revoked != nil {
		return e.Revoked.good[origin], true
	}
	if e.Number+1 < uint64(len(h.Epochs)) {
		return h.from(h.Epochs[e.Number+1], origin), true
	}
	return proof.Head{}, false
}

func entries(n uint64) string {
	switch n {
	case 0:
		return "none: nothing by it holds"
	case 1:
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

// Boundaries calls f with every head that a step names, for a reader who has the
// logs to hold them against.
func (h History) Boundaries(f func(index uint64, head proof.Head)) {
	for _, e := range h.Epochs {
		for _, head := range e.from {
			f(e.Index, head)
		}
		if e.Revoked != nil {
			for _, head := range e.Revoked.good {
				f(e.Revoked.Index, head)
			}
		}
	}
}

// First is the head of a log with which an epoch began, of no entries where the log
// began later; the first epoch's key is right before it too.
func (h History) First(e Epoch, origin string) proof.Head { return h.from(e, origin) }

// Last is the last head of a log that an epoch's key may have signed; false while
// it has no end.
func (h History) Last(e Epoch, origin string) (proof.Head, bool) { return h.until(e, origin) }

// Trusted reports whether one who holds the key of epoch number pinned may take the
// key of epoch e for the meter's: the later key vouches for all before it, since it
// signed the root of this log; an earlier one for those after it as long as every
// key handed over to the next and was not revoked.
func (h History) Trusted(pinned, e uint64) bool {
	for n := pinned + 1; n <= e; n++ {
		if !h.Epochs[n].Handed || h.Epochs[n-1].Revoked != nil {
			return false
		}
	}
	return true
}
