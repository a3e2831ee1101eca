package epoch

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSpec: every rule and every code of SPEC.md is one of the package, and a test
// cites it.
func TestSpec(t *testing.T) {
	text, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(source)
	}
	rules := regexp.MustCompile(`\*\*(E\d+)\*\*`).FindAllStringSubmatch(string(text), -1)
	if len(rules) < 10 {
		t.Fatalf("%d rules in SPEC.md", len(rules))
	}
	for _, rule := range rules {
		if !regexp.MustCompile(`\b` + rule[1] + `\b`).MatchString(tests.String()) {
			t.Errorf("no test cites %s", rule[1])
		}
	}
	for _, code := range []string{CodeUnreadable, CodeChain, CodeSignature, CodeHeads} {
		if !strings.Contains(string(text), "| `"+code+"` |") {
			t.Errorf("SPEC.md does not name %s", code)
		}
	}
}
