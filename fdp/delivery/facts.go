package delivery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// tree is a JSON object.
type tree = map[string]any

func parseTree(data []byte) (tree, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	out := tree{}
	return out, dec.Decode(&out)
}

// plainError takes the place out of an error about a document that nobody wrote
// in this form.
func plainError(err error) error {
	var at *fdp.DocumentError
	if errors.As(err, &at) {
		return errors.New(at.Message)
	}
	return err
}

// NewAnswer reads "path=value" as a command line gives it. The value of a list
// or a mapping is written as JSON.
func NewAnswer(text string) (Answer, error) {
	path, value, found := strings.Cut(text, "=")
	if !found || path == "" || value == "" {
		return Answer{}, fmt.Errorf("answer %.100q: expected PATH=VALUE, as in service.export_intended=false", text)
	}
	raw := json.RawMessage(value)
	structured := strings.HasPrefix(value, "[") || strings.HasPrefix(value, "{") || value == "true" || value == "false"
	if !structured {
		data, err := canonical.Encode(value)
		if err != nil {
			return Answer{}, err
		}
		raw = data
	} else {
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			return Answer{}, fmt.Errorf("answer %s: %.100q is no JSON: %w", path, value, err)
		}
		raw = compact.Bytes()
	}
	a := Answer{path, raw}
	_, err := a.facts()
	return a, err
}

// facts is a document that states the answer alone.
func (a Answer) facts() (fdp.Facts, error) {
	if a.Path == "" || len(a.Path) > 200 || strings.ContainsAny(a.Path, "[]") {
		return fdp.Facts{}, fmt.Errorf("path %.100q: expected the fields of a facts document divided by points; a list is answered whole", a.Path)
	}
	value, err := parseValue(a.Value)
	if err != nil {
		return fdp.Facts{}, fmt.Errorf("%s: %w", a.Path, err)
	}
	doc := tree{}
	if err := set(doc, a.Path, value); err != nil {
		return fdp.Facts{}, err
	}
	data, err := canonical.Encode(doc)
	if err != nil {
		return fdp.Facts{}, err
	}
	f, err := fdp.ParseFacts(data, "answer")
	return f, plainError(err)
}

// Numbers names the licence and the authorisation that the answers bring by their numbers,
// as in "the licence D1234567".
func (a Answered) Numbers() []string {
	var out []string
	for _, answer := range a.Answers {
		f, err := answer.facts()
		if err != nil {
			continue // validate says so
		}
		if l := f.Service.Licence; l != "" && l != "none" && l != "applied" {
			out = append(out, "the licence "+l)
		}
		if n := f.Service.Authorisation; n != "" && n != "none" {
			out = append(out, "the authorisation "+n)
		}
	}
	return out
}

func parseValue(raw json.RawMessage) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return nil, fmt.Errorf("value %.80q: %w", raw, err)
	}
	return value, nil
}

func set(doc tree, path string, value any) error {
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		inner, found := doc[name]
		if !found {
			inner = tree{}
			doc[name] = inner
		}
		next, isTree := inner.(tree)
		if !isTree {
			return fmt.Errorf("%s: %s is no mapping in the facts; answer the whole of it", path, name)
		}
		doc = next
	}
	doc[names[len(names)-1]] = value
	return nil
}

// Facts are what the delivery itself knows: what it was opened with, and the
// answers laid over it, the latest of each path.
func (d Delivery) Facts() (fdp.Facts, error) {
	doc, err := parseTree(d.Opened.Facts)
	if err != nil {
		return fdp.Facts{}, err
	}
	for _, e := range d.Entries {
		if e.Step.Answered == nil {
			continue
		}
		for _, a := range e.Step.Answered.Answers {
			value, err := parseValue(a.Value)
			if err == nil {
				err = set(doc, a.Path, value)
			}
			if err != nil {
				return fdp.Facts{}, fmt.Errorf("step %d: %w", e.Index, err)
			}
		}
	}
	return factsOf(doc)
}

func factsOf(doc tree) (fdp.Facts, error) {
	data, err := canonical.Encode(doc)
	if err != nil {
		return fdp.Facts{}, err
	}
	f, err := fdp.ParseFacts(data, "facts")
	return f, plainError(err)
}

// Join lays what the delivery knows over what a ledger does, which it may not
// overwrite. A plan stands in for the model's own work while the ledger has none
// (ledger is nil).
func (d Delivery) Join(ledger *fdp.Facts) (fdp.Facts, error) {
	own, err := d.Facts()
	if err != nil {
		return fdp.Facts{}, err
	}
	if own.Model == "" {
		own.Model = d.Opened.Model
	}
	if ledger != nil {
		return ledger.Merge(own)
	}
	if p := d.Opened.Plan; p != nil && own.Operations == nil {
		operations := p.Operations
		own.Operations = []fdp.Work{{Activity: p.Activity, Interval: &operations}}
	}
	return own, nil
}

// WhatIf lays another document over facts: here it may overwrite. Mappings are
// joined field by field, lists replaced.
func WhatIf(facts, over fdp.Facts) (fdp.Facts, error) {
	data, err := facts.Encode()
	if err != nil {
		return fdp.Facts{}, err
	}
	more, err := over.Encode()
	if err != nil {
		return fdp.Facts{}, err
	}
	base, err := parseTree(data)
	if err != nil {
		return fdp.Facts{}, err
	}
	top, err := parseTree(more)
	if err != nil {
		return fdp.Facts{}, err
	}
	layOver(base, top)
	out, err := factsOf(base)
	if err != nil {
		return fdp.Facts{}, fmt.Errorf("what-if: %w", err)
	}
	grades := facts.Grades()
	maps.DeleteFunc(grades, func(path string, _ meter.Grade) bool {
		first, _, _ := strings.Cut(strings.ReplaceAll(path, "[", "."), ".")
		_, replaced := top[first]
		return replaced
	})
	return out.WithGrades(grades), nil
}

func layOver(base, over tree) {
	for key, value := range over {
		inner, isTree := value.(tree)
		have, both := base[key].(tree)
		if isTree && both {
			layOver(have, inner)
			continue
		}
		base[key] = value
	}
}

// KeptFacts is the document that is kept as evidence of a decision: the facts,
// and the grades of those that are not declared.
type KeptFacts struct {
	Facts  json.RawMessage        `json:"facts"`
	Grades map[string]meter.Grade `json:"grades,omitempty"`
}

// Keep returns the bytes that are kept of facts.
func Keep(f fdp.Facts) ([]byte, error) {
	data, err := f.Encode()
	if err != nil {
		return nil, err
	}
	return canonical.Encode(KeptFacts{data, f.Grades()})
}

// ParseKept reads what [Keep] wrote.
func ParseKept(data []byte) (fdp.Facts, error) {
	var kept KeptFacts
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&kept); err != nil {
		return fdp.Facts{}, fmt.Errorf("kept facts: %w", err)
	}
	f, err := fdp.ParseFacts(kept.Facts, "kept facts")
	if err != nil {
		return fdp.Facts{}, err
	}
	f = f.WithGrades(kept.Grades)
	if again, err := Keep(f); err != nil || !bytes.Equal(again, data) {
		return fdp.Facts{}, fmt.Errorf("kept facts: found %.80q, which is not their one encoding (%v)", data, err)
	}
	return f, nil
}

// Stated is one fact that was stated, by its path.
type Stated struct {
	Path  string `json:"path"`
	Value string `json:"value"`
}

// Stated are the facts that the delivery was opened with and that were answered, the
// latest of each path, in the order of their paths.
func (d Delivery) Stated() ([]Stated, error) {
	f, err := d.Facts()
	if err != nil {
		return nil, err
	}
	values, err := leaves(f)
	out := []Stated{}
	for _, path := range slices.Sorted(maps.Keys(values)) {
		out = append(out, Stated{path, values[path]})
	}
	return out, err
}

// leaves are the values of a facts document by path.
func leaves(f fdp.Facts) (map[string]string, error) {
	data, err := f.Encode()
	if err != nil {
		return nil, err
	}
	doc, err := parseTree(data)
	out := map[string]string{}
	gather(out, "", doc)
	return out, err
}

func gather(out map[string]string, path string, v any) {
	switch value := v.(type) {
	case tree:
		for key, inner := range value {
			gather(out, strings.TrimPrefix(path+"."+key, "."), inner)
		}
	case []any:
		if len(value) == 0 {
			out[path] = "[]"
		}
		for i, inner := range value {
			gather(out, fmt.Sprintf("%s[%d]", path, i), inner)
		}
	default:
		out[path] = fmt.Sprint(value)
	}
}

func sortedUnion(a, b map[string]string) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}
