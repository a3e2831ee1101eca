package proof

import (
	"crypto/sha256"
	"fmt"
	"slices"

	merkle "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// Tree is a Merkle tree (RFC 6962, section 2.1), all of it in memory: 64 bytes for
// a leaf. The zero value is the tree of no leaves.
type Tree struct {
	levels [][][sha256.Size]byte // hashes of the perfect subtrees, by level
}

// Add appends a leaf, which in a log is the header of an entry.
func (t *Tree) Add(leaf []byte) {
	hash := [sha256.Size]byte(rfc6962.DefaultHasher.HashLeaf(leaf))
	for level := 0; ; level++ {
		if level == len(t.levels) {
			t.levels = append(t.levels, nil)
		}
		t.levels[level] = append(t.levels[level], hash)
		n := len(t.levels[level])
		if n%2 == 1 {
			return
		}
		hash = [sha256.Size]byte(rfc6962.DefaultHasher.HashChildren(t.levels[level][n-2][:], t.levels[level][n-1][:]))
	}
}

// Size is the number of leaves.
func (t *Tree) Size() uint64 {
	if len(t.levels) == 0 {
		return 0
	}
	return uint64(len(t.levels[0]))
}

// RootAt is the root over the first size leaves, of which there must be as many.
func (t *Tree) RootAt(size uint64) [sha256.Size]byte {
	if size == 0 {
		return sha256.Sum256(nil)
	}
	var root []byte
	for level, left := 0, size; left > 0; level, left = level+1, left/2 {
		if left%2 == 0 {
			continue
		}
		node := t.levels[level][left-1][:] // the last perfect subtree of this level below size
		if root == nil {
			root = node
		} else {
			root = rfc6962.DefaultHasher.HashChildren(node, root)
		}
	}
	return [sha256.Size]byte(root)
}

// Inclusion returns the hashes that prove a leaf in the whole tree.
func (t *Tree) Inclusion(index uint64) ([][]byte, error) {
	nodes, err := merkle.Inclusion(index, t.Size())
	if err != nil {
		return nil, err
	}
	hashes := make([][]byte, len(nodes.IDs))
	for i, id := range nodes.IDs {
		hashes[i] = t.levels[id.Level][id.Index][:]
	}
	return nodes.Rehash(hashes, rfc6962.DefaultHasher.HashChildren)
}

// Includes returns an error unless the hashes prove that a tree of size leaves under
// root has this leaf at index.
func Includes(root [sha256.Size]byte, size, index uint64, leaf []byte, hashes [][sha256.Size]byte) error {
	hash := rfc6962.DefaultHasher.HashLeaf(leaf)
	if err := merkle.VerifyInclusion(rfc6962.DefaultHasher, index, size, hash, slicesOf(hashes), root[:]); err != nil {
		return fmt.Errorf("%w: leaf %d is not in the tree of %d: %s", ErrProof, index, size, reason(err))
	}
	return nil
}

// Clone returns a tree that grows apart from t.
func (t *Tree) Clone() Tree {
	var out Tree
	for _, level := range t.levels {
		out.levels = append(out.levels, slices.Clone(level))
	}
	return out
}
