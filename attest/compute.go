package attest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// Completeness is the sentence that every training-compute predicate carries:
// no signature shows that something was not left out.
const Completeness = "No level proves completeness: unattested GPUs can always be left out."

// TrainingCompute says how many operations went into a set of weights and its
// ancestors, and how that is known.
type TrainingCompute struct {
	Model        meter.ModelRef  `json:"model"`
	Weights      Weights         `json:"weights"`
	Activities   []ActivityTotal `json:"activities"` // the model's own work since its parents
	Lineage      Lineage         `json:"lineage"`
	Convention   Convention      `json:"convention"` // of the lineage's totals; mixed where records differ
	Methods      []meter.Method  `json:"methods"`    // those behind the model's own work, best first
	Period       *meter.Period   `json:"period,omitempty"`
	Ledger       *Head           `json:"ledger,omitempty"` // the model's log when this was made
	Logs         []Head          `json:"logs,omitempty"`   // the other logs that the totals come from: of the model and its ancestors, sorted by origin
	Corrections  []Correction    `json:"corrections"`      // of all logs of the lineage; the totals are net of them
	Findings     []meter.Finding `json:"findings"`
	Completeness string          `json:"completeness"` // the sentence above
	Tool         Tool            `json:"tool"`
	CreatedAt    time.Time       `json:"createdAt"`
}

// ActivityTotal is the work of one activity. A null estimate or high is not
// known; it never means zero.
type ActivityTotal struct {
	Activity meter.Activity `json:"activity"`
	meter.Interval
	Records uint64      `json:"records"`
	Grade   meter.Grade `json:"grade,omitempty"` // the lowest of the records; absent when there is no record
}

// Lineage is the model and all its known ancestors, each once.
type Lineage struct {
	Activities []ActivityTotal  `json:"activities"` // the sum over Models; unbounded when Missing is not empty
	Models     []LineageModel   `json:"models"`     // the model itself first, then in the order of meter.Walk
	Missing    []meter.ModelRef `json:"missing"`    // ancestors of which nothing is known
	// Generators are models outside the lineage that its work names as generators
	// of data, as far as anything is recorded of them. They are in no total.
	Generators []LineageModel `json:"generators,omitempty"`
}

// LineageModel is one model of a lineage with its own work.
type LineageModel struct {
	Model   meter.ModelRef `json:"model"`
	Work    []Work         `json:"work"`
	Parents []meter.Parent `json:"parents"`
}

// Convention is [meter.Convention] under the field names of a predicate.
type Convention struct {
	MultiplyAccumulate string `json:"multiplyAccumulate,omitempty"`
	Attention          string `json:"attention,omitempty"`
	Keys               string `json:"keys,omitempty"`
	Window             string `json:"window,omitempty"`
	Embedding          string `json:"embedding,omitempty"`
	Head               string `json:"head,omitempty"`
	Padding            string `json:"padding,omitempty"`
	Recomputation      string `json:"recomputation,omitempty"`
	Experts            string `json:"experts,omitempty"`
	Evaluation         string `json:"evaluation,omitempty"`
	FailedWork         string `json:"failedWork,omitempty"`
}

// LineageOf walks the lineage of root and returns it as a predicate states it.
// The lookup function returns what is known of a model, or false. A root of which
// nothing is known is an error: there is nothing to attest. Generators are not
// looked for; see [LineageFromRecords].
func LineageOf(root meter.ModelRef, lookup func(meter.ModelRef) (LineageModel, bool)) (Lineage, error) {
	models := map[meter.ModelRef]LineageModel{}
	var failed error
	walked, err := meter.Walk(root, func(m meter.ModelRef) (meter.Node, bool) {
		found, known := lookup(m)
		if !known {
			return meter.Node{}, false
		}
		models[m] = found
		own, err := found.totals()
		failed = cmp.Or(failed, err)
		return meter.Node{Model: m, Own: own, Parents: found.Parents}, true
	})
	if err = cmp.Or(failed, err); err != nil {
		return Lineage{}, err
	}
	lineage := Lineage{Activities: totals(walked.Total), Missing: walked.Missing}
	for _, m := range walked.Models {
		if found, known := models[m]; known {
			lineage.Models = append(lineage.Models, LineageModel{m, found.Work, found.Parents})
		}
	}
	if len(lineage.Models) == 0 || lineage.Models[0].Model != root {
		return Lineage{}, fmt.Errorf("lineage: nothing is recorded of %s: record its training first, then attest", root)
	}
	return lineage.normal(), nil
}

// Lookup returns the function that gives the models of l to [meter.Walk], so
// that a recipient can total them.
func (l Lineage) Lookup() func(meter.ModelRef) (meter.Node, bool) {
	find := l.find()
	return func(m meter.ModelRef) (meter.Node, bool) {
		model, found := find(m)
		own, err := model.totals() // a statement that was read has such sums
		return meter.Node{Model: m, Own: own, Parents: model.Parents}, found && err == nil
	}
}

func (l Lineage) find() func(meter.ModelRef) (LineageModel, bool) {
	models := map[meter.ModelRef]LineageModel{}
	for _, m := range l.Models {
		models[m.Model] = m
	}
	return func(m meter.ModelRef) (LineageModel, bool) { model, found := models[m]; return model, found }
}

func totals(in []meter.ActivityTotal) []ActivityTotal {
	out := make([]ActivityTotal, len(in))
	for i, t := range in {
		out[i] = ActivityTotal{t.Activity, t.Operations, t.Records, t.Grade}
	}
	return out
}

func (l Lineage) normal() Lineage {
	l.Activities, l.Models, l.Missing = list(l.Activities), slices.Clone(list(l.Models)), list(l.Missing)
	l.Generators = slices.Clone(l.Generators)
	for _, models := range [][]LineageModel{l.Models, l.Generators} {
		for i := range models {
			models[i].Work, models[i].Parents = list(models[i].Work), list(models[i].Parents)
		}
	}
	return l
}

func (c TrainingCompute) normal() TrainingCompute {
	c.Activities, c.Lineage = list(c.Activities), c.Lineage.normal()
	c.Methods, c.Findings, c.Corrections = list(c.Methods), list(c.Findings), list(c.Corrections)
	return c
}

// Validate returns the first rule of SPEC.md that c breaks. It totals the
// lineage again: a sum that does not follow from the models listed is refused.
func (c TrainingCompute) Validate() error {
	return firstError("training-compute",
		validModel("model", c.Model),
		c.Weights.validate(),
		validTotals("activities", c.Activities),
		c.validateLineage(),
		c.Lineage.validateGenerators(),
		c.validateCorrections(),
		validMethods(c.Methods),
		validPeriod(c.Period),
		c.Ledger.validate(),
		c.validateLogs(),
		validFindings(c.Findings),
		c.validateCompleteness(),
		c.Tool.validate(),
		validTime("createdAt", c.CreatedAt))
}

// validateLogs: each log once, sorted by origin, none of them that of Ledger.
func (c TrainingCompute) validateLogs() error {
	for i, h := range c.Logs {
		if err := h.validate(); err != nil {
			return fmt.Errorf("logs[%d]: %w", i, err)
		}
		if i > 0 && h.Origin <= c.Logs[i-1].Origin || c.Ledger != nil && h.Origin == c.Ledger.Origin {
			return fmt.Errorf("logs[%d]: origin %q: expected each log once, sorted by origin, and the one in ledger not again", i, clip(h.Origin))
		}
	}
	return nil
}

// Heads are those of all logs that c counts, that of the model's own first where there
// is one.
func (c TrainingCompute) Heads() []Head {
	if c.Ledger == nil {
		return slices.Clone(c.Logs)
	}
	return append([]Head{*c.Ledger}, c.Logs...)
}

// Entries is the number of entries in all logs of the model that c was made of.
// It only grows.
func (c TrainingCompute) Entries() uint64 {
	n := uint64(0)
	if c.Ledger != nil {
		n = c.Ledger.Size
	}
	for _, h := range c.Logs {
		if strings.HasSuffix(h.Origin, "/"+string(c.Model)) {
			n += h.Size
		}
	}
	return n
}

func (c TrainingCompute) validateCompleteness() error {
	if c.Completeness != Completeness {
		return fmt.Errorf("completeness: found %q, expected the sentence %q", clip(c.Completeness), Completeness)
	}
	return nil
}

func (c TrainingCompute) validateLineage() error {
	seen := map[meter.ModelRef]bool{}
	for i, m := range c.Lineage.Models {
		if err := m.validate(fmt.Sprintf("lineage.models[%d]", i)); err != nil {
			return err
		}
		if seen[m.Model] {
			return fmt.Errorf("lineage.models[%d]: %s is listed twice", i, m.Model)
		}
		seen[m.Model] = true
	}
	want, err := LineageOf(c.Model, c.Lineage.find())
	if err != nil {
		return fmt.Errorf("lineage: %w", err)
	}
	got := c.Lineage.normal()
	own, err := want.Models[0].Activities()
	if err != nil {
		return err
	}
	switch {
	case !reflect.DeepEqual(got.Models, want.Models):
		return fmt.Errorf("lineage.models: expected the model itself first, then each known ancestor once in the order of the walk, and no other")
	case !slices.Equal(got.Missing, want.Missing):
		return fmt.Errorf("lineage.missing: found %v, expected %v: the parents named without an entry of their own", got.Missing, want.Missing)
	case !slices.Equal(got.Activities, want.Activities):
		return fmt.Errorf("lineage.activities: the totals do not follow from lineage.models: expected %s", sumText(want.Activities))
	case !slices.Equal(list(c.Activities), list(own)):
		return fmt.Errorf("activities: expected those of lineage.models[0], the model's own work")
	}
	return nil
}

func sumText(totals []ActivityTotal) string {
	var s string
	for i, t := range totals {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("%s %s", t.Activity, t.Interval)
	}
	return s
}

func (m LineageModel) validate(field string) error {
	if err := validModel(field, m.Model); err != nil {
		return err
	}
	if err := validParents(field+".", m.Parents); err != nil {
		return err
	}
	return validWork(field+".work", m.Work)
}

func validParents(prefix string, parents []meter.Parent) error {
	for i, p := range parents {
		at := fmt.Sprintf("%sparents[%d]", prefix, i)
		if err := validModel(at, p.Model); err != nil {
			return err
		}
		if _, err := meter.ParseRelation(string(p.Relation)); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if p.Input != "" && !ValidDigest(p.Input) {
			return fmt.Errorf("%s: input %q: expected sha256: and 64 lower-case hexadecimal digits", at, clip(p.Input))
		}
	}
	return nil
}

// validTotals holds a list of totals to the order of the closed list of
// activities, each once.
func validTotals(field string, totals []ActivityTotal) error {
	last := -1
	for i, t := range totals {
		at := fmt.Sprintf("%s[%d]", field, i)
		place := slices.Index(meter.Activities(), t.Activity)
		if place < 0 {
			_, err := meter.ParseActivity(string(t.Activity))
			return fmt.Errorf("%s: %w", at, err)
		}
		if place <= last {
			return fmt.Errorf("%s: %s: expected each activity once, in the order of the closed list", at, t.Activity)
		}
		last = place
		if err := t.validate(); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	return nil
}

func (t ActivityTotal) validate() error {
	if err := t.Interval.Validate(); err != nil {
		return err
	}
	if t.Records > maxCount {
		return fmt.Errorf("records: %d: expected at most 2^53-1", t.Records)
	}
	if t.Records == 0 && t.Grade == "" {
		return nil
	}
	_, err := meter.ParseGrade(string(t.Grade))
	return err
}

func validMethods(methods []meter.Method) error {
	last := -1
	for _, m := range methods {
		if _, err := meter.ParseMethod(string(m)); err != nil {
			return fmt.Errorf("methods: %w", err)
		}
		place := slices.Index(meter.Methods(), m)
		if place <= last {
			return fmt.Errorf("methods: %s: expected each method once, best first", m)
		}
		last = place
	}
	return nil
}

func validFindings(findings []meter.Finding) error {
	for i, f := range findings {
		if f.Code == "" || f.Message == "" {
			return fmt.Errorf("findings[%d]: expected a code and a message", i)
		}
	}
	return nil
}

// Names reports whether the lineage names m, known or missing.
func (l Lineage) Names(m meter.ModelRef) bool {
	return slices.Contains(l.Missing, m) || slices.ContainsFunc(l.Models, func(have LineageModel) bool { return have.Model == m })
}
