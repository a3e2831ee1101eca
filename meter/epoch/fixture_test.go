package epoch

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter/entry"
	"github.com/weighbridge/weighbridge/meter/proof"
)

const (
	ledgerOrigin = "weighbridge.dev/log/000102030405060708090a0b0c0d0e0f/"
	keysOrigin   = ledgerOrigin + Log
	atlas        = ledgerOrigin + "acme/atlas@1"
	secret       = ledgerOrigin + "acme/secret@1"
)

// key is the private key of epoch n in these tests.
func key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func public(n byte) ed25519.PublicKey { return key(n).Public().(ed25519.PublicKey) }

func line(k ed25519.PrivateKey, name, text string) string {
	hash := sha256.Sum256(append([]byte(name+"\n\x01"), k.Public().(ed25519.PublicKey)...))
	return "— " + name + " " + base64.StdEncoding.EncodeToString(append(hash[:4], ed25519.Sign(k, []byte(text))...))
}

// head is the head of size entries of a log, whose root follows from both.
func head(origin string, size uint64) proof.Head {
	return proof.Head{Origin: origin, Size: size, Root: sha256.Sum256(append([]byte(origin), byte(size)))}
}

// keyLog is a log of epochs as a ledger would write it.
type keyLog struct {
	t     testing.TB
	tree  proof.Tree
	notes []Stored
}

func (l *keyLog) root() string {
	root := l.tree.RootAt(l.tree.Size())
	return base64.StdEncoding.EncodeToString(root[:])
}

// put appends whatever content as a note.
func (l *keyLog) put(content []byte, heads string) {
	body, err := entry.EncodeNoteBody(entry.Note{Schema: entry.NoteSchema, Kind: Kind, Author: "jo@acme.example", Time: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC), Content: content})
	if err != nil {
		l.t.Fatal(err)
	}
	salt := bytes.Repeat([]byte{7}, 32)
	header := proof.Header{Origin: keysOrigin, Index: l.tree.Size(), Commitment: proof.Commit(salt, body)}.Encode()
	l.tree.Add(header)
	l.notes = append(l.notes, Stored{header, salt, body, heads})
}

func (l *keyLog) step(s Step, heads string) {
	content, err := s.Encode()
	if err != nil {
		l.t.Fatal(err)
	}
	l.put(content, heads)
}

func (l *keyLog) boundary(heads []proof.Head) (Boundary, string) {
	b, text, err := NewBoundary(heads)
	if err != nil {
		l.t.Fatal(err)
	}
	return b, text
}

// began makes a step that begins epoch n by key n+1, handed over by that of before;
// change alters it before it is signed.
func (l *keyLog) began(n byte, before byte, heads []proof.Head, change func(*Began)) (Step, string) {
	b, text := l.boundary(heads)
	encoded, err := EncodeKey(public(n + 1))
	if err != nil {
		l.t.Fatal(err)
	}
	s := Began{Epoch: uint64(n), PublicKey: encoded, Previous: l.root(), Logs: b}
	if change != nil {
		change(&s)
	}
	signed, err := s.Text(keysOrigin)
	if err != nil {
		l.t.Fatal(err)
	}
	s.Possession = line(key(n+1), keysOrigin, signed)
	if before > 0 {
		s.Handover = line(key(before), keysOrigin, signed)
	}
	return Step{Began: &s}, text
}

func (l *keyLog) begin(n byte, before byte, heads ...proof.Head) {
	l.step(l.began(n, before, heads, nil))
}

func (l *keyLog) revoked(n uint64, good ...proof.Head) (Step, string) {
	b, text := l.boundary(good)
	return Step{Revoked: &Revoked{Epoch: n, Reason: "laptop stolen", Previous: l.root(), Good: b}}, text
}

func (l *keyLog) revoke(n uint64, good ...proof.Head) { l.step(l.revoked(n, good...)) }

func (l *keyLog) read() History {
	l.t.Helper()
	h, err := Read(keysOrigin, l.notes)
	if err != nil {
		l.t.Fatal(err)
	}
	return h
}

// rotated has epoch 0 from atlas 2, and epoch 1 from atlas 5 and secret 3.
func rotated(t testing.TB) *keyLog {
	l := &keyLog{t: t}
	l.begin(0, 0, head(atlas, 2))
	l.begin(1, 1, head(atlas, 5), head(secret, 3))
	return l
}
