package attest

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

func specText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestSpecExamples (S1 to S8): the examples of SPEC.md are the statements of the
// fixtures, to the byte, and are read back.
func TestSpecExamples(t *testing.T) {
	text := specText(t)
	want := examples(t)
	for name, example := range want {
		_, after, found := strings.Cut(text, "### "+name+"\n\n```json\n")
		printed, _, closed := strings.Cut(after, "\n```")
		if !found || !closed || printed != string(example) {
			t.Errorf("SPEC.md does not show the %s of the fixtures:\n%s", name, example)
		}
		if _, err := ParseStatement([]byte(printed)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := strings.Count(text, "```json\n"); got != len(want) {
		t.Errorf("%d examples, %d were read", got, len(want))
	}
}

var (
	ruleID = regexp.MustCompile(`(?m)^- \*\*([A-Z]\d+)\*\*`)
	// citation is a list of ids and ranges in parentheses: (S1, C2 to C5).
	citation = regexp.MustCompile(`\(((?:[A-Z]\d+(?: to [A-Z]\d+)?(?:, )?)+)\)`)
	cited    = regexp.MustCompile(`([A-Z])(\d+)(?: to [A-Z](\d+))?`)
)

// TestSpec: every numbered rule of SPEC.md is cited by a test, in this package or
// in sign, verify or oci.
func TestSpec(t *testing.T) {
	rules := ruleID.FindAllStringSubmatch(specText(t), -1)
	if len(rules) < 35 {
		t.Fatalf("%d rules", len(rules))
	}
	citations := citedRules(t)
	for _, r := range rules {
		if !citations[r[1]] {
			t.Errorf("no test cites %s", r[1])
		}
		delete(citations, r[1])
	}
	for id := range citations {
		t.Errorf("a test cites %s, which SPEC.md does not have", id)
	}
}

// citedRules reads ids, and ranges of them (S1 to S9), from the comments of tests.
func citedRules(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	for _, dir := range []string{"sign", "verify", "oci"} {
		more, _ := filepath.Glob(dir + "/*_test.go")
		files = append(files, more...)
	}
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	ids := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			if comment, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("// Test")); ok {
				addCited(ids, string(comment))
			}
		}
	}
	return ids
}

func addCited(ids map[string]bool, comment string) {
	for _, list := range citation.FindAllString(comment, -1) {
		for _, m := range cited.FindAllStringSubmatch(list, -1) {
			first, _ := strconv.Atoi(m[2]) // digits
			last, _ := strconv.Atoi(m[3])  // 0 where it is no range
			for n := first; n <= max(first, last); n++ {
				ids[m[1]+strconv.Itoa(n)] = true
			}
		}
	}
}

// TestSpecNames: the document names what the code knows.
func TestSpecNames(t *testing.T) {
	text := specText(t)
	names := append(ECCNs(), TypeTrainingCompute, TypeHardware, TypeDetermination, TypeLedgerProof, StatementType, statementTypeOld, PayloadType, Completeness, RootSuffix)
	for _, name := range names {
		if !strings.Contains(text, name) {
			t.Errorf("SPEC.md does not name %q", name)
		}
	}
	if (Convention(meter.Convention{Attention: "causal"})).Attention != "causal" {
		t.Error("the convention is not the meter's")
	}
}
