package fdp

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// FromLineage turns what a ledger holds about a model and its ancestors into a
// facts document. The records function returns a model's net records, or false
// when nothing is known of it: such a parent has no operations, which leaves the
// total unbounded. A model whose records show no beginning, neither pre-training
// nor a parent whose weights it carries, has a line of pre-training without bounds.
// Otherwise the ledger's lists are complete: a model whose records name
// no parent has none, and where no record names a generator (the relations
// distills-from and trains-on-output-of, or the field generator) there is none.
// Grades are kept by path. Work whose weights were discarded counts as kept when
// a kept run started from them. Training hardware is that of the model and of the
// earlier versions of the same org/name that it continues, not that of other
// ancestors (15 CFR 734.9(l)(1)), and of work that produced weights only; where a
// record of such work names none, the list is marked as not complete. Errors: a root without records, a cycle.
func FromLineage(root meter.ModelRef, records func(meter.ModelRef) ([]meter.Record, bool)) (Facts, error) {
	l := &lineage{lookup: records, records: map[meter.ModelRef][]meter.Record{}, written: map[meter.ModelRef]bool{}, naming: map[meter.ModelRef]meter.Grade{}, grades: map[string]meter.Grade{}}
	if err := l.read(root); err != nil {
		return Facts{}, err
	}
	l.keepStartingPoints()
	f := Facts{Model: root}
	l.written[root] = true
	f.Operations = l.work(root, "operations")
	f.Parents = l.parents(root, "parents", 1)
	f.SyntheticData = l.generators(root)
	f.Ancestors = l.ancestors()
	f.Training.Hardware, f.Training.HardwareComplete = l.hardware(root)
	l.grades["parents"], l.grades["synthetic_data"] = l.grade(root), l.grade(root)
	f.grades = l.grades
	if c := f.contradiction(); c != nil {
		return Facts{}, fmt.Errorf("lineage of %s: %s: %s", root, c.path, c.message)
	}
	return f, nil
}

type lineage struct {
	lookup  func(meter.ModelRef) ([]meter.Record, bool)
	records map[meter.ModelRef][]meter.Record // of known models
	order   []meter.ModelRef
	written map[meter.ModelRef]bool        // models that stand in full already, or will in ancestors
	behind  []meter.ModelRef               // models for ancestors
	naming  map[meter.ModelRef]meter.Grade // of those: the grade of the records that name them
	grades  map[string]meter.Grade
}

// read fetches every model of the lineage once, and the generators that records
// name.
func (l *lineage) read(root meter.ModelRef) error {
	walked, err := meter.Walk(root, func(m meter.ModelRef) (meter.Node, bool) {
		found, known := l.lookup(m)
		if known {
			l.records[m] = found
		}
		return meter.Node{Model: m, Parents: parentsOf(found)}, known
	})
	if err != nil {
		return err
	}
	l.order = walked.Models
	if _, known := l.records[root]; !known {
		return unrecorded(root)
	}
	return nil
}

func unrecorded(root meter.ModelRef) error {
	return fmt.Errorf("model %s: the ledger has no record of it; record its training first, or evaluate a document with --facts", root)
}

// parentsOf returns the parents that records name, each model and relation once,
// in the order of the records.
func parentsOf(records []meter.Record) []meter.Parent {
	if len(records) == 1 && len(records[0].Parents) == 1 { // as most models have
		p := records[0].Parents[0]
		return []meter.Parent{{Model: p.Model, Relation: p.Relation}}
	}
	var out []meter.Parent
	seen := map[meter.Parent]bool{}
	for i := range records {
		for _, p := range records[i].Parents {
			edge := meter.Parent{Model: p.Model, Relation: p.Relation}
			if !seen[edge] {
				seen[edge] = true
				out = append(out, edge)
			}
		}
	}
	return out
}

// keepStartingPoints marks discarded weights from which a kept run started as
// kept, and so on backwards (facts, 9a).
func (l *lineage) keepStartingPoints() {
	var points startingPoints
	for _, found := range l.records {
		points.add(found)
	}
	inUse := points.inUse()
	for m, found := range l.records { // what is not known stays so
		l.records[m] = inUse.kept(found)
	}
}

// work sums a model's records into lines, in the order of the closed lists.
func (l *lineage) work(m meter.ModelRef, path string) []Work {
	sums := sumWork(l.records[m])
	slices.SortFunc(sums, func(a, b workSum) int {
		return cmp.Or(cmp.Compare(slices.Index(meter.Activities(), a.activity), slices.Index(meter.Activities(), b.activity)),
			cmp.Compare(b.weights, a.weights), cmp.Compare(a.generator, b.generator), cmp.Compare(a.published, b.published))
	})
	for i, sum := range sums {
		l.grades[fmt.Sprintf("%s[%d]", path, i)] = sum.grade
	}
	out := linesOf(sums)
	if !Begun(l.records[m]) {
		out = append(out, unrecordedBeginning())
	}
	return out
}

func ofYesNo(s string) *bool {
	if s == "" {
		return nil
	}
	yes := s == "true"
	return &yes
}

// parents writes the parents of a model; each model stands in full once, those
// past the generations that nest in ancestors.
func (l *lineage) parents(m meter.ModelRef, path string, generation int) []Parent {
	out := []Parent{}
	grade := l.grade(m)
	for i, p := range parentsOf(l.records[m]) {
		at := fmt.Sprintf("%s[%d]", path, i)
		parent := Parent{Model: p.Model, Relation: p.Relation}
		l.grades[at] = grade
		_, known := l.records[p.Model]
		switch {
		case !known || l.written[p.Model]:
		case generation > maxGenerations:
			l.written[p.Model], l.naming[p.Model] = true, grade
			l.behind = append(l.behind, p.Model)
		default:
			l.written[p.Model] = true
			parent.Operations = &Amount{Work: l.work(p.Model, at+".operations")}
			parent.Parents = l.parents(p.Model, at+".parents", generation+1)
		}
		out = append(out, parent)
	}
	return out
}

// ancestors writes the models that stand deeper than lists of parents nest.
func (l *lineage) ancestors() []Parent {
	var out []Parent
	for i := 0; i < len(l.behind); i++ {
		m, at := l.behind[i], fmt.Sprintf("ancestors[%d]", i)
		l.grades[at] = l.naming[m]
		out = append(out, Parent{Model: m, Operations: &Amount{Work: l.work(m, at+".operations")}, Parents: l.parents(m, at+".parents", maxGenerations+1)})
	}
	return out
}

// generators writes the models whose data the lineage was trained on.
func (l *lineage) generators(root meter.ModelRef) []Generator {
	out := []Generator{}
	seen := map[meter.ModelRef]bool{}
	for _, m := range l.carried(root) {
		for _, name := range l.namedBy(m) {
			if seen[name] {
				continue
			}
			seen[name] = true
			out = append(out, l.generator(name, l.grade(m), fmt.Sprintf("synthetic_data[%d]", len(out))))
		}
	}
	return out
}

func (l *lineage) generator(name meter.ModelRef, grade meter.Grade, at string) Generator {
	g := Generator{Generator: name}
	l.grades[at] = grade
	if _, known := l.records[name]; !known && !l.written[name] {
		if records, found := l.lookup(name); found {
			l.records[name] = records
		}
	}
	if _, known := l.records[name]; known && !l.written[name] {
		l.written[name] = true
		g.TrainingOperations = &Amount{Work: l.work(name, at+".training_operations")}
		g.Parents = l.parents(name, at+".parents", 1)
	}
	return g
}

// namedBy returns the generators that a model's records name.
func (l *lineage) namedBy(m meter.ModelRef) []meter.ModelRef {
	var out []meter.ModelRef
	seen := map[meter.ModelRef]bool{"": true}
	add := func(name meter.ModelRef) {
		if !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	for _, r := range l.records[m] {
		if generating(r.Activity) {
			add(r.Generator)
		}
		for _, p := range r.Parents {
			if teaches(p.Relation) {
				add(p.Model)
			}
		}
	}
	return out
}

// namesGenerator reports whether some of the records name a generator.
func namesGenerator(records []meter.Record) bool {
	return slices.ContainsFunc(records, func(r meter.Record) bool {
		return generating(r.Activity) && r.Generator != "" || slices.ContainsFunc(r.Parents, func(p meter.Parent) bool { return teaches(p.Relation) })
	})
}

func teaches(r meter.Relation) bool { return r == meter.DistillsFrom || r == meter.TrainsOnOutput }

// carried returns root and the ancestors whose weights went into it.
func (l *lineage) carried(root meter.ModelRef) []meter.ModelRef {
	out, seen := []meter.ModelRef{root}, map[meter.ModelRef]bool{root: true}
	for i := 0; i < len(out); i++ {
		for _, p := range parentsOf(l.records[out[i]]) {
			if !teaches(p.Relation) && !seen[p.Model] {
				seen[p.Model] = true
				out = append(out, p.Model)
			}
		}
	}
	return out
}

// grade is the lowest grade of a model's records.
func (l *lineage) grade(m meter.ModelRef) meter.Grade {
	lowest := meter.Grade("")
	for _, r := range l.records[m] {
		lowest = meter.LowestGrade(lowest, r.Grade)
	}
	if lowest == "" {
		return meter.GradeDeclared
	}
	return lowest
}
