package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
)

// examined is what an entry says by itself, whatever stands before it.
type examined struct {
	index, gap     uint64 // of the entry, and the one expected here
	header, stored []byte

	leaf     [32]byte
	problems []Problem
	read     bool // entry is what the body says
	entry    Entry
	totals   []byte   // as they stand in the body, not read; nil where entry has them
	digest   [32]byte // of the record
	placed   bool     // the index of runs names this entry and digest
	place    []byte   // what it has instead; nil for nothing
}

// examine checks one header against its place and its body, reads the body and
// looks the record up in the index of runs.
func (c *logCheck) examine(e *examined, runs *bolt.Bucket) {
	problem := func(code, format string, args ...any) {
		e.problems = append(e.problems, Problem{code, c.at(e.index), fmt.Sprintf(format, args...)})
	}
	e.leaf = leafHash(e.header)
	if len(e.stored) < 32 {
		problem("body-missing", "found %d bytes, expected a salt of 32 and a body", len(e.stored))
		return
	}
	if want := c.headerOf(e); !bytes.Equal(e.header, want) {
		problem("header-differs", "found %.300q, its place and its body give %q", e.header, want)
	}
	content, err := e.readBody()
	if err != nil {
		problem("body-unreadable", "%v", err)
		return
	}
	e.read = true
	if r := e.entry.Record; r != nil {
		e.digest = sha256.Sum256(content)
		e.place = bytes.Clone(runs.Get(runOf(r)))
		e.placed = bytes.Equal(e.place, c.placeOf(e))
	}
}

// leafHash is that of RFC 6962, section 2.1.
func leafHash(header []byte) [32]byte {
	var room [512]byte
	return sha256.Sum256(append(append(room[:0], 0), header...))
}

// headerOf is the header that the place and the body of an entry give (L3, L5).
func (c *logCheck) headerOf(e *examined) []byte {
	sum := sha256.Sum256(e.stored)
	want := make([]byte, 0, len(e.header)+64)
	want = append(want, "weighbridge.dev/entry/v1\nweighbridge.dev/log/"...)
	want = append(append(append(append(want, c.ledger...), '/'), c.model...), '\n')
	want = append(strconv.AppendUint(want, e.index, 10), "\nsha256:"...)
	return append(hex.AppendEncode(want, sum[:]), '\n')
}

// readBody reads the body and returns the encoding of the record in it.
func (e *examined) readBody() (content []byte, err error) {
	body := e.stored[32:]
	if content, totals, ok := entry.CutBody(body); ok && len(body) <= entry.MaxBodyBytes {
		if record, err := meter.ParseRecord(content); err == nil {
			e.entry, e.totals = Entry{Index: e.index, Record: &record}, totals
			return content, nil
		}
	}
	if e.entry, err = entry.ParseBody(body); err != nil {
		return nil, err
	}
	e.entry.Index = e.index
	if e.entry.Record == nil {
		return nil, nil
	}
	return e.entry.Record.Encode()
}

// placeOf is what the index of runs has to say of a record.
func (c *logCheck) placeOf(e *examined) []byte {
	want := make([]byte, 0, 40+len(c.model)+33)
	want = append(binary.BigEndian.AppendUint64(append(want, e.digest[:]...), e.index), c.model...)
	if c.ledger != c.id {
		want = append(append(want, 0), c.ledger...)
	}
	return want
}

// blockEntries are examined by one worker at a time.
const blockEntries = 256

// examinePool examines blocks of entries on all cores and follows them in their
// order. A log of one block is examined where it is. No more than a few blocks are
// in memory, however long the log is.
type examinePool struct {
	*logCheck
	work  chan *blockOf
	order []*blockOf
	limit int
	group sync.WaitGroup
}

type blockOf struct {
	entries []*examined
	done    chan any // what the worker died of, or nil
}

func (c *logCheck) startPool() *examinePool { return &examinePool{logCheck: c} }

// put hands over the next block.
func (p *examinePool) put(block []*examined) {
	if p.work == nil && len(block) < blockEntries {
		for _, e := range block {
			p.examine(e, p.runs)
			p.follow(e)
		}
		return
	}
	p.startWorkers()
	b := &blockOf{block, make(chan any, 1)}
	p.work <- b
	if p.order = append(p.order, b); len(p.order) == p.limit {
		p.take()
	}
}

func (p *examinePool) startWorkers() {
	if p.work != nil {
		return
	}
	cores := runtime.GOMAXPROCS(0)
	p.limit = 2*cores + 1
	p.work = make(chan *blockOf, p.limit)
	for range cores {
		p.group.Go(p.worker)
	}
}

// worker has a transaction of its own: one is not for several goroutines. A fault
// in the mapped file is told where the block is waited for.
func (p *examinePool) worker() {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	err := p.bucket.Tx().DB().View(func(tx *bolt.Tx) error {
		runs := tx.Bucket([]byte("runs"))
		for b := range p.work {
			p.examineBlock(b, runs)
		}
		return nil
	})
	for b := range p.work { // there was no transaction to be had
		b.done <- err
	}
}

func (p *examinePool) examineBlock(b *blockOf, runs *bolt.Bucket) {
	defer func() { b.done <- recover() }()
	for _, e := range b.entries {
		p.examine(e, runs)
	}
}

// take follows the oldest block.
func (p *examinePool) take() {
	b := p.order[0]
	p.order = p.order[1:]
	if died := <-b.done; died != nil {
		panic(died) // as it would have been here: the guard of the ledger makes an error of it
	}
	for _, e := range b.entries {
		p.follow(e)
	}
}

// finish follows what is left.
func (p *examinePool) finish() {
	for len(p.order) > 0 {
		p.take()
	}
}

// stop ends the workers.
func (p *examinePool) stop() {
	if p.work != nil {
		close(p.work)
		p.group.Wait()
		p.work = nil
	}
}
