package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/epoch"
	"github.com/weighbridge/weighbridge/meter/proof"
)

func meterKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(slices.Repeat([]byte{n}, ed25519.SeedSize))
}

func signedLine(k ed25519.PrivateKey, name, text string) string {
	hash := sha256.Sum256(append([]byte(name+"\n\x01"), k.Public().(ed25519.PublicKey)...))
	return "— " + name + " " + base64.StdEncoding.EncodeToString(append(hash[:4], ed25519.Sign(k, []byte(text))...))
}

// began appends epoch n by key n+1 at some heads, handed over by the key of before.
func began(l *Ledger, n uint64, before byte, heads []proof.Head) error {
	logs, err := l.KeyLogs()
	if err != nil {
		return err
	}
	history := epoch.History{Origin: l.NoteOrigin(epoch.Log)}
	if len(logs) > 0 {
		if history, err = epoch.Read(logs[0].Origin, logs[0].Notes); err != nil {
			return err
		}
	}
	key := meterKey(byte(n + 1))
	encoded, err := epoch.EncodeKey(key.Public().(ed25519.PublicKey))
	if err != nil {
		return err
	}
	b := epoch.Began{Epoch: n, PublicKey: encoded, Previous: history.Root()}
	var text string
	if b.Logs, text, err = epoch.NewBoundary(heads); err != nil {
		return err
	}
	signed, err := b.Text(history.Origin)
	if err != nil {
		return err
	}
	b.Possession = signedLine(key, history.Origin, signed)
	if before > 0 {
		b.Handover = signedLine(meterKey(before), history.Origin, signed)
	}
	content, err := epoch.Step{Began: &b}.Encode()
	if err != nil {
		return err
	}
	return appendEpoch(l, content, text)
}

func appendEpoch(l *Ledger, content []byte, heads string) error {
	n := Note{Kind: epoch.Kind, Author: "jo@acme.example", Time: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC), Content: content}
	if heads != "" {
		kept, err := l.PutEvidence(epoch.HeadsKind, strings.NewReader(heads))
		if err != nil {
			return err
		}
		n.Evidence = []meter.Evidence{kept}
	}
	_, err := l.AppendNote(epoch.Log, n)
	return err
}

// withEpochs is a lived ledger with the first two epochs, a record between them,
// and what more does.
func withEpochs(t testing.TB, path string, more func(*Ledger) error) error {
	t.Helper()
	l, err := Open(path, Options{})
	if err != nil {
		return err
	}
	err = errors.Join(firstEpochs(l), more(l), l.Close())
	return err
}

func firstEpochs(l *Ledger) error {
	heads, err := l.OwnHeads()
	if err != nil {
		return err
	}
	if err := began(l, 0, 0, heads); err != nil {
		return err
	}
	r := sample("between", 0, 1)
	r.Parents = []meter.Parent{{Model: "acme/base@1", Relation: meter.FineTunes}}
	if _, err := l.Append(r); err != nil {
		return err
	}
	return began(l, 1, 1, modelHeads(l))
}

func modelHeads(l *Ledger) []proof.Head {
	heads, _ := l.OwnHeads()
	return slices.DeleteFunc(heads, func(h proof.Head) bool { return h.Origin == l.NoteOrigin(epoch.Log) })
}

func epochs(more func(*Ledger) error) func(*testing.T, string) error {
	return func(t *testing.T, path string) error { return withEpochs(t, path, more) }
}

// thirdEpoch begins at heads of which the first is changed.
func thirdEpoch(change func(*proof.Head)) func(*testing.T, string) error {
	return epochs(func(l *Ledger) error {
		heads := modelHeads(l)
		change(&heads[0])
		return began(l, 2, 2, heads)
	})
}

// epochVectors are key epochs that break meter/epoch/SPEC.md, or name heads that
// the logs never had.
func epochVectors() []vector {
	return []vector{
		{"epochs: a head that no log had", codeEpochFork, thirdEpoch(func(h *proof.Head) { h.Root[3] ^= 1 })},
		{"epochs: a head of more entries than there are", codeEpochFork, thirdEpoch(func(h *proof.Head) { h.Size += 100 })},
		{"epochs: a head of no log", codeEpochFork, epochs(func(l *Ledger) error {
			heads := modelHeads(l)
			other := heads[0]
			other.Origin = strings.TrimSuffix(other.Origin, "@1") + "@77"
			return began(l, 2, 2, append(heads, other))
		})},
		{"epochs: a log that went away", epoch.CodeHeads, epochs(func(l *Ledger) error { return began(l, 2, 2, modelHeads(l)[1:]) })},
		{"epochs: a log that got shorter", epoch.CodeChain, thirdEpoch(func(h *proof.Head) { h.Size = 1 })},
		{"epochs: handed over by another key", epoch.CodeSignature, epochs(func(l *Ledger) error { return began(l, 2, 1, modelHeads(l)) })},
		{"epochs: one left out", epoch.CodeChain, epochs(func(l *Ledger) error { return began(l, 3, 2, modelHeads(l)) })},
		{"epochs: no step", epoch.CodeUnreadable, epochs(func(l *Ledger) error { return appendEpoch(l, []byte(`{"said":"hello"}`), "") })},
		{"epochs: the heads are gone", epoch.CodeHeads, func(t *testing.T, path string) error {
			return errors.Join(withEpochs(t, path, func(*Ledger) error { return nil }), os.RemoveAll(path+".evidence"))
		}},
	}
}

// TestCheckEpochs: epochs as they should be are no problem (../epoch/SPEC.md, E1
// to E5).
func TestCheckEpochs(t *testing.T) {
	path := lived(t)
	if err := withEpochs(t, path, func(l *Ledger) error { return began(l, 2, 2, modelHeads(l)) }); err != nil {
		t.Fatal(err)
	}
	if report, err := Check(path); err != nil || !report.OK {
		t.Errorf("%v, %v", report.Problems, err)
	}
}

// TestMergeKeepsEpochs: epochs of several ledgers stand beside each other after a
// merge, the same in any order, and each is about its own ledger's logs.
func TestMergeKeepsEpochs(t *testing.T) {
	var sources []string
	for range 2 {
		path := lived(t)
		if err := withEpochs(t, path, func(*Ledger) error { return nil }); err != nil {
			t.Fatal(err)
		}
		sources = append(sources, path)
	}
	seen := map[string][]string{}
	for _, order := range [][]int{{0, 1}, {1, 0}} {
		l := opened(t, filepath.Join(t.TempDir(), "ledger.db"))
		for _, i := range order {
			if _, err := l.Merge([]string{sources[i]}); err != nil {
				t.Fatal(err)
			}
		}
		logs, err := l.KeyLogs()
		if err != nil {
			t.Fatal(err)
		}
		for _, log := range logs {
			h, err := epoch.Read(log.Origin, log.Notes)
			if err != nil || len(h.Epochs) != 2 {
				t.Fatalf("%s: %d epochs, %v", log.Origin, len(h.Epochs), err)
			}
			seen[log.Origin] = append(seen[log.Origin], h.Root())
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 2 {
		t.Fatalf("%d logs of epochs, expected 2", len(seen))
	}
	for origin, roots := range seen {
		if len(roots) != 2 || roots[0] != roots[1] {
			t.Errorf("%s: roots %v by the order of the merge", origin, roots)
		}
	}
}
