package ledger

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
)

// copyCheck gathers, log by log, the records that stand in several logs, and
// holds the index of copies and the sums of what counts twice against them.
type copyCheck struct {
	*checker
	logs   map[string]*logCheck           // model NUL ledger -> its log
	copies map[string]map[string][]string // model -> run NUL sequence -> places beside that of the index, as in the index of copies
}

// keep remembers what a log's corrections were: which of its copies counts is
// known when all logs have been read.
func (c *copyCheck) keep(log *logCheck) {
	if c.logs != nil {
		c.logs[log.model+"\x00"+log.ledger] = log
	}
}

// add notes that the entry at index of a log repeats what the index places elsewhere.
func (c *copyCheck) add(log *logCheck, r *meter.Record, index uint64) {
	if c.copies[log.model] == nil {
		c.copies[log.model] = map[string][]string{}
	}
	key := string(runOf(r))
	c.copies[log.model][key] = append(c.copies[log.model][key], copyAt(log.ledger, index))
}

func copyAt(ledger string, index uint64) string {
	raw, _ := hex.DecodeString(ledger)
	return string(binary.BigEndian.AppendUint64(raw, index))
}

// merged checks the logs that came from other ledgers.
func (c *copyCheck) merged(tx *bolt.Tx, check func(model, ledger string, bucket *bolt.Bucket)) {
	merged := tx.Bucket([]byte("merged"))
	if merged == nil {
		return
	}
	merged.ForEach(func(model, _ []byte) error {
		logs := merged.Bucket(model)
		if logs == nil {
			c.problem("log-name", fmt.Sprintf("merged %.100q", model), "expected the logs of a model")
			return nil
		}
		return logs.ForEach(func(id, _ []byte) error {
			if raw, err := hex.DecodeString(string(id)); err != nil || len(raw) != 16 || logs.Bucket(id) == nil || string(id) == c.id {
				c.problem("log-name", fmt.Sprintf("merged %.100q %.100q", model, id), "expected the log of another ledger, named by its id")
				return nil
			}
			check(string(model), string(id), logs.Bucket(id))
			return nil
		})
	})
}

// finish holds both indexes against the entries.
func (c *copyCheck) finish(tx *bolt.Tx, runs *bolt.Bucket) {
	stored := tx.Bucket([]byte("copies"))
	held := 0
	if stored != nil {
		stored.ForEachBucket(func(model []byte) error {
			return stored.Bucket(model).ForEach(func(key, value []byte) error {
				held++
				want := append([]string{}, c.copies[string(model)][string(key)]...)
				if place := runs.Get(key); len(want) > 0 && len(place) > 40 {
					_, ledger := splitPlace(place[40:], c.id)
					want = append(want, copyAt(ledger, binary.BigEndian.Uint64(place[32:40])))
				}
				slices.Sort(want)
				var found []string
				for part := range slices.Chunk(value, 24) {
					found = append(found, string(part))
				}
				slices.Sort(found)
				if !slices.Equal(found, want) {
					c.problem("copies-differ", fmt.Sprintf("%s copies %.150q", model, key), "found %x, the entries give %x", found, want)
				}
				return nil
			})
		})
	}
	entries := 0
	for _, of := range c.copies {
		entries += len(of)
	}
	if held < entries {
		c.problem("copies-missing", "copies", "found %d records that stand in several logs, expected %d: they would count twice", held, entries)
	}
	c.twice(tx, runs)
}

// twice holds the sums of what counts more than once against the entries.
func (c *copyCheck) twice(tx *bolt.Tx, runs *bolt.Bucket) {
	stored := tx.Bucket([]byte("twice"))
	if stored != nil {
		stored.ForEach(func(model, _ []byte) error {
			if c.copies[string(model)] == nil {
				c.problem("twice-extra", fmt.Sprintf("twice %.100q", model), "no record of this model stands in several logs: its totals would be short")
			}
			return nil
		})
	}
	var models []string
	for model := range c.copies {
		models = append(models, model)
	}
	slices.Sort(models)
	for _, model := range models {
		total := newSums()
		for key, places := range c.copies[model] {
			if place := runs.Get([]byte(key)); len(place) > 40 {
				_, ledger := splitPlace(place[40:], c.id)
				places = append([]string{copyAt(ledger, binary.BigEndian.Uint64(place[32:40]))}, places...)
			}
			c.surplus(total, model, key, places)
		}
		var data []byte
		if stored != nil {
			data = stored.Get([]byte(model))
		}
		c.state(model+" (counted twice)", data, total)
	}
}

// surplus adds what the places of one piece count beyond the one that says most.
func (c *copyCheck) surplus(total sums, model, key string, places []string) {
	var chains [][]*meter.Record
	longest := 0
	for _, p := range places {
		chain := c.chain(model, p)
		chains = append(chains, chain)
		if len(chain) > len(chains[longest]) {
			longest = len(chains) - 1
		}
	}
	for i, chain := range chains {
		for j, r := range chain {
			if !equalRecords(r, chains[longest][j]) {
				c.problem("copies-contradict", fmt.Sprintf("%s %.150q", model, key), "two logs correct this record in different ways")
				return
			}
		}
		if i != longest && len(chain) > 0 && chain[len(chain)-1] != nil {
			total.add(chain[len(chain)-1], 1)
		}
	}
}

// chain is a record and what superseded it, in one log; a void is nil.
func (c *copyCheck) chain(model, place string) []*meter.Record {
	log := c.logs[model+"\x00"+hex.EncodeToString([]byte(place[:16]))]
	if log == nil {
		return nil
	}
	var chain []*meter.Record
	for index := binary.BigEndian.Uint64([]byte(place[16:])); ; {
		entry, ok := storedEntry(log.bucket, binary.BigEndian.AppendUint64(nil, index))
		if !ok {
			return chain
		}
		chain = append(chain, entry.Held())
		by, corrected := log.corrected[index]
		if !corrected {
			return chain
		}
		index = by
	}
}

func equalRecords(a, b *meter.Record) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, errX := a.Encode()
	y, errY := b.Encode()
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// splitPlace takes the model and the ledger's id from a place in the index of runs.
func splitPlace(place []byte, own string) (model, ledger string) {
	name, id, merged := bytes.Cut(place, []byte{0})
	if !merged {
		return string(name), own
	}
	return string(name), string(id)
}

// bucketAt is the bucket of the log that a place names, or nil.
func bucketAt(tx *bolt.Tx, place []byte, own string) *bolt.Bucket {
	model, ledger := splitPlace(place, own)
	if ledger == own {
		return tx.Bucket([]byte("logs")).Bucket([]byte(model))
	}
	merged := tx.Bucket([]byte("merged"))
	if merged == nil || merged.Bucket([]byte(model)) == nil {
		return nil
	}
	return merged.Bucket([]byte(model)).Bucket([]byte(ledger))
}
