package weights

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"

	"golang.org/x/crypto/blake2b"
	"lukechampine.com/blake3"

	"github.com/weighbridge/weighbridge/attest"
)

// Resources reads the weights at path as an OMS serialization says, and returns the
// files or shards with their digests, sorted by file and offset. With shards, files
// without bytes are in no resource (OMS v1.0); their names come back beside. What
// [Hash] refuses is refused here, but not control characters in names, which OMS has:
// [attest.ShownName] shows them. Where s allows symbolic links, one that leads to
// a file inside the set stands for it under its own name; one that leads to a
// directory, out of the set or nowhere is refused all the same.
func Resources(ctx context.Context, path string, s attest.Serialization, o Options) (resources []attest.Resource, empty []string, err error) {
	if _, err := newHash(s.HashType); err != nil {
		return nil, nil, err
	}
	set, err := openSet(ctx, path, append(append([]string{}, o.Ignore...), s.IgnorePaths...), attest.ValidPath, s.AllowSymlinks)
	if err != nil {
		return nil, nil, err
	}
	defer set.root.Close()
	pieces, empty := set.pieces(s)
	if len(pieces) > attest.MaxResources {
		return nil, nil, &RefusedError{path, fmt.Sprintf("makes more than %d resources", attest.MaxResources), "sign it in larger shards, or by files"}
	}
	sizes := make([]int64, len(pieces))
	for i, p := range pieces {
		sizes[i] = p.end - p.start
	}
	o.total(sizes)
	if s.Method == attest.MethodFiles && s.HashType == attest.HashBLAKE3 {
		resources, err = set.trees(ctx, pieces, s, o)
		return resources, empty, err
	}
	resources = make([]attest.Resource, len(pieces))
	err = ForEach(ctx, sizes, o, func(ctx context.Context, h *Hasher, i int) (err error) {
		resources[i], err = set.resource(ctx, h, pieces[i], s, o.Cache)
		return err
	})
	return resources, empty, err
}

func newHash(kind string) (hash.Hash, error) {
	switch kind {
	case attest.HashSHA256:
		return sha256.New(), nil
	case attest.HashBLAKE2b:
		return blake2b.New512(nil)
	case attest.HashBLAKE3:
		return blake3.New(32, nil), nil
	}
	return nil, fmt.Errorf("weights: hash %q is not computed by this build: expected %s, %s or %s; ask for a signature with one of those", kind,
		attest.HashSHA256, attest.HashBLAKE2b, attest.HashBLAKE3)
}

// part is a stretch of a file, or the whole.
type part struct {
	file       found
	start, end int64
	name       string
}

func (s *set) pieces(how attest.Serialization) (pieces []part, empty []string) {
	for _, f := range s.files {
		size := f.info.Size()
		if how.Method == attest.MethodFiles {
			pieces = append(pieces, part{f, 0, size, f.name})
			continue
		}
		if size == 0 {
			empty = append(empty, f.name)
		}
		for start := int64(0); start < size && len(pieces) <= attest.MaxResources; start += how.ShardSize {
			end := min(start+how.ShardSize, size)
			pieces = append(pieces, part{f, start, end, fmt.Sprintf("%s:%d:%d", f.name, start, end)})
		}
	}
	return pieces, empty
}

func (s *set) resource(ctx context.Context, h *Hasher, p part, how attest.Serialization, cache *DigestCache) (attest.Resource, error) {
	f, before, err := s.open(p.file)
	if err != nil {
		return attest.Resource{}, err
	}
	defer f.Close()
	if how.Method != attest.MethodFiles || how.HashType != attest.HashSHA256 {
		cache = nil // it knows whole files by their SHA-256 only
	}
	if digest, known := cache.find(f, before); known {
		h.progress(before.Size())
		return attest.Resource{Name: p.name, Algorithm: how.Algorithm(), Digest: strings.TrimPrefix(digest, "sha256:")}, nil
	}
	cache, before = cache.written(f, before)
	own := &Hasher{buffer: h.buffer, progress: h.progress}
	if own.hash, err = newHash(how.HashType); err != nil {
		return attest.Resource{}, err
	}
	var r io.Reader = io.NewSectionReader(f, p.start, p.end-p.start)
	if how.Method == attest.MethodFiles {
		r = f // to its end, wherever that is by now
	}
	digest, bytes, err := own.Sum(ctx, r, nil)
	if err != nil {
		return attest.Resource{}, unreadable(f.Name(), err)
	}
	if err := unchanged(f, before, before.Size()-(p.end-p.start)+bytes); err != nil {
		return attest.Resource{}, err
	}
	cache.keep(f, before, digest)
	return attest.Resource{Name: p.name, Algorithm: how.Algorithm(), Digest: hex.EncodeToString(own.hash.Sum(nil))}, nil
}
