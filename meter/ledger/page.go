package ledger

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// What bbolt writes into a page (go.etcd.io/bbolt v1.5.0, internal/common/page.go
// and meta.go), in the byte order of the machine.
const (
	pageHeaderSize = 16 // id 8, flags 2, count 2, overflow 4
	metaSize       = 64
	metaMagic      = 0xED0CDAED
	metaVersion    = 2
	noFreelist     = ^uint64(0)
	minPageSize    = 1 << 10 // what bbolt looks for when the first header page is damaged
	maxPageSize    = 1 << 25
)

// metaPage is what one of the two header pages of the file says. They are
// written in turns; the newer one is the state of the file.
type metaPage struct {
	pageSize uint64
	root     uint64 // page of the root bucket
	freelist uint64 // page of the list of free pages
	pages    uint64 // number of pages in use: all ids are below
	txid     uint64
}

// readMeta reads the header page at offset, or returns false when its magic
// number, version or checksum is not right.
func readMeta(r io.ReaderAt, offset int64) (metaPage, bool) {
	var page [pageHeaderSize + metaSize]byte
	if _, err := r.ReadAt(page[:], offset); err != nil {
		return metaPage{}, false
	}
	m, order := page[pageHeaderSize:], binary.NativeEndian
	sum := fnv.New64a()
	sum.Write(m[:56])
	if order.Uint32(m) != metaMagic || order.Uint32(m[4:]) != metaVersion || order.Uint64(m[56:]) != sum.Sum64() {
		return metaPage{}, false
	}
	meta := metaPage{
		pageSize: uint64(order.Uint32(m[8:])), root: order.Uint64(m[16:]), freelist: order.Uint64(m[32:]),
		pages: order.Uint64(m[40:]), txid: order.Uint64(m[48:]),
	}
	return meta, meta.pageSize >= minPageSize && meta.pageSize <= maxPageSize && meta.pageSize&(meta.pageSize-1) == 0 && meta.pages > 2
}

// inspect reads the two header pages of a locked file and returns the newer
// one. bbolt itself would go on with one valid header, which is the state before
// the last commit: an entry that was acknowledged would be gone without a word.
// It would also map a file that ends too early and die reading it.
func inspect(path string, file *os.File) (metaPage, error) {
	damaged := func(code, format string, args ...any) (metaPage, error) {
		return metaPage{}, &DamageError{Path: path, Code: code, Found: fmt.Sprintf(format, args...)}
	}
	info, err := file.Stat()
	if err != nil {
		return metaPage{}, fmt.Errorf("ledger %s: %w", path, err)
	}
	first, firstOK := readMeta(file, 0)
	second, secondOK := secondMeta(file, first, firstOK)
	switch {
	case !firstOK && !secondOK:
		return damaged("not-a-ledger", "%d bytes without a valid header page", info.Size())
	case !firstOK || !secondOK:
		return damaged("damaged-page", "one of the two header pages is not valid: the newest entries may be missing")
	}
	newer := first
	if second.txid > first.txid {
		newer = second
	}
	if uint64(info.Size())/newer.pageSize < newer.pages {
		return damaged("truncated-file", "%d bytes, the header says at least %d pages of %d", info.Size(), newer.pages, newer.pageSize)
	}
	if newer.freelist == noFreelist {
		return damaged("not-a-ledger", "a bbolt file without a list of free pages, which a ledger always has")
	}
	return newer, nil
}

// secondMeta finds the second header page: one page after the first, or, when
// that one cannot say how long a page is, at any size that bbolt allows.
func secondMeta(r io.ReaderAt, first metaPage, ok bool) (metaPage, bool) {
	if ok {
		return readMeta(r, int64(first.pageSize))
	}
	for size := int64(minPageSize); size <= maxPageSize; size *= 2 {
		if m, found := readMeta(r, size); found && m.pageSize == uint64(size) {
			return m, true
		}
	}
	return metaPage{}, false
}
