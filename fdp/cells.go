package fdp

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// technicalNote3 reports whether generated data comes in by the items of ECCN
// 4E091's Technical Note 3; otherwise the counting table decides on it.
func (p *pack) technicalNote3() bool { return p.Synthetic.ShareMoreThan != "" }

// countingOptions are the options on which a number may depend.
func (p *pack) countingOptions() []string {
	var out []string
	if p.technicalNote3() {
		out = append(out, optionsOfCode...)
	}
	add := func(c cell) {
		if c.Option != "" {
			out = append(out, c.Option)
		}
		for _, r := range c.And {
			out = append(out, r.Option)
		}
	}
	for _, row := range p.Activities {
		add(row.cell())
		if row.Systemic != nil {
			add(*row.Systemic)
		}
	}
	for _, row := range p.Relations {
		add(row.cell())
		if row.Another != nil {
			add(*row.Another)
		}
	}
	add(cell{Option: p.Discarded.Option})
	if _, found := p.named["modification_operations"]; found {
		out = append(out, aggregationOption)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// requirements are the readings under which a cell that goes by options counts.
func (c cell) requirements() []reading {
	if c.Counts != "option" {
		return nil
	}
	return append([]reading{{c.Option, c.When}}, c.And...)
}

// counted applies a cell to a part: whether it counts, and an open one in the high
// total only. Every option of the cell is asked for, whatever the others say.
func (c *chooser) counted(k cell, p *part, w Work, at string) bool {
	if k.Data == "published-open" && !isFalse(w.DataPublished) {
		path, reason := at+".activity", ReasonOpen
		if w.DataPublished == nil {
			path, reason = at+".data_published", ReasonUnknown
		}
		*p = p.openFor(path, reason)
		return true
	}
	switch k.Counts {
	case "yes":
	case "open":
		*p = p.open(at + ".activity")
	case "option":
		for _, r := range k.requirements() {
			if c.option(r.Option) != r.Value {
				return false
			}
		}
	default:
		return false
	}
	if k.Data != "unpublished" {
		return true
	}
	if w.DataPublished == nil {
		*p = p.openFor(at+".data_published", ReasonUnknown)
	}
	return !isTrue(w.DataPublished)
}

func isFalse(b *bool) bool { return b != nil && !*b }

// activityCell is the cell of an activity: of two, that of the original model.
func (c *chooser) activityCell(a meter.Activity) cell {
	row := c.e.pack.activity[a]
	if row.Systemic == nil {
		return row.cell()
	}
	systemic := c.e.originalSystemic("")
	if c.truth("systemic risk of the original", systemic.verdict, systemic.missing) {
		return *row.Systemic
	}
	return row.cell()
}

// carries says whether entry i of a list of parents carries its operations.
func (c *chooser) carries(list stated[[]Parent], i int) bool {
	relation := list.value[i].Relation
	if relation == "" {
		return c.openEdge(list, i, ReasonUnknown)
	}
	row := c.e.pack.relation[relation]
	k := row.cell()
	if row.Another != nil {
		another := c.e.another(list, i)
		theirs := another.verdict == Applies
		if another.verdict == Undetermined {
			theirs = c.truth(another.missing[0].Path, Undetermined, another.missing)
		}
		if theirs {
			k = *row.Another
		}
	}
	switch k.Counts {
	case "yes":
		return true
	case "open":
		return c.openEdge(list, i, ReasonOpen)
	case "option":
		return !slices.ContainsFunc(k.requirements(), func(r reading) bool { return c.option(r.Option) != r.Value })
	}
	return false
}

// openEdge tries an entry of a list of parents both ways.
func (c *chooser) openEdge(list stated[[]Parent], i int, reason string) bool {
	missing := []Missing{{Path: relationPath(list, i), Reason: reason}}
	return c.truth(missing[0].Path, Undetermined, missing)
}

func relationPath(list stated[[]Parent], i int) string {
	return fmt.Sprintf("%s[%d].relation", list.path, i)
}

// edge applies the relation table without choosing: what is open stays open.
func (e *evaluation) edge(list stated[[]Parent], i int) (Verdict, []Missing) {
	relation := list.value[i].Relation
	if relation == "" {
		return Undetermined, []Missing{{Path: relationPath(list, i), Reason: ReasonUnknown}}
	}
	row := e.pack.relation[relation]
	verdict, missing := e.cell(row.cell(), list, i)
	if row.Another == nil {
		return verdict, missing
	}
	another := e.another(list, i)
	if another.verdict == DoesNotApply {
		return verdict, missing
	}
	theirs, theirMissing := e.cell(*row.Another, list, i)
	switch {
	case another.verdict == Applies:
		return theirs, theirMissing
	case verdict == theirs && verdict != Undetermined:
		return verdict, nil
	}
	return Undetermined, slices.Concat(another.missing, missing, theirMissing)
}

func (e *evaluation) cell(k cell, list stated[[]Parent], i int) (Verdict, []Missing) {
	switch k.Counts {
	case "yes":
		return Applies, nil
	case "open":
		return Undetermined, []Missing{{Path: relationPath(list, i), Reason: ReasonOpen}}
	case "option":
		verdict := Applies
		var missing []Missing
		for _, r := range k.requirements() {
			switch value := e.consult(r.Option); value {
			case r.Value:
			case "":
				verdict = verdict.And(Undetermined)
				missing = append(missing, Missing{Path: "options." + r.Option, Reason: ReasonOption})
			default:
				verdict = DoesNotApply
			}
		}
		if verdict != Undetermined {
			missing = nil
		}
		return verdict, missing
	}
	return DoesNotApply, nil
}

// another says whether a parent is another provider's model. Where that is not
// stated, a model that continues an earlier version of the same org/name is the
// same provider's: one training in stages (SPEC.md, F13).
func (e *evaluation) another(list stated[[]Parent], i int) outcome {
	name := list.value[i].Model
	if p := e.models[name].facts["provider"]; p.path != "" {
		return outcome{verdict: verdictOf(p.value == "other"), steps: []Step{{p.path, p.value, e.facts.grade(p.path), ""}}}
	}
	if list.value[i].Relation == meter.Continues && family(e.childOf(list)) == family(name) {
		return outcome{verdict: DoesNotApply}
	}
	return outcome{missing: []Missing{{Path: fmt.Sprintf("%s[%d].provider", list.path, i), Reason: ReasonUnknown}}}
}

// childOf is the model whose parents a list holds.
func (e *evaluation) childOf(list stated[[]Parent]) meter.ModelRef {
	if e.shared.children == nil {
		e.shared.children = map[string]meter.ModelRef{}
		for ref, m := range e.models {
			if m.parents.path != "" {
				e.shared.children[m.parents.path] = ref
			}
		}
	}
	return e.shared.children[list.path]
}

// ownByOriginal reports whether what counts of the model's own work depends on the
// model that it came from.
func (p *pack) ownByOriginal() bool {
	return slices.ContainsFunc(p.Activities, func(r activityRow) bool { return r.Systemic != nil })
}

// generationCite is the paragraph by which generated data counts.
func (p *pack) generationCite() string {
	if p.technicalNote3() {
		return p.Synthetic.Cite.Reference
	}
	return p.activity[meter.SyntheticData].Cite.Reference
}
