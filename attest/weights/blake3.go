package weights

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/bits"

	"lukechampine.com/blake3/guts"

	"github.com/weighbridge/weighbridge/attest"
)

// BLAKE3 is a tree over chunks of 1 KiB (specification, section 2.1), so several
// cores work on one file. What a core takes at once is a power of two of chunks,
// and therefore a whole subtree unless it is the file's last.
const (
	leafBytes    = guts.MaxSIMD * guts.ChunkSize // what one call of the library compresses
	stretchBytes = 64 << 20                      // of one file, by one core; its subtrees take 128 KiB of memory
)

// trees hashes whole files.
func (s *set) trees(ctx context.Context, files []part, how attest.Serialization, o Options) ([]attest.Resource, error) {
	var stretches []part
	owner := []int{}
	for i, f := range files {
		for start := int64(0); start == 0 || start < f.end; start += stretchBytes {
			stretches = append(stretches, part{f.file, start, min(start+stretchBytes, f.end), f.name})
			owner = append(owner, i)
		}
	}
	sizes := make([]int64, len(stretches))
	for i, p := range stretches {
		sizes[i] = p.end - p.start
	}
	nodes := make([]guts.Node, len(stretches))
	err := ForEach(ctx, sizes, o, func(ctx context.Context, h *Hasher, i int) (err error) {
		nodes[i], err = s.stretch(ctx, h, stretches[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	resources := make([]attest.Resource, len(files))
	for i, from := 0, 0; i < len(files); i++ {
		var whole subtrees
		for ; from < len(nodes) && owner[from] == i; from++ {
			whole.add(nodes[from])
		}
		resources[i] = attest.Resource{Name: files[i].name, Algorithm: how.Algorithm(), Digest: rootDigest(whole.node())}
	}
	return resources, nil
}

// stretch reads a part of a file and returns the node above it. Every part must
// find the file as it was listed: they are read at different times.
func (s *set) stretch(ctx context.Context, h *Hasher, p part) (guts.Node, error) {
	f, before, err := s.open(p.file)
	if err != nil {
		return guts.Node{}, err
	}
	defer f.Close()
	if listed := p.file.info; before.Size() != listed.Size() || !before.ModTime().Equal(listed.ModTime()) {
		return guts.Node{}, &ChangedError{f.Name(), state(listed), state(before)}
	}
	node, bytes, err := h.subtree(ctx, io.NewSectionReader(f, p.start, p.end-p.start), uint64(p.start)/guts.ChunkSize)
	if err != nil {
		return guts.Node{}, unreadable(f.Name(), err)
	}
	return node, unchanged(f, before, before.Size()-(p.end-p.start)+bytes)
}

// subtree reads r to its end; chunk is the index of its first chunk in the file.
func (h *Hasher) subtree(ctx context.Context, r io.Reader, chunk uint64) (guts.Node, int64, error) {
	var above subtrees
	var read int64
	for {
		if err := ctx.Err(); err != nil {
			return guts.Node{}, read, err
		}
		n, err := io.ReadFull(r, h.buffer)
		for start := 0; start < n || read == 0 && n == 0 && start == 0; start += leafBytes {
			leaf := (*[leafBytes]byte)(h.buffer[start:])
			above.add(guts.CompressBuffer(leaf, min(n-start, leafBytes), &guts.IV, chunk, 0))
			chunk += guts.MaxSIMD
		}
		read += int64(n)
		h.progress(int64(n))
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return above.node(), read, nil
		}
		if err != nil {
			return guts.Node{}, read, err
		}
	}
}

// subtrees are neighbours in a tree, from left to right: all of one size, but
// the last, which may be smaller.
type subtrees struct {
	values [][8]uint32
	last   guts.Node
}

func (s *subtrees) add(n guts.Node) {
	s.values, s.last = append(s.values, guts.ChainingValue(n)), n
}

// node is the node above them.
func (s *subtrees) node() guts.Node {
	if len(s.values) == 1 {
		return s.last
	}
	return parent(s.values)
}

// parent: the left subtree is the largest power of two that leaves something for the
// right one (specification, section 2.1).
func parent(values [][8]uint32) guts.Node {
	left := 1 << (bits.Len(uint(len(values)-1)) - 1)
	return guts.ParentNode(chaining(values[:left]), chaining(values[left:]), &guts.IV, 0)
}

func chaining(values [][8]uint32) [8]uint32 {
	if len(values) == 1 {
		return values[0]
	}
	return guts.ChainingValue(parent(values))
}

// rootDigest is the digest of 32 bytes of the tree under n.
func rootDigest(n guts.Node) string {
	n.Flags |= guts.FlagRoot
	words := guts.CompressNode(n)
	var digest []byte
	for _, w := range words[:8] {
		digest = binary.LittleEndian.AppendUint32(digest, w)
	}
	return hex.EncodeToString(digest)
}
