package fdp

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// maxGenerations is how many lists of parents nest in the canonical form. What
// stands deeper stands in ancestors, so that no lineage nests a document deeper
// than a reader of JSON allows (SPEC.md, F10).
const maxGenerations = 8

// flat returns the canonical form of f: f itself where nothing nests too deep.
// Grades move with what they are about.
func (f Facts) flat() Facts {
	tooDeep := nestsBeyond(f.Parents, maxGenerations) || nestsBeyond(f.Ancestors, 1)
	for _, g := range f.SyntheticData {
		tooDeep = tooDeep || nestsBeyond(g.Parents, maxGenerations)
	}
	if !tooDeep {
		return f
	}
	h := &hoister{facts: f, at: map[meter.ModelRef]int{}, grades: map[string]meter.Grade{}, moved: map[string]place{}}
	for i, p := range f.Ancestors {
		h.at[p.Model] = i
		h.ancestors = append(h.ancestors, p)
	}
	out := f
	out.Parents = h.list(f.Parents, "parents", "parents", 1)
	out.SyntheticData = append([]Generator(nil), f.SyntheticData...)
	if f.SyntheticData != nil && out.SyntheticData == nil {
		out.SyntheticData = []Generator{}
	}
	for i := range out.SyntheticData {
		at := fmt.Sprintf("synthetic_data[%d].parents", i)
		out.SyntheticData[i].Parents = h.list(f.SyntheticData[i].Parents, at, at, 1)
	}
	for i, p := range f.Ancestors {
		at := fmt.Sprintf("ancestors[%d].parents", i)
		h.give(i, h.list(p.Parents, at, at, maxGenerations+1))
	}
	out.Ancestors = h.ancestors
	out.grades = h.rebased()
	return out
}

// nestsBeyond reports whether facts about a model stand below that many lists.
func nestsBeyond(parents []Parent, lists int) bool {
	for _, p := range parents {
		if lists == 0 && !bare(p) || nestsBeyond(p.Parents, max(lists-1, 0)) {
			return true
		}
	}
	return false
}

// bare: an entry that only names a model and its relation.
func bare(p Parent) bool {
	p.Model, p.Relation = "", ""
	return reflect.ValueOf(p).IsZero()
}

// hoister moves what nests too deep to ancestors.
type hoister struct {
	facts     Facts
	ancestors []Parent
	at        map[meter.ModelRef]int // in ancestors
	moved     map[string]place       // by the path of an entry before
	grades    map[string]meter.Grade
}

// place is where an entry went: its edge, and its facts where they went apart.
type place struct{ edge, facts string }

func (h *hoister) list(parents []Parent, from, to string, generation int) []Parent {
	if parents == nil {
		return nil
	}
	out := make([]Parent, len(parents))
	for i, p := range parents {
		old, edge := fmt.Sprintf("%s[%d]", from, i), fmt.Sprintf("%s[%d]", to, i)
		switch {
		case generation <= maxGenerations:
			p.Parents = h.list(p.Parents, old+".parents", edge+".parents", generation+1)
			out[i] = p
		default:
			out[i] = Parent{Model: p.Model, Relation: p.Relation}
			h.hoist(p, old, edge)
		}
	}
	return out
}

// hoist lays the facts of an entry into the one of its model in ancestors.
func (h *hoister) hoist(p Parent, old, edge string) {
	h.moved[old] = place{edge: edge}
	grade := h.facts.grade(old)
	h.lower(edge, grade)
	if bare(p) {
		return
	}
	i, found := h.at[p.Model]
	if !found {
		i = len(h.ancestors)
		h.at[p.Model] = i
		h.ancestors = append(h.ancestors, Parent{Model: p.Model})
	}
	to := fmt.Sprintf("ancestors[%d]", i)
	h.moved[old] = place{edge, to}
	h.lower(to, grade)
	have, given := reflect.ValueOf(&h.ancestors[i]).Elem(), reflect.ValueOf(p)
	for f := range given.NumField() {
		switch name := given.Type().Field(f).Name; {
		case name == "Relation" || name == "Parents":
		case have.Field(f).IsZero():
			have.Field(f).Set(given.Field(f))
		}
	}
	h.give(i, h.list(p.Parents, old+".parents", to+".parents", maxGenerations+1))
}

// give sets the parents of an ancestor; those it has already are the same.
func (h *hoister) give(i int, parents []Parent) {
	if h.ancestors[i].Parents == nil || !nestsNothing(h.ancestors[i].Parents) {
		h.ancestors[i].Parents = parents
	}
}

func nestsNothing(parents []Parent) bool { return !nestsBeyond(parents, 0) }

func (h *hoister) lower(path string, g meter.Grade) {
	if have, found := h.grades[path]; found {
		g = meter.LowestGrade(have, g)
	}
	h.grades[path] = g
}

// rebased are the grades at the new paths.
func (h *hoister) rebased() map[string]meter.Grade {
	if len(h.facts.grades) == 0 {
		return h.facts.grades
	}
	for p, g := range h.facts.grades {
		entry := p
		for entry != "" {
			if _, found := h.moved[entry]; found {
				break
			}
			entry = entry[:max(strings.LastIndexAny(entry, ".["), 0)]
		}
		to, rest := h.moved[entry], p[len(entry):]
		switch {
		case entry == "":
			h.lower(p, g)
		case rest == "": // hoist has done it
		case to.facts == "" || rest == ".model" || rest == ".relation":
			h.lower(to.edge+rest, g)
		default:
			h.lower(to.facts+rest, g)
		}
	}
	return h.grades
}
