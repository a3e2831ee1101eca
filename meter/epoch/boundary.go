package epoch

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter/proof"
)

// NewBoundary commits to heads, and returns them in its order with the text that is
// kept of them as evidence: what `weighbridge ledger head` prints. Each log has one
// head, of at least one entry.
func NewBoundary(heads []proof.Head) (Boundary, string, error) {
	sorted := slices.Clone(heads)
	slices.SortFunc(sorted, func(a, b proof.Head) int { return strings.Compare(a.Origin, b.Origin) })
	var tree proof.Tree
	bodies := make([]string, len(sorted))
	for i, h := range sorted {
		if h.Size == 0 || i > 0 && sorted[i-1].Origin == h.Origin {
			return Boundary{}, "", fmt.Errorf("head of %.200s with %d entries: expected one head for each log, of at least one entry", h.Origin, h.Size)
		}
		bodies[i] = h.String()
		tree.Add([]byte(bodies[i]))
	}
	root := tree.RootAt(tree.Size())
	return Boundary{tree.Size(), base64.StdEncoding.EncodeToString(root[:])}, strings.Join(bodies, "\n"), nil
}

// holds returns an error unless heads, sorted, are all those that b commits to.
func (b Boundary) holds(heads []proof.Head) error {
	found, _, err := NewBoundary(heads)
	if err == nil && found != b {
		err = fmt.Errorf("the %d heads kept give the root %s, the note names %d heads under %s", found.Size, found.Root, b.Size, b.Root)
	}
	return err
}

// proven returns an error unless b commits to a head that a document gives.
func (b Boundary) proven(h provenHead) (proof.Head, error) {
	head, err := h.head()
	if err != nil {
		return head, err
	}
	hashes := make([][sha256.Size]byte, len(h.Hashes))
	for i, text := range h.Hashes {
		if hashes[i], err = proof.ParseHash(text); err != nil {
			return head, err
		}
	}
	root, err := proof.ParseHash(b.Root)
	if err == nil {
		err = proof.Includes(root, b.Size, h.Index, []byte(head.String()), hashes)
	}
	if err != nil {
		err = fmt.Errorf("head of %d entries of %.200s: %w", head.Size, head.Origin, err)
	}
	return head, err
}
