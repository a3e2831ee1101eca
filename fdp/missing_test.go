package fdp

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/provenance"
)

// stating is the law's text asked about one document, with what is missing stated in
// one way or another.
type stating struct {
	pack      *pack
	catalogue *provenance.Catalogue
	fitting   map[string][]way // by path: statements that fit it, found once
}

// situation is a document and a question about it.
type situation struct {
	facts    Facts
	question Question
}

// answersTo are the answers of a regime, by name.
func (s stating) answersTo(at situation) map[string]string {
	d, _ := newEvaluation(s.pack, s.catalogue, at.facts, at.question).answers()
	out := map[string]string{"controlled": d.Controlled.String()}
	if d.Export != nil {
		out["subject_to_ear"], out["licence.required"] = d.SubjectToEAR.String(), d.Licence.Required.String()
		out["licence.exception"], out["licence.policy"] = d.Licence.Exception, d.Licence.Policy
	}
	return out
}

// words are values that facts can have; a path takes those that fit it.
var words = []string{
	"true", "false", "US", "JP", "CN", "published", "unpublished", "ccats", "none", "access", "same", "other", "fine-tunes", "distills-from", "pretraining", "evaluation",
	"training", "api", "1", "0.05", "0.5", "5e22", "1e26", "2e26", "9e27", "open/writer@1", "[]", "[text]", "[image]", "[vague-address]", "3A090.a", "5A991",
	`[{activity: pretraining, estimate: "2e26"}]`,
	`[{model: open/base@9, relation: fine-tunes, publication: published, operations: "2e26", provider: other, parents: []}]`,
	`[{model: open/base@9, relation: adapts, publication: unpublished, operations: "2e26", parents: []}]`,
	`[{model: open/base@9, relation: fine-tunes, publication: unpublished, operations: "1", provider: other, operations_estimable: true, systemic_risk: false, parents: []}]`,
	`[{generator: open/writer@9, share: "0.9", data_published: false, weights_published: false, generation_operations: "2e26", training_operations: "2e26", parents: []}]`,
	`[{product: "NVIDIA H100 SXM5 80GB", subject_to_ear: true}]`, "NVIDIA H100 SXM5 80GB", "NVIDIA T4",
}

// way is one statement about what is missing: a value at a path, or a reading.
type way struct{ path, value string }

// ways are the statements about something missing that fit the document.
func (s stating) ways(at situation, m Missing) []way {
	if name, isOption := strings.CutPrefix(m.Path, "options."); isOption {
		var out []way
		for _, value := range s.pack.option[name].Values {
			out = append(out, way{m.Path, value})
		}
		return out
	}
	path := m.Path
	if m.Reason == ReasonRange { // to narrow an interval is to state a number in it
		path += ".estimate"
	}
	out := []way{}
	for _, value := range s.within(at.facts, m) {
		out = append(out, way{path, value})
	}
	for _, of := range []string{".weights", ".relation"} { // discarded work, and a parent, that counsel says do not count
		if above, found := strings.CutSuffix(m.Path, of); found && m.Reason == ReasonOpen {
			out = append(out, way{above, "null"})
		}
	}
	if _, found := s.fitting[path]; !found {
		s.fitting[path] = []way{}
		for _, value := range words {
			if _, fits := (way{path, value}).stated(at); fits {
				s.fitting[path] = append(s.fitting[path], way{path, value})
			}
		}
	}
	return append(out, s.fitting[path]...)
}

// stated is a situation with a statement made in it; false where it does not fit.
func (w way) stated(at situation) (situation, bool) {
	if name, isOption := strings.CutPrefix(w.path, "options."); isOption {
		at.question.Options = maps.Clone(at.question.Options)
		if at.question.Options == nil {
			at.question.Options = map[string]string{}
		}
		at.question.Options[name] = w.value
		return at, true
	}
	changed, err := at.facts.Set(w.path, w.value)
	return situation{changed, at.question}, err == nil && changed.contradiction() == nil
}

// within are the bounds of an interval and the threshold, where it is what lacks.
func (s stating) within(f Facts, m Missing) []string {
	for i, w := range f.Operations {
		if m.Reason == ReasonRange && m.Path == fmt.Sprintf("operations[%d]", i) && w.Interval != nil {
			return []string{w.Interval.Low.String(), s.pack.threshold.String()}
		}
	}
	return nil
}

// matters reports whether stating something missing gives another answer than not
// stating it, whatever else is stated of what is missing: alone at first, then beside
// others, by chance.
func (s stating) matters(at situation, all []Missing, m Missing, random *rand.Rand) (matters, known bool) {
	own := s.ways(at, m)
	var others [][]way
	for _, other := range all {
		if ways := s.ways(at, other); other.Path != m.Path && len(ways) > 0 {
			others = append(others, ways)
		}
	}
	for try := range 2000 {
		beside := at
		for _, ways := range others {
			if try > 0 && random.IntN(8) > 0 {
				if stated, fits := ways[random.IntN(len(ways))].stated(beside); fits {
					beside = stated
				}
			}
		}
		before := s.answersTo(beside)
		for _, w := range own {
			if after, fits := w.stated(beside); fits && !maps.Equal(before, s.answersTo(after)) {
				return true, true
			}
		}
	}
	return false, len(own) > 0
}

// TestNothingMissingThatCannotMatter (D6): what is missing, stated in one way or another,
// alone or beside others that are missing, gives another answer. So nothing is asked
// for in vain.
func TestNothingMissingThatCannotMatter(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	tried, fitting := map[string]int{}, map[string][]way{}
	for i, c := range lawCases(t) {
		at := situation{c.facts, c.question(t)}
		got, err := Evaluate(r, catalogue, at.facts, at.question)
		if err != nil {
			t.Fatal(err)
		}
		s, random := stating{r.packs[c.regime], catalogue, fitting}, rand.New(rand.NewPCG(3, uint64(i)))
		for _, m := range got[0].Missing {
			tried[c.regime]++
			switch matters, known := s.matters(at, got[0].Missing, m, random); {
			case !known:
				t.Errorf("%s %s: %s is missing (%s), and this test knows no way to state it", c.file, c.Name, m.Path, m.Reason)
			case !matters:
				t.Errorf("%s %s: %s is missing (%s), and no way to state it gives another answer", c.file, c.Name, m.Path, m.Reason)
			}
		}
	}
	for _, regime := range r.Regimes() {
		if t.Logf("%s: %d missing facts", regime, tried[regime]); tried[regime] == 0 {
			t.Errorf("no case of %s misses anything", regime)
		}
	}
}

// countsWhenStated are facts that say something only where they are stated (F9): stating
// one is no answer to what is open.
var countsWhenStated = []string{"weights.leaked", "weights.location", "recipient.encrypted", "recipient.receives", "recipient.person", "service.", "training.hardware_complete", "end_use."}

// unstated are the facts of the pack's list that a document does not state, and the
// readings that a question leaves open.
func (s stating) unstated(at situation) []Missing {
	e := newEvaluation(s.pack, s.catalogue, at.facts, at.question)
	var out []Missing
	for _, f := range s.pack.Facts {
		lists := map[string]bool{"operations": at.facts.Operations != nil, "parents": at.facts.Parents != nil, "synthetic_data": at.facts.SyntheticData != nil, "training.hardware": at.facts.Training.Hardware != nil}
		stated, isList := lists[f.Fact]
		counts := slices.ContainsFunc(countsWhenStated, func(name string) bool { return strings.HasPrefix(f.Fact, name) })
		if strings.Contains(f.Fact, "[]") || counts || stated || !isList && e.value(f.Fact).known {
			continue
		}
		if f.Fact == "recipient.location" && at.question.Destination != "" {
			continue
		}
		out = append(out, Missing{Path: f.Fact, Reason: ReasonUnknown})
	}
	for _, o := range s.pack.Options {
		if e.reading(o.Name) == "" {
			out = append(out, Missing{Path: "options." + o.Name, Reason: ReasonOption})
		}
	}
	return out
}

// TestWhatIsNotMissingDoesNotMatter (D6): while an answer is undetermined, a fact that
// is not stated and not named as missing leaves it so, however it is stated.
func TestWhatIsNotMissingDoesNotMatter(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	tried, fitting := map[string]int{}, map[string][]way{}
	for i, c := range lawCases(t) {
		if i%3 != 0 { // every third case, all that it does not state: a few seconds
			continue
		}
		at := situation{c.facts, c.question(t)}
		got, err := Evaluate(r, catalogue, at.facts, at.question)
		if err != nil {
			t.Fatal(err)
		}
		s := stating{r.packs[c.regime], catalogue, fitting}
		before := s.answersTo(at)
		for _, m := range s.unstated(at) {
			if (Finding{Missing: got[0].Missing}).covers(m.Path) {
				continue
			}
			for _, w := range s.ways(at, m) {
				stated, fits := w.stated(at)
				if !fits {
					continue
				}
				for name, after := range s.answersTo(stated) {
					if before[name] != Undetermined.String() {
						continue
					}
					if tried[c.regime]++; after != before[name] {
						t.Errorf("%s %s: %s is undetermined, %s is not missing, and stating it gives %q", c.file, c.Name, name, m.Path, after)
					}
				}
			}
		}
	}
	if t.Log(tried); tried["us-4e091"] < 500 {
		t.Errorf("%d facts that are not missing were stated under us-4e091: too few", tried["us-4e091"])
	}
}
