package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"

	bolt "go.etcd.io/bbolt"
)

// treeCheck recomputes a tree and its tiles from the leaves alone, in memory
// that grows with the height of the tree.
type treeCheck struct {
	stored  *bolt.Bucket
	problem func(code, where, format string, args ...any)
	levels  [][][32]byte // the hashes of each level's rightmost tile, fewer than 256
	full    []uint64     // the full tiles of each level
}

// add takes the next leaf hash.
func (t *treeCheck) add(hash [32]byte) {
	for level := 0; ; level++ {
		if level == len(t.levels) {
			t.levels, t.full = append(t.levels, nil), append(t.full, 0)
		}
		t.levels[level] = append(t.levels[level], hash)
		if len(t.levels[level]) < 256 {
			return
		}
		t.tile(level)
		hash = subtree(t.levels[level])
		t.levels[level] = t.levels[level][:0]
		t.full[level]++
	}
}

// tile holds the stored tile against the hashes of the level's rightmost one.
func (t *treeCheck) tile(level int) {
	key := binary.BigEndian.AppendUint64([]byte{byte(level)}, t.full[level])
	if !bytes.Equal(t.stored.Get(key), flat(t.levels[level])) {
		t.problem("tile-differs", fmt.Sprintf(" tile %d/%d", level, t.full[level]), "expected the %d hashes that its entries give", len(t.levels[level]))
	}
}

// finish holds the partial tiles, the number of tiles, the frontier and the
// root against what is stored.
func (t *treeCheck) finish(root, frontier []byte) {
	tiles, held := uint64(0), uint64(0)
	for level := range t.levels {
		tiles += t.full[level]
		if len(t.levels[level]) > 0 {
			t.tile(level)
			tiles++
		}
	}
	t.stored.ForEach(func(_, _ []byte) error { held++; return nil })
	if held != tiles {
		t.problem("tiles-extra", "", "found %d tiles, expected %d", held, tiles)
	}
	if found := t.root(); !bytes.Equal(found[:], root) {
		t.problem("root-differs", "", "the head says %x, the entries give %x", root, found)
	}
	if !bytes.Equal(flat(t.frontier()), frontier) {
		t.problem("frontier-differs", "", "expected the roots of the full subtrees of its entries: the next entry would get a wrong root")
	}
}

// root is MTH of RFC 6962, section 2.1. What stands right of a level's hashes is
// smaller than one of them and becomes its last node.
func (t *treeCheck) root() [32]byte {
	var right *[32]byte
	for _, hashes := range t.levels {
		nodes := append([][32]byte{}, hashes...)
		if right != nil {
			nodes = append(nodes, *right)
		}
		if len(nodes) > 0 {
			hash := subtree(nodes)
			right = &hash
		}
	}
	if right == nil {
		return sha256.Sum256(nil)
	}
	return *right
}

// frontier is the roots of the perfect subtrees of which the tree is made, left
// to right.
func (t *treeCheck) frontier() [][32]byte {
	var out [][32]byte
	for level := len(t.levels) - 1; level >= 0; level-- {
		for rest := t.levels[level]; len(rest) > 0; {
			k := 1 << (bits.Len(uint(len(rest))) - 1)
			out = append(out, subtree(rest[:k]))
			rest = rest[k:]
		}
	}
	return out
}

func flat(hashes [][32]byte) []byte {
	var out []byte
	for _, h := range hashes {
		out = append(out, h[:]...)
	}
	return out
}

func subtree(hashes [][32]byte) [32]byte {
	if len(hashes) == 1 {
		return hashes[0]
	}
	k := 1 << (bits.Len(uint(len(hashes)-1)) - 1) // the largest power of two below the length
	left, right := subtree(hashes[:k]), subtree(hashes[k:])
	var node [65]byte
	node[0] = 1
	copy(node[1:], left[:])
	copy(node[33:], right[:])
	return sha256.Sum256(node[:])
}
