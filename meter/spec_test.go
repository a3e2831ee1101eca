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
	examples := strings.Split(string(text), "```json\n")[1:]
	if len(examples) < 2 {
		t.Fatalf("SPEC.md has %d examples", len(examples))
	}
	for _, after := range examples {
		example, _, closed := strings.Cut(after, "\n```")
		if _, err := ParseRecord([]byte(example)); err != nil || !closed {
			t.Error(err)
		}
	}
	for _, a := range Activities() {
		if !strings.Contains(string(text), string(a)) {
			t.Errorf("SPEC.md does not name the activity %s", a)
		}
	}
	for _, k := range SignalKinds() {
		if !strings.Contains(string(text), "`"+string(k)+"`") {
			t.Errorf("SPEC.md does not name the kind of signal %s", k)
		}
	}
	for _, r := range Relations() {
		if !strings.Contains(string(text), string(r)) {
			t.Errorf("SPEC.md does not name the relation %s", r)
		}
	}
}
