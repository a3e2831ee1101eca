package ledger_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// write makes or opens a ledger, and does something with it.
func write(t testing.TB, path string, f func(*ledger.Ledger)) {
	t.Helper()
	l := open(t, path)
	defer func() {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	f(l)
}

// merge merges, and holds the result against check.
func merge(t testing.TB, into string, from ...string) []ledger.Merged {
	t.Helper()
	var merged []ledger.Merged
	write(t, into, func(l *ledger.Ledger) {
		var err error
		if merged, err = l.Merge(from); err != nil {
			t.Fatal(err)
		}
	})
	if report, err := ledger.Check(into); err != nil || !report.OK {
		t.Fatalf("after the merge: %+v, %v", report, err)
	}
	return merged
}

// seen is all that a reader sees of a ledger's models, in an order that does not
// depend on which log is whose.
func seen(t testing.TB, path string) string {
	t.Helper()
	var b strings.Builder
	write(t, path, func(l *ledger.Ledger) {
		models, err := l.Models()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range models {
			node, found, err := l.Node(m)
			records, err2 := l.Records(m)
			if err := errors.Join(err, err2); err != nil || !found {
				t.Fatal(err, found)
			}
			sum, err := meter.SumRecords(meter.NetRuns(records))
			if err != nil || !slices.Equal(sum, node.Own) {
				t.Fatalf("%s: totals %+v, its records give %+v (%v)", m, node.Own, sum, err)
			}
			lines := []string{}
			for _, r := range records {
				data, err := r.Encode()
				if err != nil {
					t.Fatal(err)
				}
				lines = append(lines, string(data))
			}
			slices.Sort(lines)
			parents := []string{}
			for _, p := range node.Parents {
				parents = append(parents, fmt.Sprint(p))
			}
			slices.Sort(parents)
			fmt.Fprintf(&b, "%s %+v %s\n%s\n", m, node.Own, parents, strings.Join(lines, "\n"))
		}
	})
	return b.String()
}

// history is what happened to one piece of work: a record, and perhaps what
// replaced it.
type pastWork struct {
	record meter.Record
	fixes  []ledger.Correction
}

func (p pastWork) apply(t testing.TB, l *ledger.Ledger, fixes int) {
	t.Helper()
	if _, err := l.Append(p.record); err != nil {
		t.Fatal(err)
	}
	for _, c := range p.fixes[:fixes] {
		if _, err := l.Correct(c); err != nil {
			t.Fatal(err)
		}
	}
}

func randomWork(random *rand.Rand, n int) []pastWork {
	w := &world{random: random}
	var all []pastWork
	for i := range n {
		r := w.record(uint64(i))
		r.Model = meter.ModelRef(fmt.Sprintf("acme/atlas@%d", 1+random.IntN(2)))
		p := pastWork{record: r}
		for range random.IntN(3) {
			again := w.record(uint64(i))
			again.Model, again.Output = r.Model, "sha256:"+fmt.Sprintf("%064x", random.Uint64())
			c := supersede(again)
			c.Model = r.Model
			p.fixes = append(p.fixes, c)
		}
		if random.IntN(4) == 0 {
			c := void("r", uint64(i))
			c.Model = r.Model
			p.fixes = append(p.fixes, c)
		}
		all = append(all, p)
	}
	return all
}

// Work that is spread over ledgers in any way, some of it told in several of
// them, up to any of its corrections, merged in any order and grouping, directly
// or by way of another ledger, and more than once, is what one ledger says that
// holds all of it (L21, L24, L25).
func TestMergeEqualsOneLedger(t *testing.T) {
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 744))
		dir := t.TempDir()
		path := func(name string) string { return filepath.Join(dir, name, "ledger.db") }
		works, k := randomWork(random, 24), 2+random.IntN(4)
		write(t, path("one"), func(l *ledger.Ledger) {
			for _, p := range works {
				p.apply(t, l, len(p.fixes))
			}
		})
		var parts []string
		told := make([]bool, len(works))
		for i := range k {
			parts = append(parts, path(fmt.Sprint("part", i)))
			write(t, parts[i], func(l *ledger.Ledger) {
				for _, at := range random.Perm(len(works)) {
					p := works[at]
					switch whole := i == k-1 && !told[at] || random.IntN(k) == 0; {
					case whole:
						p.apply(t, l, len(p.fixes))
						told[at] = true
					case random.IntN(5) == 0: // the same record, told less far
						p.apply(t, l, random.IntN(len(p.fixes)+1))
					}
				}
			})
		}
		want := seen(t, path("one"))
		for order := range 4 {
			into := path(fmt.Sprint("into", order))
			random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
			if order == 0 {
				merge(t, into, parts...)
			} else if order == 1 { // by way of another ledger
				merge(t, path("between"), parts[:1]...)
				merge(t, into, append(parts[1:], path("between"))...)
			} else {
				for _, p := range parts {
					merge(t, into, p)
				}
			}
			if got := seen(t, into); got != want {
				t.Fatalf("seed %d, order %d:\n%s\nexpected\n%s", seed, order, got, want)
			}
			for _, m := range merge(t, into, append(parts, path("between"))[:k]...) {
				if m.New != 0 {
					t.Fatalf("merged again: %+v", m)
				}
			}
			if got := seen(t, into); got != want {
				t.Fatalf("seed %d, order %d, merged again:\n%s", seed, order, got)
			}
		}
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, data, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A log grows by what the longer one has, also the ledger's own (a copy that was
// restored); two that are not one the beginning of the other are a fork, in each
// direction and through a third ledger, and nothing of the merge stays (L22).
func TestMergeRefusesForks(t *testing.T) {
	dir := t.TempDir()
	a, b, c := filepath.Join(dir, "a.db"), filepath.Join(dir, "b.db"), filepath.Join(dir, "c.db")
	fill(t, a, 3)
	copyFile(t, a, b)
	write(t, a, func(l *ledger.Ledger) { l.Append(record("more", 0, 5)) })
	if m := merge(t, b, a); len(m) != 1 || m[0].New != 1 || m[0].Size != 4 {
		t.Errorf("grown: %+v", m)
	}
	if m := merge(t, a, b); m[0].New != 0 || seen(t, a) != seen(t, b) {
		t.Errorf("grown back: %+v", m)
	}
	write(t, a, func(l *ledger.Ledger) { l.Append(record("a", 0, 5)) })
	write(t, b, func(l *ledger.Ledger) { l.Append(record("b", 0, 5)); l.Append(record("b", 1, 5)) })
	merge(t, c, a)
	for _, pair := range [][2]string{{a, b}, {b, a}, {c, b}, {b, c}} {
		before := seen(t, pair[0])
		l := open(t, pair[0])
		_, err := l.Merge([]string{pair[1]})
		var fork *ledger.ForkError
		if !errors.As(err, &fork) || fork.Size != 5 || fork.FirstDiffers != 4 || fork.Here == fork.There || !strings.Contains(err.Error(), "nothing was merged") {
			t.Errorf("%v: %v", pair, err)
		}
		l.Close()
		if seen(t, pair[0]) != before {
			t.Errorf("%v: a refused merge changed the ledger", pair)
		}
	}
}

// What contradicts the ledger is refused whole (L23, L24), and what is damaged
// or the ledger itself; what then resolves a contradiction passes.
func TestMergeRefuses(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name+".db") }
	fill(t, path("own"), 2)
	write(t, path("other"), func(l *ledger.Ledger) {
		l.Append(record("fine", 0, 1))
		l.Append(record("r", 1, 999))
	})
	write(t, path("x"), func(l *ledger.Ledger) { l.Append(record("x", 0, 7)); l.Correct(void("x", 0)) })
	write(t, path("y"), func(l *ledger.Ledger) { l.Append(record("x", 0, 7)); l.Correct(supersede(record("x", 0, 8))) })
	write(t, path("lost"), func(l *ledger.Ledger) {
		r := record("e", 0, 1)
		e, err := l.PutEvidence("log", strings.NewReader("lost"))
		if err != nil {
			t.Fatal(err)
		}
		r.Evidence = []meter.Evidence{e}
		l.Append(r)
	})
	if err := os.RemoveAll(ledger.Beside(path("lost"), ".evidence")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path("garbage"), []byte(strings.Repeat("x", 1<<16)), 0o600); err != nil {
		t.Fatal(err)
	}
	before := seen(t, path("own"))
	for _, c := range []struct {
		name string
		from []string
		want string
	}{
		{"other contents", []string{path("x"), path("other")}, "stands in the ledger with other contents"},
		{"two corrections", []string{path("x"), path("y")}, "was corrected in one way"},
		{"itself", []string{path("own")}, "it is this ledger itself"},
		{"evidence missing", []string{path("x"), path("lost")}, "evidence"},
		{"no ledger", []string{path("garbage")}, "no ledger"},
		{"not there", []string{path("nowhere")}, "nowhere.db"},
	} {
		l := open(t, path("own"))
		if _, err := l.Merge(c.from); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		l.Close()
		if seen(t, path("own")) != before {
			t.Errorf("%s: a refused merge changed the ledger", c.name)
		}
	}
	write(t, path("x"), func(l *ledger.Ledger) {
		if _, err := l.Append(record("x", 0, 7)); err != nil {
			t.Fatal(err)
		}
	})
	merge(t, path("own"), path("x"))
}

// A record that was merged is known: appending it is a retry, correcting it is
// the business of the ledger that wrote it, and a correction of our own copy of
// it must not contradict what the other says (L8, L24). Evidence comes along.
func TestMergedRecordsAreKnown(t *testing.T) {
	dir := t.TempDir()
	own, other := filepath.Join(dir, "own.db"), filepath.Join(dir, "other.db")
	r := record("x", 0, 7)
	write(t, other, func(l *ledger.Ledger) {
		e, err := l.PutEvidence("log", strings.NewReader("step 1"))
		if err != nil {
			t.Fatal(err)
		}
		r.Evidence = []meter.Evidence{e}
		if _, err := l.Append(r); err != nil {
			t.Fatal(err)
		}
		l.Append(record("both", 0, 9))
	})
	write(t, own, func(l *ledger.Ledger) { l.Append(record("both", 0, 9)) })
	merge(t, own, other)
	write(t, own, func(l *ledger.Ledger) {
		receipt, err := l.Append(r)
		if heads, _ := l.Heads(model); err != nil || receipt.New || len(heads) != 2 || receipt.Origin != heads[1].Origin {
			t.Errorf("retry: %+v, %v", receipt, err)
		}
		if _, err := l.Correct(void("x", 0)); err == nil || !strings.Contains(err.Error(), "merge that ledger again") {
			t.Errorf("correction of a merged record: %v", err)
		}
		if found, ok, err := l.Find("x", 0); err != nil || !ok || found.Run != "x" {
			t.Errorf("found %+v, %v", found, err)
		}
		file, err := l.Evidence(r.Evidence[0].Digest)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if data, err := io.ReadAll(file); err != nil || string(data) != "step 1" {
			t.Errorf("evidence %q, %v", data, err)
		}
		if entries, err := l.Entries(model); err != nil || len(entries) != 3 || entries[0].Origin == entries[1].Origin {
			t.Errorf("entries %+v, %v", entries, err)
		}
	})
	write(t, other, func(l *ledger.Ledger) { l.Correct(void("both", 0)) })
	merge(t, own, other) // the other says more now: voided
	write(t, own, func(l *ledger.Ledger) {
		if node, _, err := l.Node(model); err != nil || node.Own[0].Operations.Low != meter.NewOps(7) {
			t.Errorf("%+v, %v", node, err)
		}
		var contradiction *ledger.ContradictionError
		if _, err := l.Correct(supersede(record("both", 0, 10))); !errors.As(err, &contradiction) {
			t.Errorf("a correction that contradicts the other ledger: %v", err)
		}
		if _, err := l.Correct(void("both", 0)); err != nil {
			t.Errorf("the same correction here: %v", err)
		}
	})
	if report, err := ledger.Check(own); err != nil || !report.OK || report.Logs != 2 {
		t.Errorf("%+v, %v", report, err)
	}
}
