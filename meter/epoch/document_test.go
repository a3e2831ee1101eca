package epoch

import (
	"bytes"
	"strings"
	"testing"
)

func document(t testing.TB, origins ...string) []byte {
	l := rotated(t)
	l.revoke(0, head(atlas, 3))
	d, err := NewDocument(keysOrigin, l.notes, func(origin string) bool {
		for _, o := range origins {
			if o == origin {
				return true
			}
		}
		return false
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestDocument: a document answers for the logs that it shows as the ledger does, names no
// other, and for those accepts nothing but what the newest key signed (E7, E10).
func TestDocument(t *testing.T) {
	data := document(t, atlas)
	if bytes.Contains(data, []byte("secret")) {
		t.Error("it names a log that was not asked for")
	}
	d, h, err := ParseDocument(data)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := d.Encode(); err != nil || !bytes.Equal(again, data) {
		t.Errorf("it encodes as something else: %v", err)
	}
	l := rotated(t)
	l.revoke(0, head(atlas, 3))
	whole := l.read()
	for size := uint64(0); size < 10; size++ {
		for k := byte(1); k < 4; k++ {
			a, b := whole.Right(head(atlas, size), public(k)), h.Right(head(atlas, size), public(k))
			if (a == nil) != (b == nil) {
				t.Errorf("head of %d entries, key %d: the ledger says %v, the document %v", size, k, a, b)
			}
		}
		if err := h.Right(head(secret, size), public(2)); err == nil || size > 0 && !strings.Contains(err.Error(), "do not show how many entries the log had") {
			t.Errorf("a head of %d entries of a log that is not shown is right under the newer key: %v", size, err)
		}
		if err := h.Right(head(secret, size), public(1)); err == nil {
			t.Errorf("a head of %d entries of a log that is not shown is right under a key that was replaced", size)
		}
	}
}

// TestDocumentsAreStrict: each change is refused by name (E10).
func TestDocumentsAreStrict(t *testing.T) {
	good := string(document(t, atlas, secret))
	tests := []struct{ name, old, changed, found string }{
		{"another schema", "key-epochs/v1", "key-epochs/v2", "schema"},
		{"a field of no document", `"origin":`, `"owner":"","origin":`, "unknown field"},
		{"no log of epochs", "0e0f/keys/meter\",\n  \"notes\"", "0e0f/acme/atlas@1\",\n  \"notes\"", "expected the origin of a log keys/meter"},
		{"a salt in capitals", `"salt": "0707`, `"salt": "070A`, "lower-case hexadecimal"},
		{"another salt", `"salt": "0707`, `"salt": "0708`, "another body than it commits to"},
		{"another size", `"size": 5`, `"size": 6`, "is not in the tree"},
		{"another place", `"index": 1`, `"index": 0`, "is not in the tree"},
		{"a revocation left out", `laptop`, `desktop`, "another body than it commits to"},
		{"a line feed in a root", `"root": "`, `"root": "\n`, "expected 32 bytes in base64"},
		{"two spaces less", "\n  \"notes\"", "\n\"notes\"", "not in canonical encoding"},
		{"a second document", "", "", "not in canonical encoding"},
	}
	for _, test := range tests {
		changed := strings.Replace(good, test.old, test.changed, 1)
		if test.old == "" {
			changed = good + good
		}
		if changed == good {
			t.Fatalf("%s: nothing was changed in\n%s", test.name, good)
		}
		if _, _, err := ParseDocument([]byte(changed)); err == nil || !strings.Contains(err.Error(), test.found) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if _, _, err := ParseDocument(make([]byte, MaxDocument+1)); err == nil {
		t.Error("a document over the limit is read")
	}
}

// TestNotesLeftOut: a document without its last note is one of an earlier day; one
// without another is refused (E2).
func TestNotesLeftOut(t *testing.T) {
	d, _, err := ParseDocument(document(t, atlas))
	if err != nil {
		t.Fatal(err)
	}
	for i := range d.Notes {
		part := d
		part.Notes = append(append([]documentNote{}, d.Notes[:i]...), d.Notes[i+1:]...)
		if _, err := part.History(); (err == nil) != (i == len(d.Notes)-1) {
			t.Errorf("without note %d: %v", i, err)
		}
	}
	d.Notes = nil
	if _, err := d.History(); err == nil {
		t.Error("a document without notes is read")
	}
}

// FuzzParseDocument: what is read encodes to the same bytes, and a head whose key
// no epoch has is never right.
func FuzzParseDocument(f *testing.F) {
	f.Add(document(f, atlas, secret))
	f.Add(document(f))
	f.Add([]byte(`{"schema":"weighbridge.dev/key-epochs/v1","origin":"","notes":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, h, err := ParseDocument(data)
		if err != nil {
			return
		}
		again, err := d.Encode()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%v: read from %q, encoded as %q", err, data, again)
		}
		if h.Right(head(atlas, 4), public(200)) == nil {
			t.Fatal("a key of no epoch is right")
		}
	})
}
