package fdp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// TestDeepLineagesStayShallow (F10): however deep a lineage is, its document is not;
// it reads back to the same bytes, and what follows from it is the same.
func TestDeepLineagesStayShallow(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	graded := nested(40).WithGrades(map[string]meter.Grade{"parents": meter.GradeDerived, nestedPath(20) + ".operations": meter.GradeDeclared})
	for _, s := range []shape{{"nested", nested(100)}, {"graded", graded}, {"chain", ledgerChain(250)}, {"merges", parentsOfRelation(50, meter.Merges)}} {
		encoded, err := s.facts.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got := jsonDepth(t, encoded); got > 24 {
			t.Errorf("%s: %d levels of JSON, expected at most 24", s.name, got)
		}
		back, err := ParseFacts(encoded, s.name)
		if err != nil {
			t.Fatal(err)
		}
		back = back.WithGrades(s.facts.Grades())
		if again, err := back.Encode(); err != nil || !bytes.Equal(again, encoded) {
			t.Errorf("%s: %v\n%s\nreads back to\n%s", s.name, err, encoded, again)
		}
		if !maps.Equal(back.Grades(), s.facts.Grades()) {
			t.Errorf("%s: grades %v\nread back to %v", s.name, s.facts.Grades(), back.Grades())
		}
		c := lawCase{facts: s.facts}
		was := determined(t, r, catalogue, c)
		c.facts = back
		if is := determined(t, r, catalogue, c); !bytes.Equal(is, was) {
			t.Errorf("%s: evaluates to\n%s\nand read back to\n%s", s.name, was, is)
		}
	}
}

func nestedPath(generation int) string {
	return strings.TrimSuffix(strings.Repeat("parents[0].", generation), ".")
}

func jsonDepth(t *testing.T, data []byte) int {
	depth, deepest := 0, 0
	for dec := json.NewDecoder(bytes.NewReader(data)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return deepest
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			deepest = max(deepest, depth)
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}

// TestNestedDocumentsStayReadable (F10): a document that nests every generation reads
// to the canonical form, and counts and grades what it did where it stood.
func TestNestedDocumentsStayReadable(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	f := nested(40).WithGrades(map[string]meter.Grade{"operations": meter.GradeDerived, "parents": meter.GradeDerived, nestedPath(20) + ".operations": meter.GradeDeclared})
	old, err := canonical.Encode(f) // as version 1 wrote it first
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseFacts(old, "old.json")
	if err != nil {
		t.Fatal(err)
	}
	want, _ := f.Encode()
	if got, err := back.Encode(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
	e := func(f Facts) quantity {
		return newEvaluation(r.packs["us-4e091"], catalogue, f, lawCase{}.question(t)).quantity("operations")
	}
	deep, shallow := e(f), e(f.flat())
	if len(f.flat().Ancestors) != 40-maxGenerations || deep.interval != shallow.interval || deep.steps[1] != shallow.steps[1] || deep.steps[1].Grade != meter.GradeDeclared {
		t.Errorf("%d ancestors, %v before, %v after", len(f.flat().Ancestors), deep.steps, shallow.steps)
	}
}

// TestAncestorsAreOneModelWithParents (F7, F10): an entry of ancestors is refused where
// it disagrees, names a relation or the model itself, or closes a circle.
func TestAncestorsAreOneModelWithParents(t *testing.T) {
	const parents = `model: acme/a@1
parents: [{model: acme/b@1, relation: continues, operations: "1e25"}]
`
	for name, c := range map[string]struct{ ancestors, want string }{
		"relation":  {`[{model: acme/b@1, relation: continues}]`, "ancestors[0].relation: acme/b@1 has a relation here"},
		"itself":    {`[{model: acme/a@1}]`, "it is no ancestor of itself"},
		"disagrees": {`[{model: acme/b@1, operations: "2e25"}]`, "number of operations of acme/b@1"},
		"twice":     {`[{model: acme/c@1}, {model: acme/c@1}]`, "stands twice"},
		"circle":    {`[{model: acme/b@1, parents: [{model: acme/a@1, relation: continues}]}]`, "a model comes after its parents"},
		"unknown":   {`[{generator: acme/b@1}]`, "unknown field"},
	} {
		if _, err := ParseFacts([]byte(parents+"ancestors: "+c.ancestors+"\n"), "facts.yaml"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if _, err := ParseFacts([]byte(parents+`ancestors: [{model: acme/b@1, publication: published}]`), "facts.yaml"); err != nil {
		t.Errorf("an ancestor that adds what the parent leaves open: %v", err)
	}
}

// TestAnAncestorCanBeAddedTo: a document says of a model deep in the ledger's lineage
// what the ledger cannot know.
func TestAnAncestorCanBeAddedTo(t *testing.T) {
	over, err := ParseFacts([]byte(`ancestors: [{model: acme/m@3, publication: published}]`), "release.yaml")
	if err != nil {
		t.Fatal(err)
	}
	merged, err := ledgerChain(20).Merge(over)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range merged.Ancestors {
		if (p.Publication == Published) != (p.Model == "acme/m@3") || p.Operations == nil {
			t.Errorf("ancestors[%d]: %s is %q", i, p.Model, p.Publication)
		}
	}
	if len(merged.Ancestors) != 19-maxGenerations {
		t.Errorf("%d ancestors", len(merged.Ancestors))
	}
}
