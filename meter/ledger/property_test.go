package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// piece is one (run, sequence) in the brute-force model of a ledger.
type piece struct {
	versions    []meter.Record
	corrections []ledger.Correction
	voided      bool
}

// world is the whole of it: pieces in the order they were appended.
type world struct {
	random  *rand.Rand
	pieces  []*piece
	entries int
}

func (w *world) live() []meter.Record {
	var out []meter.Record
	for _, p := range w.pieces {
		if !p.voided {
			out = append(out, p.versions[len(p.versions)-1])
		}
	}
	return out
}

// record makes any record for a piece: bounds may be missing, parents shared.
func (w *world) record(sequence uint64) meter.Record {
	r := record("r", sequence, 0)
	low := w.random.Uint64N(1000)
	r.Operations = meter.Unbounded(meter.NewOps(low))
	if w.random.IntN(4) > 0 {
		r.Operations.Estimate = meter.Known(meter.NewOps(low + w.random.Uint64N(100)))
	}
	if w.random.IntN(4) > 0 {
		r.Operations.High = meter.Known(meter.NewOps(low + 100 + w.random.Uint64N(1000)))
	}
	r.Activity = meter.Activities()[w.random.IntN(4)]
	r.Grade = meter.Grades()[w.random.IntN(5)]
	for range w.random.IntN(3) {
		r.Parents = append(r.Parents, meter.Parent{Model: meter.ModelRef(fmt.Sprintf("acme/base@%d", w.random.IntN(3))), Relation: meter.FineTunes})
	}
	return r
}

// step does one random thing to the ledger and to the model of it.
func (w *world) step(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	if len(w.pieces) == 0 || w.random.IntN(3) == 0 {
		r := w.record(uint64(len(w.pieces)))
		w.pieces = append(w.pieces, &piece{versions: []meter.Record{r}})
		w.expect(t, true)(l.Append(r))
		return
	}
	at := w.random.IntN(len(w.pieces))
	p := w.pieces[at]
	switch w.random.IntN(5) {
	case 0: // any version of it, appended again
		w.expect(t, false)(l.Append(p.versions[w.random.IntN(len(p.versions))]))
	case 1: // any correction of it, made again
		if len(p.corrections) > 0 {
			w.expect(t, false)(l.Correct(p.corrections[w.random.IntN(len(p.corrections))]))
		}
	case 2: // something that contradicts it
		other := w.record(uint64(at))
		other.Run, other.Output = "r", "sha256:"+fmt.Sprintf("%064x", w.random.Uint64())
		if _, err := l.Append(other); err == nil {
			t.Fatal("a contradiction was appended")
		}
	case 3:
		c := void("r", uint64(at))
		c.Reason = fmt.Sprintf("void %d", w.entries)
		w.correct(t, l, p, c)
	case 4:
		r := w.record(uint64(at))
		r.Output = "sha256:" + fmt.Sprintf("%064x", w.random.Uint64())
		w.correct(t, l, p, supersede(r))
	}
}

func (w *world) correct(t *testing.T, l *ledger.Ledger, p *piece, c ledger.Correction) {
	t.Helper()
	if p.voided {
		if _, err := l.Correct(c); err == nil {
			t.Fatal("a voided record was corrected")
		}
		return
	}
	w.expect(t, true)(l.Correct(c))
	p.corrections = append(p.corrections, c)
	if p.voided = c.Record == nil; !p.voided {
		p.versions = append(p.versions, *c.Record)
	}
}

// expect checks whether an entry is new, and counts it.
func (w *world) expect(t *testing.T, isNew bool) func(ledger.Receipt, error) {
	return func(r ledger.Receipt, err error) {
		t.Helper()
		if err != nil || r.New != isNew || isNew && r.Index != uint64(w.entries) {
			t.Fatalf("entry %d: %+v, %v; expected new %v", w.entries, r, err, isNew)
		}
		if isNew {
			w.entries++
		}
	}
}

// compare holds everything that a reader sees against the model.
func (w *world) compare(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	want, err := meter.SumRecords(w.live())
	if err != nil {
		t.Fatal(err)
	}
	net, err := meter.SumRecords(meter.NetRuns(w.live()))
	if err != nil {
		t.Fatal(err)
	}
	node, _, err := l.Node(model)
	if err != nil || !slices.Equal(node.Own, net) {
		t.Fatalf("totals %+v, %v; expected %+v", node.Own, err, net)
	}
	parents := map[meter.Parent]bool{}
	for _, r := range w.live() {
		for _, p := range r.Parents {
			parents[p] = true
		}
	}
	for _, p := range node.Parents {
		if !parents[p] {
			t.Fatalf("parents %+v, expected %+v", node.Parents, parents)
		}
	}
	if len(node.Parents) != len(parents) {
		t.Fatalf("parents %+v, expected %+v", node.Parents, parents)
	}
	if records, err := l.Records(model); err != nil || !reflect.DeepEqual(records, w.live()) {
		t.Fatalf("records %+v, %v; expected %+v", records, err, w.live())
	}
	entries, err := l.Entries(model)
	if err != nil || len(entries) != w.entries {
		t.Fatalf("%d entries, %v; expected %d", len(entries), err, w.entries)
	}
	last := entries[len(entries)-1].Totals
	if len(last) != len(want) {
		t.Fatalf("totals of the last entry %+v, expected %+v", last, want)
	}
	for i := range want {
		if meter.ActivityTotal(last[i]) != want[i] {
			t.Fatalf("totals of the last entry %+v, expected %+v", last, want)
		}
	}
}

// Whatever is appended, retried, contradicted, voided and superseded in
// whatever order, the ledger says what a list of the live records says (L7, L8,
// L9, L12), and the checker agrees.
func TestAnySequenceEqualsTheListOfLiveRecords(t *testing.T) {
	for seed := range uint64(10) {
		path := filepath.Join(t.TempDir(), "ledger.db")
		l := open(t, path)
		w := &world{random: rand.New(rand.NewPCG(seed, 4091))}
		for range 60 {
			w.step(t, l)
			w.compare(t, l)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if report, err := ledger.Check(path); err != nil || !report.OK || report.Entries != uint64(w.entries) {
			t.Fatalf("seed %d: %+v, %v", seed, report, err)
		}
		again := open(t, path)
		w.compare(t, again)
		again.Close()
	}
}
