package fdp

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// contradiction is one thing in a facts document that cannot be so.
type contradiction struct{ path, message string }

// modelFacts is what the document says about one model, wherever it says it:
// equal names are one model.
type modelFacts struct {
	ref         meter.ModelRef
	path        string // of the entry that names it first
	publication stated[Publication]
	amount      stated[*Amount]
	parents     stated[[]Parent] // nil value: not known
	facts       map[string]stated[string]
}

// stated is a value and the path at which it stands; no path, not stated.
type stated[T any] struct {
	value T
	path  string
}

// models joins all entries of the document by model name. The root stands under
// its own name, or under "" when it has none.
func (f Facts) models() (map[meter.ModelRef]*modelFacts, *contradiction) {
	joined := map[meter.ModelRef]*modelFacts{}
	root := &modelFacts{ref: f.Model, publication: state(f.Weights.Publication, "weights.publication")}
	if f.Parents != nil {
		root.parents = state(f.Parents, "parents")
	}
	joined[f.Model] = root
	if c := joinParents(joined, f.Parents, "parents"); c != nil {
		return nil, c
	}
	for i, g := range f.SyntheticData {
		path := fmt.Sprintf("synthetic_data[%d]", i)
		entry := modelFacts{ref: g.Generator, path: path, publication: state(g.WeightsPublished, path+".weights_published")}
		if g.Generator != f.Model { // the root's own work stands in operations
			entry.amount = state(g.TrainingOperations, path+".training_operations")
		}
		if c := joinOne(joined, entry, g.Parents, path+".parents"); c != nil {
			return nil, c
		}
	}
	for i, p := range f.Ancestors {
		if c := misplaced(f.Model, p, fmt.Sprintf("ancestors[%d]", i)); c != nil {
			return nil, c
		}
	}
	if c := joinParents(joined, f.Ancestors, "ancestors"); c != nil {
		return nil, c
	}
	return joined, acyclic(joined)
}

// misplaced: an entry of ancestors says what a model is, not who comes from it.
func misplaced(root meter.ModelRef, p Parent, at string) *contradiction {
	switch {
	case p.Relation != "":
		return &contradiction{at + ".relation", fmt.Sprintf("%s has a relation here: it stands in the list of parents that names %s; leave it out", p.Model, p.Model)}
	case p.Model == root:
		return &contradiction{at + ".model", fmt.Sprintf("%s is the model of this document: it is no ancestor of itself", p.Model)}
	}
	return nil
}

func state[T any](value T, path string) stated[T] {
	if reflect.ValueOf(&value).Elem().IsZero() {
		return stated[T]{}
	}
	return stated[T]{value, path}
}

func joinParents(joined map[meter.ModelRef]*modelFacts, parents []Parent, path string) *contradiction {
	type edge struct {
		model    meter.ModelRef
		relation meter.Relation
	}
	seen := map[edge]bool{}
	for i, p := range parents {
		at := fmt.Sprintf("%s[%d]", path, i)
		if seen[edge{p.Model, p.Relation}] {
			return &contradiction{at + ".model", fmt.Sprintf("%s stands twice in this list with the same relation; keep one entry", p.Model)}
		}
		seen[edge{p.Model, p.Relation}] = true
		entry := modelFacts{ref: p.Model, path: at, publication: state(p.Publication, at+".publication"), amount: state(p.Operations, at+".operations"),
			facts: map[string]stated[string]{
				"convention": state(p.Convention, at+".convention"), "provider": state(p.Provider, at+".provider"),
				"systemic_risk":        state(yesNo(p.SystemicRisk), at+".systemic_risk"),
				"operations_estimable": state(yesNo(p.Estimable), at+".operations_estimable"),
			}}
		if c := joinOne(joined, entry, p.Parents, at+".parents"); c != nil {
			return c
		}
	}
	return nil
}

func yesNo(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "true"
	}
	return "false"
}

func joinOne(joined map[meter.ModelRef]*modelFacts, entry modelFacts, parents []Parent, path string) *contradiction {
	if parents != nil {
		entry.parents = state(parents, path)
	}
	have, found := joined[entry.ref]
	if !found {
		joined[entry.ref] = &entry
	} else if c := have.join(entry); c != nil {
		return c
	}
	return joinParents(joined, parents, path)
}

// join adds what entry says; what both say must agree.
func (m *modelFacts) join(entry modelFacts) *contradiction {
	disagree := func(what, a, at, b, bt string) *contradiction {
		return &contradiction{bt, fmt.Sprintf("%s of %s is %s here and %s at %s: equal names are one model; make the two entries agree, or leave one out", what, m.ref, b, a, at)}
	}
	if !agree(m.publication, entry.publication) {
		return disagree("publication", string(m.publication.value), m.publication.path, string(entry.publication.value), entry.publication.path)
	}
	if m.amount.path != "" && entry.amount.path != "" {
		if !reflect.DeepEqual(m.amount.value, entry.amount.value) {
			return disagree("number of operations", m.amount.value.String(), m.amount.path, entry.amount.value.String(), entry.amount.path)
		}
		if m.amount.value.Total != nil && (len(m.parents.value) > 0) != (len(entry.parents.value) > 0) {
			return disagree("number of operations", "one that", m.amount.path, "one that means its own work alone in the entry that lists parents, and its whole lineage in the other", entry.amount.path)
		}
	}
	if m.parents.path != "" && entry.parents.path != "" && !sameEdges(m.parents.value, entry.parents.value) {
		return disagree("list of parents", "another", m.parents.path, "one", entry.parents.path)
	}
	for name, value := range entry.facts {
		if !agree(m.facts[name], value) {
			return disagree(name, m.facts[name].value, m.facts[name].path, value.value, value.path)
		}
	}
	m.publication, m.amount = first(m.publication, entry.publication), first(m.amount, entry.amount)
	m.parents = first(m.parents, entry.parents)
	if m.facts == nil {
		m.facts = map[string]stated[string]{}
	}
	for name, value := range entry.facts {
		m.facts[name] = first(m.facts[name], value)
	}
	return nil
}

func agree[T comparable](a, b stated[T]) bool {
	return a.path == "" || b.path == "" || a.value == b.value
}

func first[T any](a, b stated[T]) stated[T] {
	if a.path == "" {
		return b
	}
	return a
}

func sameEdges(a, b []Parent) bool {
	key := func(p Parent) string { return string(p.Model) + ":" + string(p.Relation) }
	ka, kb := []string{}, []string{}
	for _, p := range a {
		ka = append(ka, key(p))
	}
	for _, p := range b {
		kb = append(kb, key(p))
	}
	slices.Sort(ka)
	slices.Sort(kb)
	return slices.Equal(ka, kb)
}

// String returns the amount for people.
func (a *Amount) String() string {
	switch {
	case a == nil:
		return "unknown"
	case a.Total != nil:
		return a.Total.String()
	}
	return fmt.Sprintf("a list of %d lines of work", len(a.Work))
}

// acyclic refuses a model that descends from itself.
func acyclic(joined map[meter.ModelRef]*modelFacts) *contradiction {
	done := map[meter.ModelRef]bool{}
	for _, ref := range sortedKeys(joined) {
		if done[ref] {
			continue
		}
		if c := cycle(joined, joined[ref], done); c != nil {
			return c
		}
	}
	return nil
}

// cycle looks behind one model; it keeps its own stack, like walk.
func cycle(joined map[meter.ModelRef]*modelFacts, from *modelFacts, done map[meter.ModelRef]bool) *contradiction {
	type frame struct {
		m    *modelFacts
		next int
	}
	open := map[meter.ModelRef]bool{from.ref: true}
	for path := []frame{{m: from}}; len(path) > 0; {
		top := &path[len(path)-1]
		m := top.m
		if top.next == len(m.parents.value) {
			delete(open, m.ref)
			done[m.ref] = true
			path = path[:len(path)-1]
			continue
		}
		name := m.parents.value[top.next].Model
		if open[name] {
			return &contradiction{fmt.Sprintf("%s[%d]", m.parents.path, top.next), fmt.Sprintf("%s comes from %s, which comes from it: a model comes after its parents; correct one of the two", m.ref, name)}
		}
		top.next++
		if !done[name] {
			open[name] = true
			path = append(path, frame{m: joined[name]})
		}
	}
	return nil
}

// contradiction returns the first thing that cannot be so, or nil.
func (f Facts) contradiction() *contradiction {
	if f.Weights.Leaked != nil && *f.Weights.Leaked && f.Weights.Publication == Published {
		return &contradiction{"weights.leaked", "published weights are not leaked: publication is what the developer did on purpose (Supp. 10 to Part 748); keep one of the two"}
	}
	if c := f.workContradiction(); c != nil {
		return c
	}
	_, c := f.models()
	return c
}

// generating are the activities whose work may name a generator.
func generating(a meter.Activity) bool {
	return a == meter.SyntheticData || a == meter.TeacherInference || a == meter.TeacherTraining || a == meter.Rollout
}

func (f Facts) workContradiction() *contradiction {
	unpublished, published := map[meter.ModelRef]string{}, map[meter.ModelRef]string{}
	ran := map[meter.ModelRef]string{}
	for i, w := range f.Operations {
		path := fmt.Sprintf("operations[%d]", i)
		if w.Generator == "" {
			continue
		}
		if !generating(w.Activity) {
			return &contradiction{path + ".generator", fmt.Sprintf("%s has no generator: only synthetic-data, teacher-inference, teacher-training and rollout have one", w.Activity)}
		}
		if w.Activity != meter.TeacherTraining {
			ran[w.Generator] = path
		}
		switch yesNo(w.DataPublished) {
		case "true":
			published[w.Generator] = path + ".data_published"
		case "false":
			unpublished[w.Generator] = path + ".data_published"
		}
	}
	seen := map[meter.ModelRef]bool{}
	for i, g := range f.SyntheticData {
		path := fmt.Sprintf("synthetic_data[%d]", i)
		if seen[g.Generator] {
			return &contradiction{path + ".generator", fmt.Sprintf("%s stands twice: one entry per generating model", g.Generator)}
		}
		seen[g.Generator] = true
		if at, both := ran[g.Generator]; both && g.GenerationOperations != nil {
			return &contradiction{path + ".generation_operations", fmt.Sprintf("the generation by %s also stands at %s: work is written once; keep it in operations when this developer ran it, here when somebody else did", g.Generator, at)}
		}
		if c := sameData(g, path, published[g.Generator], unpublished[g.Generator]); c != nil {
			return c
		}
	}
	return nil
}

// sameData: the share is of one kind of data; a generator may have made both.
func sameData(g Generator, path, published, unpublished string) *contradiction {
	at := ""
	switch {
	case g.DataPublished == nil:
		return nil
	case *g.DataPublished && unpublished != "" && published == "":
		at = unpublished
	case !*g.DataPublished && published != "" && unpublished == "":
		at = published
	default:
		return nil
	}
	return &contradiction{path + ".data_published", fmt.Sprintf("the data of %s is %s here and the contrary at %s; make them agree", g.Generator, strings.NewReplacer("true", "published", "false", "unpublished").Replace(yesNo(g.DataPublished)), at)}
}
