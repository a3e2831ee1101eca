package fdp

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// generatorTotal is one data-generation model G of Technical Note 3. "Variants of the
// same model (different checkpoints, fine-tunes)" are one G: entries of one
// org/name, and entries that were fine-tuned from each other.
type generatorTotal struct {
	name       string
	entries    []int // indices into synthetic_data
	generation []part
	training   map[meter.ModelRef][]part
	refs       []meter.ModelRef // keys of training, in order
	secret     outcome          // its parameters were not published
}

// generatorTotals groups the entries of synthetic_data into models.
func (c *chooser) generatorTotals() []*generatorTotal {
	var out []*generatorTotal
	groups := c.e.generatorGroups()
	for i, g := range c.e.facts.SyntheticData {
		if groups[i] == len(out) {
			out = append(out, &generatorTotal{name: string(g.Generator), training: map[meter.ModelRef][]part{}, secret: outcome{verdict: DoesNotApply}})
		}
		s := out[groups[i]]
		s.entries = append(s.entries, i)
		s.generation = append(s.generation, c.generation(i)...)
		c.addTraining(s, g, fmt.Sprintf("synthetic_data[%d]", i))
		published := c.e.published(c.e.models[g.Generator].publication, fmt.Sprintf("synthetic_data[%d].weights_published", i))
		s.secret = combine([]outcome{s.secret, published.not()}, Applies)
	}
	return out
}

// generatorGroups numbers the model G of each entry: the first with an entry of
// the same org/name, or one that is a variant of this entry, or of which this is.
func (e *evaluation) generatorGroups() []int {
	if e.shared.groups != nil {
		return e.shared.groups
	}
	families, own, variants := map[string]int{}, map[meter.ModelRef]int{}, map[meter.ModelRef]int{}
	out, n := make([]int, len(e.facts.SyntheticData)), 0
	for i, g := range e.facts.SyntheticData {
		into := n
		if at, found := families[family(g.Generator)]; found {
			into = at
		}
		if at, found := variants[g.Generator]; found {
			into = min(into, at)
		}
		of := variantsOf(e.models[g.Generator])
		for _, m := range of {
			if at, found := own[m]; found {
				into = min(into, at)
			}
		}
		out[i], n = into, max(n, into+1)
		own[g.Generator] = into
		least(families, family(g.Generator), into)
		for _, m := range of {
			least(variants, m, into)
		}
	}
	e.shared.groups = out
	return out
}

func least[K comparable](m map[K]int, key K, value int) {
	if have, found := m[key]; !found || value < have {
		m[key] = value
	}
}

func family(m meter.ModelRef) string { name, _, _ := strings.Cut(string(m), "@"); return name }

// variantsOf are the models of which m is a variant.
func variantsOf(m *modelFacts) []meter.ModelRef {
	var out []meter.ModelRef
	for _, p := range m.parents.value {
		if slices.Contains([]meter.Relation{meter.Continues, meter.FineTunes, meter.Adapts, meter.Quantizes}, p.Relation) {
			out = append(out, p.Model)
		}
	}
	return out
}

// generation is what entry i's generator spent on generating the data: what
// somebody else ran, or the developer's own lines of work with this generator.
func (c *chooser) generation(i int) []part {
	g := c.e.facts.SyntheticData[i]
	path := fmt.Sprintf("synthetic_data[%d].generation_operations", i)
	if g.GenerationOperations != nil {
		return c.generated(*g.GenerationOperations, path)
	}
	out := c.linesOf(g.Generator, func(w Work) bool { return c.generatedBy(w, g.Generator) })
	if len(out) > 0 {
		return out
	}
	rollouts := c.linesOf(g.Generator, func(w Work) bool { return c.rolledOut(w, g.Generator) })
	if len(rollouts) > 0 && c.option("rl_rollouts") == "count_as_training" {
		return nil // they stand in the training operations already
	}
	return []part{newPart(path, nil)}
}

// line is a line of work and the list that it stands in.
type line struct {
	Work
	list string
	i    int
}

// linesOf returns the lines of work with generator g, of the model and of those
// whose work the document lists, that match.
func (c *chooser) linesOf(g meter.ModelRef, match func(Work) bool) []part {
	var out []part
	for _, l := range c.e.linesBy(g) {
		if match(l.Work) {
			out = append(out, workPart(l.Work, fmt.Sprintf("%s[%d]", l.list, l.i)))
		}
	}
	return out
}

// linesBy returns the lines of work that g generated. Where no generator is named
// they are the model's own.
func (e *evaluation) linesBy(g meter.ModelRef) []line {
	if e.shared.lines == nil {
		e.shared.lines = map[meter.ModelRef][]line{}
		add := func(lines []Work, path string) {
			for i, w := range lines {
				by := w.Generator
				if by == "" {
					by = e.facts.Model
				}
				e.shared.lines[by] = append(e.shared.lines[by], line{w, path, i})
			}
		}
		add(e.facts.Operations, "operations")
		for _, ref := range sortedKeys(e.models) {
			if a := e.models[ref].amount; a.path != "" {
				add(a.value.Work, a.path)
			}
		}
	}
	return e.shared.lines[g]
}

func workPart(w Work, at string) part {
	if w.Interval == nil {
		return newPart(at+".estimate", nil)
	}
	return newPart(at, w.Interval)
}

func (c *chooser) generated(a Amount, path string) []part {
	if a.Total != nil {
		return []part{newPart(path, a.Total)}
	}
	var out []part
	for i, w := range a.Work {
		out = append(out, workPart(w, fmt.Sprintf("%s[%d]", path, i)))
	}
	return out
}

// generatedBy: a line of generation for data that was not published. Roll-outs
// are one under the reading tn3_generation only.
func (c *chooser) generatedBy(w Work, g meter.ModelRef) bool {
	switch w.Activity {
	case meter.SyntheticData, meter.TeacherInference:
		return w.Generator == g && !isTrue(w.DataPublished)
	}
	return c.rolledOut(w, g) && c.option("rl_rollouts") == "tn3_generation"
}

// rolledOut: roll-outs of g that were not published. Where no generator is
// named they are the model's own.
func (c *chooser) rolledOut(w Work, g meter.ModelRef) bool {
	by := w.Generator
	if by == "" {
		by = c.e.facts.Model
	}
	return w.Activity == meter.Rollout && by == g && !isTrue(w.DataPublished)
}

func isTrue(b *bool) bool { return b != nil && *b }

// unattributed are lines of generation that name no generator: they may belong
// to any that triggers, so they count in high only.
func (c *chooser) unattributed() []part {
	var out []part
	for i, w := range c.e.facts.Operations {
		at := fmt.Sprintf("operations[%d]", i)
		if (w.Activity == meter.SyntheticData || w.Activity == meter.TeacherInference) && w.Generator == "" && !isTrue(w.DataPublished) {
			p := workPart(w, at)
			if p.interval == meter.Exact(meter.Ops{}) {
				continue // a run that never started: whoever it belongs to, nothing is added
			}
			p = p.open(at + ".generator")
			p.missing[0].Reason = ReasonUnknown
			out = append(out, p)
		}
	}
	return out
}

// maxLineages bounds generators times models: past it what lies behind a
// generator is not added up, and has no upper bound.
const maxLineages = 2_000_000

// addTraining adds the operations that trained a generator, each model of its
// lineage once. A teacher that the developer trained stands in operations.
func (c *chooser) addTraining(s *generatorTotal, g Generator, path string) {
	m := c.e.models[g.Generator]
	parts := c.generatorParts(m, g.Generator, path)
	if len(c.e.facts.SyntheticData)*len(c.e.models) > maxLineages {
		s.refs = append(s.refs, m.ref)
		s.training[m.ref] = append(slices.Clone(parts), newPart(path+".parents", nil))
		return
	}
	for _, a := range append([]ancestor{{m, parts}}, c.ancestors(m, nowhere)...) {
		if _, found := s.training[a.model.ref]; !found {
			s.refs = append(s.refs, a.model.ref)
			s.training[a.model.ref] = a.parts
		}
	}
}

func (c *chooser) generatorParts(m *modelFacts, g meter.ModelRef, path string) []part {
	if m.amount.path != "" || g == c.e.facts.Model {
		return c.statedParts(m)
	}
	out := c.linesOf(g, func(w Work) bool { return w.Activity == meter.TeacherTraining && w.Generator == g })
	if len(out) == 0 {
		return []part{newPart(path+".training_operations", nil)}
	}
	return out
}

func (c *chooser) statedParts(m *modelFacts) []part {
	if m.amount.path == "" { // the model itself: its work stands in operations
		return nil
	}
	return c.ownParts(m)
}

// published is the three-state test of 734.7(a) for a model of the lineage.
func (e *evaluation) published(p stated[Publication], path string) outcome {
	cite := e.pack.option["restricted_release_treatment"].Cite.Reference
	if p.path == "" {
		return outcome{missing: []Missing{{Path: path, Reason: ReasonUnknown}}}
	}
	o := outcome{verdict: verdictOf(p.value == Published), steps: []Step{{p.path, string(p.value), e.facts.grade(p.path), cite}}}
	if p.value != Restricted {
		return o
	}
	switch e.consult("restricted_release_treatment") {
	case string(Published):
		o.verdict = Applies
	case "not_published":
		o.verdict = DoesNotApply
	default:
		o.verdict = Undetermined
		o.missing = []Missing{{Path: "options.restricted_release_treatment", Reason: ReasonOption}}
	}
	return o
}

var one = big.NewRat(1, 1)

// share adds up, over the entries of s, the part of the operations that involves
// its data; with unpublishedOnly, its data that was not published. What is not
// stated makes an interval.
func (c *chooser) share(s *generatorTotal, unpublishedOnly bool) (low, high *big.Rat, missing []Missing) {
	low, high = new(big.Rat), new(big.Rat)
	for _, i := range s.entries {
		g := c.e.facts.SyntheticData[i]
		path := fmt.Sprintf("synthetic_data[%d]", i)
		if unpublishedOnly && isTrue(g.DataPublished) {
			continue
		}
		value, known := g.Share.Rat()
		if !known {
			high.Add(high, one)
			missing = append(missing, Missing{Path: path + ".share", Reason: ReasonUnknown})
		} else {
			high.Add(high, value)
		}
		switch {
		case unpublishedOnly && g.DataPublished == nil:
			missing = append(missing, Missing{Path: path + ".data_published", Reason: ReasonUnknown})
		case known:
			low.Add(low, value)
		}
	}
	return low, high, missing
}
