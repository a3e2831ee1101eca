package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// TestAttestedRecordsAreCheckedAgain: a record that says otherwise than the
// statement that it names, or whose evidence proves something else, is found by
// check, from the ledger's own files.
func TestAttestedRecordsAreCheckedAgain(t *testing.T) {
	dir := t.TempDir()
	layout, key, _ := attestedShipment(t, dir)
	ours := filepath.Join(dir, "ours")
	if err := os.Mkdir(ours, 0o755); err != nil {
		t.Fatal(err)
	}
	must(t, ours, "record", "--model", "b/tuned@1", "--activity", "fine-tuning", "--operations", "1", "--parent", layout+":fine-tunes", "--parent-key", key)
	must(t, ours, "check")
	genuine, work := attestedRecordOf(t, filepath.Join(ours, "ledger.db"))

	type change func(t *testing.T, l *ledger.Ledger, attested, work *meter.Record)
	for name, c := range map[string]struct {
		change change
		says   string
	}{
		"fewer operations": {func(t *testing.T, _ *ledger.Ledger, r, _ *meter.Record) {
			one, err := meter.ParseOps("1")
			if err != nil {
				t.Fatal(err)
			}
			r.Operations = meter.Exact(one)
		}, "the signed statement acme/atlas@1 pretraining 9.00e25"},
		"another model":    {func(_ *testing.T, _ *ledger.Ledger, r, _ *meter.Record) { r.Model = "acme/other@1" }, "the signed statement acme/atlas@1"},
		"another grade":    {func(_ *testing.T, _ *ledger.Ledger, r, _ *meter.Record) { r.Grade = meter.GradeMeasured }, "(measured)"},
		"another sequence": {func(_ *testing.T, _ *ledger.Ledger, r, _ *meter.Record) { r.Sequence = 7 }, "gives 1 records"},
		"another statement": {func(_ *testing.T, _ *ledger.Ledger, r, _ *meter.Record) {
			r.Run = meter.AttestedRun + strings.Repeat("0", 32)
		}, "no training-compute statement of that digest"},
		"no signature": {func(_ *testing.T, _ *ledger.Ledger, _, w *meter.Record) { w.Evidence = nil }, "no signature in the evidence holds over the statement"},
		"no key":       {func(_ *testing.T, _ *ledger.Ledger, _, w *meter.Record) { w.Evidence = w.Evidence[:1] }, "without the key that signed it"},
		"another key": {func(t *testing.T, l *ledger.Ledger, _, w *meter.Record) {
			must(t, dir, "key", "generate", "--out", filepath.Join(dir, "stranger.key"))
			text, err := os.ReadFile(filepath.Join(dir, "stranger.key.pub"))
			if err != nil {
				t.Fatal(err)
			}
			if w.Evidence[1], err = l.PutEvidence(evidenceAttester, bytes.NewReader(text)); err != nil {
				t.Fatal(err)
			}
		}, "no key of those given signed it"},
	} {
		t.Run(name, func(t *testing.T) {
			forged := t.TempDir()
			copyAll(t, filepath.Join(ours, "ledger.db.evidence"), filepath.Join(forged, "ledger.db.evidence"))
			l, err := ledger.Open(filepath.Join(forged, "ledger.db"), ledger.Options{})
			if err != nil {
				t.Fatal(err)
			}
			attested, relied := genuine, work
			relied.Evidence = append([]meter.Evidence(nil), work.Evidence...)
			c.change(t, l, &attested, &relied)
			for _, r := range []meter.Record{attested, relied} {
				if _, err := l.Append(r); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			code, out := inProcess(t, forged, "check")
			if code != exitDamaged || !strings.Contains(out, "problem attestation: ") || !strings.Contains(out, c.says) {
				t.Errorf("exit %d: %s", code, out)
			}
		})
	}
}

// attestedRecordOf returns the one record of a ledger that was attested elsewhere,
// and that of the work that relied on it.
func attestedRecordOf(t *testing.T, path string) (attested, work meter.Record) {
	t.Helper()
	l, err := ledger.Open(path, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	of := func(model meter.ModelRef) meter.Record {
		records, err := l.Records(model)
		if err != nil || len(records) != 1 {
			t.Fatalf("%+v %v", records, err)
		}
		return records[0]
	}
	return of("acme/atlas@1"), of("b/tuned@1")
}
