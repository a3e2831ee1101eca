package attest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// FactsOf returns the facts that follow from what c and h attest; h may be nil,
// and nothing is then said of training.hardware. A determination is made of
// these, and of what is laid over them.
func FactsOf(c TrainingCompute, h *Hardware) (fdp.Facts, error) {
	records := c.records()
	if h != nil {
		records = h.on(records)
	}
	return fdp.FromLineage(c.Model, records)
}

// HoldTo rebuilds the facts from the lineage that c attests, and the hardware that
// h does, and demands that d's facts are those, with facts laid over them that
// only add (SPEC.md D4): the same work line by line, kept or discarded, the same
// parents under the same relations, the same generators, and no grade of its own.
// Where h is nil nothing is said of training.hardware. It returns the paths of the
// facts that were added: they are the signer's word. The error says what differs.
func (d Determination) HoldTo(c TrainingCompute, h *Hardware) (declared []string, err error) {
	stated, err := d.parseFacts()
	if err != nil {
		return nil, err
	}
	if h == nil {
		stated = withoutHardware(stated)
	}
	rebuilt, err := FactsOf(c, h)
	if err != nil {
		return nil, fmt.Errorf("determination: the attested lineage: %w", err)
	}
	merged, err := rebuilt.Merge(stated.WithGrades(nil))
	if err != nil {
		return nil, conflicting(err)
	}
	if err := sameFacts(merged, stated); err != nil {
		return nil, err
	}
	for path := range merged.Grades() {
		if _, attested := rebuilt.Grades()[path]; !attested {
			declared = append(declared, path)
		}
	}
	slices.Sort(declared)
	return declared, nil
}

// conflicting says of a conflict what it means to a recipient.
func conflicting(err error) error {
	var conflict *fdp.ConflictError
	if errors.As(err, &conflict) {
		return fmt.Errorf("determination: its facts contradict the statements beside it: %s: attested is %s, the facts say %s", conflict.Path, shorten(conflict.Have), shorten(conflict.Found))
	}
	return fmt.Errorf("determination: its facts and the statements beside it together: %w", err)
}

func shorten(s string) string {
	if len(s) > 240 {
		return s[:240] + "..."
	}
	return s
}

// sameFacts compares facts and grades. What is attested and was left out of the
// facts shows here: laying them over it added nothing that is not attested.
func sameFacts(merged, stated fdp.Facts) error {
	want, err := merged.Encode()
	if err != nil {
		return fmt.Errorf("determination: %w", err)
	}
	found, err := stated.Encode()
	if err != nil {
		return fmt.Errorf("determination: %w", err)
	}
	if at := canonical.FirstDifference(want, found); at >= 0 {
		from := max(0, at-40)
		return fmt.Errorf("determination: its facts leave out what the statements beside it attest: they say %q, attested is %q", passage(found, from), passage(want, from))
	}
	if differs := differingGrade(merged.Grades(), stated.Grades()); differs != "" {
		return fmt.Errorf("determination: its facts have other grades than the statements beside it give: %s", differs)
	}
	return nil
}

// differingGrade names a path that has two grades; a path has that of its longest
// prefix with one, else it is declared (fdp/SPEC.md F11).
func differingGrade(want, found map[string]meter.Grade) string {
	paths := slices.AppendSeq(slices.Collect(maps.Keys(want)), maps.Keys(found))
	slices.Sort(paths)
	for _, path := range paths {
		if w, f := gradeAt(want, path), gradeAt(found, path); w != f {
			return fmt.Sprintf("%s: found %q, expected %q", clip(path), f, w)
		}
	}
	return ""
}

func gradeAt(grades map[string]meter.Grade, path string) meter.Grade {
	for path != "" {
		if grade, found := grades[path]; found {
			return grade
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return meter.GradeDeclared
}

// withoutHardware leaves out what no hardware statement can be held against.
func withoutHardware(f fdp.Facts) fdp.Facts {
	f.Training.Hardware, f.Training.HardwareComplete = nil, nil
	grades := f.Grades()
	maps.DeleteFunc(grades, func(path string, _ meter.Grade) bool {
		return path == "training.hardware" || path == "training.hardware_complete" || strings.HasPrefix(path, "training.hardware[")
	})
	return f.WithGrades(grades)
}

func passage(data []byte, at int) string {
	return string(data[min(at, len(data)):min(at+120, len(data))])
}
