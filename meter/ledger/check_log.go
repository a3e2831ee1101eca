package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
)

// logCheck goes once through one model's log, entry by entry.
type logCheck struct {
	*checker
	copies  *copyCheck
	model   string
	ledger  string // the id of the ledger that wrote it
	name    string // of the log, in problems
	bucket  *bolt.Bucket
	runs    *bolt.Bucket
	matched uint64 // places in the index of runs that an entry accounts for

	headers, bodies, corrections *bolt.Bucket
	tree                         treeCheck
	sums                         sums
	unread                       bool              // an entry could not be read: later totals cannot be recomputed
	corrected                    map[uint64]uint64 // entry -> the correction of it
}

func (c *logCheck) check() {
	c.headers, c.bodies, c.corrections = c.bucket.Bucket([]byte("headers")), c.bucket.Bucket([]byte("bodies")), c.bucket.Bucket([]byte("corrections"))
	c.tree.stored = c.bucket.Bucket([]byte("tiles"))
	head := c.bucket.Get([]byte("head"))
	if c.headers == nil || c.bodies == nil || c.corrections == nil || c.tree.stored == nil || len(head) != 40 {
		c.problem("missing-bucket", c.name, "expected headers, bodies, tiles, corrections and a head of 40 bytes")
		return
	}
	c.tree.problem = func(code, where, format string, args ...any) { c.problem(code, c.name+where, format, args...) }
	c.sums, c.corrected = newSums(), map[uint64]uint64{}
	next := c.entries()
	if size := binary.BigEndian.Uint64(head); size != next {
		c.problem("size-differs", c.name, "the head says %d entries, found %d", size, next)
	}
	c.extraBodies()
	c.tree.finish(head[8:], c.bucket.Get([]byte("frontier")))
	c.correctionIndex()
	if c.unread {
		c.note("state-not-checked", c.name, "its entries could not all be read: the totals of the log cannot be recomputed")
		return
	}
	c.state(c.name, c.bucket.Get([]byte("state")), c.sums)
}

// entries checks every entry and returns the index after the last. What each
// entry says by itself is examined on all cores, some blocks ahead of what follows
// from the entries before it.
func (c *logCheck) entries() uint64 {
	next := uint64(0)
	pool := c.startPool()
	defer pool.stop()
	headers, bodies := c.headers.Cursor(), c.bodies.Cursor()
	bodyKey, body := bodies.First()
	var block []*examined
	for key, header := headers.First(); key != nil; key, header = headers.Next() {
		if len(key) != 8 {
			c.problem("entry-extra", fmt.Sprintf("%s header %.40q", c.name, key), "expected an index of 8 bytes")
			continue
		}
		for bodyKey != nil && bytes.Compare(bodyKey, key) < 0 { // one without a header, which extraBodies lists
			bodyKey, body = bodies.Next()
		}
		e := &examined{index: binary.BigEndian.Uint64(key), gap: next, header: header}
		if bytes.Equal(bodyKey, key) {
			e.stored = body
		}
		next = e.index + 1
		if block = append(block, e); len(block) == blockEntries {
			pool.put(block)
			block = nil
		}
	}
	pool.put(block)
	pool.finish()
	return next
}

func (c *logCheck) extraBodies() {
	c.bodies.ForEach(func(key, _ []byte) error {
		if c.headers.Get(key) == nil {
			c.problem("body-extra", fmt.Sprintf("%s body %x", c.name, key), "no header commits to it")
		}
		return nil
	})
}

func (c *logCheck) at(index uint64) string { return fmt.Sprintf("%s entry %d", c.name, index) }

// follow takes an examined entry after those before it.
func (c *logCheck) follow(e *examined) {
	at := c.at(e.index)
	if e.index != e.gap {
		c.problem("entry-missing", c.name, "entries %d to %d are not there", e.gap, e.index-1)
		c.unread = true
	}
	c.report.Entries++
	c.tree.add(e.leaf)
	c.report.Problems = append(c.report.Problems, e.problems...)
	if !e.read {
		c.unread = true
		return
	}
	if e.entry.Correction != nil {
		c.correction(e.entry)
	} else {
		c.record(e)
	}
	if r := e.entry.Held(); r != nil {
		for _, named := range r.Evidence {
			c.names(named.Kind, r.Model)
			if _, known := c.evidence[named]; !known {
				c.evidence[named] = at
			}
		}
	}
	c.totals(e)
}

// totals holds the totals of an entry against the sums. Totals that are the
// encoding of the sums to the byte need not be read.
func (c *logCheck) totals(e *examined) {
	if e.totals != nil {
		if !c.unread && bytes.Equal(e.totals, c.sums.encode()) {
			return
		}
		entry, err := entry.ParseBody(e.stored[32:])
		if err != nil {
			c.problem("body-unreadable", c.at(e.index), "%v", err)
			c.unread = true
			return
		}
		e.entry.Totals = entry.Totals
	}
	if found := c.sums.differ(e.entry.Totals); found != "" && !c.unread {
		c.problem("totals-differ", c.at(e.index), "%s", found)
	}
}

// record takes a record into the sums and holds it against the index of runs.
func (c *logCheck) record(e *examined) {
	r, at, found := e.entry.Record, c.at(e.index), e.place
	if string(r.Model) != c.model {
		c.problem("record-of-another-model", at, "the record names %s", r.Model)
	}
	c.sums.add(r, 1)
	switch {
	case e.placed:
		c.matched++
	case found == nil:
		c.problem("run-index-missing", at, "run %s, sequence %d is not in the index: a retry would count twice", r.Run, r.Sequence)
	case c.elsewhere(found, e.index, r) && bytes.Equal(found[:32], e.digest[:]) && c.another(found):
		c.copies.add(c, r, e.index)
	case c.elsewhere(found, e.index, r):
		c.problem("counted-twice", at, "run %s, sequence %d is counted in another entry too (%s entry %d)",
			r.Run, r.Sequence, found[40:], binary.BigEndian.Uint64(found[32:40]))
	default:
		c.problem("run-index-differs", at, "run %s, sequence %d: found %x, expected %x", r.Run, r.Sequence, found, c.placeOf(e))
	}
}

// elsewhere reports whether the place that the index gives for r is another
// entry that holds the same run and sequence.
func (c *logCheck) elsewhere(place []byte, index uint64, r *meter.Record) bool {
	if len(place) <= 40 {
		return false
	}
	if !c.another(place) && binary.BigEndian.Uint64(place[32:40]) == index {
		return false
	}
	log := bucketAt(c.bucket.Tx(), place[40:], c.id)
	if log == nil {
		return false
	}
	other, ok := storedEntry(log, place[32:40])
	return ok && other.Record != nil && bytes.Equal(runOf(other.Record), runOf(r))
}

// another reports whether a place is in another log than this one.
func (c *logCheck) another(place []byte) bool {
	model, ledger := splitPlace(place[40:], c.id)
	return model != c.model || ledger != c.ledger
}

// storedEntry reads the entry of a log at a key, whatever its header says.
func storedEntry(log *bolt.Bucket, key []byte) (Entry, bool) {
	bodies := log.Bucket([]byte("bodies"))
	if bodies == nil {
		return Entry{}, false
	}
	stored := bodies.Get(key)
	if len(stored) < 32 {
		return Entry{}, false
	}
	entry, err := entry.ParseBody(stored[32:])
	return entry, err == nil
}

// runOf is the key of a record in the index of runs.
func runOf(r *meter.Record) []byte {
	return append([]byte(r.Run+"\x00"), binary.BigEndian.AppendUint64(nil, r.Sequence)...)
}

// correction takes what it corrects out of the sums and what it puts in its
// place in.
func (c *logCheck) correction(entry Entry) {
	fix, at := entry.Correction, c.at(entry.Index)
	if string(fix.Model) != c.model {
		c.problem("record-of-another-model", at, "the correction names %s", fix.Model)
	}
	old, ok := storedEntry(c.bucket, binary.BigEndian.AppendUint64(nil, fix.Entry))
	switch by, twice := c.corrected[fix.Entry]; {
	case twice:
		c.problem("corrected-twice", at, "entry %d was corrected by entry %d already", fix.Entry, by)
	case fix.Entry >= entry.Index || !ok || old.Held() == nil:
		c.problem("correction-of-nothing", at, "entry %d is no earlier entry that holds a record", fix.Entry)
	case old.Held().Run != fix.Run || old.Held().Sequence != fix.Sequence:
		c.problem("correction-of-another", at, "entry %d holds record %s/%d, the correction names %s/%d",
			fix.Entry, old.Held().Run, old.Held().Sequence, fix.Run, fix.Sequence)
	default:
		c.corrected[fix.Entry] = entry.Index
		c.sums.add(old.Held(), -1)
		if fix.Record != nil {
			c.sums.add(fix.Record, 1)
		}
		return
	}
	c.unread = true
}

// correctionIndex holds the index of corrections against the entries, both ways.
func (c *logCheck) correctionIndex() {
	seen := 0
	c.corrections.ForEach(func(key, value []byte) error {
		if len(key) == 8 && len(value) == 8 {
			by, found := c.corrected[binary.BigEndian.Uint64(key)]
			if found && by == binary.BigEndian.Uint64(value) {
				seen++
				return nil
			}
		}
		c.problem("correction-index-differs", c.name, "the index says that %x was corrected by %x, no entry says so", key, value)
		return nil
	})
	if seen < len(c.corrected) {
		c.problem("correction-index-missing", c.name, "found %d of %d corrections: a record could be corrected twice", seen, len(c.corrected))
	}
}
