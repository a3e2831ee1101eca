package ledger

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
)

const desk = "delivery/2026-7"

func note(said string) Note {
	return Note{Schema: NoteSchema, Kind: "example", Author: "jo@acme.example", Time: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC),
		Content: json.RawMessage(fmt.Sprintf(`{"said":%q}`, said))}
}

func opened(t testing.TB, path string) *Ledger {
	t.Helper()
	l, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// noted is a lived ledger with a log of three notes, the second with evidence.
func noted(t *testing.T, path string) error {
	l, err := Open(path, Options{})
	if err != nil {
		return err
	}
	mail, err := l.PutEvidence("mail", strings.NewReader("we do not\n"))
	if err != nil {
		return err
	}
	for i := range 3 {
		n := note(fmt.Sprint(i))
		if i == 1 {
			n.Evidence = []meter.Evidence{mail}
		}
		if _, err := l.AppendNote(desk, n); err != nil {
			return err
		}
	}
	return l.Close()
}

// inNotes changes what bbolt holds of a log of notes.
func inNotes(f func(notes, log *bolt.Bucket) error) func(*testing.T, string) error {
	return func(t *testing.T, path string) error {
		if err := noted(t, path); err != nil {
			return err
		}
		return stored(func(tx *bolt.Tx) error {
			notes := tx.Bucket([]byte("notes"))
			id := tx.Bucket([]byte("meta")).Get([]byte("id"))
			return f(notes, notes.Bucket([]byte(desk)).Bucket(id))
		})(t, path)
	}
}

// noteVectors are the damages to a log of notes, each with its problem (L26 to L28).
func noteVectors() []vector {
	k := indexKey
	headers, bodies, tiles := []byte("headers"), []byte("bodies"), []byte("tiles")
	return []vector{
		{"note: flipped salt", "header-differs", inNotes(func(_, g *bolt.Bucket) error { return flip(g.Bucket(bodies), k(1), 0) })},
		{"note: flipped body", "header-differs", inNotes(func(_, g *bolt.Bucket) error { return flip(g.Bucket(bodies), k(1), 60) })},
		{"note: a record in its place", "body-unreadable", inNotes(func(_, g *bolt.Bucket) error {
			return g.Bucket(bodies).Put(k(1), append(make([]byte, 32), `{"record":{},"totals":[]}`...))
		})},
		{"note: flipped header", "root-differs", inNotes(func(_, g *bolt.Bucket) error { return flip(g.Bucket(headers), k(1), 3) })},
		{"note: dropped at the end", "size-differs", inNotes(func(_, g *bolt.Bucket) error {
			return errors.Join(g.Bucket(headers).Delete(k(2)), g.Bucket(bodies).Delete(k(2)))
		})},
		{"note: dropped between", "entry-missing", inNotes(func(_, g *bolt.Bucket) error { return g.Bucket(headers).Delete(k(1)) })},
		{"note: swapped", "header-differs", inNotes(func(_, g *bolt.Bucket) error {
			return errors.Join(swap(g.Bucket(headers), k(0), k(2)), swap(g.Bucket(bodies), k(0), k(2)))
		})},
		{"note: header of another length of key", "entry-extra", inNotes(func(_, g *bolt.Bucket) error { return g.Bucket(headers).Put([]byte("x"), []byte("y")) })},
		{"note: dropped body", "body-missing", inNotes(func(_, g *bolt.Bucket) error { return g.Bucket(bodies).Delete(k(2)) })},
		{"note: added body", "body-extra", inNotes(func(_, g *bolt.Bucket) error { return g.Bucket(bodies).Put(k(77), make([]byte, 50)) })},
		{"note: flipped root", "root-differs", inNotes(func(_, g *bolt.Bucket) error { return flip(g, []byte("head"), 20) })},
		{"note: flipped frontier", "frontier-differs", inNotes(func(_, g *bolt.Bucket) error { return flip(g, []byte("frontier"), 7) })},
		{"note: flipped tile", "tile-differs", inNotes(func(_, g *bolt.Bucket) error { return flip(g.Bucket(tiles), make([]byte, 9), 5) })},
		{"note: added tile", "tiles-extra", inNotes(func(_, g *bolt.Bucket) error { return g.Bucket(tiles).Put([]byte("123456789"), []byte("x")) })},
		{"note: no tiles at all", "missing-bucket", inNotes(func(_, g *bolt.Bucket) error { return g.DeleteBucket(tiles) })},
		{"note: under the name of a model", "note-log-name", inNotes(func(notes, _ *bolt.Bucket) error {
			_, err := notes.CreateBucket([]byte("acme/atlas@1"))
			return err
		})},
		{"note: of no ledger", "note-log-name", inNotes(func(notes, _ *bolt.Bucket) error {
			_, err := notes.Bucket([]byte(desk)).CreateBucket([]byte("node-1"))
			return err
		})},
		{"note: evidence gone", "evidence-missing", func(t *testing.T, path string) error {
			return errors.Join(noted(t, path), os.RemoveAll(path+".evidence"))
		}},
	}
}

// The example of SPEC.md is right to the byte (L26, L28).
func TestNoteExample(t *testing.T) {
	data, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "## A note")
	text, _, _ = strings.Cut(text, "\n## ")
	blocks := regexp.MustCompile("(?s)```[a-z]*\n(.*?)```").FindAllStringSubmatch(text, -1)
	if len(blocks) != 3 {
		t.Fatalf("SPEC.md has %d blocks for a note, expected header, salt and body", len(blocks))
	}
	salt, err := hex.DecodeString(strings.TrimSpace(blocks[1][1]))
	if err != nil {
		t.Fatal(err)
	}
	body := strings.TrimSuffix(blocks[2][1], "\n")
	read, err := decodeNote(indexKey(0), []byte(blocks[0][1]), append(salt, body...))
	if err != nil {
		t.Fatal(err)
	}
	if want := noteOrigin("000102030405060708090a0b0c0d0e0f", desk); read.Origin != want {
		t.Errorf("origin %s, expected %s", read.Origin, want)
	}
	if again, err := entry.EncodeNoteBody(read.Note); err != nil || string(again) != body {
		t.Errorf("encoded again: %s, %v", again, err)
	}
}

// What was appended is read back in order, checks clean and is in no total; a
// ledger without notes stays one.
func TestNotesAreReadBack(t *testing.T) {
	path := lived(t)
	if report, err := Check(path); err != nil || !report.OK || report.Logs != 2 {
		t.Fatalf("before: %+v, %v", report, err)
	}
	before := everything(t, path)
	if err := noted(t, path); err != nil {
		t.Fatal(err)
	}
	report, err := Check(path)
	if err != nil || !report.OK || report.Logs != 3 || report.Entries != 11 || report.Evidence != 2 || len(report.Notes) != 0 {
		t.Fatalf("with notes: %+v, %v", report, err)
	}
	if !reflect.DeepEqual(everything(t, path), before) {
		t.Error("the logs of models changed")
	}
	l := opened(t, path)
	entries, err := l.Notes(desk)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%+v, %v", entries, err)
	}
	for i, e := range entries {
		if e.Index != uint64(i) || string(e.Note.Content) != fmt.Sprintf(`{"said":"%d"}`, i) || e.Origin != l.NoteOrigin(desk) {
			t.Errorf("note %d: %+v", i, e)
		}
	}
	names, err := l.NoteLogs("delivery/")
	heads, errHeads := l.NoteHeads(desk)
	if err := errors.Join(err, errHeads); err != nil || !reflect.DeepEqual(names, []string{desk}) || len(heads) != 1 || heads[0].Size != 3 {
		t.Errorf("names %q, heads %+v, %v", names, heads, err)
	}
	if none, err := l.Notes("delivery/none"); err != nil || none != nil {
		t.Errorf("of a name without a log: %+v, %v", none, err)
	}
}

// L27, L28: what a note must not be.
func TestNotesRefused(t *testing.T) {
	l := opened(t, filepath.Join(t.TempDir(), "ledger.db"))
	cases := []struct {
		name, log, want string
		change          func(*Note)
	}{
		{"model", "acme/atlas@1", "log of notes", func(*Note) {}},
		{"one part", "delivery", "two to four parts", func(*Note) {}},
		{"empty part", "delivery//x", "part", func(*Note) {}},
		{"dots", "delivery/..", "part", func(*Note) {}},
		{"kind", desk, "kind", func(n *Note) { n.Kind = "Ex" }},
		{"no author", desk, "author", func(n *Note) { n.Author = "" }},
		{"two lines", desk, "author", func(n *Note) { n.Author = "a\nb" }},
		{"no time", desk, "time", func(n *Note) { n.Time = time.Time{} }},
		{"local time", desk, "UTC", func(n *Note) { n.Time = n.Time.In(time.FixedZone("x", 3600)) }},
		{"list", desk, "expected a JSON object", func(n *Note) { n.Content = json.RawMessage(`[]`) }},
		{"white space", desk, "without white space", func(n *Note) { n.Content = json.RawMessage(`{"a": 1}`) }},
		{"escape", desk, "one form", func(n *Note) { n.Content = json.RawMessage(`{"a":"\u0041"}`) }},
		{"key twice", desk, "stands twice", func(n *Note) { n.Content = json.RawMessage(`{"a":1,"a":2}`) }},
		{"trailing", desk, "after", func(n *Note) { n.Content = json.RawMessage(`{}{}`) }},
		{"too deep", desk, "deep", func(n *Note) {
			n.Content = json.RawMessage(`{"a":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`)
		}},
		{"too long", desk, "at most", func(n *Note) { n.Content = json.RawMessage(`{"a":"` + strings.Repeat("x", entry.MaxNoteBytes) + `"}`) }},
		{"evidence that is not there", desk, "not in", func(n *Note) {
			n.Evidence = []meter.Evidence{{Kind: "mail", Digest: "sha256:" + strings.Repeat("0", 64), Size: 1}}
		}},
		{"no evidence as a list", desk, "left out", func(n *Note) { n.Evidence = []meter.Evidence{} }},
		{"digest", desk, "digest", func(n *Note) { n.Evidence = []meter.Evidence{{Kind: "mail", Digest: "sha256:0", Size: 1}} }},
	}
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
		n := note("x")
		c.change(&n)
		if _, err := l.AppendNote(c.log, n); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: found %v, expected %q", c.name, err, c.want)
		}
	}
	if names, err := l.NoteLogs(""); err != nil || names != nil {
		t.Errorf("something was written: %q, %v", names, err)
	}
}

// L29: of writers who read the same log, one appends and the others are told.
func TestAppendNoteAfter(t *testing.T) {
	l := opened(t, filepath.Join(t.TempDir(), "ledger.db"))
	const writers = 16
	for round := range uint64(5) {
		var group sync.WaitGroup
		failed := make([]error, writers)
		for i := range writers {
			group.Go(func() { _, failed[i] = l.AppendNoteAfter(desk, round, note(fmt.Sprint(i))) })
		}
		group.Wait()
		won := 0
		for _, err := range failed {
			var moved *MovedError
			switch {
			case err == nil:
				won++
			case !errors.As(err, &moved) || moved.Size != round || moved.Found != round+1:
				t.Errorf("round %d: %v", round, err)
			}
		}
		if won != 1 {
			t.Errorf("round %d: %d of %d writers appended, expected one", round, won, writers)
		}
	}
}

// L30: a merge takes notes and their evidence over, the same in any order and
// however often; a log that was written to in two copies is a fork.
func TestNotesMerge(t *testing.T) {
	dir := t.TempDir()
	a, b, copied := filepath.Join(dir, "a.db"), filepath.Join(dir, "b.db"), filepath.Join(dir, "copy.db")
	if err := errors.Join(noted(t, a), noted(t, b)); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(a)
	if err := errors.Join(err, os.WriteFile(copied, data, 0o600), os.CopyFS(copied+".evidence", os.DirFS(a+".evidence"))); err != nil {
		t.Fatal(err)
	}
	into := opened(t, filepath.Join(dir, "into.db"))
	for _, from := range [][]string{{a, b}, {b, a}, {copied}} {
		merged, err := into.Merge(from)
		if err != nil || len(merged) != len(from) || merged[0].Notes != desk || merged[0].Size != 3 {
			t.Fatalf("merge of %q: %+v, %v", from, merged, err)
		}
	}
	entries, err := into.Notes(desk)
	if err != nil || len(entries) != 6 {
		t.Fatalf("%d notes, %v; expected those of two ledgers", len(entries), err)
	}
	one, other := opened(t, a), opened(t, copied)
	_, errOne := one.AppendNote(desk, note("a"))
	_, errOther := other.AppendNote(desk, note("copy"))
	if err := errors.Join(errOne, errOther, one.Close(), other.Close()); err != nil {
		t.Fatal(err)
	}
	var fork *ForkError
	if _, err := into.Merge([]string{a, copied}); !errors.As(err, &fork) || fork.Size != 4 || fork.FirstDiffers != 3 {
		t.Fatalf("two continuations of one log: %v", err)
	}
	if entries, err := into.Notes(desk); err != nil || len(entries) != 6 {
		t.Errorf("a refused merge left %d notes, %v", len(entries), err)
	}
	if _, err := into.Merge([]string{a}); err != nil {
		t.Error(err)
	}
	path := into.path
	if err := into.Close(); err != nil {
		t.Fatal(err)
	}
	if report, err := Check(path); err != nil || !report.OK || report.Logs != 2 || report.Entries != 7 || report.Evidence != 1 {
		t.Errorf("after the merges: %+v, %v", report, err)
	}
}

// What reads as a note has one encoding.
func FuzzParseNoteBody(f *testing.F) {
	full := note("yes & no")
	full.Evidence = []meter.Evidence{{Kind: "mail", Digest: "sha256:" + strings.Repeat("0a", 32), Size: 3}}
	for _, n := range []Note{note("x"), full} {
		body, err := entry.EncodeNoteBody(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
		f.Add(bytes.Replace(body, []byte(`,"kind"`), []byte(` ,"kind"`), 1))
		f.Add(bytes.Replace(body, []byte(`"author"`), []byte(`"Author"`), 1))
	}
	f.Add([]byte(`{"note":{"schema":"weighbridge.dev/note/v1","kind":"k","author":"a","time":"2026-11-25T08:00:00.5Z","content":{"a":[1,2.50,null,true,{"b":{}}]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := entry.ParseNoteBody(data)
		if err != nil {
			return
		}
		if again, err := entry.EncodeNoteBody(n); err != nil || !bytes.Equal(again, data) {
			t.Errorf("found %q, %v", again, err)
		}
		if content, err := entry.CanonicalObject(n.Content); err != nil || !bytes.Equal(content, n.Content) {
			t.Errorf("content: found %q, %v", content, err)
		}
	})
}
