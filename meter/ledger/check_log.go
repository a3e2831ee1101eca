package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
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

// entries checks every entry and returns the index after the last.
func (c *logCheck) entries() uint64 {
	next := uint64(0)
	c.headers.ForEach(func(key, header []byte) error {
		if len(key) != 8 {
			c.problem("entry-extra", fmt.Sprintf("%s header %.40q", c.name, key), "expected an index of 8 bytes")
			return nil
		}
		index := binary.BigEndian.Uint64(key)
		if index != next {
			c.problem("entry-missing", c.name, "entries %d to %d are not there", next, index-1)
			c.unread = true
		}
		next = index + 1
		c.report.Entries++
		c.tree.add(sha256.Sum256(append([]byte{0}, header...))) // RFC 6962, section 2.1
		c.entry(index, header, c.bodies.Get(key))
		return nil
	})
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

// entry checks one header against its place and its body, and the body against
// what came before.
func (c *logCheck) entry(index uint64, header, stored []byte) {
	at := c.at(index)
	if len(stored) < 32 {
		c.problem("body-missing", at, "found %d bytes, expected a salt of 32 and a body", len(stored))
		c.unread = true
		return
	}
	sum := sha256.Sum256(stored)
	want := strings.Join([]string{"weighbridge.dev/entry/v1", "weighbridge.dev/log/" + c.ledger + "/" + c.model, fmt.Sprint(index),
		"sha256:" + hex.EncodeToString(sum[:]), ""}, "\n")
	if string(header) != want {
		c.problem("header-differs", at, "found %.300q, its place and its body give %q", header, want)
	}
	entry, err := parseBody(stored[32:])
	if err != nil {
		c.problem("body-unreadable", at, "%v", err)
		c.unread = true
		return
	}
	entry.Index = index
	if entry.Correction != nil {
		c.correction(entry)
	} else {
		c.record(entry)
	}
	if r := entry.held(); r != nil {
		for _, e := range r.Evidence {
			c.names(e.Kind, r.Model)
			if _, known := c.evidence[e]; !known {
				c.evidence[e] = at
			}
		}
	}
	if found := c.sums.differ(entry.Totals); found != "" && !c.unread {
		c.problem("totals-differ", at, "%s", found)
	}
}

// record takes a record into the sums and holds it against the index of runs.
func (c *logCheck) record(entry Entry) {
	r, at := entry.Record, c.at(entry.Index)
	if string(r.Model) != c.model {
		c.problem("record-of-another-model", at, "the record names %s", r.Model)
	}
	c.sums.add(r, 1)
	data, err := r.Encode()
	if err != nil {
		return // parseBody has read it, so it encodes
	}
	digest := sha256.Sum256(data)
	want := append(append(digest[:], binary.BigEndian.AppendUint64(nil, entry.Index)...), c.model...)
	if c.ledger != c.id {
		want = append(append(want, 0), c.ledger...)
	}
	found := c.runs.Get(runOf(r))
	switch {
	case bytes.Equal(found, want):
		c.matched++
	case found == nil:
		c.problem("run-index-missing", at, "run %s, sequence %d is not in the index: a retry would count twice", r.Run, r.Sequence)
	case c.elsewhere(found, entry.Index, r) && bytes.Equal(found[:32], digest[:]) && c.another(found):
		c.copies.add(c, r, entry.Index)
	case c.elsewhere(found, entry.Index, r):
		c.problem("counted-twice", at, "run %s, sequence %d is counted in another entry too (%s entry %d)",
			r.Run, r.Sequence, found[40:], binary.BigEndian.Uint64(found[32:40]))
	default:
		c.problem("run-index-differs", at, "run %s, sequence %d: found %x, expected %x", r.Run, r.Sequence, found, want)
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
	entry, err := parseBody(stored[32:])
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
	case fix.Entry >= entry.Index || !ok || old.held() == nil:
		c.problem("correction-of-nothing", at, "entry %d is no earlier entry that holds a record", fix.Entry)
	case old.held().Run != fix.Run || old.held().Sequence != fix.Sequence:
		c.problem("correction-of-another", at, "entry %d holds record %s/%d, the correction names %s/%d",
			fix.Entry, old.held().Run, old.held().Sequence, fix.Run, fix.Sequence)
	default:
		c.corrected[fix.Entry] = entry.Index
		c.sums.add(old.held(), -1)
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
