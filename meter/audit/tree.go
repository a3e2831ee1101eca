package audit

import (
	"crypto/sha256"

	merkle "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// tree is the Merkle tree of a log (RFC 6962, section 2.1), all of it in memory: 64
// bytes for an entry.
type tree struct {
	levels [][][sha256.Size]byte // hashes of the perfect subtrees, by level
}

func (t *tree) add(header []byte) {
	hash := [sha256.Size]byte(rfc6962.DefaultHasher.HashLeaf(header))
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

func (t *tree) size() uint64 {
	if len(t.levels) == 0 {
		return 0
	}
	return uint64(len(t.levels[0]))
}

// rootAt is the root over the first size entries.
func (t *tree) rootAt(size uint64) [sha256.Size]byte {
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

// inclusion returns the hashes that prove an entry in the whole tree.
func (t *tree) inclusion(index uint64) ([][]byte, error) {
	nodes, err := merkle.Inclusion(index, t.size())
	if err != nil {
		return nil, err
	}
	hashes := make([][]byte, len(nodes.IDs))
	for i, id := range nodes.IDs {
		hashes[i] = t.levels[id.Level][id.Index][:]
	}
	return nodes.Rehash(hashes, rfc6962.DefaultHasher.HashChildren)
}
