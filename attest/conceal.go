package attest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest/disclosure"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// Field is a word for a kind of figure that a statement may hide: what --disclose
// and present take.
type Field struct {
	Name    string
	Meaning string
}

// Fields returns the figures that can be hidden, in the order of SPEC.md. Models,
// relations, activities, grades, convention, methods, products and the weights are
// always shown. Each threshold of [Thresholds] is a field too.
func Fields() []Field {
	return []Field{
		{fieldOperations, "exact operations: low, estimate and high of every line of work"},
		{fieldMagnitude, "the powers of ten between which the operations of a line lie"},
		{fieldThresholds, "whether the operations of the whole lineage are below a threshold; or one of them, as in " + Thresholds()[8].Name},
		{fieldRecords, "the number of records behind each line of work"},
		{fieldTokens, "tokens trained on, by model"},
		{fieldShape, "the model's shape: digests of its architecture files, and the formulas with their figures"},
		{fieldPeriod, "when the work was done"},
		{fieldLedger, "the head of the model's log, which tells its length"},
		{fieldCorrections, "what was corrected, with the figures before and after"},
		{fieldFindings, "findings, whose sentences may name figures"},
		{fieldCounts, "how many devices of each kind"},
		{fieldHosts, "the machines"},
		{fieldPlace, "the countries"},
		{fieldRuns, "ids of runs, and what of their hardware was not seen"},
	}
}

// The words of [Fields].
const (
	fieldOperations  = "operations"
	fieldMagnitude   = "magnitude"
	fieldThresholds  = "thresholds"
	fieldRecords     = "records"
	fieldTokens      = "tokens"
	fieldShape       = "shape"
	fieldPeriod      = "period"
	fieldLedger      = "ledger"
	fieldCorrections = "corrections"
	fieldFindings    = "findings"
	fieldCounts      = "hardware-counts"
	fieldHosts       = "hosts"
	fieldPlace       = "place"
	fieldRuns        = "runs"
)

// ValidField returns an error that lists the fields unless name is one of them, or
// the name of a threshold.
func ValidField(name string) error {
	var names []string
	for _, f := range Fields() {
		names = append(names, f.Name)
	}
	for _, t := range Thresholds() {
		if t.Name == name {
			return nil
		}
	}
	if slices.Contains(names, name) {
		return nil
	}
	return fmt.Errorf("field %q is not known: expected %s, or a threshold as in %s", clip(name), strings.Join(names, ", "), Thresholds()[8].Name)
}

// Detail is what a statement can hold of one model of the lineage beside its
// work, for whoever is to recompute it.
type Detail struct {
	Tokens       *meter.Ops // trained on, over all records; nil where a record that counts does not state them
	Derivation   []string   // sentences: which formula with which figures
	Architecture []string   // digests of the architecture files
}

// Concealed is a statement of which a part is hidden, and the disclosures of it.
// The disclosures belong to the holder: whoever has one can read what it hides.
type Concealed struct {
	Statement   Statement
	Disclosures []disclosure.Issued
}

// Conceal returns s with every figure hidden behind a salted digest (SPEC.md,
// "Selective disclosure") but those of the fields named. Random gives the salts; it
// must be crypto/rand. A determination cannot be concealed: it carries the facts
// that it was made from.
func Conceal(s Statement, clear []string, details map[meter.ModelRef]Detail, random io.Reader) (Concealed, error) {
	for _, name := range clear {
		if err := ValidField(name); err != nil {
			return Concealed{}, err
		}
	}
	c := concealer{Issuer: disclosure.Issuer{Random: random}, clear: clear}
	var predicate map[string]any
	var err error
	switch {
	case s.TrainingCompute != nil:
		predicate, err = c.compute(s.TrainingCompute.normal(), details)
	case s.Hardware != nil:
		predicate, err = c.hardware(s.Hardware.normal())
	default:
		return Concealed{}, fmt.Errorf("statement of type %s: nothing in it can be hidden: only training compute and hardware have figures that can", clip(s.PredicateType))
	}
	if err != nil {
		return Concealed{}, err
	}
	if err := c.Err(); err != nil {
		return Concealed{}, err
	}
	predicate[disclosure.KeyAlgorithm] = disclosure.Algorithm
	if predicate, err = tree(predicate); err != nil { // all keys sorted
		return Concealed{}, err
	}
	payload, err := canonical.Encode(struct {
		Type          string    `json:"_type"`
		Subjects      []Subject `json:"subject"`
		PredicateType string    `json:"predicateType"`
		Predicate     any       `json:"predicate"`
	}{s.Type, s.Subjects, s.PredicateType, predicate})
	if err != nil {
		return Concealed{}, err
	}
	parsed, err := ParseStatement(payload) // what leaves here can be read by every recipient
	if err != nil {
		return Concealed{}, err
	}
	all := make([]string, len(c.Made))
	for i, made := range c.Made {
		all[i] = made.Text
	}
	if _, err := parsed.Disclose(all); err != nil {
		return Concealed{}, err
	}
	return Concealed{parsed, c.Made}, nil
}

type concealer struct {
	disclosure.Issuer
	clear []string
}

func (c *concealer) shown(field string) bool { return slices.Contains(c.clear, field) }

// put writes members of an object: in the open where the field is shown.
func (c *concealer) put(object map[string]any, path string, members ...disclosure.Member) {
	var hidden []disclosure.Member
	for _, m := range members {
		if c.shown(m.Field) || m.Field == "" {
			object[m.Name] = m.Value
			continue
		}
		hidden = append(hidden, m)
	}
	c.Hide(object, path, hidden)
}

// elements writes a list: in the open where the field is shown.
func (c *concealer) elements(object map[string]any, field, name string, values []any) {
	if !c.shown(field) {
		values = c.HideElements(field, name, values)
	}
	object[name] = values
}

func anyList[T any](in []T) []any {
	out := make([]any, len(in))
	for i, v := range in {
		out[i] = v
	}
	return out
}

func (c *concealer) compute(p TrainingCompute, details map[meter.ModelRef]Detail) (map[string]any, error) {
	out := map[string]any{"model": p.Model, "weights": p.Weights, "convention": p.Convention, "methods": p.Methods,
		"completeness": p.Completeness, "tool": p.Tool, "createdAt": p.CreatedAt}
	lineage := map[string]any{"missing": p.Lineage.Missing}
	lineage["models"] = c.models("lineage.models", p.Lineage.Models, details)
	if len(p.Lineage.Generators) > 0 {
		lineage["generators"] = c.models("lineage.generators", p.Lineage.Generators, details)
	}
	out["lineage"] = lineage
	c.elements(out, fieldCorrections, "corrections", anyList(p.Corrections))
	c.elements(out, fieldFindings, "findings", anyList(p.Findings))
	thresholds := map[string]any{}
	total, err := p.total()
	if err != nil {
		return nil, err
	}
	var claims []disclosure.Member
	for _, t := range Thresholds() {
		field := t.Name
		if c.shown(fieldThresholds) {
			field = fieldThresholds
		}
		claims = append(claims, disclosure.Member{Field: field, Name: t.Name, Value: t.of(total)})
	}
	c.put(thresholds, "thresholds", claims...)
	out["thresholds"] = thresholds
	c.put(out, "", disclosure.Member{Field: fieldPeriod, Name: "period", Value: p.Period}, disclosure.Member{Field: fieldLedger, Name: "ledger", Value: p.Ledger})
	return out, nil
}

func (c *concealer) models(at string, models []LineageModel, details map[meter.ModelRef]Detail) []any {
	all := []any{}
	for i, m := range models {
		path := fmt.Sprintf("%s[%d]", at, i)
		work := []any{}
		for j, w := range m.Work {
			work = append(work, c.work(fmt.Sprintf("%s.work[%d]", path, j), w))
		}
		d := details[m.Model]
		object := map[string]any{"model": m.Model, "parents": m.Parents, "work": work}
		c.put(object, path, disclosure.Member{Field: fieldTokens, Name: "tokens", Value: d.Tokens},
			disclosure.Member{Field: fieldShape, Name: "derivation", Value: list(d.Derivation)},
			disclosure.Member{Field: fieldShape, Name: "architecture", Value: list(d.Architecture)})
		all = append(all, object)
	}
	return all
}

func (c *concealer) work(path string, w Work) map[string]any {
	line := map[string]any{"activity": w.Activity, "weights": w.Weights}
	if w.Generator != "" {
		line["generator"] = w.Generator
	}
	if w.DataPublished != nil {
		line["dataPublished"] = *w.DataPublished
	}
	if w.NeverStarted {
		line["neverStarted"] = true
	}
	if w.Grade != "" {
		line["grade"] = w.Grade
	}
	c.put(line, path,
		disclosure.Member{Field: fieldOperations, Name: "operations", Value: w.Interval},
		disclosure.Member{Field: fieldMagnitude, Name: "atLeast", Value: powerBelow(w.Low)},
		disclosure.Member{Field: fieldMagnitude, Name: "atMost", Value: powerAbove(w.High)},
		disclosure.Member{Field: fieldRecords, Name: "records", Value: w.Records})
	return line
}

func (c *concealer) hardware(p Hardware) (map[string]any, error) {
	out := map[string]any{"model": p.Model, "models": p.Models, "tool": p.Tool, "createdAt": p.CreatedAt}
	devices := []any{}
	for i, d := range p.Devices {
		object, err := tree(d)
		if err != nil {
			return nil, err
		}
		delete(object, "count")
		c.put(object, fmt.Sprintf("devices[%d]", i), disclosure.Member{Field: fieldCounts, Name: "count", Value: d.Count})
		devices = append(devices, object)
	}
	out["devices"] = devices
	c.elements(out, fieldHosts, "hosts", anyList(p.Hosts))
	c.elements(out, fieldPlace, "place", anyList(p.Place))
	c.elements(out, fieldRuns, "runs", anyList(p.Runs))
	c.elements(out, fieldRuns, "notSeen", anyList(p.NotSeen))
	return out, nil
}

// tree returns v as the tree of its JSON.
func tree(v any) (out map[string]any, err error) {
	data, err := canonical.Encode(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	err = dec.Decode(&out)
	return out, err
}
