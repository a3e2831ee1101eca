package audit

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

var made = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func record(t testing.TB, model meter.ModelRef, run, operations string, change func(*meter.Record)) meter.Record {
	t.Helper()
	o, err := meter.ParseOps(operations)
	if err != nil {
		t.Fatal(err)
	}
	r := meter.Record{Schema: meter.RecordSchema, Model: model, Run: run, Activity: meter.Pretraining, Weights: meter.WeightsKept,
		Operations: meter.Exact(o), Method: meter.Declared, Grade: meter.GradeDeclared, Outcome: meter.Stated}
	if change != nil {
		change(&r)
	}
	return r
}

// ledgerOf is a base model with a correction and evidence, one of its own log and
// one merged, and a model fine-tuned from it.
func ledgerOf(t testing.TB, dir string) *ledger.Ledger {
	t.Helper()
	must := func(_ ledger.Receipt, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	other, err := ledger.Open(filepath.Join(dir, "node.db"), ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	must(other.Append(record(t, "acme/base@1", "node-2", "7e24", nil)))
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(filepath.Join(dir, "ledger.db"), ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	evidence, err := l.PutEvidence("log", strings.NewReader("step 1: loss 2.0\n"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		must(l.Append(record(t, "acme/base@1", "run-"+string(rune('a'+i)), "1e24", func(r *meter.Record) {
			if i == 0 {
				r.Evidence = []meter.Evidence{evidence}
			}
			if i == 1 {
				r.Operations.Estimate, r.Activity = meter.Bound{}, meter.Evaluation
			}
		})))
	}
	right := record(t, "acme/base@1", "run-c", "1e23", nil)
	must(l.Correct(ledger.Correction{Kind: ledger.Supersede, Model: "acme/base@1", Run: "run-c", Reason: "a zero too many", Author: "A. Meier", Time: made, Record: &right}))
	must(l.Correct(ledger.Correction{Kind: ledger.Void, Model: "acme/base@1", Run: "run-d", Reason: "another model's", Author: "A. Meier", Time: made}))
	if _, err := l.Merge([]string{filepath.Join(dir, "node.db")}); err != nil {
		t.Fatal(err)
	}
	must(l.Append(record(t, "acme/atlas@1", "tune", "3e23", func(r *meter.Record) {
		r.Activity, r.Parents = meter.FineTuning, []meter.Parent{{Model: "acme/base@1", Relation: meter.FineTunes}}
	})))
	if _, err := l.AppendNote("delivery/2026-7", ledger.Note{Kind: "approval", Author: "A. Meier", Time: made, Evidence: []meter.Evidence{evidence}, Content: json.RawMessage(`{"decision":"hold"}`)}); err != nil {
		t.Fatal(err)
	}
	return l
}

func options(t testing.TB, l *ledger.Ledger) Options {
	t.Helper()
	walked, err := meter.Walk("acme/atlas@1", func(m meter.ModelRef) (meter.Node, bool) {
		node, found, err := l.Node(m)
		if err != nil {
			t.Fatal(err)
		}
		return node, found
	})
	if err != nil {
		t.Fatal(err)
	}
	return Options{Model: "acme/atlas@1", Models: walked.Models, Notes: []string{"delivery/2026-7"}, Lineage: LineageOf(walked), Tool: Tool{"weighbridge", "0.1.0"}, CreatedAt: made,
		Further: []Further{{KindStatements, "0.json", []byte("{}")}, {KindRules, "us-4e091/clauses.yaml", []byte("clauses: []\n")}}}
}

func file(t testing.TB, change func(*Options)) []byte {
	t.Helper()
	l := ledgerOf(t, t.TempDir())
	o := options(t, l)
	if change != nil {
		change(&o)
	}
	var out bytes.Buffer
	if _, err := Write(&out, l, o); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func check(t testing.TB, data []byte) Report {
	t.Helper()
	r, err := Check(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if r.OK != (len(r.Problems) == 0) {
		t.Fatalf("a report that contradicts itself: %+v", r)
	}
	return r
}

// TestWhole (A1 to A10): what is written checks, its totals are recomputed, and a
// reader in another language that shares no line with it comes to the same.
func TestWhole(t *testing.T) {
	data := file(t, nil)
	r := check(t, data)
	if !r.OK || r.Entries != 10 || len(r.Logs) != 4 || r.Evidence != 1 || r.Withheld != 0 || len(r.Further) != 2 {
		t.Fatalf("%+v", r)
	}
	if got := read(t, data); got.Logs != 4 || got.Withheld != 0 || !slices.Equal(got.Activities, r.Lineage.Activities) {
		t.Errorf("read.py: %+v\nCheck: %+v", got, r.Lineage)
	}
	if sum := r.Lineage.Activities[0].Operations.Low.String(); sum != "9100000000000000000000000" { // 1e24 twice, 1e23, 7e24
		t.Errorf("pretraining %s", sum)
	}
	head, ok := r.Head(r.Logs[0].Origin, 1)
	if !ok || head.Size != 1 {
		t.Errorf("head %+v", head)
	}
	if _, ok := r.Head(r.Logs[0].Origin, 99); ok {
		t.Error("a head of entries that are not there")
	}
}

type pythonResult struct {
	Logs, Withheld, Evidence int
	Activities               []ledger.Total
}

func runPython(t testing.TB, data []byte) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.tar")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("python3", "-I", "testdata/read.py", path).CombinedOutput()
	return string(out), err
}

func read(t testing.TB, data []byte) (p pythonResult) {
	t.Helper()
	out, err := runPython(t, data)
	if err == nil {
		err = json.Unmarshal([]byte(out), &p)
	}
	if err != nil {
		t.Fatalf("read.py: %v\n%s", err, out)
	}
	return p
}

// TestTheSameBytes (A1): the same ledger and options give the same file.
func TestTheSameBytes(t *testing.T) {
	l := ledgerOf(t, t.TempDir())
	var files [2]bytes.Buffer
	for i := range files {
		if _, err := Write(&files[i], l, options(t, l)); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0].Bytes(), files[1].Bytes()) {
		t.Error("two files of one ledger differ")
	}
}

// TestWithheld (A3, A5, A9): bodies and evidence that are withheld cannot be read,
// headers and proofs stay, and no total is stated that nobody can recompute.
func TestWithheld(t *testing.T) {
	data := file(t, func(o *Options) {
		o.WithholdBody = func(origin string, index uint64) bool { return strings.HasSuffix(origin, "/acme/base@1") && index == 2 }
		o.WithholdEvidence = func(string) bool { return true }
	})
	if bytes.Contains(data, []byte("loss 2.0")) {
		t.Error("the evidence can be read")
	}
	r := check(t, data)
	if !r.OK || r.Withheld != 1 || r.Lineage != nil || r.Evidence != 0 {
		t.Errorf("%+v", r)
	}
	if not := strings.Join(r.Not, "\n"); !strings.Contains(not, "1 of 10 bodies are withheld") || !strings.Contains(not, "1 files are withheld") {
		t.Errorf("not checked: %s", not)
	}
	if got := read(t, data); got.Withheld != 1 || got.Activities != nil {
		t.Errorf("read.py: %+v", got)
	}
	all := file(t, func(o *Options) { o.WithholdBody = func(string, uint64) bool { return true } })
	for _, figure := range []string{"1000000000000000000000000", "A. Meier", "run-a"} {
		if bytes.Contains(all, []byte(figure)) {
			t.Errorf("%s can be read", figure)
		}
	}
	if r := check(t, all); !r.OK || r.Withheld != 10 {
		t.Errorf("all withheld: %+v", r)
	}
}

// TestMissingParent (A10): nothing recorded of a parent leaves no upper bound.
func TestMissingParent(t *testing.T) {
	l := ledgerOf(t, t.TempDir())
	if _, err := l.Append(record(t, "acme/atlas@1", "more", "1e22", func(r *meter.Record) {
		r.Parents = []meter.Parent{{Model: "open/unknown@1", Relation: meter.Merges}}
	})); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := Write(&out, l, options(t, l)); err != nil {
		t.Fatal(err)
	}
	r := check(t, out.Bytes())
	if !r.OK || r.Lineage.Activities[0].Operations.High.Known || !slices.Equal(r.Lineage.Missing, []meter.ModelRef{"open/unknown@1"}) {
		t.Errorf("%+v", r)
	}
	read(t, out.Bytes())
}

// TestLongLog (A4, A5): more entries than one member holds, across the edges of
// perfect trees.
func TestLongLog(t *testing.T) {
	l, err := ledger.Open(filepath.Join(t.TempDir(), "l.db"), ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan error)
	const n = chunkSize + 77
	for i := range n {
		go func() {
			r := record(t, "acme/atlas@1", "r", "1e20", nil)
			r.Sequence = uint64(i)
			_, err := l.Append(r)
			done <- err
		}()
	}
	for range n {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	o := options(t, l)
	o.Notes = nil
	m, err := Write(&out, l, o)
	if err != nil || len(m.Files) != 7 { // the text, a head, two of entries, two further, the manifest
		t.Fatalf("%v: %+v", err, m.Files)
	}
	if r := check(t, out.Bytes()); !r.OK || r.Entries != n {
		t.Errorf("%+v", r)
	}
	read(t, out.Bytes())
}

// TestReaderFails: trouble with the disk is no problem of the file.
func TestReaderFails(t *testing.T) {
	data := file(t, nil)
	want := errors.New("disk")
	if _, err := Check(io.MultiReader(bytes.NewReader(data[:len(data)/2]), iotest.ErrReader(want))); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
}

// rewrite copies an archive; change sees every member, and may change, drop (nil)
// or add to it. The manifest's list of files is made to fit, so that only what a
// vector is about is wrong.
func rewrite(t testing.TB, data []byte, change func(name string, content []byte) []tarMember) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	in := tar.NewReader(bytes.NewReader(data))
	var files []File
	for {
		h, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range change(h.Name, content) {
			if m.header.Name == nameManifest {
				m.content = refit(t, m.content, files)
			}
			m.header.Size = int64(len(m.content))
			if m.header.Typeflag != tar.TypeReg {
				m.header.Size = 0
			}
			if err := w.WriteHeader(m.header); err != nil {
				t.Fatal(err)
			}
			if m.header.Size > 0 {
				w.Write(m.content)
			}
			files = append(files, listed(m.header.Name, m.content))
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
