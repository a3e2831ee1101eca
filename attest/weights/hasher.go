package weights

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// bufferSize is what measures best: 256 KiB stays in the core's own cache between
// the read and the hash; 1 MiB is 5 % slower on two files at once. A second
// goroutine that reads ahead was measured too and dropped: the kernel reads ahead
// as it is, and bytes that another core has read must cross over first (5 to 15 %
// slower in the page cache, no faster from disk).
const (
	bufferSize = 256 << 10
	maxWorkers = 128 // 32 MiB of buffers
)

// Options of [Hash] and [ForEach]. The zero value is a sensible choice.
type Options struct {
	// Ignore names files to leave out besides OMS's own: relative paths with
	// slashes, compared exactly, no patterns; a directory means all below it.
	Ignore []string
	// Workers is how many files are read at once; 0 or less means one for each core
	// (GOMAXPROCS), and more than 128 mean 128.
	Workers int
	// Total, if not nil, is called once, before the first byte is read, with the
	// number of bytes to hash.
	Total func(bytes int64)
	// Cache, if not nil, gives the digests of files that did not change since they
	// were hashed ([DigestCache]): of whole files, by SHA-256.
	Cache *DigestCache
	// Progress, if not nil, is called after each buffer with the number of bytes
	// hashed since its last call. Calls never overlap. It must not block.
	Progress func(bytes int64)
}

func (o Options) workers(files int) int {
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return max(1, min(workers, files, maxWorkers))
}

// total tells o.Total the sum of sizes.
func (o Options) total(sizes []int64) {
	if o.Total == nil {
		return
	}
	var sum int64
	for _, size := range sizes {
		sum += size
	}
	o.Total(sum)
}

// serial returns o.Progress so that its calls never overlap.
func (o Options) serial() func(int64) {
	if o.Progress == nil {
		return func(int64) {}
	}
	var mu sync.Mutex
	return func(n int64) {
		mu.Lock()
		defer mu.Unlock()
		o.Progress(n)
	}
}

// ForEach calls work once for each index of sizes, the largest size first, on
// o.Workers goroutines, and returns when all have returned. Each goroutine has a
// [Hasher] of its own, which work may use until it returns. After the first error,
// or when ctx ends, no further call is made, the context given to work ends, and
// that error is returned. Sizes only order the work.
func ForEach(ctx context.Context, sizes []int64, o Options, work func(ctx context.Context, h *Hasher, i int) error) error {
	order := make([]int, len(sizes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sizes[b], sizes[a]) })
	workers, progress := o.workers(len(sizes)), o.serial()
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			h := &Hasher{hash: sha256.New(), buffer: make([]byte, bufferSize), progress: progress}
			for i := next.Add(1) - 1; i < int64(len(order)); i = next.Add(1) - 1 {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := work(ctx, h, order[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// Hasher computes digests of streams one after the other, with a buffer that it
// keeps. It is not safe for concurrent use; [ForEach] makes one for each worker.
type Hasher struct {
	hash     hash.Hash
	buffer   []byte
	progress func(int64)
}

// Sum reads r to its end and returns "sha256:" with the digest in hexadecimal, and
// the number of bytes. Where tee is not nil every byte is written to it too, once,
// in order; the digest is that of the bytes written. It ends early, within one
// buffer, when ctx ends.
func (h *Hasher) Sum(ctx context.Context, r io.Reader, tee io.Writer) (digest string, bytes int64, err error) {
	h.hash.Reset()
	for err == nil {
		if err = ctx.Err(); err != nil {
			break
		}
		var n int
		n, err = r.Read(h.buffer)
		bytes += int64(n)
		if failed := h.add(h.buffer[:n], tee); failed != nil {
			err = failed
		}
	}
	if err != io.EOF {
		return "", bytes, err
	}
	return "sha256:" + hex.EncodeToString(h.hash.Sum(nil)), bytes, nil
}

func (h *Hasher) add(data []byte, tee io.Writer) error {
	if len(data) == 0 {
		return nil
	}
	h.hash.Write(data)
	h.progress(int64(len(data)))
	if tee == nil {
		return nil
	}
	_, err := tee.Write(data)
	return err
}
