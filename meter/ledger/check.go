package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
)

// Report is what [Check] found. Problems lists all of them.
type Report struct {
	Schema   string    `json:"schema"`
	OK       bool      `json:"ok"`
	Logs     uint64    `json:"logs"`
	Entries  uint64    `json:"entries"`
	Problems []Problem `json:"problems"`
}

// Problem is one thing that is not as it must be. Code is stable.
type Problem struct {
	Code    string `json:"code"`
	Where   string `json:"where"`
	Message string `json:"message"`
}

// ReportSchema names the JSON of a [Report].
const ReportSchema = "weighbridge.dev/check/v1"

// Check recomputes every entry, hash, total and link of the ledger at path from
// its raw bytes, read-only. The error is one that kept it from looking, such as
// a locked or missing file; damage is in the report.
func Check(path string) (report Report, err error) {
	report = Report{Schema: ReportSchema, Problems: []Problem{}}
	c := checker{report: &report}
	defer func() {
		if p := recover(); p != nil { // bbolt panics on pages that point nowhere
			c.problem("damaged-page", path, "%v", p)
			err = nil
		}
		report.OK = len(report.Problems) == 0
	}()
	l, err := Open(path, Options{ReadOnly: true})
	var damage *DamageError
	if errors.As(err, &damage) {
		c.problem("damaged-file", path, "%s", damage.Found)
		return report, nil
	}
	if err != nil {
		return report, err
	}
	defer l.Close()
	c.id = l.id
	return report, l.db.View(c.file)
}

type checker struct {
	report *Report
	id     string
	runs   map[string][]byte // what the index of runs must hold
}

func (c *checker) problem(code, where, format string, args ...any) {
	c.report.Problems = append(c.report.Problems, Problem{code, where, fmt.Sprintf(format, args...)})
}

func (c *checker) file(tx *bolt.Tx) error {
	for err := range tx.Check() {
		c.problem("damaged-page", "file", "%v", err)
	}
	c.runs = map[string][]byte{}
	logs, runs := tx.Bucket([]byte(bucketLogs)), tx.Bucket([]byte(bucketRuns))
	if logs == nil || runs == nil {
		c.problem("missing-bucket", "file", "expected the buckets %s and %s", bucketLogs, bucketRuns)
		return nil
	}
	err := logs.ForEachBucket(func(model []byte) error {
		c.report.Logs++
		c.log(string(model), logs.Bucket(model))
		return nil
	})
	if err != nil {
		return err
	}
	return c.indexOfRuns(runs)
}

// indexOfRuns compares the index with what the entries say, both ways.
func (c *checker) indexOfRuns(runs *bolt.Bucket) error {
	seen := 0
	err := runs.ForEach(func(key, value []byte) error {
		want, found := c.runs[string(key)]
		switch {
		case !found:
			c.problem("run-index-extra", fmt.Sprintf("%q", key), "no entry holds this run and sequence")
			return nil
		case !bytes.Equal(want, value):
			c.problem("run-index-differs", fmt.Sprintf("%q", key), "found %x, expected %x", value, want)
		}
		seen++
		return nil
	})
	if seen < len(c.runs) {
		c.problem("run-index-missing", "file", "found %d of %d runs and sequences: a retry could count twice", seen, len(c.runs))
	}
	return err
}

// log checks one model's log.
func (c *checker) log(model string, log *bolt.Bucket) {
	headers, bodies, tiles := log.Bucket([]byte("headers")), log.Bucket([]byte("bodies")), log.Bucket([]byte("tiles"))
	head := log.Get([]byte("head"))
	if headers == nil || bodies == nil || tiles == nil || len(head) != 40 {
		c.problem("missing-bucket", model, "expected headers, bodies, tiles and a head of 40 bytes")
		return
	}
	size := binary.BigEndian.Uint64(head)
	held := uint64(headers.Stats().KeyN)
	if held != size {
		c.problem("size-differs", model, "the head says %d entries, found %d", size, held)
	}
	if kept := uint64(bodies.Stats().KeyN); kept != held {
		c.problem("bodies-differ", model, "found %d bodies for %d entries", kept, held)
	}
	var leaves [][32]byte
	var records []meter.Record
	for i := range held {
		key := binary.BigEndian.AppendUint64(nil, i)
		header := headers.Get(key)
		if header == nil {
			c.problem("entry-missing", where(model, i), "expected an entry at every index below %d", held)
			continue
		}
		c.report.Entries++
		leaves = append(leaves, sha256.Sum256(append([]byte{0}, header...))) // RFC 6962, section 2.1
		if record, ok := c.entry(model, i, header, bodies.Get(key), records); ok {
			records = append(records, record)
		}
	}
	if root := treeRoot(leaves); !bytes.Equal(root[:], head[8:]) {
		c.problem("root-differs", model, "the head says %x, the entries give %x", head[8:], root)
	}
	c.tiles(model, tiles, leaves)
	c.state(model, log.Get([]byte("state")), records)
}

func where(model string, index uint64) string { return fmt.Sprintf("%s entry %d", model, index) }

// entry checks one header against its place and its body, and the body against
// the records so far.
func (c *checker) entry(model string, index uint64, header, stored []byte, before []meter.Record) (meter.Record, bool) {
	at := where(model, index)
	if len(stored) < 32 {
		c.problem("body-missing", at, "found %d bytes, expected a salt of 32 and a body", len(stored))
		return meter.Record{}, false
	}
	sum := sha256.Sum256(stored)
	want := strings.Join([]string{"weighbridge.dev/entry/v1", "weighbridge.dev/log/" + c.id + "/" + model, fmt.Sprint(index),
		"sha256:" + hex.EncodeToString(sum[:]), ""}, "\n")
	if string(header) != want {
		c.problem("header-differs", at, "found %q, its place and body give %q", header, want)
	}
	var body struct {
		Record json.RawMessage `json:"record"`
		Totals json.RawMessage `json:"totals"`
	}
	if err := json.Unmarshal(stored[32:], &body); err != nil {
		c.problem("body-unreadable", at, "%v", err)
		return meter.Record{}, false
	}
	record, err := meter.ParseRecord(body.Record)
	if err != nil {
		c.problem("record-unreadable", at, "%v", err)
		return meter.Record{}, false
	}
	if string(record.Model) != model {
		c.problem("record-of-another-model", at, "the record names %s", record.Model)
	}
	c.totals(at, "totals-differ", body.Totals, append(before[:len(before):len(before)], record))
	digest := sha256.Sum256(body.Record)
	run := binary.BigEndian.AppendUint64(append([]byte(record.Run), 0), record.Sequence)
	if _, twice := c.runs[string(run)]; twice {
		c.problem("counted-twice", at, "run %s, sequence %d stands in another entry too", record.Run, record.Sequence)
	}
	c.runs[string(run)] = append(binary.BigEndian.AppendUint64(digest[:], index), model...)
	return record, true
}

// totals compares stored totals with the sum of the records themselves.
func (c *checker) totals(at, code string, stored []byte, records []meter.Record) {
	var totals []meter.ActivityTotal
	if err := json.Unmarshal(stored, &totals); err != nil {
		c.problem(code, at, "%v", err)
		return
	}
	want, err := meter.SumRecords(records)
	if err != nil {
		c.problem(code, at, "%v", err)
		return
	}
	for _, w := range want {
		found := false
		for _, t := range totals {
			found = found || sameTotal(t, w)
		}
		if !found {
			c.problem(code, at, "%s: the records give %s over %d records, which is not what stands there", w.Activity, w.Operations, w.Records)
		}
	}
	if len(totals) != len(want) {
		c.problem(code, at, "found %d activities, the records give %d", len(totals), len(want))
	}
}

func sameTotal(a, b meter.ActivityTotal) bool {
	return a.Activity == b.Activity && a.Operations == b.Operations && a.Records == b.Records && a.Grade == b.Grade
}

func (c *checker) state(model string, stored []byte, records []meter.Record) {
	var st struct {
		Totals  json.RawMessage `json:"totals"`
		Parents []meter.Parent  `json:"parents"`
	}
	if err := json.Unmarshal(stored, &st); err != nil {
		c.problem("state-unreadable", model, "%v", err)
		return
	}
	c.totals(model, "model-totals-differ", st.Totals, records)
	want := map[meter.Parent]bool{}
	for _, r := range records {
		for _, p := range r.Parents {
			want[p] = true
		}
	}
	for _, p := range st.Parents {
		if !want[p] {
			c.problem("parent-extra", model, "no record names %s (%s)", p.Model, p.Relation)
		}
		delete(want, p)
	}
	for p := range want {
		c.problem("parent-missing", model, "a record names %s (%s)", p.Model, p.Relation)
	}
}

// tiles compares every stored tile with the hashes that the leaves give.
func (c *checker) tiles(model string, tiles *bolt.Bucket, leaves [][32]byte) {
	stored := tiles.Stats().KeyN
	expected := 0
	hashes := leaves
	for level := byte(0); len(hashes) > 0; level++ {
		var above [][32]byte
		for n := 0; n*256 < len(hashes); n++ {
			part := hashes[n*256 : min(n*256+256, len(hashes))]
			expected++
			if got := tiles.Get(binary.BigEndian.AppendUint64([]byte{level}, uint64(n))); !bytes.Equal(got, flat(part)) {
				c.problem("tile-differs", fmt.Sprintf("%s tile %d/%d", model, level, n), "expected %d hashes that its entries give", len(part))
			}
			if len(part) == 256 {
				above = append(above, subtree(part))
			}
		}
		hashes = above
	}
	if stored != expected {
		c.problem("tiles-differ", model, "found %d tiles, expected %d", stored, expected)
	}
}

func flat(hashes [][32]byte) []byte {
	var out []byte
	for _, h := range hashes {
		out = append(out, h[:]...)
	}
	return out
}

// treeRoot is MTH of RFC 6962, section 2.1, over leaf hashes.
func treeRoot(leaves [][32]byte) [32]byte {
	if len(leaves) == 0 {
		return sha256.Sum256(nil)
	}
	return subtree(leaves)
}

func subtree(hashes [][32]byte) [32]byte {
	if len(hashes) == 1 {
		return hashes[0]
	}
	k := 1 << (bits.Len(uint(len(hashes)-1)) - 1) // the largest power of two below the length
	left, right := subtree(hashes[:k]), subtree(hashes[k:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}
