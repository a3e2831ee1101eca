package fdp

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestRefusedDocuments (F1, F3, F4, F5, F7, F8, F12, F17): each document is refused at its place, with its words
// and its line.
func TestRefusedDocuments(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/refused.txtar")
	if err != nil || len(archive.Files) == 0 {
		t.Fatalf("%d refused documents: %v", len(archive.Files), err)
	}
	t.Logf("%d documents", len(archive.Files))
	for _, file := range archive.Files {
		t.Run(file.Name, func(t *testing.T) {
			parts := strings.SplitN(string(file.Data), "\n", 3)
			place, words, _ := strings.Cut(parts[0], " ")
			document := strings.TrimSuffix(parts[2], "\n")
			_, err := ParseFacts([]byte(document), "facts.yaml")
			var refused *DocumentError
			if !errors.As(err, &refused) {
				t.Fatalf("%s got %v, want a refusal", parts[1], err)
			}
			if got := fmt.Sprintf("%d:%d", refused.Line, refused.Column); got != place || !strings.Contains(err.Error(), words) {
				t.Errorf("%s\n got %s %v\nwant %s ... %s", parts[1], got, err, place, words)
			}
			if refused.Line > 0 && !strings.Contains(err.Error(), strings.Split(document, "\n")[refused.Line-1]) {
				t.Errorf("the error does not show the line: %v", err)
			}
		})
	}
}

func TestRefusedAsAWhole(t *testing.T) {
	deep := strings.Repeat(`{"parents":[`, 1) + strings.Repeat(`{"model":"a/a@1","parents":[`, 1200) + strings.Repeat(`]}`, 1200) + `]}`
	for _, c := range []struct{ name, document, want string }{
		{"oversize", "# " + strings.Repeat("x", MaxDocumentBytes), "expected at most"},
		{"not-utf8", "model: \xff", "not UTF-8"},
		{"deep", deep, "levels deep"},
		{"byte-order-only", "\xef\xbb\xbf", "facts.yaml"},
	} {
		if _, err := ParseFacts([]byte(c.document), "facts.yaml"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// TestFactsReadTheSameInBothForms (F3, F10): YAML, JSON with tabs, numbers quoted or not.
func TestFactsReadTheSameInBothForms(t *testing.T) {
	forms := []string{
		"operations:\n  - {activity: pretraining, estimate: 9.5e25}\ntraining: {location: JP}\n",
		"operations:\n  - activity: pretraining\n    low: \"95000000000000000000000000\"\n    estimate: 95000000000000000000000000\n    high: 9.5E+25\ntraining:\n  location: [JP]\n",
		"{\n\t\"operations\": [{\"activity\": \"pretraining\", \"estimate\": 9.5e25}],\n\t\"training\": {\"location\": \"JP\"}\n}",
	}
	var first string
	for i, form := range forms {
		f, err := ParseFacts([]byte(form), "facts")
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = string(encoded)
		}
		if string(encoded) != first {
			t.Errorf("form %d encodes as %s, the first as %s", i, encoded, first)
		}
	}
}
