package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
)

const atlas = meter.ModelRef("acme/atlas@1")

func sample(run string, sequence, operations uint64) meter.Record {
	return meter.Record{Schema: meter.RecordSchema, Model: atlas, Run: run, Sequence: sequence, Activity: meter.Pretraining,
		Weights: meter.WeightsKept, Operations: meter.Exact(meter.NewOps(operations)), Method: "declared", Grade: "declared", Outcome: "stated"}
}

func voiding(sequence uint64) Correction {
	return Correction{Schema: CorrectionSchema, Kind: Void, Model: atlas, Run: "r", Sequence: sequence, Reason: "counted elsewhere too", Author: "jo@acme.example",
		Time: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)}
}

// lived is a ledger as it may be after some use: records 0 to 4 of run r, of
// which 1 is voided and 2 superseded, another model's record, and evidence.
func lived(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	log, err := l.PutEvidence("log", strings.NewReader("step 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint64(5) {
		r := sample("r", i, i+1)
		r.Parents = []meter.Parent{{Model: "acme/base@1", Relation: meter.FineTunes}}
		if i == 3 {
			r.Evidence = []meter.Evidence{log}
		}
		if _, err := l.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	other := sample("s", 0, 9)
	other.Model = "acme/other@1"
	_, errOther := l.Append(other)
	_, errVoid := l.Correct(voiding(1))
	fixed, again := voiding(2), sample("r", 2, 30)
	fixed.Kind, fixed.Record = Supersede, &again
	_, errSupersede := l.Correct(fixed)
	if err := errors.Join(errOther, errVoid, errSupersede, l.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// vector is one change to a lived ledger, and the code of a problem that the
// checker must list for it.
type vector struct {
	name, code string
	damage     func(*testing.T, string) error
}

// stored changes what bbolt holds.
func stored(change func(tx *bolt.Tx) error) func(*testing.T, string) error {
	return func(t *testing.T, path string) error {
		db, err := bolt.Open(path, 0o600, nil)
		if err != nil {
			return err
		}
		return errors.Join(db.Update(change), db.Close())
	}
}

// forged has the append path itself write what it would never write: every hash
// and index is right, only the sense is not.
func forged(change func(w *writer, g *log) error) func(*testing.T, string) error {
	return func(t *testing.T, path string) error {
		l, err := Open(path, Options{})
		if err != nil {
			return err
		}
		err = l.commit(func(w *writer) error {
			g, err := w.open(atlas)
			if err != nil {
				return err
			}
			return change(w, g)
		})
		return errors.Join(err, l.Close())
	}
}

func part(tx *bolt.Tx, name string) *bolt.Bucket {
	log := tx.Bucket([]byte("logs")).Bucket([]byte(atlas))
	if name == "" {
		return log
	}
	return log.Bucket([]byte(name))
}

func flip(b *bolt.Bucket, key []byte, at int) error {
	value := bytes.Clone(b.Get(key))
	value[at] ^= 1
	return b.Put(key, value)
}

func swap(b *bolt.Bucket, x, y []byte) error {
	a, c := bytes.Clone(b.Get(x)), bytes.Clone(b.Get(y))
	return errors.Join(b.Put(x, c), b.Put(y, a))
}

func correctionEntry(g *log, c Correction) error {
	data, err := c.Encode()
	if err != nil {
		return err
	}
	_, err = g.put("correction", data)
	return err
}

func storedVectors() []vector {
	k := indexKey
	return []vector{
		{"flipped salt", "header-differs", stored(func(tx *bolt.Tx) error { return flip(part(tx, "bodies"), k(1), 0) })},
		{"flipped body", "header-differs", stored(func(tx *bolt.Tx) error { return flip(part(tx, "bodies"), k(1), 40) })},
		{"body that is no JSON", "body-unreadable", stored(func(tx *bolt.Tx) error { return part(tx, "bodies").Put(k(1), make([]byte, 50)) })},
		{"flipped header", "root-differs", stored(func(tx *bolt.Tx) error { return flip(part(tx, "headers"), k(1), 3) })},
		{"dropped entry at the end", "size-differs", stored(func(tx *bolt.Tx) error {
			return errors.Join(part(tx, "headers").Delete(k(6)), part(tx, "bodies").Delete(k(6)))
		})},
		{"dropped entry", "entry-missing", stored(func(tx *bolt.Tx) error { return part(tx, "headers").Delete(k(2)) })},
		{"swapped entries", "header-differs", stored(func(tx *bolt.Tx) error {
			return errors.Join(swap(part(tx, "headers"), k(0), k(3)), swap(part(tx, "bodies"), k(0), k(3)))
		})},
		{"swapped bodies", "header-differs", stored(func(tx *bolt.Tx) error { return swap(part(tx, "bodies"), k(0), k(3)) })},
		{"header of another length of key", "entry-extra", stored(func(tx *bolt.Tx) error { return part(tx, "headers").Put([]byte("x"), []byte("y")) })},
		{"dropped body", "body-missing", stored(func(tx *bolt.Tx) error { return part(tx, "bodies").Delete(k(2)) })},
		{"added body", "body-extra", stored(func(tx *bolt.Tx) error { return part(tx, "bodies").Put(k(77), make([]byte, 50)) })},
		{"flipped root", "root-differs", stored(func(tx *bolt.Tx) error { return flip(part(tx, ""), []byte("head"), 20) })},
		{"flipped size", "size-differs", stored(func(tx *bolt.Tx) error { return flip(part(tx, ""), []byte("head"), 7) })},
		{"flipped frontier", "frontier-differs", stored(func(tx *bolt.Tx) error { return flip(part(tx, ""), []byte("frontier"), 7) })},
		{"flipped tile", "tile-differs", stored(func(tx *bolt.Tx) error { return flip(part(tx, "tiles"), make([]byte, 9), 5) })},
		{"added tile", "tiles-extra", stored(func(tx *bolt.Tx) error { return part(tx, "tiles").Put([]byte("123456789"), []byte("x")) })},
		{"emptied state", "state-differs", stored(func(tx *bolt.Tx) error {
			return part(tx, "").Put([]byte("state"), []byte(`{"tallies":[],"parents":[]}`))
		})},
		{"lowered state", "state-differs", stored(func(tx *bolt.Tx) error {
			value := bytes.Replace(part(tx, "").Get([]byte("state")), []byte(`"low":"`), []byte(`"low":"1`), 1)
			return part(tx, "").Put([]byte("state"), value)
		})},
		{"another parent", "state-differs", stored(func(tx *bolt.Tx) error {
			value := bytes.Replace(part(tx, "").Get([]byte("state")), []byte(`acme/base@1`), []byte(`acme/base@2`), 1)
			return part(tx, "").Put([]byte("state"), value)
		})},
		{"cut state", "state-unreadable", stored(func(tx *bolt.Tx) error { return part(tx, "").Put([]byte("state"), []byte("{")) })},
		{"lost run", "run-index-missing", stored(func(tx *bolt.Tx) error { return tx.Bucket([]byte("runs")).Delete(runKey("r", 0)) })},
		{"other digest of a run", "run-index-differs", stored(func(tx *bolt.Tx) error { return flip(tx.Bucket([]byte("runs")), runKey("r", 0), 3) })},
		{"invented run", "run-index-extra", stored(func(tx *bolt.Tx) error { return tx.Bucket([]byte("runs")).Put([]byte("x"), []byte("y")) })},
		{"lost correction", "correction-index-missing", stored(func(tx *bolt.Tx) error { return part(tx, "corrections").Delete(k(1)) })},
		{"invented correction", "correction-index-differs", stored(func(tx *bolt.Tx) error { return part(tx, "corrections").Put(k(0), k(5)) })},
		{"no tiles at all", "missing-bucket", stored(func(tx *bolt.Tx) error { return part(tx, "").DeleteBucket([]byte("tiles")) })},
		{"no runs at all", "missing-bucket", stored(func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte("runs")) })},
		{"a log of no model", "log-name", stored(func(tx *bolt.Tx) error { _, err := tx.Bucket([]byte("logs")).CreateBucket([]byte("x")); return err })},
		{"no meta", "not-a-ledger", stored(func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte("meta")) })},
	}
}

func forgedVectors() []vector {
	return []vector{
		{"counted twice", "counted-twice", forged(func(w *writer, g *log) error {
			r := sample("r", 0, 1)
			r.Parents = []meter.Parent{{Model: "acme/base@1", Relation: meter.FineTunes}}
			data, err := r.Encode()
			if err := errors.Join(err, w.runs.Delete(runKey("r", 0))); err != nil {
				return err
			}
			_, err = w.append(r, data)
			return err
		})},
		{"totals that leave work out", "totals-differ", forged(func(w *writer, g *log) error {
			g.state.Tallies[0].Low = meter.NewOps(1)
			r := sample("r", 9, 1)
			data, err := r.Encode()
			if err != nil {
				return err
			}
			_, err = w.append(r, data)
			return err
		})},
		{"a void that stays in the totals", "totals-differ", forged(func(w *writer, g *log) error {
			c := voiding(0)
			return correctionEntry(g, c)
		})},
		{"a record of another model", "record-of-another-model", forged(func(w *writer, g *log) error {
			r := sample("q", 0, 1)
			r.Model = "acme/other@1"
			data, err := r.Encode()
			if err := errors.Join(err, g.state.add(r)); err != nil {
				return err
			}
			_, err = g.put("record", data)
			return err
		})},
		{"a correction of what comes later", "correction-of-nothing", forged(func(w *writer, g *log) error {
			c := voiding(0)
			c.Entry = 99
			return correctionEntry(g, c)
		})},
		{"a correction of another record", "correction-of-another", forged(func(w *writer, g *log) error {
			c := voiding(4)
			c.Entry = 0
			return correctionEntry(g, c)
		})},
		{"a second correction of one entry", "corrected-twice", forged(func(w *writer, g *log) error {
			c := voiding(1)
			c.Entry = 1
			return correctionEntry(g, c)
		})},
	}
}

// bytesOf changes the file itself.
func bytesOf(change func([]byte) []byte) func(*testing.T, string) error {
	return func(t *testing.T, path string) error {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, change(data), 0o600)
	}
}

// pagesOf returns the offsets of the pages of one kind that are in use.
func pagesOf(data []byte, kind uint16) []int {
	size := int(binary.NativeEndian.Uint32(data[24:]))
	var out []int
	for at := 2 * size; at+size <= len(data); at += size {
		if binary.NativeEndian.Uint64(data[at:]) == uint64(at/size) && binary.NativeEndian.Uint16(data[at+8:]) == kind {
			out = append(out, at)
		}
	}
	return out
}

func inEachLeaf(change func(page []byte)) func(*testing.T, string) error {
	return bytesOf(func(data []byte) []byte {
		for _, at := range pagesOf(data, leafPage) {
			change(data[at:])
		}
		return data
	})
}

func fileVectors() []vector {
	return []vector{
		{"truncated file", "truncated-file", bytesOf(func(d []byte) []byte { return d[:8192+100] })},
		{"empty file", "not-a-ledger", bytesOf(func([]byte) []byte { return nil })},
		{"a text", "not-a-ledger", bytesOf(func([]byte) []byte { return bytes.Repeat([]byte("no ledger\n"), 4000) })},
		{"damaged first header page", "damaged-page", bytesOf(func(d []byte) []byte { d[40] ^= 1; return d })},
		{"damaged second header page", "damaged-page", bytesOf(func(d []byte) []byte { d[4096+40] ^= 1; return d })},
		{"page of another id", "damaged-page", inEachLeaf(func(p []byte) { p[0] ^= 1 })},
		{"page of no kind", "damaged-page", inEachLeaf(func(p []byte) { p[8] = 0 })},
		{"page that reaches over its neighbours", "damaged-page", inEachLeaf(func(p []byte) { p[14] = 1 })},
		{"too many elements", "damaged-page", inEachLeaf(func(p []byte) { p[10], p[11] = 255, 255 })},
		{"element outside its page", "damaged-page", inEachLeaf(func(p []byte) { p[22] = 255 })},
		{"keys out of order", "damaged-page", inEachLeaf(func(p []byte) {
			at := 16 + int(binary.NativeEndian.Uint32(p[20:]))
			p[at] = 255
		})},
		{"damaged free list", "damaged-page", bytesOf(func(d []byte) []byte {
			for _, at := range pagesOf(d, freelistPage) {
				d[at+16] ^= 1
			}
			return d
		})},
		{"lost evidence", "evidence-missing", func(t *testing.T, path string) error { return os.RemoveAll(path + ".evidence") }},
		{"other evidence", "evidence-differs", changedEvidence("step 2\n")},
		{"shorter evidence", "evidence-differs", changedEvidence("step")},
		{"evidence that is a directory", "evidence-unreadable", func(t *testing.T, path string) error {
			name := evidenceFile(t, path)
			return errors.Join(os.Remove(name), os.Mkdir(name, 0o700))
		}},
	}
}

func evidenceFile(t *testing.T, path string) string {
	t.Helper()
	found, err := filepath.Glob(path + ".evidence/??/*")
	if err != nil || len(found) != 1 {
		t.Fatalf("evidence files %q, %v", found, err)
	}
	return found[0]
}

func changedEvidence(text string) func(*testing.T, string) error {
	return func(t *testing.T, path string) error {
		name := evidenceFile(t, path)
		return errors.Join(os.Remove(name), os.WriteFile(name, []byte(text), 0o600))
	}
}

func vectors() []vector {
	return slices.Concat(storedVectors(), forgedVectors(), fileVectors(), mergedVectors(), noteVectors(), epochVectors())
}

// Each vector is one change to a clean ledger; check names it, and changes
// nothing itself (L16).
func TestCheckNamesTheDamage(t *testing.T) {
	if report, err := Check(lived(t)); err != nil || !report.OK || report.Entries != 8 || report.Evidence != 1 || len(report.Notes) != 0 {
		t.Fatalf("before any damage: %+v, %v", report, err)
	}
	all := vectors()
	for _, v := range all {
		t.Run(v.name, func(t *testing.T) {
			path := lived(t)
			if err := v.damage(t, path); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			report, err := Check(path)
			if err != nil || report.OK || !strings.Contains(fmt.Sprint(report.Problems), "{"+v.code+" ") {
				t.Errorf("found %+v, %v; expected %s", report, err, v.code)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
				t.Errorf("check changed the file: %v", err)
			}
		})
	}
	t.Logf("%d vectors", len(all))
}

// The codes in SPEC.md are those that a vector brings out, and no others.
func TestEveryProblemCodeIsDocumentedAndSeen(t *testing.T) {
	text, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	_, table, found := strings.Cut(string(text), "| problem | ")
	table, _, closed := strings.Cut(table, "\n\n")
	if !found || !closed {
		t.Fatal("SPEC.md has no table of problems")
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)`").FindAllStringSubmatch(table, -1) {
		documented[m[1]] = true
	}
	seen := map[string]bool{}
	for _, v := range vectors() {
		seen[v.code] = true
	}
	if len(documented) == 0 || !reflect.DeepEqual(documented, seen) {
		t.Errorf("documented %v, seen %v", documented, seen)
	}
	source, err := filepath.Glob("check*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(source, "page.go", "open.go", "commit.go") {
		code, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:problem|damaged)\("([a-z-]+)"|Code: "([a-z-]+)"`).FindAllStringSubmatch(string(code), -1) {
			if !strings.HasSuffix(name, "_test.go") && !documented[m[1]+m[2]] {
				t.Errorf("%s: problem %s%s is not in SPEC.md", name, m[1], m[2])
			}
		}
	}
}

// However one byte of the file is changed, check neither dies nor passes over
// it: either it lists a problem, or the byte says nothing (a free page, the rest of a
// page) and every reader sees what it saw before.
func TestCheckSurvivesAnyFlippedByte(t *testing.T) {
	path := lived(t)
	clean, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := everything(t, path)
	random := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range 400 {
		at, bit := random.IntN(len(clean)), byte(1)<<random.IntN(8)
		bad := bytes.Clone(clean)
		bad[at] ^= bit
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		report, err := Check(path)
		switch {
		case err != nil && strings.Contains(err.Error(), "another version"):
			found++
		case err != nil:
			t.Fatalf("byte %d, bit %#x: %v", at, bit, err)
		case !report.OK:
			found++
		case !reflect.DeepEqual(everything(t, path), want):
			t.Fatalf("byte %d, bit %#x: check passes, a reader sees something else", at, bit)
		}
	}
	if found == 0 {
		t.Error("no flipped byte was found")
	}
	t.Logf("%d of 400 flipped bytes were problems, the others said nothing", found)
}

func everything(t *testing.T, path string) []Entry {
	t.Helper()
	l, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	models, err := l.Models()
	if err != nil {
		t.Fatal(err)
	}
	var all []Entry
	for _, m := range models {
		entries, err := l.Entries(m)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entries...)
	}
	return all
}
