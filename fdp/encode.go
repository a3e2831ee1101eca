package fdp

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// ParseFacts reads a facts document, YAML or JSON, strictly. The name stands in
// errors, which are of type [*DocumentError].
func ParseFacts(data []byte, name string) (Facts, error) {
	d, root, err := openDocument(data, name)
	if err != nil {
		return Facts{}, err
	}
	var f Facts
	if err := d.decode(root, "", reflect.ValueOf(&f).Elem(), ""); err != nil {
		return Facts{}, err
	}
	if c := f.contradiction(); c != nil {
		return Facts{}, d.errorAtPath(c.path, "%s: %s", c.path, c.message)
	}
	return f.flat(), nil
}

// Encode returns the one canonical encoding: JSON with the fields in the order
// of the struct, without white space or HTML escapes; what is not stated is left
// out, every interval has all three bounds, and models more than eight
// generations behind stand in ancestors. [ParseFacts] reads it back.
func (f Facts) Encode() ([]byte, error) {
	if c := f.contradiction(); c != nil {
		return nil, fmt.Errorf("facts: %s: %s", c.path, c.message)
	}
	return canonical.Encode(f.flat())
}

// MarshalJSON writes an interval, or a list of work.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a.Total != nil {
		return json.Marshal(a.Total)
	}
	if a.Work == nil {
		return nil, fmt.Errorf("an amount without operations: leave it out")
	}
	return canonical.Encode(a.Work)
}

// MarshalJSON writes a generator with weights_published as true, false or
// "restricted".
func (g Generator) MarshalJSON() ([]byte, error) {
	var published any
	switch g.WeightsPublished {
	case Published:
		published = true
	case Unpublished:
		published = false
	case Restricted:
		published = string(Restricted)
	}
	return canonical.Encode(struct {
		Generator            meter.ModelRef `json:"generator,omitzero"`
		Share                Share          `json:"share,omitzero"`
		DataPublished        *bool          `json:"data_published,omitzero"`
		WeightsPublished     any            `json:"weights_published,omitzero"`
		GenerationOperations *Amount        `json:"generation_operations,omitzero"`
		TrainingOperations   *Amount        `json:"training_operations,omitzero"`
		Parents              []Parent       `json:"parents,omitzero"`
	}{g.Generator, g.Share, g.DataPublished, published, g.GenerationOperations, g.TrainingOperations, g.Parents})
}

// Grades returns how far the facts can be trusted, by path. A path that is not
// in it, and has no prefix in it, is declared. Grades do not stand in the
// document: whoever passes facts on passes these beside them. The paths are those of the
// canonical form that [Facts.Encode] writes.
func (f Facts) Grades() map[string]meter.Grade { return maps.Clone(f.flat().grades) }

// WithGrades returns f with these grades.
func (f Facts) WithGrades(grades map[string]meter.Grade) Facts {
	f.grades = maps.Clone(grades)
	return f
}

// grade returns the grade of a path: that of its longest prefix that has one.
func (f Facts) grade(path string) meter.Grade {
	for p := path; p != ""; {
		if g, found := f.grades[p]; found {
			return g
		}
		p = p[:max(strings.LastIndexAny(p, ".["), 0)]
	}
	return meter.GradeDeclared
}

// lowestIn is the lowest grade of the first n entries of a list and of the
// numbers below them; empty without entries.
func (f Facts) lowestIn(list string, n int) meter.Grade {
	lowest := meter.Grade("")
	for i := range n {
		lowest = meter.LowestGrade(lowest, f.grade(fmt.Sprintf("%s[%d]", list, i)))
	}
	for p, g := range f.grades {
		entry, found := strings.CutPrefix(p, list+"[")
		index, below, closed := strings.Cut(entry, "]")
		if i, err := strconv.Atoi(index); !found || !closed || err != nil || i >= n || below == "" {
			continue
		}
		if strings.HasSuffix(below, "]") || strings.HasSuffix(below, "operations") {
			lowest = meter.LowestGrade(lowest, g)
		}
	}
	return lowest
}
