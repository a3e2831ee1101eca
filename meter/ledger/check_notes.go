package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter/entry"
	"github.com/weighbridge/weighbridge/meter/epoch"
)

// notes checks every log of notes: the same tree as that of a model, over
// bodies that hold a note and no totals.
func (c *checker) notes(tx *bolt.Tx) {
	notes := tx.Bucket([]byte("notes"))
	if notes == nil {
		return // a ledger that has none, or is older than they are
	}
	notes.ForEach(func(name, _ []byte) error {
		logs := notes.Bucket(name)
		if err := ValidNoteLog(string(name)); err != nil || logs == nil {
			c.problem("note-log-name", fmt.Sprintf("notes %.100q", name), "expected logs of notes, by a name of two to four parts")
			return nil
		}
		return logs.ForEach(func(id, _ []byte) error {
			if raw, err := hex.DecodeString(string(id)); err != nil || len(raw) != 16 || strings.ToLower(string(id)) != string(id) || logs.Bucket(id) == nil {
				c.problem("note-log-name", fmt.Sprintf("notes %s %.100q", name, id), "expected the log of a ledger, named by its id")
				return nil
			}
			log := &noteCheck{checker: c, origin: "weighbridge.dev/log/" + string(id) + "/" + string(name), name: string(name), bucket: logs.Bucket(id)}
			if string(id) != c.id {
				log.name += " (ledger " + string(id) + ")"
			}
			c.report.Logs++
			before := len(c.report.Problems)
			log.check()
			if string(name) == epoch.Log && len(c.report.Problems) == before { // what is damaged says nothing
				log.epochs(tx, string(id))
			}
			return nil
		})
	})
}

// noteCheck goes once through one log of notes, entry by entry.
type noteCheck struct {
	*checker
	origin string
	name   string // of the log, in problems
	bucket *bolt.Bucket
	tree   treeCheck
}

func (c *noteCheck) check() {
	headers, bodies := c.bucket.Bucket([]byte("headers")), c.bucket.Bucket([]byte("bodies"))
	head := c.bucket.Get([]byte("head"))
	c.tree.stored = c.bucket.Bucket([]byte("tiles"))
	if headers == nil || bodies == nil || c.tree.stored == nil || len(head) != 40 {
		c.problem("missing-bucket", c.name, "expected headers, bodies, tiles and a head of 40 bytes")
		return
	}
	c.tree.problem = func(code, where, format string, args ...any) { c.problem(code, c.name+where, format, args...) }
	next := c.entries(headers, bodies)
	if size := binary.BigEndian.Uint64(head); size != next {
		c.problem("size-differs", c.name, "the head says %d entries, found %d", size, next)
	}
	bodies.ForEach(func(key, _ []byte) error {
		if headers.Get(key) == nil {
			c.problem("body-extra", fmt.Sprintf("%s body %x", c.name, key), "no header commits to it")
		}
		return nil
	})
	c.tree.finish(head[8:], c.bucket.Get([]byte("frontier")))
}

// entries checks every entry and returns the index after the last.
func (c *noteCheck) entries(headers, bodies *bolt.Bucket) uint64 {
	next := uint64(0)
	headers.ForEach(func(key, header []byte) error {
		if len(key) != 8 {
			c.problem("entry-extra", fmt.Sprintf("%s header %.40q", c.name, key), "expected an index of 8 bytes")
			return nil
		}
		index := binary.BigEndian.Uint64(key)
		if index != next {
			c.problem("entry-missing", c.name, "entries %d to %d are not there", next, index-1)
		}
		next = index + 1
		c.report.Entries++
		c.tree.add(sha256.Sum256(append([]byte{0}, header...))) // RFC 6962, section 2.1
		c.entry(index, header, bodies.Get(key))
		return nil
	})
	return next
}

// entry checks one header against its place and its body.
func (c *noteCheck) entry(index uint64, header, stored []byte) {
	at := fmt.Sprintf("%s entry %d", c.name, index)
	if len(stored) < 32 {
		c.problem("body-missing", at, "found %d bytes, expected a salt of 32 and a body", len(stored))
		return
	}
	sum := sha256.Sum256(stored)
	want := strings.Join([]string{"weighbridge.dev/entry/v1", c.origin, fmt.Sprint(index), "sha256:" + hex.EncodeToString(sum[:]), ""}, "\n")
	if string(header) != want {
		c.problem("header-differs", at, "found %.300q, its place and its body give %q", header, want)
	}
	note, err := entry.ParseNoteBody(stored[32:])
	if err != nil {
		c.problem("body-unreadable", at, "%v", err)
		return
	}
	for _, e := range note.Evidence {
		if _, known := c.evidence[e]; !known {
			c.evidence[e] = at
		}
	}
}
