package epoch

import (
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter/proof"
)

// TestRight: which key is right for which head (E7, E8).
func TestRight(t *testing.T) {
	plain := rotated(t).read()
	stolen := rotated(t)
	stolen.revoke(0, head(atlas, 3))
	revoked := stolen.read()
	fork := func(origin string, size uint64) proof.Head {
		h := head(origin, size)
		h.Root[0] ^= 1
		return h
	}
	tests := []struct {
		name  string
		in    History
		head  proof.Head
		key   byte
		wrong string // "": right
	}{
		{"the first key before its epoch was written down", plain, head(atlas, 1), 1, ""},
		{"the first key within its epoch", plain, head(atlas, 4), 1, ""},
		{"both keys where one took over: the old", plain, head(atlas, 5), 1, ""},
		{"both keys where one took over: the new", plain, head(atlas, 5), 2, ""},
		{"the old key afterwards", plain, head(atlas, 6), 1, "was replaced when this log had 5 entries"},
		{"the new key before", plain, head(atlas, 4), 2, "signs none of fewer"},
		{"the new key afterwards", plain, head(atlas, 900), 2, ""},
		{"a log that began in the first epoch", plain, head(secret, 3), 1, ""},
		{"a log that began after the handover, by the new key", plain, head(ledgerOrigin+"acme/new@1", 1), 2, ""},
		{"a log that began after the handover, by the old key", plain, head(ledgerOrigin+"acme/new@1", 1), 1, "was replaced when this log had none"},
		{"a key of no epoch", plain, head(atlas, 4), 9, "is that of no epoch of the ledger; expected " + proof.KeyID(public(1))},
		{"another root where an epoch began", plain, fork(atlas, 5), 2, "two roots at one size, a fork"},
		{"another root where the first began", plain, fork(atlas, 2), 1, "a fork"},
		{"a log of another ledger", plain, proof.Head{Origin: "weighbridge.dev/log/ff/acme/atlas@1", Size: 1}, 1, "say nothing of a head"},
		{"no entries", plain, head(atlas, 0), 1, "say nothing of a head of 0 entries"},
		{"revoked: up to the last good head", revoked, head(atlas, 3), 1, ""},
		{"revoked: behind it", revoked, head(atlas, 4), 1, "is revoked (\"laptop stolen\"), and its last good head of this log has 3 entries"},
		{"revoked: a log without a good head", revoked, head(secret, 1), 1, "has none: nothing by it holds"},
		{"revoked: another root at the last good head", revoked, fork(atlas, 3), 1, "as the last good one of epoch 0"},
		{"revoked: the key after it goes on", revoked, head(atlas, 6), 2, ""},
		{"more notes than are at hand", plain, proof.Head{Origin: keysOrigin, Size: 3}, 2, "a rotation or a revocation is missing"},
		{"another log of epochs", plain, proof.Head{Origin: keysOrigin, Size: 2}, 2, "a fork"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.in.Right(test.head, public(test.key))
			switch {
			case test.wrong == "" && err != nil:
				t.Errorf("right, found: %v", err)
			case test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)):
				t.Errorf("found %v, expected %q", err, test.wrong)
			}
		})
	}
}

// TestRightForItsOwnLog: the heads of the log of epochs itself are signed too (E8).
func TestRightForItsOwnLog(t *testing.T) {
	h := rotated(t).read()
	for size := uint64(1); size <= h.Size; size++ {
		root, _ := h.RootAt(size)
		own := proof.Head{Origin: keysOrigin, Size: size, Root: root}
		if err := h.Right(own, public(byte(size))); err != nil {
			t.Errorf("%d notes: %v", size, err)
		}
	}
}

// TestTrusted: how far one known key vouches for the others (E9).
func TestTrusted(t *testing.T) {
	l := rotated(t)
	l.begin(2, 2, head(atlas, 7), head(secret, 3))
	check := func(name string, h History, pinned, epoch uint64, expected bool) {
		t.Helper()
		if got := h.Trusted(pinned, epoch); got != expected {
			t.Errorf("%s: epoch %d from %d: %v", name, epoch, pinned, got)
		}
	}
	check("handed over twice", l.read(), 0, 2, true)
	check("back", l.read(), 2, 0, true)
	l.revoke(1, head(atlas, 6))
	check("over a revoked key", l.read(), 0, 2, false)
	check("up to a revoked key", l.read(), 0, 1, true)
	check("behind it", l.read(), 2, 2, true)
	l.revoke(2, head(atlas, 7))
	l.begin(3, 0, head(atlas, 9), head(secret, 3))
	check("not handed over", l.read(), 2, 3, false)
}

// TestAt: which epoch holds at a size (E7); behind a revocation none does.
func TestAt(t *testing.T) {
	l := rotated(t)
	h := l.read()
	for size, number := range map[uint64]uint64{1: 0, 4: 0, 5: 1, 80: 1} {
		if e, found := h.at(atlas, size); !found || e.Number != number {
			t.Errorf("%d entries: epoch %d, %v", size, e.Number, found)
		}
	}
	l.revoke(1, head(atlas, 6))
	if e, found := l.read().at(atlas, 7); found {
		t.Errorf("behind a revocation: epoch %d", e.Number)
	}
}
