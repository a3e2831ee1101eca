package ledger_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

const model = meter.ModelRef("acme/atlas@1")

func void(run string, sequence uint64) ledger.Correction {
	return ledger.Correction{Kind: ledger.Void, Model: model, Run: run, Sequence: sequence, Reason: "counted by the cluster's job too",
		Author: "jo@acme.example", Time: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)}
}

func supersede(r meter.Record) ledger.Correction {
	c := void(r.Run, r.Sequence)
	c.Kind, c.Record, c.Reason = ledger.Supersede, &r, "the token count left out the second node"
	return c
}

// own returns the net operations of the model's only activity.
func own(t testing.TB, l *ledger.Ledger) meter.ActivityTotal {
	t.Helper()
	node, found, err := l.Node(model)
	if err != nil || !found || len(node.Own) != 1 {
		t.Fatalf("node %+v, %v, %v", node, found, err)
	}
	return node.Own[0]
}

func must(t testing.TB) func(ledger.Receipt, error) ledger.Receipt {
	return func(r ledger.Receipt, err error) ledger.Receipt {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

// A void takes the record out of the totals and of the records, with its
// parents; the entry stays (L9, L12).
func TestVoidTakesARecordOutOfTheTotals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path)
	defer l.Close()
	wrong := record("r", 1, 1000)
	wrong.Parents = []meter.Parent{{Model: "acme/base@1", Relation: meter.FineTunes}}
	must(t)(l.Append(record("r", 0, 7)))
	must(t)(l.Append(wrong))
	receipt := must(t)(l.Correct(void("r", 1)))
	if receipt.Index != 2 || !receipt.New {
		t.Errorf("receipt %+v", receipt)
	}
	if got := own(t, l); got.Operations != meter.Exact(meter.NewOps(7)) || got.Records != 1 {
		t.Errorf("total %+v", got)
	}
	node, _, _ := l.Node(model)
	records, err := l.Records(model)
	if err != nil || len(records) != 1 || records[0].Sequence != 0 || len(node.Parents) != 0 {
		t.Errorf("records %+v, parents %+v, %v", records, node.Parents, err)
	}
	entries, err := l.Entries(model)
	if err != nil || len(entries) != 3 || entries[1].Record.Sequence != 1 || entries[2].Correction.Entry != 1 {
		t.Fatalf("entries %+v, %v", entries, err)
	}
	if total := entries[2].Totals[0]; total.Operations != meter.Exact(meter.NewOps(7)) {
		t.Errorf("the correction's totals: %+v", total)
	}
	l.Close()
	if report, err := ledger.Check(path); err != nil || !report.OK || report.Entries != 3 {
		t.Errorf("%+v, %v", report, err)
	}
}

// Without its only unbounded record a total is bounded again, to the operation
// (L19).
func TestVoidingTheUnboundedRecordBoundsTheTotal(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	defer l.Close()
	unbounded := record("r", 1, 0)
	unbounded.Operations, unbounded.Grade = meter.Unbounded(meter.NewOps(5)), meter.GradeDeclared
	measured := record("r", 0, 7)
	measured.Grade = meter.GradeMeasured
	must(t)(l.Append(measured))
	must(t)(l.Append(unbounded))
	if got := own(t, l); got.Operations != meter.Unbounded(meter.NewOps(12)) || got.Grade != meter.GradeDeclared {
		t.Errorf("with it %+v", got)
	}
	must(t)(l.Correct(void("r", 1)))
	if got := own(t, l); got.Operations != meter.Exact(meter.NewOps(7)) || got.Grade != meter.GradeMeasured {
		t.Errorf("without it %+v", got)
	}
}

// A superseding record counts in the place of the old one, can be superseded
// again under the same run and sequence, and no retry of either counts (L8, L10).
func TestSupersede(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	defer l.Close()
	must(t)(l.Append(record("r", 0, 7)))
	must(t)(l.Append(record("r", 1, 1)))
	first := must(t)(l.Correct(supersede(record("r", 0, 70))))
	second := must(t)(l.Correct(supersede(record("r", 0, 700))))
	for name, again := range map[string]ledger.Receipt{
		"the original":         must(t)(l.Append(record("r", 0, 7))),
		"the first new record": must(t)(l.Append(record("r", 0, 70))),
		"the second":           must(t)(l.Append(record("r", 0, 700))),
		"the first correction": must(t)(l.Correct(supersede(record("r", 0, 70)))),
	} {
		if again.New {
			t.Errorf("a retry of %s is a new entry: %+v", name, again)
		}
	}
	if got := own(t, l); got.Operations != meter.Exact(meter.NewOps(701)) || got.Records != 2 {
		t.Errorf("total %+v", got)
	}
	entries, err := l.Entries(model)
	if err != nil || len(entries) != 4 || entries[first.Index].Correction.Entry != 0 || entries[second.Index].Correction.Entry != first.Index {
		t.Errorf("entries %+v, %v", entries, err)
	}
	records, err := l.Records(model)
	if err != nil || len(records) != 2 || records[0].Operations != meter.Exact(meter.NewOps(700)) || records[1].Sequence != 1 {
		t.Errorf("records %+v, %v", records, err)
	}
}

// What cannot be corrected is refused in words that say why, and leaves nothing
// (L9, L10, L11, L20).
func TestRefusedCorrections(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	defer l.Close()
	other := record("elsewhere", 0, 3)
	other.Model = "acme/other@1"
	must(t)(l.Append(record("r", 0, 7)))
	must(t)(l.Append(record("r", 1, 9)))
	must(t)(l.Append(other))
	must(t)(l.Correct(void("r", 1)))
	before, _, _ := l.Head(model)
	change := func(c ledger.Correction, f func(*ledger.Correction)) ledger.Correction { f(&c); return c }
	moved := record("r", 0, 8)
	moved.Model = "acme/other@1"
	cases := []struct {
		name, want string
		correction ledger.Correction
	}{
		{"no such record", "holds no such record", void("r", 9)},
		{"another model's", "it stands in the log of acme/other@1 (entry 0); correct it there", void("elsewhere", 0)},
		{"voided", "voided by entry 2 (jo@acme.example: counted", change(void("r", 1), func(c *ledger.Correction) { c.Reason = "again" })},
		{"voided, superseded", "record the work anew under a sequence of its own", supersede(record("r", 1, 10))},
		{"says the same", "entry 0 holds exactly this record", supersede(record("r", 0, 7))},
		{"other sequence", "same model, run and sequence", change(supersede(record("r", 5, 8)), func(c *ledger.Correction) { c.Sequence = 0 })},
		{"other model", "voided here and recorded there", change(supersede(moved), func(c *ledger.Correction) { c.Model = model })},
		{"no reason", "reason: expected", change(void("r", 0), func(c *ledger.Correction) { c.Reason = "" })},
		{"reason of two lines", "reason: expected", change(void("r", 0), func(c *ledger.Correction) { c.Reason = "a\nb" })},
		{"long reason", "reason: expected", change(void("r", 0), func(c *ledger.Correction) { c.Reason = strings.Repeat("a", 2001) })},
		{"no author", "author: expected", change(void("r", 0), func(c *ledger.Correction) { c.Author = "" })},
		{"author with an escape", "author: expected", change(void("r", 0), func(c *ledger.Correction) { c.Author = "\x1b[2Jjo" })},
		{"no time", "time: expected", change(void("r", 0), func(c *ledger.Correction) { c.Time = time.Time{} })},
		{"no kind", "expected void or supersede", change(void("r", 0), func(c *ledger.Correction) { c.Kind = "" })},
		{"void with a record", "expected with supersede", change(supersede(record("r", 0, 8)), func(c *ledger.Correction) { c.Kind = ledger.Void })},
		{"supersede without", "expected with supersede", change(void("r", 0), func(c *ledger.Correction) { c.Kind = ledger.Supersede })},
		{"bad record", "activity", change(supersede(record("r", 0, 8)), func(c *ledger.Correction) { c.Record.Activity = "training" })},
	}
	for _, c := range cases {
		receipt, err := l.Correct(c.correction)
		if err == nil || !strings.Contains(err.Error(), c.want) || receipt != (ledger.Receipt{}) {
			t.Errorf("%s: %+v, %v; expected %q", c.name, receipt, err, c.want)
		}
	}
	if after, _, _ := l.Head(model); after != before {
		t.Errorf("a refused correction changed the log: %+v, was %+v", after, before)
	}
	var refused *ledger.CorrectionError
	if _, err := l.Correct(void("r", 9)); !errors.As(err, &refused) || refused.Sequence != 9 {
		t.Errorf("found %v, expected a CorrectionError", err)
	}
}

// A total that would pass 2^128 is refused and leaves nothing (L20).
func TestAppendThatOverflowsLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path)
	most, err := meter.ParseOps("340282366920938463463374607431768211455")
	if err != nil {
		t.Fatal(err)
	}
	big := record("r", 0, 0)
	big.Operations = meter.Exact(most)
	must(t)(l.Append(big))
	if _, err := l.Append(record("r", 1, 1)); !errors.Is(err, meter.ErrOpsRange) {
		t.Errorf("found %v", err)
	}
	if _, err := l.Correct(supersede(record("r", 0, 1))); err != nil {
		t.Error(err)
	}
	must(t)(l.Append(record("r", 1, 1)))
	if got := own(t, l); got.Operations != meter.Exact(meter.NewOps(2)) {
		t.Errorf("total %+v", got)
	}
	l.Close()
	if report, err := ledger.Check(path); err != nil || !report.OK || report.Entries != 3 {
		t.Errorf("%+v, %v", report, err)
	}
}
