package proof

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	merkle "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// Inclusion proves that the entry with Header stands in the log of Head, at the
// place that the header names. It shows nothing of the entry's body but the
// commitment to it.
type Inclusion struct {
	Head   Head
	Header []byte // of the entry, as it is stored
	Hashes [][sha256.Size]byte
}

// Consistency proves that the log of New begins with exactly the entries of Old.
type Consistency struct {
	Old, New Head
	Hashes   [][sha256.Size]byte
}

// ErrProof is wrapped by every error of Verify: what was to be proved is not.
var ErrProof = errors.New("the proof does not hold")

// Verify proves the entry against a head that the verifier has by another way
// than this proof, and returns the entry's header. Any difference between that
// head and the one in p is an error: a proof for another size is asked for again,
// by size.
func (p Inclusion) Verify(kept Head) (Header, error) {
	if err := sameHead(kept, p.Head); err != nil {
		return Header{}, err
	}
	header, err := ParseHeader(p.Header)
	if err != nil {
		return Header{}, fmt.Errorf("%w: %w", ErrProof, err)
	}
	if header.Origin != kept.Origin {
		return Header{}, fmt.Errorf("%w: the entry is one of %s, the head that of %s", ErrProof, header.Origin, kept.Origin)
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(p.Header)
	if err := merkle.VerifyInclusion(rfc6962.DefaultHasher, header.Index, kept.Size, leaf, slicesOf(p.Hashes), kept.Root[:]); err != nil {
		return Header{}, fmt.Errorf("%w: entry %d of %s is not in the head of %d entries: %s", ErrProof, header.Index, kept.Origin, kept.Size, reason(err))
	}
	return header, nil
}

// Verify proves that the log of the later head begins with the entries of the
// earlier one; both are the verifier's own. An earlier head of no entries is
// refused: every log begins with nothing, so that would prove nothing.
func (p Consistency) Verify(earlier, later Head) error {
	if err := errors.Join(sameHead(earlier, p.Old), sameHead(later, p.New)); err != nil {
		return err
	}
	switch {
	case earlier.Origin != later.Origin:
		return fmt.Errorf("%w: the heads are of two logs, %s and %s", ErrProof, earlier.Origin, later.Origin)
	case earlier.Size == 0:
		return fmt.Errorf("%w: the earlier head is of no entries: every log begins with nothing; take a head of at least one entry", ErrProof)
	case earlier.Size > later.Size:
		return fmt.Errorf("%w: the earlier head has %d entries, the later one %d: a log only grows", ErrProof, earlier.Size, later.Size)
	}
	if err := merkle.VerifyConsistency(rfc6962.DefaultHasher, earlier.Size, later.Size, slicesOf(p.Hashes), earlier.Root[:], later.Root[:]); err != nil {
		return fmt.Errorf("%w: %s with %d entries does not begin with the %d of the earlier head: %s", ErrProof, later.Origin, later.Size, earlier.Size, reason(err))
	}
	return nil
}

// sameHead holds the head in a proof against the verifier's own.
func sameHead(kept, found Head) error {
	switch {
	case kept == found:
		return nil
	case kept.Origin != found.Origin:
		return fmt.Errorf("%w: it is about %s, the head kept about %s", ErrProof, found.Origin, kept.Origin)
	case kept.Size != found.Size:
		return fmt.Errorf("%w: it is about a head of %d entries, the one kept has %d: ask for a proof of that size", ErrProof, found.Size, kept.Size)
	}
	return fmt.Errorf("%w: at %d entries it is about the root %x, the head kept has %x: the log has two roots at one size, or the proof was changed", ErrProof, kept.Size, found.Root, kept.Root)
}

// reason says what the Merkle library found, roots in hexadecimal.
func reason(err error) string {
	var mismatch merkle.RootMismatchError
	if errors.As(err, &mismatch) {
		return fmt.Sprintf("the hashes give the root %x, expected %x", mismatch.CalculatedRoot, mismatch.ExpectedRoot)
	}
	return err.Error()
}

// slicesOf copies hashes for a library that may write to them.
func slicesOf(hashes [][sha256.Size]byte) [][]byte {
	out := make([][]byte, len(hashes))
	for i := range hashes {
		out[i] = slices.Clone(hashes[i][:])
	}
	return out
}
