package meter

import (
	"os"
	"strings"
	"testing"
)

// TestSpecExample: the example of SPEC.md is a record to the byte (R1 to R10),
// and the lists printed there are the closed lists.
func TestSpecExample(t *testing.T) {
	text, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "```json\n")
	example, _, closed := strings.Cut(after, "\n```")
	if !found || !closed {
		t.Fatal("SPEC.md has no example")
	}
	if _, err := ParseRecord([]byte(example)); err != nil {
		t.Error(err)
	}
	for _, a := range Activities() {
		if !strings.Contains(string(text), string(a)) {
			t.Errorf("SPEC.md does not name the activity %s", a)
		}
	}
	for _, r := range Relations() {
		if !strings.Contains(string(text), string(r)) {
			t.Errorf("SPEC.md does not name the relation %s", r)
		}
	}
}
