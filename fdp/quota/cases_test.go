package quota_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/fdp/quota"
	"github.com/weighbridge/weighbridge/provenance"
)

func embedded(t testing.TB) (*fdp.Rules, *provenance.Catalogue) {
	t.Helper()
	rules, err := fdp.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := provenance.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return rules, catalogue
}

// TestCases holds every row against the table of the law's own numbers.
func TestCases(t *testing.T) {
	rules, catalogue := embedded(t)
	data, err := os.ReadFile("testdata/cases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Cases []struct {
			Name, Sentence, Document string
			AsOf                     string `yaml:"as_of"`
			Want, Missing            []string
			NotCounted               []string `yaml:"not_counted"`
		}
	}
	if err := yaml.Unmarshal(data, &table); err != nil || len(table.Cases) == 0 {
		t.Fatalf("%d cases, %v", len(table.Cases), err)
	}
	for _, c := range table.Cases {
		t.Run(c.Name, func(t *testing.T) {
			document, err := quota.Parse([]byte(c.Document), c.Name, catalogue)
			if err != nil {
				t.Fatal(err)
			}
			day, err := fdp.ParseDate(c.AsOf)
			if err != nil {
				t.Fatal(err)
			}
			got, err := quota.Evaluate(rules, catalogue, document, day)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "rows", rowTexts(got.Limits), c.Want)
			same(t, "missing", paths(got.Missing), c.Missing)
			same(t, "not counted", paths(got.NotCounted), c.NotCounted)
		})
	}
}

func rowTexts(rows []quota.Row) []string {
	var out []string
	for _, r := range rows {
		out = append(out, fmt.Sprintf("%s | %s | %s | %s | %s | %s", r.Limit, r.Subject, r.Verdict, show(r.Used), show(r.UsedHigh), show(r.Remaining)))
	}
	return out
}

func show(n *json.Number) string {
	if n == nil {
		return "-"
	}
	return n.String()
}

func paths(lines []quota.Line) []string {
	var out []string
	for _, l := range lines {
		out = append(out, l.Path)
	}
	return out
}

// same compares field by field; "*" stands for anything.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	equal := slices.EqualFunc(got, want, func(g, w string) bool {
		gs, ws := strings.Split(g, " | "), strings.Split(w, " | ")
		return slices.EqualFunc(gs, ws, func(a, b string) bool { return b == "*" || strings.TrimSpace(a) == strings.TrimSpace(b) })
	})
	if !equal {
		t.Errorf("%s:\n%s\nexpected\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestSpecExample reads the document of SPEC.md.
func TestSpecExample(t *testing.T) {
	rules, catalogue := embedded(t)
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(spec), "```yaml document\n")
	example, _, ended := strings.Cut(after, "```")
	if !found || !ended {
		t.Fatal("SPEC.md has no example")
	}
	document, err := quota.Parse([]byte(example), "SPEC.md", catalogue)
	if err != nil {
		t.Fatal(err)
	}
	day, err := fdp.ParseDate(document.AsOf)
	if err != nil {
		t.Fatal(err)
	}
	result, err := quota.Evaluate(rules, catalogue, document, day)
	if err != nil || len(result.Limits) == 0 {
		t.Fatalf("%d rows, %v", len(result.Limits), err)
	}
}
