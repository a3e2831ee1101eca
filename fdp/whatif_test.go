package fdp_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

const whatIf = `
model: acme/atlas@1
weights: {publication: unpublished}
operations: [{activity: pretraining, low: "9e25", estimate: "9.5e25", high: "9.6e25"}]
parents: []
synthetic_data: []
training: {location: JP, hardware: [{product: "NVIDIA H100 SXM5 80GB", subject_to_ear: true}]}
developer: {headquarters: JP, ultimate_parent: JP, revenue_usd: 600000000}
recipient: {headquarters: SG, ultimate_parent: SG, location: KH, receives: weights}
us_origin: false
derived_from_controlled: false
output: [text]
`

func whatIfFacts(t testing.TB) (*fdp.Rules, *provenance.Catalogue, fdp.Facts) {
	t.Helper()
	rules, err := fdp.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := provenance.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	facts, err := fdp.ParseFacts([]byte(whatIf), "what-if.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return rules, catalogue, facts
}

func date(t testing.TB, text string) time.Time {
	t.Helper()
	day, err := fdp.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return day
}

// TestSet: what is set is what the document would say, and nothing else changes.
func TestSet(t *testing.T) {
	_, _, facts := whatIfFacts(t)
	before, _ := facts.Encode()
	cases := []struct{ path, value, old, new string }{
		{"recipient.location", "SG", `"location":"KH"`, `"location":"SG"`},
		{"us_origin", "true", `"us_origin":false`, `"us_origin":true`},
		{"us_origin", "null", `"us_origin":false,`, ``},
		{"operations[0].estimate", "2e26", `"low":"90000000000000000000000000","estimate":"95000000000000000000000000","high":"96000000000000000000000000"`,
			`"low":"200000000000000000000000000","estimate":"200000000000000000000000000","high":"200000000000000000000000000"`},
		{"operations[0].estimate", "99999999999999999999999999", `"low":"90000000000000000000000000","estimate":"95000000000000000000000000","high":"96000000000000000000000000"`,
			`"low":"99999999999999999999999999","estimate":"99999999999999999999999999","high":"99999999999999999999999999"`},
		{"output", "[text, image]", `"output":["text"]`, `"output":["text","image"]`},
		{"output[1]", "image", `"output":["text"]`, `"output":["text","image"]`},
		{"parents[0]", "{model: open/base@1, relation: fine-tunes, operations: 9e25}", `"parents":[]`,
			`"parents":[{"model":"open/base@1","relation":"fine-tunes","operations":{"low":"90000000000000000000000000","estimate":"90000000000000000000000000","high":"90000000000000000000000000"}}]`},
		{"is_informed", "[]", `"output":["text"]`, `"output":["text"],"is_informed":[]`},
	}
	for _, c := range cases {
		changed, err := facts.Set(c.path, c.value)
		if err != nil {
			t.Errorf("%s=%s: %v", c.path, c.value, err)
			continue
		}
		got, _ := changed.Encode()
		if want := strings.Replace(string(before), c.old, c.new, 1); string(got) != want || want == string(before) {
			t.Errorf("%s=%s:\n%s\nexpected\n%s", c.path, c.value, got, want)
		}
	}
	if after, _ := facts.Encode(); string(after) != string(before) {
		t.Error("Set changed the facts that it was given")
	}
}

func TestSetRefused(t *testing.T) {
	_, _, facts := whatIfFacts(t)
	for name, c := range map[string]struct{ path, value, want string }{
		"no-path":        {"", "1", "expected the path of a fact"},
		"odd-path":       {"recipient..location", "SG", "expected the path of a fact"},
		"unknown-field":  {"recipient.city", "x", `unknown field "city"`},
		"no-country":     {"recipient.location", "XX", "two-letter code"},
		"share-above-1":  {"synthetic_data[0]", "{generator: a/b@1, share: 1.5}", "at most 1"},
		"past-the-end":   {"operations[2].estimate", "1", "the list has 1 entries"},
		"no-list":        {"recipient[0]", "1", "found no list"},
		"no-mapping":     {"us_origin.x", "1", "found no mapping"},
		"float-loses":    {"operations[0].estimate", "1e-3", "operations"},
		"not-yaml":       {"output", "[text", "expected a value"},
		"alias":          {"output", "&a [text]", "anchor"},
		"contradiction":  {"weights", "{publication: published, leaked: true}", "leaked"},
		"two-keys":       {"recipient", "{location: SG, location: JP}", "twice"},
		"interval-crook": {"operations[0].low", "9.9e25", "low"},
	} {
		if _, err := facts.Set(c.path, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, expected %q", name, err, c.want)
		}
	}
}

// TestSolve: with the operations found the verdict is the other one, and with one
// fewer it is still the same; evaluated as anybody would.
func TestSolve(t *testing.T) {
	rules, catalogue, facts := whatIfFacts(t)
	q := fdp.Question{AsOf: date(t, "2026-11-25")}
	solutions, err := fdp.Solve(rules, catalogue, facts, q, meter.Activities())
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, s := range solutions {
		if s.Operations == nil {
			continue
		}
		checked++
		verdict := func(n meter.Ops) fdp.Verdict {
			with, err := facts.Set("operations[1]", "{activity: "+string(s.Activity)+", estimate: \""+n.String()+"\", weights: kept}")
			if err != nil {
				t.Fatal(err)
			}
			q.Regimes = []string{s.Regime}
			d, err := fdp.Evaluate(rules, catalogue, with, q)
			if err != nil {
				t.Fatal(err)
			}
			return d[0].Controlled
		}
		fewer, _ := s.Operations.Sub(meter.NewOps(1))
		if at, below := verdict(*s.Operations), verdict(fewer); at != s.Then || at == s.Now || below != s.Now {
			t.Errorf("%s, %s: %s with %s and %s with one fewer; solved as %s, now %s", s.Regime, s.Activity, at, s.Operations, below, s.Then, s.Now)
		}
		if s.Applies != nil && verdict(*s.Applies) != fdp.Applies {
			t.Errorf("%s, %s: does not apply with %s", s.Regime, s.Activity, s.Applies)
		}
	}
	if checked == 0 {
		t.Fatal("nothing was solved")
	}
}

// daysAround are the first and the last day of each period, and every ninth day.
func daysAround(periods []fdp.Period, from, to time.Time) []time.Time {
	var days []time.Time
	for _, p := range periods {
		days = append(days, p.From, p.To)
	}
	for day := from; !day.After(to); day = day.AddDate(0, 0, 9) {
		days = append(days, day)
	}
	slices.SortFunc(days, time.Time.Compare)
	return days
}

// TestTimeline: every day answers like its period, also the days around each turn.
func TestTimeline(t *testing.T) {
	rules, catalogue, facts := whatIfFacts(t)
	facts, err := facts.Set("operations[0].estimate", "2e26")
	if err != nil {
		t.Fatal(err)
	}
	from, to := date(t, "2024-12-01"), date(t, "2027-02-01")
	for _, regime := range rules.Regimes() {
		periods, err := fdp.Timeline(rules, catalogue, facts, fdp.Question{AsOf: from}, regime, to)
		if err != nil || len(periods) == 0 {
			t.Fatalf("%s: %d periods, %v", regime, len(periods), err)
		}
		at := 0
		for _, day := range daysAround(periods, from, to) {
			for day.After(periods[at].To) {
				at++
			}
			d, err := fdp.Evaluate(rules, catalogue, facts, fdp.Question{AsOf: day, Regimes: []string{regime}})
			if err != nil {
				t.Fatal(err)
			}
			if changes := fdp.Diff(periods[at].Determination, d[0]); len(changes) > 0 {
				t.Fatalf("%s on %s: not what its period from %s says: %v", regime, day.Format(time.DateOnly), periods[at].From.Format(time.DateOnly), changes)
			}
		}
		if at != len(periods)-1 || !periods[at].To.Equal(to) {
			t.Errorf("%s: the periods end with %d of %d", regime, at+1, len(periods))
		}
	}
}

// TestDiff: nothing differs from itself, and each kind of difference is named.
func TestDiff(t *testing.T) {
	rules, catalogue, facts := whatIfFacts(t)
	q := fdp.Question{AsOf: date(t, "2026-11-25"), Regimes: []string{"us-4e091"}}
	evaluate := func(f fdp.Facts) fdp.Determination {
		d, err := fdp.Evaluate(rules, catalogue, f, q)
		if err != nil {
			t.Fatal(err)
		}
		return d[0]
	}
	old := evaluate(facts)
	if changes := fdp.Diff(old, old); changes != nil {
		t.Errorf("differs from itself: %v", changes)
	}
	more, err := facts.Set("operations[0].estimate", "2e26")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]fdp.Change{}
	for _, c := range fdp.Diff(old, evaluate(more)) {
		found[c.What] = c
	}
	if c := found["controlled"]; c.Old != "does-not-apply" || c.New != "applies" {
		t.Errorf("controlled: %+v", c)
	}
	if c := found["rule us-4e091.heading"]; c.Old != "does-not-apply" || c.New != "applies" {
		t.Errorf("the heading: %+v", c)
	}
	if found["operations"].New == "" {
		t.Error("operations are not named")
	}
}
