package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	bolt "go.etcd.io/bbolt"
)

// tree is the Merkle tree of one log during one transaction (RFC 6962, section
// 2.1). It gathers the tiles that change, so that a batch writes each of them
// once.
type tree struct {
	nodes  *compact.Range
	stored *bolt.Bucket
	dirty  map[[9]byte][]byte // level and tile -> hashes
}

func openTree(log, tiles *bolt.Bucket) (*tree, error) {
	head := log.Get([]byte(keyHead))
	if len(head) != 0 && len(head) != 8+hashSize {
		return nil, fmt.Errorf("head: found %d bytes, expected %d; run weighbridge check", len(head), 8+hashSize)
	}
	size := uint64(0)
	if len(head) > 0 {
		size = binary.BigEndian.Uint64(head)
	}
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	hashes := slices.Collect(slices.Chunk(bytes.Clone(log.Get([]byte(keyFrontier))), hashSize))
	nodes, err := factory.NewRange(0, size, hashes)
	if err != nil {
		return nil, fmt.Errorf("tree of %d entries: %w; run weighbridge check", size, err)
	}
	return &tree{nodes, tiles, map[[9]byte][]byte{}}, nil
}

// newTree is a tree of nothing, which keeps no tiles.
func newTree() *tree {
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	return &tree{nodes: factory.NewEmptyRange(0)}
}

// size is the number of entries.
func (t *tree) size() uint64 { return t.nodes.End() }

// grow adds the leaf of an entry.
func (t *tree) grow(header []byte) error {
	var failed error
	err := t.nodes.Append(rfc6962.DefaultHasher.HashLeaf(header), func(id compact.NodeID, hash []byte) {
		if failed == nil && t.stored != nil && id.Level%8 == 0 {
			failed = t.extend(uint8(id.Level/8), id.Index, hash)
		}
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("tree of %d entries: %w", t.size(), err)
	}
	return nil
}

// extend adds the hash of a node to its tile.
func (t *tree) extend(level uint8, index uint64, hash []byte) error {
	key := [9]byte{level}
	binary.BigEndian.PutUint64(key[1:], index/tileSize)
	have, dirty := t.dirty[key]
	if !dirty {
		have = append(make([]byte, 0, tileSize*hashSize), t.stored.Get(key[:])...)
	}
	if want := index % tileSize * hashSize; uint64(len(have)) != want {
		return fmt.Errorf("tile %d/%d: found %d bytes, expected %d; run weighbridge check", level, index/tileSize, len(have), want)
	}
	t.dirty[key] = append(have, hash...)
	return nil
}

// flush writes the tiles that changed, the frontier and the head.
func (t *tree) flush(log *bolt.Bucket) error {
	for key, hashes := range t.dirty {
		if err := t.stored.Put(key[:], hashes); err != nil {
			return err
		}
	}
	root, err := t.nodes.GetRootHash(nil)
	if err != nil {
		return err
	}
	if err := log.Put([]byte(keyFrontier), slices.Concat(t.nodes.Hashes()...)); err != nil {
		return err
	}
	return log.Put([]byte(keyHead), append(binary.BigEndian.AppendUint64(nil, t.size()), root...))
}
