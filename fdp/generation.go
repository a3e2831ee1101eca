package fdp

import (
	"fmt"

	"github.com/weighbridge/weighbridge/meter"
)

// Where no Technical Note 3 stands between, generated data comes in by the
// counting table: what somebody else spent on generating it, as synthetic data;
// and what trained the generator, as the relation trains-on-output-of says.

// tableGeneration adds the generators of synthetic_data; models in counted have
// been counted already.
func (c *chooser) tableGeneration(counted map[meter.ModelRef]bool) []part {
	k, training := c.activityCell(meter.SyntheticData), c.e.pack.relation[meter.TrainsOnOutput].cell()
	if c.e.facts.SyntheticData == nil {
		p := newPart("synthetic_data", nil)
		if training.Counts == "no" && !c.counted(cell{Counts: k.Counts, Option: k.Option, When: k.When, And: k.And}, &p, Work{}, "synthetic_data") {
			return nil
		}
		p.missing = []Missing{{Path: "synthetic_data", Reason: ReasonUnknown}}
		return []part{p}
	}
	var out []part
	for i, g := range c.e.facts.SyntheticData {
		at := fmt.Sprintf("synthetic_data[%d]", i)
		out = append(out, c.generatedElsewhere(k, g, at)...)
		if training.Counts != "no" {
			out = append(out, c.teacherTraining(training, g, at, counted)...)
		}
	}
	return out
}

// generatedElsewhere is what another party spent on generating g's data. What the
// developer spent stands in operations.
func (c *chooser) generatedElsewhere(k cell, g Generator, at string) []part {
	as := Work{Activity: meter.SyntheticData, DataPublished: g.DataPublished}
	switch {
	case isTrue(g.DataPublished) && k.Data == "unpublished":
		return nil
	case g.GenerationOperations == nil:
		if len(c.e.linesBy(g.Generator)) > 0 {
			return nil
		}
		p := newPart(at+".generation_operations", nil)
		if !c.counted(k, &p, as, at) {
			return nil
		}
		return []part{p}
	case g.GenerationOperations.Total != nil:
		p := newPart(at+".generation_operations", g.GenerationOperations.Total)
		if !c.counted(k, &p, as, at) {
			return nil
		}
		return []part{p}
	}
	out := c.work(g.GenerationOperations.Work, at+".generation_operations")
	for i := range out { // each line by its row, and all by whether the data was published
		switch {
		case k.Data != "" && g.DataPublished == nil:
			out[i] = out[i].openFor(at+".data_published", ReasonUnknown)
		case k.Data == "published-open" && isTrue(g.DataPublished):
			out[i] = out[i].open(at + ".activity")
		}
	}
	return out
}

// teacherTraining is what trained a generator that is not among the ancestors. The
// tables say at most that it is open: it stands in the high total only.
func (c *chooser) teacherTraining(k cell, g Generator, at string, counted map[meter.ModelRef]bool) []part {
	m := c.e.models[g.Generator]
	if counted[m.ref] || g.Generator == c.e.facts.Model {
		return nil
	}
	counted[m.ref] = true
	parts := c.generatorParts(m, g.Generator, at)
	for _, a := range c.ancestors(m, nowhere) {
		if !counted[a.model.ref] {
			counted[a.model.ref] = true
			parts = append(parts, a.parts...)
		}
	}
	if k.Counts == "yes" {
		return parts
	}
	out := make([]part, len(parts))
	for i, p := range parts {
		out[i] = p.open(p.path)
	}
	return out
}
