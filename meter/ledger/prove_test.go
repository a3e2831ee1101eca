package ledger_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// A head that was kept while the log grew over the edges of tiles proves every
// entry that it held, and the later heads prove that they hold it.
func TestProveAsTheLogGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	var kept []proof.Head
	for _, n := range []uint64{1, 2, 255, 256, 257, 600} {
		fill(t, path, n)
		l := open(t, path)
		head, _, err := l.Head(model)
		if err != nil || head.Size != n {
			t.Fatal(head, err)
		}
		kept = append(kept, head)
		for _, earlier := range kept {
			c, err := l.ProveConsistency(head.Origin, earlier.Size, 0)
			if err != nil || c.Verify(earlier, head) != nil {
				t.Fatalf("from %d to %d: %v, %v", earlier.Size, n, err, c.Verify(earlier, head))
			}
			for _, index := range []uint64{0, earlier.Size / 2, earlier.Size - 1} {
				p, err := l.Prove(head.Origin, index, earlier.Size)
				if err != nil {
					t.Fatal(err)
				}
				if h, err := p.Verify(earlier); err != nil || h.Index != index {
					t.Fatalf("entry %d in %d of %d: %v", index, earlier.Size, n, err)
				}
			}
		}
		l.Close()
	}
}

// What cannot be proved is said, and nothing is returned.
func TestProveRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	fill(t, path, 5)
	l := open(t, path)
	defer l.Close()
	head, _, err := l.Head(model)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		origin      string
		index, size uint64
		says        string
	}{
		"past the end":     {head.Origin, 5, 0, "has 5 entries"},
		"past the size":    {head.Origin, 3, 3, "below the size"},
		"a size to come":   {head.Origin, 3, 6, "has 5 entries"},
		"no such log":      {head.Origin + "0", 3, 0, "has no log"},
		"no origin":        {"", 3, 0, "has no log"},
		"a model only":     {string(model), 3, 0, "has no log"},
		"another ledger's": {strings.Replace(head.Origin, "/log/", "/log/0", 1), 3, 0, "has no log"},
	} {
		if p, err := l.Prove(c.origin, c.index, c.size); err == nil || !strings.Contains(err.Error(), c.says) || p.Header != nil {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	for _, sizes := range [][2]uint64{{0, 5}, {0, 0}, {4, 3}, {6, 0}, {3, 6}} {
		if p, err := l.ProveConsistency(head.Origin, sizes[0], sizes[1]); err == nil || p.Hashes != nil {
			t.Errorf("%v: %+v, %v", sizes, p, err)
		}
	}
}

// A tile that was changed gives no proof.
func TestProveFromDamagedTiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	fill(t, path, 300)
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		tiles := tx.Bucket([]byte("logs")).Bucket([]byte(model)).Bucket([]byte("tiles"))
		key := make([]byte, 9)
		changed := append([]byte{}, tiles.Get(key)...)
		changed[40] ^= 1
		return tiles.Put(key, changed)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	l := open(t, path)
	defer l.Close()
	head, _, err := l.Head(model)
	if err != nil {
		t.Fatal(err)
	}
	var damage *ledger.DamageError
	if p, err := l.Prove(head.Origin, 0, 0); !errors.As(err, &damage) && !errors.Is(err, proof.ErrProof) {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := l.ProveConsistency(head.Origin, 100, 200); !errors.As(err, &damage) || damage.Path != path {
		t.Errorf("%+v, %v", p, err)
	}
}

// A log of notes is proved as that of a model is.
func TestProveNotes(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	defer l.Close()
	const name = "delivery/2026-7"
	for i := range 3 {
		note := ledger.Note{Kind: "step", Author: "jo@acme.example", Time: time.Unix(1764000000+int64(i), 0).UTC(), Content: []byte(`{}`)}
		if _, err := l.AppendNote(name, note); err != nil {
			t.Fatal(err)
		}
	}
	heads, err := l.NoteHeads(name)
	if err != nil || len(heads) != 1 {
		t.Fatal(heads, err)
	}
	p, err := l.Prove(heads[0].Origin, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if h, err := p.Verify(heads[0]); err != nil || h.Index != 1 {
		t.Errorf("%+v, %v", h, err)
	}
	if c, err := l.ProveConsistency(heads[0].Origin, 2, 0); err != nil || c.Verify(c.Old, heads[0]) != nil {
		t.Errorf("%+v, %v", c, err)
	}
}
