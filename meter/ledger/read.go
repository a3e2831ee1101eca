package ledger

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// Head returns the head of the log that this ledger writes of a model, or false
// when there is none. [Ledger.Heads] has the merged logs too.
func (l *Ledger) Head(model meter.ModelRef) (proof.Head, bool, error) {
	heads, err := l.Heads(model)
	if err != nil || len(heads) == 0 || heads[0].Origin != origin(l.id, model) {
		return proof.Head{}, false, err
	}
	return heads[0], true, nil
}

// Heads returns the heads of all logs of a model: this ledger's own first, then
// those that were merged, in the order of their ledgers' ids.
func (l *Ledger) Heads(model meter.ModelRef) ([]proof.Head, error) {
	var heads []proof.Head
	err := l.read(model, func(_ *bolt.Tx, logs []modelLog) error {
		for _, g := range logs {
			head, err := headOf(g)
			if err != nil {
				return err
			}
			heads = append(heads, head)
		}
		return nil
	})
	return heads, err
}

func headOf(g modelLog) (proof.Head, error) {
	data := g.bucket.Get([]byte(keyHead))
	if len(data) != 8+hashSize {
		return proof.Head{}, fmt.Errorf("head of %s: found %d bytes, expected %d; run weighbridge check", g.origin, len(data), 8+hashSize)
	}
	return proof.Head{Origin: g.origin, Size: binary.BigEndian.Uint64(data), Root: [hashSize]byte(data[8:])}, nil
}

// Models returns the models that have a log, sorted bytewise.
func (l *Ledger) Models() ([]meter.ModelRef, error) {
	var models []meter.ModelRef
	add := func(name []byte) error {
		models = append(models, meter.ModelRef(name))
		return nil
	}
	err := l.view(func(tx *bolt.Tx) error {
		if err := tx.Bucket([]byte(bucketLogs)).ForEachBucket(add); err != nil {
			return err
		}
		if merged := tx.Bucket([]byte(bucketMerged)); merged != nil {
			return merged.ForEachBucket(add)
		}
		return nil
	})
	slices.Sort(models)
	return slices.Compact(models), err
}

// Node returns a model's own totals and parents, net of corrections, over all
// its logs, or false when the ledger has none. Runs that several processes share,
// and work that was attested elsewhere too, count once, as [meter.NetRuns] has it.
func (l *Ledger) Node(model meter.ModelRef) (meter.Node, bool, error) {
	var node meter.Node
	var found bool
	err := l.view(func(tx *bolt.Tx) (err error) {
		node, found, err = l.node(tx, model)
		return err
	})
	return node, found, err
}

func (l *Ledger) node(tx *bolt.Tx, model meter.ModelRef) (meter.Node, bool, error) {
	logs := closedLogsOf(tx, l.id, model)
	if len(logs) == 0 {
		return meter.Node{}, false, nil
	}
	st, err := modelState(tx, model, logs)
	node := meter.Node{Model: model, Parents: st.parents()}
	if err == nil && st.told() {
		var records []meter.Record
		if records, err = counting(tx, model, logsOf(tx, l.id, model)); err == nil {
			node.Own, err = meter.SumRecords(meter.NetRuns(records))
		}
		return node, true, err
	}
	for _, t := range st.totals() {
		node.Own = append(node.Own, meter.ActivityTotal(t))
	}
	return node, true, err
}

// SharesRuns reports whether a model has records of runs that several processes
// share, that were attested elsewhere, or that may tell only what was held, so that its
// records do not add up one by one.
func (l *Ledger) SharesRuns(model meter.ModelRef) (bool, error) {
	var shares bool
	err := l.read(model, func(tx *bolt.Tx, logs []modelLog) error {
		st, err := modelState(tx, model, logs)
		shares = st.told()
		return err
	})
	return shares, err
}

// modelState is the sum over a model's logs, less what several of them count.
func modelState(tx *bolt.Tx, model meter.ModelRef, logs []modelLog) (state, error) {
	sum, err := readState(logs[0].bucket)
	for _, g := range logs[1:] {
		var more state
		if err == nil {
			more, err = readState(g.bucket)
		}
		if err == nil {
			err = sum.join(more, meter.Ops.Add, 1)
		}
	}
	if twice := tx.Bucket([]byte(bucketTwice)); err == nil && twice != nil {
		if data := twice.Get([]byte(model)); data != nil {
			var less state
			if err := json.Unmarshal(data, &less); err != nil {
				return sum, &DamageError{Code: "state-unreadable", Found: fmt.Sprintf("what the logs of %s count twice: %v", model, err)}
			}
			err = sum.join(less, meter.Ops.Sub, ^uint64(0))
		}
	}
	return sum, err
}

// Entries returns everything in a model's logs, log by log in the order of
// [Ledger.Heads]: what was corrected, and the corrections.
func (l *Ledger) Entries(model meter.ModelRef) ([]Entry, error) {
	var entries []Entry
	err := l.read(model, func(_ *bolt.Tx, logs []modelLog) error {
		for _, g := range logs {
			more, err := g.entries()
			if err != nil {
				return err
			}
			entries = append(entries, more...)
		}
		return nil
	})
	return entries, err
}

func (g *log) entries() ([]Entry, error) {
	var entries []Entry
	err := g.bodies.ForEach(func(key, stored []byte) error {
		entry, err := readEntry(g.origin, key, g.headers.Get(key), stored)
		if err != nil {
			return err
		}
		entry.Origin = g.origin
		entries = append(entries, entry)
		return nil
	})
	return entries, err
}

// Records returns the records that count, log by log in the order of
// [Ledger.Heads] and in the order they were appended: one that was superseded is
// replaced in its place, one that was voided is gone, one that stands in several
// logs is there once. The records of a run that several processes share stand as
// each wrote its own: [meter.NetRuns] counts such a run once.
func (l *Ledger) Records(model meter.ModelRef) ([]meter.Record, error) {
	var records []meter.Record
	err := l.read(model, func(tx *bolt.Tx, logs []modelLog) (err error) {
		records, err = counting(tx, model, logs)
		return err
	})
	return records, err
}

// counting is [Ledger.Records] in a transaction.
func counting(tx *bolt.Tx, model meter.ModelRef, logs []modelLog) (records []meter.Record, err error) {
	again := map[copyPlace]bool{} // where a record stands that counts elsewhere
	err = forEachCopied(tx, model, logs, func(tellings []telling, counts int) error {
		for i, t := range tellings {
			again[t.copyPlace] = i != counts
		}
		return nil
	})
	for _, g := range logs {
		var more []meter.Record
		if err == nil {
			more, err = g.net(func(index uint64) bool { return again[copyPlace{g.id, index}] })
		}
		records = append(records, more...)
	}
	return records, err
}

// net returns the records of one log that count, but for those whose first entry
// is left out.
func (g *log) net(leftOut func(index uint64) bool) ([]meter.Record, error) {
	entries, err := g.entries()
	if err != nil {
		return nil, err
	}
	records, err := entry.Net(entries, leftOut)
	if err != nil {
		return nil, &DamageError{Code: "correction-of-nothing", Found: fmt.Sprintf("%s %v", g.origin, err)}
	}
	return records, nil
}

// Find returns the record of a run and sequence as it was first recorded,
// whatever was corrected since, or false when the ledger has none.
func (l *Ledger) Find(run string, sequence uint64) (meter.Record, bool, error) {
	var record meter.Record
	var found bool
	err := l.view(func(tx *bolt.Tx) error {
		at, known, err := placeOf(tx.Bucket([]byte(bucketRuns)), l.id, run, sequence)
		if err != nil || !known {
			return err
		}
		log := logBucket(tx, l.id, at.logKey)
		if log == nil {
			return fmt.Errorf("record %s/%d: the index names a log of %s, which is not there; run weighbridge check", run, sequence, at.model)
		}
		key := indexKey(at.index)
		origin := origin(at.id, at.model)
		entry, err := readEntry(origin, key, log.Bucket([]byte(keyHeaders)).Get(key), log.Bucket([]byte(keyBodies)).Get(key))
		if err != nil {
			return err
		}
		if entry.Record == nil {
			return &DamageError{Code: "run-index-extra", Found: fmt.Sprintf("entry %d of %s: expected record %s/%d", at.index, origin, run, sequence)}
		}
		record, found = *entry.Record, true
		return nil
	})
	return record, found, err
}

// read gives a model's logs to f, or does nothing when there is none.
func (l *Ledger) read(model meter.ModelRef, f func(*bolt.Tx, []modelLog) error) error {
	return l.view(func(tx *bolt.Tx) error {
		if logs := logsOf(tx, l.id, model); len(logs) > 0 {
			return f(tx, logs)
		}
		return nil
	})
}
