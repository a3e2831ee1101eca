package disclosure

import (
	"bytes"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
)

func exampleHolding(t testing.TB) Holding {
	t.Helper()
	i := Issuer{Random: rand.Reader}
	i.Hide(map[string]any{}, "work[0]", []Member{{"operations", "operations", "6e24"}, {"records", "records", 3}})
	if i.Err() != nil {
		t.Fatal(i.Err())
	}
	return Holding{HoldingSchema, "acme/atlas@1", []Held{{"https://weighbridge.dev/training-compute/v1", "sha256:ab", i.Made}}}
}

func byField(field string, d Issued) bool { return field == d.Field }

// TestFiles: what is written is read back; a presentation has what was chosen and
// nothing else.
func TestFiles(t *testing.T) {
	h := exampleHolding(t)
	data, err := h.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if back, err := ParseHolding(data); err != nil || len(back.Statements) != 1 || !slices.Equal(back.Statements[0].Disclosures, h.Statements[0].Disclosures) {
		t.Errorf("%v: %+v", err, back)
	}
	p, err := h.Choose([]string{"records"}, byField)
	if err != nil || len(p.Statements) != 1 || !slices.Equal(p.Statements[0].Disclosures, []string{h.Statements[0].Disclosures[1].Text}) {
		t.Fatalf("%v: %+v", err, p)
	}
	shown, err := p.Encode()
	if err != nil || bytes.Contains(shown, []byte(h.Statements[0].Disclosures[0].Text)) {
		t.Errorf("%v: %s", err, shown)
	}
	if _, err := ParsePresentation(shown); err != nil {
		t.Error(err)
	}
	if _, err := h.Choose([]string{"records", "tokens"}, byField); err == nil || !strings.Contains(err.Error(), "tokens") {
		t.Errorf("a field that is not there: %v", err)
	}
}

// TestFilesRefused: by name.
func TestFilesRefused(t *testing.T) {
	h := exampleHolding(t)
	holding, _ := h.Encode()
	chosen, err := h.Choose([]string{"records"}, byField)
	if err != nil {
		t.Fatal(err)
	}
	presentation, _ := chosen.Encode()
	statements := string(presentation[bytes.IndexByte(presentation, '[')+1 : bytes.LastIndexByte(presentation, ']')])
	for _, v := range []struct{ name, old, new, want string }{
		{"another-schema", "/v1", "/v2", "expected weighbridge.dev"},
		{"unknown-field", `"schema"`, `"more": 1, "schema"`, "unknown field"},
		{"key-in-another-case", `"schema"`, `"Schema"`, "one encoding"},
		{"duplicate-key", `"schema"`, `"schema": "x", "schema"`, "one encoding"},
		{"trailing", "", "", "one encoding"},
		{"no-json", "{", "", ""},
	} {
		for kind, data := range map[string][]byte{"holding": holding, "presentation": presentation} {
			changed := strings.Replace(string(data), v.old, v.new, 1)
			if v.name == "trailing" {
				changed += "\n"
			}
			_, err := ParseHolding([]byte(changed))
			if kind == "presentation" {
				_, err = ParsePresentation([]byte(changed))
			}
			if err == nil || !strings.Contains(err.Error(), v.want) {
				t.Errorf("%s of a %s: %v, expected %q", v.name, kind, err, v.want)
			}
		}
	}
	for name, text := range map[string]string{
		"nothing-shown":   strings.Replace(string(presentation), statements, "", 1),
		"statement-twice": strings.Replace(string(presentation), statements, strings.TrimRight(statements, "\n ")+","+statements, 1),
		"too-large":       strings.Repeat(" ", MaxFileBytes+1),
	} {
		if _, err := ParsePresentation([]byte(text)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	broken := strings.Replace(string(holding), h.Statements[0].Disclosures[0].Text, "!", 1)
	if _, err := ParseHolding([]byte(broken)); err == nil || !strings.Contains(err.Error(), "base64url") {
		t.Errorf("a disclosure that is none: %v", err)
	}
}

func FuzzFiles(f *testing.F) {
	h := exampleHolding(f)
	data, _ := h.Encode()
	f.Add(data)
	p, _ := h.Choose([]string{"records"}, byField)
	data, _ = p.Encode()
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		if h, err := ParseHolding(data); err == nil {
			if again, err := h.Encode(); err != nil || !bytes.Equal(again, data) {
				t.Errorf("another encoding: %v", err)
			}
		}
		if p, err := ParsePresentation(data); err == nil {
			if again, err := p.Encode(); err != nil || !bytes.Equal(again, data) {
				t.Errorf("another encoding: %v", err)
			}
		}
	})
}
