package delivery_test

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/fdp/delivery"
	"github.com/weighbridge/weighbridge/provenance"
)

const factsText = `
model: acme/atlas@1
weights: {publication: unpublished}
operations: [{activity: pretraining, estimate: "2e26"}]
parents: []
synthetic_data: []
training: {location: US}
service: {kind: training, stage: before-delivery, provider: {headquarters: US, ultimate_parent: US}, customer: {headquarters: AE, ultimate_parent: AE, location: US}}
`

var digest = "sha256:" + strings.Repeat("a", 64)

func parse(t testing.TB, text string) fdp.Facts {
	t.Helper()
	f, err := fdp.ParseFacts([]byte(text), "facts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func decide(t testing.TB, f fdp.Facts) delivery.Decision {
	t.Helper()
	rules, err := fdp.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := provenance.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	day, err := fdp.ParseDate("2026-11-25")
	if err != nil {
		t.Fatal(err)
	}
	d, err := delivery.Decide(rules, catalogue, f, fdp.Question{AsOf: day}, "codified", digest)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// steps makes entries of short words: who does it, and what.
func steps(t *testing.T, words ...string) []delivery.Entry {
	t.Helper()
	hold, release := decide(t, parse(t, factsText)), decide(t, parse(t, strings.Replace(factsText, "kind: training", "kind: inference", 1)))
	unknown := decide(t, parse(t, "{}"))
	if hold.Decision != delivery.Hold || release.Decision != delivery.Release || unknown.Decision != delivery.Undetermined {
		t.Fatalf("%s, %s, %s", hold.Decision, release.Decision, unknown.Decision)
	}
	signature := func(key string) delivery.Signature {
		return delivery.Signature{Key: "sha256:" + strings.Repeat(key, 64), PublicKey: digest, Bundle: digest}
	}
	decided := func(d delivery.Decision, key string) delivery.Step {
		step := delivery.Decided{Decision: d, Facts: digest}
		if key != "" {
			s := signature(key)
			step.Signature = &s
		}
		return delivery.Step{Decided: &step}
	}
	var out []delivery.Entry
	last := uint64(0)
	for i, word := range words {
		author, what, _ := strings.Cut(word, " ")
		e := delivery.Entry{Index: uint64(i), Author: author, Time: time.Date(2026, 11, 25, 0, i, 0, 0, time.UTC)}
		switch what {
		case "opens":
			e.Step.Opened = &delivery.Opened{Delivery: "d-1", Customer: "Gulf", Facts: json.RawMessage("{}")}
		case "opens-another":
			e.Step.Opened = &delivery.Opened{Delivery: "d-2", Customer: "Gulf", Facts: json.RawMessage("{}")}
		case "answers":
			e.Step.Answered = &delivery.Answered{Answers: []delivery.Answer{{Path: "service.inquiry_made", Value: json.RawMessage("true")}}, Source: "x"}
		case "holds":
			e.Step, last = decided(hold, ""), uint64(i)
		case "cannot-tell":
			e.Step, last = decided(unknown, ""), uint64(i)
		case "releases":
			e.Step, last = decided(release, ""), uint64(i)
		case "prepares":
			e.Step, last = decided(release, "b"), uint64(i)
		case "approves":
			e.Step.Approved = &delivery.Approved{Decided: last, Signature: signature("c")}
		case "approves-with-the-same-key":
			e.Step.Approved = &delivery.Approved{Decided: last, Signature: signature("b")}
		case "approves-an-earlier":
			e.Step.Approved = &delivery.Approved{Decided: 1, Signature: signature("c")}
		case "withdraws":
			e.Step.Withdrawn = &delivery.Withdrawn{Reason: "x"}
		default:
			t.Fatalf("no step %q", what)
		}
		out = append(out, e)
	}
	return out
}

// TestFold: what may follow what, and where the delivery then stands.
func TestFold(t *testing.T) {
	for name, c := range map[string]struct {
		steps string
		state delivery.State
		err   string
	}{
		"opened":              {"jo opens", delivery.Open, ""},
		"held":                {"jo opens,jo holds", delivery.Held, ""},
		"unclear":             {"jo opens,jo cannot-tell", delivery.Unclear, ""},
		"unsigned":            {"jo opens,jo releases", delivery.Unsigned, ""},
		"prepared":            {"jo opens,jo prepares", delivery.Prepared, ""},
		"released":            {"jo opens,jo prepares,kim approves", delivery.Released, ""},
		"held-then-released":  {"jo opens,jo holds,jo answers,jo prepares,kim approves", delivery.Released, ""},
		"released-then-held":  {"jo opens,jo prepares,kim approves,jo holds", delivery.Held, ""},
		"answered-after":      {"jo opens,jo prepares,jo answers", delivery.Open, ""},
		"withdrawn":           {"jo opens,jo withdraws", delivery.WithdrawnNow, ""},
		"not-opened":          {"jo holds", "", "opened once, by its first step"},
		"opened-twice":        {"jo opens,jo opens", "", "opened once, by its first step"},
		"another":             {"jo opens-another", "", "it opens delivery d-2"},
		"approved-alone":      {"jo opens,kim approves", "", "nothing was decided"},
		"approved-unsigned":   {"jo opens,jo releases,kim approves", "", "decide again with --key"},
		"approved-held":       {"jo opens,jo holds,kim approves", "", "the last decision is hold"},
		"approved-stale":      {"jo opens,jo prepares,jo answers,kim approves", "", "facts were answered since"},
		"approved-earlier":    {"jo opens,jo prepares,jo prepares,kim approves-an-earlier", "", "it approves step 1"},
		"approved-by-himself": {"jo opens,jo prepares,jo approves", "", "the approver is the preparer"},
		"approved-same-key":   {"jo opens,jo prepares,kim approves-with-the-same-key", "", "the approver's key is the preparer's"},
		"approved-twice":      {"jo opens,jo prepares,kim approves,kim approves", "", "approved already"},
		"after-the-end":       {"jo opens,jo withdraws,jo holds", "", "nothing follows that"},
	} {
		d, err := delivery.Fold("d-1", steps(t, strings.Split(c.steps, ",")...))
		if c.err == "" && (err != nil || d.State != c.state) {
			t.Errorf("%s: %s, %v; expected %s", name, d.State, err, c.state)
		}
		var refused *delivery.TransitionError
		if c.err != "" && (!errors.As(err, &refused) || !strings.Contains(err.Error(), c.err) || refused.Next == "") {
			t.Errorf("%s: %v, expected %q", name, err, c.err)
		}
	}
}

// TestStepHasOneEncoding: what is kept is read back to the byte, and nothing else is.
func TestStepHasOneEncoding(t *testing.T) {
	for _, e := range steps(t, "jo opens", "jo answers", "jo holds", "jo prepares", "kim approves", "jo withdraws") {
		data, err := e.Step.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := delivery.ParseStep(data); err != nil {
			t.Errorf("%s: %v", data, err)
		}
		for name, other := range map[string]string{"white-space": " " + string(data), "unknown-field": strings.Replace(string(data), "{", `{"x":1,`, 1), "trailing": string(data) + "{}", "cut": string(data[:len(data)-1])} {
			if _, err := delivery.ParseStep([]byte(other)); err == nil {
				t.Errorf("%s was read: %s", name, other)
			}
		}
	}
	for name, text := range map[string]string{
		"nothing": `{}`, "two": `{"answered":{"answers":[],"source":"x"},"withdrawn":{"reason":"x"}}`, "no-customer": `{"opened":{"delivery":"d-1","customer":"","facts":{}}}`,
		"bad-id": `{"opened":{"delivery":"../d","customer":"x","facts":{}}}`, "bad-facts": `{"opened":{"delivery":"d-1","customer":"x","facts":{"city":1}}}`,
		"line-break": "{\"withdrawn\":{\"reason\":\"a\\nb\"}}", "no-answers": `{"answered":{"answers":[],"source":"x"}}`,
	} {
		if _, err := delivery.ParseStep([]byte(text)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

// TestWhatIfOverwritesOnlyWhatItSays, and leaves the facts as they were.
func TestWhatIfOverwritesOnlyWhatItSays(t *testing.T) {
	facts := parse(t, factsText)
	before, _ := facts.Encode()
	changed, err := delivery.WhatIf(facts, parse(t, "service: {customer: {headquarters: JP}}"))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := changed.Encode()
	if want := strings.Replace(string(before), `"customer":{"headquarters":"AE"`, `"customer":{"headquarters":"JP"`, 1); string(got) != want {
		t.Errorf("%s\nexpected\n%s", got, want)
	}
	if after, _ := facts.Encode(); string(after) != string(before) {
		t.Error("the facts were changed")
	}
}

// TestKeptFacts come back with their grades, in one encoding.
func TestKeptFacts(t *testing.T) {
	facts := parse(t, factsText)
	data, err := delivery.Keep(facts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := delivery.ParseKept(data); err != nil {
		t.Error(err)
	}
	if _, err := delivery.ParseKept(append([]byte(" "), data...)); err == nil {
		t.Error("another encoding was read")
	}
}

// TestLetter says only what is known, and cites.
func TestLetter(t *testing.T) {
	facts := parse(t, factsText)
	letter := delivery.Letter(decide(t, facts), facts)
	for _, want := range []string{"United Arab Emirates", "15 CFR 742.6(a)(13)", "Supp. 3 to Part 732", "they are (", "you have not told us", "DRAFT", "[name of the customer]", digestOfRules(t)} {
		if !strings.Contains(letter, want) {
			t.Errorf("the letter lacks %q:\n%s", want, letter)
		}
	}
	if unknown := delivery.Letter(decide(t, parse(t, "{}")), parse(t, "{}")); !strings.Contains(unknown, "[country]") || !strings.Contains(unknown, "we cannot tell yet") {
		t.Errorf("a letter from no facts:\n%s", unknown)
	}
}

func digestOfRules(t *testing.T) string {
	rules, err := fdp.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return rules.Digest()
}

// TestSpecExample reads the steps of SPEC.md.
func TestSpecExample(t *testing.T) {
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(spec), "```json steps\n")
	example, _, found := strings.Cut(after, "```")
	if !found {
		t.Fatal("SPEC.md has no example")
	}
	lines := strings.Split(strings.TrimSpace(example), "\n")
	if len(lines) < 3 {
		t.Fatalf("%d steps", len(lines))
	}
	for _, line := range lines {
		if _, err := delivery.ParseStep([]byte(line)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func FuzzParseStep(f *testing.F) {
	f.Add([]byte(`{"withdrawn":{"reason":"x"}}`))
	f.Add([]byte(`{"opened":{"delivery":"d-1","customer":"Gulf","facts":{}}}`))
	f.Add([]byte(`{"answered":{"answers":[{"path":"us_origin","value":true}],"source":"x"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := delivery.ParseStep(data)
		if err != nil {
			return
		}
		if again, err := s.Encode(); err != nil || string(again) != string(data) {
			t.Fatalf("%q became %q, %v", data, again, err)
		}
	})
}

// TestRulesWithoutADeskDecideNothing (V9): what no rule looks at is not released.
func TestRulesWithoutADeskDecideNothing(t *testing.T) {
	rules, err := fdp.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	files := rules.Files()
	delete(files, "us-4e091/red-flag-28.yaml")
	without, err := fdp.RulesFromFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := provenance.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	day, err := fdp.ParseDate("2026-11-25")
	if err != nil {
		t.Fatal(err)
	}
	for _, regimes := range [][]string{nil, {"us-744-2025"}} {
		d, err := delivery.Decide(without, catalogue, parse(t, factsText), fdp.Question{AsOf: day, Regimes: regimes}, "codified", digest)
		if err == nil || d.Decision != "" || !strings.Contains(err.Error(), "nothing there would hold a delivery") {
			t.Errorf("under %v: %q, %v", regimes, d.Decision, err)
		}
	}
}

// What a release rests on without anybody having stated it is found, in the order of the
// questions, and each turns the release round as it says (V13).
func TestRestsOnWhatNobodyStated(t *testing.T) {
	text := strings.Replace(factsText, "kind: training", "kind: inference", 1)
	d := decide(t, parse(t, text))
	if d.Decision != delivery.Release || len(d.RestsOn) == 0 {
		t.Fatalf("%s rests on %+v", d.Decision, d.RestsOn)
	}
	at := -1
	for _, one := range d.RestsOn {
		next := slices.IndexFunc(d.Questions, func(q fdp.DeskQuestion) bool { return q.Fact == one.Fact })
		if next < at || d.Questions[next].Answer != "" {
			t.Errorf("%s is out of order, or answered", one.Fact)
		}
		at = next
		answer, err := delivery.NewAnswer(one.Fact + "=" + strings.Trim(string(one.Value), `"`))
		if err != nil {
			t.Fatal(err)
		}
		stated, err := parse(t, text).Set(answer.Path, string(answer.Value))
		if err != nil {
			t.Fatal(err)
		}
		if with := decide(t, stated); with.Decision != one.Decision || with.Decision == delivery.Release || with.RestsOn != nil {
			t.Errorf("with %s=%s it is %s, expected %s", one.Fact, one.Value, with.Decision, one.Decision)
		}
	}
	data, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := delivery.ParseDecision(data); err != nil || len(again.RestsOn) != len(d.RestsOn) {
		t.Errorf("it comes back otherwise: %v", err)
	}
}
