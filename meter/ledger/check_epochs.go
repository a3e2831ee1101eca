package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter/epoch"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// codeEpochFork is a log that has another root than a step of the key epochs names
// at its size, or fewer entries.
const codeEpochFork = "epoch-fork"

// epochs holds the log of key epochs of one ledger to meter/epoch/SPEC.md, and the
// heads that it names against the logs.
func (c *noteCheck) epochs(tx *bolt.Tx, id string) {
	headers, bodies := c.bucket.Bucket([]byte("headers")), c.bucket.Bucket([]byte("bodies"))
	var notes []epoch.Stored
	errHeads := headers.ForEach(func(key, header []byte) error {
		stored := bodies.Get(key)
		heads, err := keyHeads(c.files, stored[32:])
		if err != nil {
			return &epoch.Error{Code: epoch.CodeHeads, Origin: c.origin, Index: uint64(len(notes)), Found: err.Error()}
		}
		notes = append(notes, epoch.Stored{Header: bytes.Clone(header), Salt: stored[:32], Body: stored[32:], Heads: heads})
		return nil
	})
	history, err := epoch.Read(c.origin, notes) // those before one whose heads are gone
	for _, err := range []error{err, errHeads} {
		var wrong *epoch.Error
		if errors.As(err, &wrong) {
			c.problem(wrong.Code, fmt.Sprintf("%s entry %d", c.name, wrong.Index), "%s", wrong.Found)
		}
	}
	history.Boundaries(func(index uint64, named proof.Head) {
		if err := c.bears(tx, id, named); err != nil {
			c.problem(codeEpochFork, fmt.Sprintf("%s entry %d", c.name, index), "%v", err)
		}
	})
}

// bears returns an error unless the log of a head had it at its size.
func (c *noteCheck) bears(tx *bolt.Tx, id string, named proof.Head) error {
	_, name, _ := proof.ParseOrigin(named.Origin)
	held := c.logBucket(tx, id, name)
	if held == nil {
		return fmt.Errorf("it names a head of %s, and there is no such log", named.Origin)
	}
	now, err := headOf(modelLog{&log{origin: named.Origin, bucket: held}, id})
	if err != nil {
		return err
	}
	if named.Size > now.Size {
		return fmt.Errorf("%s had %d entries then and has %d: a log only grows", named.Origin, named.Size, now.Size)
	}
	had, err := headAt(held.Bucket([]byte("tiles")), now, named.Size)
	if err == nil && had != named {
		err = fmt.Errorf("%s had the root %x with %d entries then, its entries give %x: a fork", named.Origin, named.Root, named.Size, had.Root)
	}
	return err
}

// logBucket is the bucket of the log of a name that the ledger of an id wrote, or
// nil.
func (c *checker) logBucket(tx *bolt.Tx, id, name string) *bolt.Bucket {
	at, keys := tx.Bucket([]byte("logs")), []string{name}
	switch {
	case !strings.Contains(name, "@"): // no model
		at, keys = tx.Bucket([]byte("notes")), []string{name, id}
	case id != c.id:
		at, keys = tx.Bucket([]byte("merged")), []string{name, id}
	}
	for _, key := range keys {
		if at != nil {
			at = at.Bucket([]byte(key))
		}
	}
	return at
}
