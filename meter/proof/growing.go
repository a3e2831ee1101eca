package proof

import (
	"crypto/sha256"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
)

// Growing is a Merkle tree (RFC 6962, section 2.1) that keeps no more than its root
// needs: the roots of its perfect subtrees. The zero value has no leaves.
type Growing struct {
	leaves *compact.Range
}

// Add appends a leaf, which in a log is the header of an entry.
func (g *Growing) Add(leaf []byte) {
	if g.leaves == nil {
		factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
		g.leaves = factory.NewEmptyRange(0)
	}
	g.leaves.Append(rfc6962.DefaultHasher.HashLeaf(leaf), nil) // fails only for ranges that are joined
}

// Root is the root over the leaves that were added.
func (g *Growing) Root() [sha256.Size]byte {
	if g.leaves == nil {
		return sha256.Sum256(nil)
	}
	root, err := g.leaves.GetRootHash(nil)
	if err != nil {
		panic(err) // a range that begins at 0 has a root
	}
	return [sha256.Size]byte(root)
}
