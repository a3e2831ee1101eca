package fdp

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

type lintCase struct {
	Name, Sentence, Regime, File, Old, New, Want string
}

// TestEmbeddedRulesPassTheLinter: a wrong rule file is a wrong legal answer.
func TestEmbeddedRulesPassTheLinter(t *testing.T) {
	r, _ := embeddedForTest(t)
	for _, p := range r.Lint() {
		t.Error(p)
	}
	readings := map[string][]string{}
	for _, regime := range r.Regimes() {
		p := r.packs[regime]
		t.Logf("%s: %d clauses, %d options, %d groups", regime, len(p.Clauses), len(p.Options), len(p.Groups))
		for _, o := range p.Options { // an option of several regimes is one question
			if have := readings[o.Name]; have != nil && !slices.Equal(have, o.Values) {
				t.Errorf("option %s has the values %v and %v", o.Name, have, o.Values)
			}
			readings[o.Name] = o.Values
		}
	}
}

// TestEveryLint (R1): one change to the embedded pack makes the problem, at a place.
func TestEveryLint(t *testing.T) {
	r, _ := embeddedForTest(t)
	data, err := os.ReadFile("testdata/lint.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []lintCase }
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil || len(file.Cases) == 0 {
		t.Fatalf("%d lint cases: %v", len(file.Cases), err)
	}
	t.Logf("%d lint cases", len(file.Cases))
	hit := map[string]bool{"rule-size": true} // TestLintRuleSize
	place := regexp.MustCompile(`^[a-z0-9-]+/[a-z0-9-]+\.yaml:[0-9]+:[0-9]+$`)
	for _, c := range file.Cases {
		regime := cmp.Or(c.Regime, "us-4e091")
		files, name := filesOf(r, regime), regime+"/"+c.File
		changed := strings.Replace(string(files[name]), c.Old, c.New, 1)
		if changed == string(files[name]) {
			t.Errorf("%s: %q is not in %s", c.Name, c.Old, c.File)
			continue
		}
		files[name] = []byte(changed)
		broken, err := readRules(files)
		if err != nil {
			t.Errorf("%s %s: not read: %v", c.Name, c.Sentence, err)
			continue
		}
		problems := broken.Lint()
		for _, p := range problems {
			hit[p.Code] = true
		}
		at := slices.IndexFunc(problems, func(p Problem) bool { return strings.Contains(p.Message, c.Want) })
		if at < 0 {
			t.Errorf("%s %s got %v, want %q", c.Name, c.Sentence, problems, c.Want)
			continue
		}
		if !place.MatchString(problems[at].Where) || problems[at].Line == "" {
			t.Errorf("%s: the problem is at %q, in the line %q", c.Name, problems[at].Where, problems[at].Line)
		}
		var refused *LintError
		if _, err := RulesFromFiles(files); !errors.As(err, &refused) || !strings.Contains(err.Error(), problems[0].String()) {
			t.Errorf("%s: rules with a problem: %v", c.Name, err)
		}
	}
	var source []byte
	for _, name := range []string{"lint.go", "lint_tables.go", "lint_clauses.go", "desk_lint.go"} {
		part, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, part...)
	}
	codes := regexp.MustCompile(`l\.report\([^"]*(?:"[^"]*"[^"]*)??, "([a-z-]+)",`).FindAllStringSubmatch(string(source), -1)
	if len(codes) < 30 {
		t.Fatalf("only %d lints were found in lint.go", len(codes))
	}
	for _, code := range codes {
		if !hit[code[1]] {
			t.Errorf("no case makes the linter say %s", code[1])
		}
	}
}

// filesOf are the files of one regime.
func filesOf(r *Rules, regime string) map[string][]byte {
	files := r.Files()
	for name := range files {
		if !strings.HasPrefix(name, regime+"/") {
			delete(files, name)
		}
	}
	return files
}

// TestRuleFilesAreReadStrictly: the same reader as for facts.
func TestRuleFilesAreReadStrictly(t *testing.T) {
	r, _ := embeddedForTest(t)
	for _, c := range []struct{ file, old, new, want string }{
		{"clauses.yaml", "    order: 10\n", "    order: 10\n    comment: x\n", "unknown field \"comment\""},
		{"clauses.yaml", "    order: 10\n", "    order: 10\n    order: 11\n", "stands twice"},
		{"clauses.yaml", "is: \">=\"", "is: \"=>\"", "expected one of >=, >, <=, <"},
		{"clauses.yaml", "id: us-4e091.heading\n    order: 10", "order: 10", "without the field \"id\""},
		{"counting.yaml", "counts: \"yes\"", "counts: maybe", "expected one of yes, no, option, generation, open"},
		{"groups.yaml", "members: [MO]", "members: [XX]", "country \"XX\""},
		{"counting.yaml", "activities:", "options: [{name: x, question: \"X?\"}]\nactivities:", "stands in another file of this pack too"},
		{"regime.yaml", "regime: us-4e091", "regime: us-other", "expected the same name"},
	} {
		files := r.Files()
		name := "us-4e091/" + c.file
		files[name] = []byte(strings.Replace(string(files[name]), c.old, c.new, 1))
		if _, err := RulesFromFiles(files); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %q: got %v, want %q", c.file, c.new, err, c.want)
		}
	}
	if _, err := RulesFromFiles(nil); err == nil {
		t.Error("no rules at all were taken")
	}
	if _, err := RulesFromFiles(map[string][]byte{"clauses.yaml": []byte("clauses: []")}); err == nil {
		t.Error("rules without a folder were taken")
	}
}

// TestIDsAreForEver: a clause that was released may not vanish (R3).
func TestIDsAreForEver(t *testing.T) {
	r, _ := embeddedForTest(t)
	data, err := os.ReadFile("testdata/ids.txt")
	if err != nil {
		t.Fatal(err)
	}
	ids := strings.Fields(string(data))
	if len(ids) == 0 {
		t.Fatal("no ids in testdata/ids.txt")
	}
	for _, id := range ids {
		regime, _, _ := strings.Cut(id, ".")
		if p := r.packs[regime]; p == nil || p.byID[id] == nil {
			t.Errorf("clause %s was released and is gone", id)
		}
	}
	for _, regime := range r.Regimes() {
		for _, c := range r.packs[regime].Clauses {
			if !slices.Contains(ids, c.ID) {
				t.Errorf("clause %s is not in testdata/ids.txt: add it", c.ID)
			}
		}
	}
}

// TestQuotationsAreVerbatim (R4): a quotation stands in testdata/quotations.txt, the
// phrases that were read in the text itself, each with the source it was read in.
func TestQuotationsAreVerbatim(t *testing.T) {
	r, _ := embeddedForTest(t)
	data, err := os.ReadFile("testdata/quotations.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Split(strings.TrimSpace(string(data)), "\n")
	quoted := map[string]bool{}
	for name, file := range r.Files() {
		found := regexp.MustCompile(`source: ([A-Z0-9]+), quote: "([^"]*)"`).FindAllStringSubmatch(string(file), -1)
		if n := strings.Count(string(file), "quote:"); n != len(found) {
			t.Errorf("%s: %d quotations, %d of them with a source before them", name, n, len(found))
		}
		for _, m := range found {
			line := m[1] + "\t" + m[2]
			quoted[line] = true
			if !slices.Contains(known, line) {
				t.Errorf("%s quotes %q from %s, which is not among the phrases read there", name, m[2], m[1])
			}
		}
	}
	for _, line := range known {
		if !quoted[line] {
			t.Errorf("testdata/quotations.txt: nothing quotes %q", line)
		}
	}
}

// Forty clauses that each name the next one twice: 2^40 conditions written out.
// Such rules may come with a statement, and are refused at once.
func TestLintRuleSize(t *testing.T) {
	r, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	files, name := filesOf(r, "us-4e091"), "us-4e091/clauses.yaml"
	const leaf, cite = `{is: {fact: us_origin, value: "true"}}`, `{reference: "ECCN 4E091, heading", source: R2, quote: "10^26 or more", grade: CONFIRMED}`
	more := strings.Builder{}
	for i := range 40 {
		next := fmt.Sprintf("{rule: us-4e091.more-%d}", i+1)
		if i == 39 {
			next = leaf
		}
		fmt.Fprintf(&more, "  - {id: us-4e091.more-%d, order: %d, sentence: It goes on and on., cite: %s, when: {all: [%s, %s]}}\n", i, 5000+i, cite, next, next)
	}
	files[name] = []byte(strings.TrimRight(string(files[name]), "\n") + "\n" + more.String())
	began := time.Now()
	_, err = RulesFromFiles(files)
	if err == nil || !strings.Contains(err.Error(), "rule-size: clause us-4e091.more-0 has more than") {
		t.Errorf("got %v, want rule-size", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("refused after %v", took)
	}
}

// A pipe in the place of a rule file is refused and not waited for.
func TestLoadRulesPipe(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "us-4e091"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "us-4e091", "clauses.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadRules(os.DirFS(dir)); err == nil || !strings.Contains(err.Error(), "expected a file") {
		t.Errorf("got %v, want a refusal", err)
	}
}
