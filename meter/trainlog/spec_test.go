package trainlog

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSpecExample: the example of SPEC.md is read (W1), and the line that its
// Python prints has the same form.
func TestSpecExample(t *testing.T) {
	text, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "```\n")
	example, _, closed := strings.Cut(after, "```")
	if !found || !closed {
		t.Fatal("SPEC.md has no example")
	}
	python := "weighbridge-report {\"step\": 120, \"tokens\": \"983040\", \"operations\": \"50597284711424\"}\n"
	for _, line := range []string{example, python} {
		o := read(t, "", line).Observation()
		if len(o.Reported) != 1 || len(o.Findings) != 0 || o.Unread != 0 {
			t.Fatalf("%s: %+v", line, o)
		}
		if r := o.Reported[0]; *r.Step != 120 || r.Tokens.String() != "983040" || r.Operations.String() != "50597284711424" {
			t.Errorf("%s: %+v", line, r)
		}
	}
}

// TestSpecIsTested: every rule of SPEC.md is named by a test.
func TestSpecIsTested(t *testing.T) {
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(data)
	}
	rules := regexp.MustCompile(`\*\*([WD]\d+)\*\*`).FindAllStringSubmatch(string(spec), -1)
	if len(rules) < 14 {
		t.Fatalf("%d rules", len(rules))
	}
	for _, rule := range rules {
		if !regexp.MustCompile(`\b` + rule[1] + `\b`).MatchString(tests.String()) {
			t.Errorf("no test names %s", rule[1])
		}
	}
}
