package epoch

import (
	"errors"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter/proof"
)

// TestReadRefuses: each rule of SPEC.md that a step can break (E1 to E6).
func TestReadRefuses(t *testing.T) {
	next := []proof.Head{head(atlas, 8), head(secret, 3)}
	begun := func(n, before byte, change func(*Began)) func(*keyLog) {
		return func(l *keyLog) { l.step(l.began(n, before, next, change)) }
	}
	tests := []struct {
		name, code, found string
		add               func(*keyLog)
	}{
		{"E1: a note of another kind", CodeUnreadable, "a note of the kind \"meter-keys\"", func(l *keyLog) {
			l.begin(2, 2, next...)
			last := &l.notes[2]
			last.Body = []byte(strings.Replace(string(last.Body), `"kind":"meter-key"`, `"kind":"meter-keys"`, 1))
			last.Header = proof.Header{Origin: keysOrigin, Index: 2, Commitment: proof.Commit(last.Salt, last.Body)}.Encode()
		}},
		{"E1: neither began nor revoked", CodeUnreadable, "expected one of began and revoked", func(l *keyLog) { l.put([]byte(`{}`), "") }},
		{"E1: keys in another order", CodeUnreadable, "key epoch", func(l *keyLog) {
			s, heads := l.revoked(0, head(atlas, 1))
			content, _ := s.Encode()
			l.put([]byte(strings.Replace(string(content), `"epoch":0,"reason":"laptop stolen"`, `"reason":"laptop stolen","epoch":0`, 1)), heads)
		}},
		{"E1: a field that no step has", CodeUnreadable, "unknown field", func(l *keyLog) { l.put([]byte(`{"restored":{}}`), "") }},
		{"E1: the header of another place", CodeUnreadable, "found the header of entry 1", func(l *keyLog) { l.notes = append(l.notes, l.notes[1]) }},
		{"E1: another salt", CodeUnreadable, "another body than it commits to", func(l *keyLog) {
			l.begin(2, 2, next...)
			l.notes[2].Salt = make([]byte, 32)
		}},
		{"E2: it follows another log", CodeChain, "a note is missing, or this is a fork", begun(2, 2, func(b *Began) { b.Previous = (&keyLog{t: t}).root() })},
		{"E3: an epoch left out", CodeChain, "it begins epoch 3, expected 2", begun(3, 2, nil)},
		{"E3: a key that comes back", CodeChain, "its key was that of epoch 0", func(l *keyLog) {
			s, heads := l.began(0, 2, next, func(b *Began) { b.Epoch = 2 })
			l.step(s, heads)
		}},
		{"E4: other heads are kept", CodeHeads, "the note names 2 heads", func(l *keyLog) {
			s, _ := l.began(2, 2, next, nil)
			_, other := l.boundary([]proof.Head{head(atlas, 9), head(secret, 3)})
			l.step(s, other)
		}},
		{"E4: no heads are kept", CodeHeads, "the 0 heads kept give the root", func(l *keyLog) {
			s, _ := l.began(2, 2, next, nil)
			l.step(s, "")
		}},
		{"E4: a head of another ledger", CodeHeads, "is none of another log of this ledger", func(l *keyLog) {
			l.begin(2, 2, head("weighbridge.dev/log/ff/acme/atlas@1", 8))
		}},
		{"E4: a head of the log itself", CodeHeads, "is none of another log of this ledger", func(l *keyLog) { l.begin(2, 2, head(keysOrigin, 2)) }},
		{"E4: a log that got shorter", CodeChain, "has 4 entries, and had 5 when epoch 1 began", func(l *keyLog) { l.begin(2, 2, head(atlas, 4), head(secret, 3)) }},
		{"E4: a log that went away", CodeHeads, "it leaves out", func(l *keyLog) { l.begin(2, 2, head(atlas, 8)) }},
		{"E5: handed over by another key", CodeSignature, "handover by the key of epoch 1: signed with another key", begun(2, 1, nil)},
		{"E5: not handed over", CodeSignature, "handover by the key of epoch 1", begun(2, 0, nil)},
		{"E5: not in possession of the key", CodeSignature, "possession: signed with another key", func(l *keyLog) {
			s, heads := l.began(2, 2, next, nil)
			s.Began.Possession = s.Began.Handover
			l.step(s, heads)
		}},
		{"E5: altered after it was signed", CodeSignature, "what it signed was altered", func(l *keyLog) {
			s, _ := l.began(2, 2, next, nil)
			b, heads := l.boundary([]proof.Head{head(atlas, 9), head(secret, 3)})
			s.Began.Logs = b
			l.step(s, heads)
		}},
		{"E5: a revoked key hands over", CodeChain, "a handover where no key may hand over", func(l *keyLog) {
			l.revoke(1, head(atlas, 6))
			l.begin(2, 2, next...)
		}},
		{"E6: an epoch that has not begun", CodeChain, "it revokes epoch 2, of which there are 2", func(l *keyLog) { l.revoke(2) }},
		{"E6: good behind the end of the epoch", CodeChain, "was good for 5", func(l *keyLog) { l.revoke(0, head(atlas, 6)) }},
		{"E6: less is taken back", CodeChain, "was good for 3", func(l *keyLog) {
			l.revoke(0, head(atlas, 3))
			l.revoke(0, head(atlas, 4))
		}},
		{"E6: the same again", CodeChain, "revoked already", func(l *keyLog) {
			l.revoke(0, head(atlas, 3))
			l.revoke(0, head(atlas, 3))
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := rotated(t)
			test.add(l)
			_, err := Read(keysOrigin, l.notes)
			var wrong *Error
			if !errors.As(err, &wrong) || wrong.Code != test.code || !strings.Contains(wrong.Found, test.found) {
				t.Errorf("found %v, expected %s: %s", err, test.code, test.found)
			}
		})
	}
}

// TestStepsAreStrict: what a step itself may not say (E1, E3, E5, E6).
func TestStepsAreStrict(t *testing.T) {
	l := rotated(t)
	good, _ := l.began(2, 2, []proof.Head{head(atlas, 8)}, nil)
	tests := map[string]struct {
		change func(*Began)
		found  string
	}{
		"a key that is none":        {func(b *Began) { b.PublicKey = "AAAA" }, "expected the DER of an Ed25519 key"},
		"a key in no base64":        {func(b *Began) { b.PublicKey = "?" }, "expected base64"},
		"no possession":             {func(b *Began) { b.Possession = "" }, "possession"},
		"a root that is too short":  {func(b *Began) { b.Previous = "AAAA" }, "expected 32 bytes in base64"},
		"a boundary without a root": {func(b *Began) { b.Logs.Root = "" }, "logs"},
	}
	for name, test := range tests {
		b := *good.Began
		test.change(&b)
		if _, err := (Step{Began: &b}).Encode(); err == nil || !strings.Contains(err.Error(), test.found) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, reason := range []string{"", "two\nlines", strings.Repeat("x", 301), "\xff", "\u0085"} {
		s, _ := l.revoked(0)
		s.Revoked.Reason = reason
		if _, err := s.Encode(); err == nil {
			t.Errorf("the reason %q is taken", reason)
		}
	}
}

// TestFollows: a writer is told before it writes what a reader would refuse.
func TestFollows(t *testing.T) {
	l := rotated(t)
	h := l.read()
	s, heads := l.began(2, 2, []proof.Head{head(atlas, 8), head(secret, 3)}, nil)
	if err := h.Follows(s, heads); err != nil {
		t.Error(err)
	}
	if err := h.Follows(s, ""); err == nil {
		t.Error("a step without its heads follows")
	}
	bad, heads := l.began(2, 1, []proof.Head{head(atlas, 8), head(secret, 3)}, nil)
	if err := h.Follows(bad, heads); err == nil {
		t.Error("a step that another key handed over follows")
	}
	if h.Size != 2 || len(h.Epochs) != 2 {
		t.Errorf("asking changed the history: %d notes, %d epochs", h.Size, len(h.Epochs))
	}
}
