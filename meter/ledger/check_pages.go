package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Flags of a page and of an element of a leaf (bbolt, internal/common/page.go).
const (
	branchPage    = 0x01
	leafPage      = 0x02
	freelistPage  = 0x10
	bucketElement = 0x01

	elementSize  = 16 // of a branch and of a leaf element
	inBucketSize = 16 // root page and sequence, before an inline page
)

// checkPages walks every page of the file from its raw bytes: each is in
// bounds, of the right kind, used once, with its keys in order. bbolt's own check
// follows a damaged pointer in a goroutine of its own, which would end the
// program. safe is false when following the pages could lead nowhere.
func checkPages(c *checker, path string, file *os.File) (safe bool, err error) {
	meta, err := inspect(path, file)
	if err != nil {
		return false, err
	}
	w := &pageWalk{checker: c, file: file, meta: meta, where: filepath.Base(path), used: make([]bool, meta.pages), safe: true}
	w.used[0], w.used[1] = true, true
	if err := errors.Join(w.freelist(), w.tree(meta.root, nil, nil)); err != nil {
		return false, err
	}
	w.unused()
	return w.safe, nil
}

// unused reports pages that are neither used nor free, a run of them at a time:
// a raised page count must not become a report as long as the file.
func (w *pageWalk) unused() {
	for id := 0; id < len(w.used); id++ {
		first := id
		for id < len(w.used) && !w.used[id] {
			id++
		}
		if id > first {
			w.problem("damaged-page", w.at(uint64(first)), "%d pages from here are neither used nor free", id-first)
		}
	}
}

type pageWalk struct {
	*checker
	file  *os.File
	meta  metaPage
	where string
	used  []bool
	rooms [][]byte // by depth
	safe  bool
	depth int // of pages and buckets inside each other, on the way to the present one
}

// maxPageDepth bounds it: a tree of the largest file is a dozen pages deep, and
// the ledger's buckets are three.
const maxPageDepth = 64

func (w *pageWalk) at(id uint64) string { return fmt.Sprintf("%s page %d", w.where, id) }

// lost reports damage that makes following the pages unsafe.
func (w *pageWalk) lost(id uint64, format string, args ...any) {
	w.safe = false
	w.problem("damaged-page", w.at(id), format, args...)
}

// take marks pages as used, once.
func (w *pageWalk) take(id, count uint64) bool {
	if id < 2 || id >= w.meta.pages || count > w.meta.pages-id {
		w.lost(id, "%d pages from here, expected them between 2 and %d", count, w.meta.pages)
		return false
	}
	for i := id; i < id+count; i++ {
		if w.used[i] {
			w.lost(i, "used twice, or used and free")
			return false
		}
		w.used[i] = true
	}
	return true
}

// load reads a page with its overflow, after marking them.
func (w *pageWalk) load(id uint64, kinds uint16) ([]byte, error) {
	if id < 2 || id >= w.meta.pages {
		w.lost(id, "expected a page between 2 and %d", w.meta.pages)
		return nil, nil
	}
	var head [pageHeaderSize]byte
	if _, err := w.file.ReadAt(head[:], int64(id*w.meta.pageSize)); err != nil {
		return nil, fmt.Errorf("reading %s: %w", w.at(id), err)
	}
	order := binary.NativeEndian
	if found, flags := order.Uint64(head[:]), order.Uint16(head[8:]); found != id || flags&kinds == 0 || flags&^kinds != 0 || flags&(flags-1) != 0 {
		w.lost(id, "found id %d and flags %#x, expected flags %#x", found, flags, kinds)
		return nil, nil
	}
	count := uint64(order.Uint32(head[12:])) + 1
	if !w.take(id, count) {
		return nil, nil
	}
	page := w.room(count * w.meta.pageSize)
	if _, err := w.file.ReadAt(page, int64(id*w.meta.pageSize)); err != nil {
		return nil, fmt.Errorf("reading %s: %w", w.at(id), err)
	}
	return page, nil
}

// room returns a buffer for a page. One page at each depth is in use at a time.
func (w *pageWalk) room(size uint64) []byte {
	for len(w.rooms) <= w.depth {
		w.rooms = append(w.rooms, nil)
	}
	if uint64(len(w.rooms[w.depth])) < size {
		w.rooms[w.depth] = make([]byte, size)
	}
	return w.rooms[w.depth][:size]
}

// freelist marks the free pages.
func (w *pageWalk) freelist() error {
	page, err := w.load(w.meta.freelist, freelistPage)
	if page == nil {
		return err
	}
	count, ids := uint64(binary.NativeEndian.Uint16(page[10:])), page[pageHeaderSize:]
	if count == 0xFFFF { // the true count does not fit and stands first
		count, ids = binary.NativeEndian.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids)/8) {
		w.lost(w.meta.freelist, "%d free pages in room for %d", count, len(ids)/8)
		return nil
	}
	for i := range count {
		w.take(binary.NativeEndian.Uint64(ids[i*8:]), 1)
	}
	return nil
}

// tree walks the pages of a bucket from its root. Keys are at or above low and
// below high; nil is no limit.
func (w *pageWalk) tree(id uint64, low, high []byte) error {
	page, err := w.load(id, branchPage|leafPage)
	if page == nil {
		return err
	}
	return w.elements(id, page, low, high)
}

// elements walks the elements of one page, which may be an inline one.
func (w *pageWalk) elements(id uint64, page, low, high []byte) error {
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > maxPageDepth {
		w.lost(id, "pages and buckets nested deeper than %d", maxPageDepth)
		return nil
	}
	branch := binary.NativeEndian.Uint16(page[8:]) == branchPage
	count := int(binary.NativeEndian.Uint16(page[10:]))
	if pageHeaderSize+count*elementSize > len(page) || branch && count == 0 {
		w.lost(id, "%d elements in %d bytes", count, len(page))
		return nil
	}
	var keys [][]byte
	for i := range count {
		key, value, ok := element(page, i, branch)
		if !ok || len(key) == 0 && !(branch && i == 0) {
			w.lost(id, "element %d is not inside its page", i)
			return nil
		}
		if i > 0 && bytes.Compare(keys[i-1], key) >= 0 || low != nil && bytes.Compare(key, low) < 0 || high != nil && bytes.Compare(key, high) >= 0 {
			w.problem("damaged-page", w.at(id), "key %d is not in order", i)
		}
		keys = append(keys, key)
		if !branch && binary.NativeEndian.Uint32(page[pageHeaderSize+i*elementSize:])&bucketElement != 0 {
			if err := w.bucket(id, value); err != nil {
				return err
			}
		}
	}
	if !branch {
		return nil
	}
	for i, key := range keys {
		upper := high
		if i+1 < count {
			upper = keys[i+1]
		}
		if err := w.tree(binary.NativeEndian.Uint64(page[pageHeaderSize+i*elementSize+8:]), key, upper); err != nil {
			return err
		}
	}
	return nil
}

// element returns the key of an element and, in a leaf, its value.
func element(page []byte, i int, branch bool) (key, value []byte, ok bool) {
	at := pageHeaderSize + i*elementSize
	order := binary.NativeEndian
	pos, ksize, vsize := uint64(order.Uint32(page[at:])), uint64(order.Uint32(page[at+4:])), uint64(0)
	if !branch {
		pos, ksize, vsize = uint64(order.Uint32(page[at+4:])), uint64(order.Uint32(page[at+8:])), uint64(order.Uint32(page[at+12:]))
	}
	start := uint64(at) + pos
	if start+ksize+vsize > uint64(len(page)) {
		return nil, nil, false
	}
	return page[start : start+ksize], page[start+ksize : start+ksize+vsize], true
}

// bucket walks a bucket that stands as a value in page id: its own pages, or a
// small leaf inside the value.
func (w *pageWalk) bucket(id uint64, value []byte) error {
	if len(value) < inBucketSize {
		w.lost(id, "a bucket of %d bytes, expected at least %d", len(value), inBucketSize)
		return nil
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return w.tree(root, nil, nil)
	}
	inline := value[inBucketSize:]
	if len(inline) < pageHeaderSize || binary.NativeEndian.Uint16(inline[8:]) != leafPage {
		w.lost(id, "a bucket inside it is no leaf")
		return nil
	}
	return w.elements(id, inline, nil, nil)
}
