package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	merkle "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// Prove returns the proof that an entry stands in a log. The log is named by its
// origin, as [Ledger.Heads] and [Entry] give it. size is that of the head to
// prove it in, which may be an earlier one; 0 is the head as it is now. The proof
// has been held against the stored head before it is returned. It reads a handful
// of tiles, however long the log is.
func (l *Ledger) Prove(origin string, index, size uint64) (proof.Inclusion, error) {
	var p proof.Inclusion
	err := l.proving(origin, func(g *log, tiles *bolt.Bucket, now proof.Head) error {
		if size == 0 {
			size = now.Size
		}
		if size > now.Size || index >= size {
			return fmt.Errorf("entry %d in a head of %d: %s has %d entries; ask for an entry below the size, and a size of 1 to %d", index, size, origin, now.Size, now.Size)
		}
		head, err := headAt(tiles, now, size)
		if err != nil {
			return err
		}
		nodes, err := merkle.Inclusion(index, size)
		if err != nil {
			return err
		}
		hashes, err := hashesOf(tiles, nodes)
		if err != nil {
			return err
		}
		p = proof.Inclusion{Head: head, Header: bytes.Clone(g.headers.Get(indexKey(index))), Hashes: hashes}
		_, err = p.Verify(head)
		return err
	})
	if err != nil {
		return proof.Inclusion{}, err
	}
	return p, nil
}

// ProveConsistency returns the proof that a log at size2 entries begins with what
// it was at size1; size2 of 0 is the head as it is now. A size1 of 0 is refused:
// it would prove nothing.
func (l *Ledger) ProveConsistency(origin string, size1, size2 uint64) (proof.Consistency, error) {
	var p proof.Consistency
	err := l.proving(origin, func(_ *log, tiles *bolt.Bucket, now proof.Head) error {
		if size2 == 0 {
			size2 = now.Size
		}
		if size1 == 0 || size1 > size2 || size2 > now.Size {
			return fmt.Errorf("from %d to %d entries: %s has %d; ask for two sizes of 1 to %d, the earlier one first", size1, size2, origin, now.Size, now.Size)
		}
		before, err := headAt(tiles, now, size1)
		if err != nil {
			return err
		}
		after, err := headAt(tiles, now, size2)
		if err != nil {
			return err
		}
		p, err = consistency(tiles, before, after)
		return err
	})
	if err != nil {
		return proof.Consistency{}, err
	}
	return p, nil
}

// proving calls f with the log of an origin, of a model or of notes, its tiles and
// its head.
func (l *Ledger) proving(name string, f func(*log, *bolt.Bucket, proof.Head) error) error {
	id, of, _ := proof.ParseOrigin(name)
	found := false
	try := func(g modelLog) error {
		if g.id != id || g.origin != name {
			return nil
		}
		found = true
		now, err := headOf(g)
		if err == nil {
			err = f(g.log, g.bucket.Bucket([]byte(keyTiles)), now)
		}
		return err
	}
	err := l.view(func(tx *bolt.Tx) error {
		for _, g := range logsOf(tx, l.id, meter.ModelRef(of)) {
			if err := try(g); err != nil {
				return err
			}
		}
		return l.forEachNoteLog(tx, of, func(id string, b *bolt.Bucket) error {
			return try(modelLog{&log{origin: noteOrigin(id, of), bucket: b, headers: b.Bucket([]byte(keyHeaders))}, id})
		})
	})
	switch {
	case err != nil:
		return fmt.Errorf("proof from ledger %s: %w", l.path, err)
	case !found:
		return fmt.Errorf("proof from ledger %s: it has no log %s; weighbridge ledger head lists those there are", l.path, name)
	}
	return nil
}

// headAt is the head that a log had at an earlier size, worked out from its tiles
// and proved to be the beginning of the head that is stored.
func headAt(tiles *bolt.Bucket, now proof.Head, size uint64) (proof.Head, error) {
	var root []byte
	ids := compact.RangeNodes(0, size, nil) // left to right, the highest first
	for i := len(ids) - 1; i >= 0; i-- {
		hash, err := nodeHash(tiles, ids[i])
		if err != nil {
			return proof.Head{}, err
		}
		if root == nil {
			root = hash
		} else {
			root = rfc6962.DefaultHasher.HashChildren(hash, root)
		}
	}
	head := proof.Head{Origin: now.Origin, Size: size, Root: [hashSize]byte(root)}
	if _, err := consistency(tiles, head, now); err != nil {
		return proof.Head{}, &DamageError{Code: "root-differs", Found: fmt.Sprintf("the tiles of %s do not give the root of its head (%v); run weighbridge check", now.Origin, err)}
	}
	return head, nil
}

func consistency(tiles *bolt.Bucket, before, after proof.Head) (proof.Consistency, error) {
	nodes, err := merkle.Consistency(before.Size, after.Size)
	if err != nil {
		return proof.Consistency{}, err
	}
	p := proof.Consistency{Old: before, New: after}
	if p.Hashes, err = hashesOf(tiles, nodes); err != nil {
		return proof.Consistency{}, err
	}
	return p, p.Verify(before, after)
}

// hashesOf reads the nodes of a proof.
func hashesOf(tiles *bolt.Bucket, nodes merkle.Nodes) ([][hashSize]byte, error) {
	hashes := make([][]byte, len(nodes.IDs))
	for i, id := range nodes.IDs {
		var err error
		if hashes[i], err = nodeHash(tiles, id); err != nil {
			return nil, err
		}
	}
	hashes, err := nodes.Rehash(hashes, rfc6962.DefaultHasher.HashChildren)
	out := make([][hashSize]byte, len(hashes))
	for i, h := range hashes {
		out[i] = [hashSize]byte(h)
	}
	return out, err
}

// nodeHash is the hash of a perfect subtree: worked out from the tile in which
// the roots of its smaller subtrees stand (c2sp.org/tlog-tiles).
func nodeHash(tiles *bolt.Bucket, id compact.NodeID) ([]byte, error) {
	const tileLevels = 8
	level, up := id.Level/tileLevels, id.Level%tileLevels
	first := id.Index << up
	tile := tiles.Get(binary.BigEndian.AppendUint64([]byte{byte(level)}, first/tileSize))
	from, to := first%tileSize*hashSize, (first%tileSize+1<<up)*hashSize
	if uint64(len(tile)) < to {
		return nil, &DamageError{Code: "tile-differs", Found: fmt.Sprintf("tile %d/%d has %d bytes, expected at least %d; run weighbridge check", level, first/tileSize, len(tile), to)}
	}
	var hashes [][hashSize]byte
	for at := from; at < to; at += hashSize {
		hashes = append(hashes, [hashSize]byte(tile[at:]))
	}
	for len(hashes) > 1 {
		for i := range len(hashes) / 2 {
			hashes[i] = [hashSize]byte(rfc6962.DefaultHasher.HashChildren(hashes[2*i][:], hashes[2*i+1][:]))
		}
		hashes = hashes[:len(hashes)/2]
	}
	return hashes[0][:], nil
}
