package fdp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// TestSameBytesInAnyOrder (D8): shuffled clauses, options, groups and tables, and
// maps, give the same determination.
func TestSameBytesInAnyOrder(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	shuffled, _ := embeddedForTest(t)
	for i, c := range lawCases(t) {
		if i%2 != 0 { // half of the cases shuffle enough
			continue
		}
		random := rand.New(rand.NewPCG(1, uint64(i)))
		p := shuffled.packs[c.regime]
		random.Shuffle(len(p.Clauses), func(i, j int) { p.Clauses[i], p.Clauses[j] = p.Clauses[j], p.Clauses[i] })
		random.Shuffle(len(p.Groups), func(i, j int) { p.Groups[i], p.Groups[j] = p.Groups[j], p.Groups[i] })
		random.Shuffle(len(p.Activities), func(i, j int) { p.Activities[i], p.Activities[j] = p.Activities[j], p.Activities[i] })
		random.Shuffle(len(p.Relations), func(i, j int) { p.Relations[i], p.Relations[j] = p.Relations[j], p.Relations[i] })
		random.Shuffle(len(p.Quantities), func(i, j int) { p.Quantities[i], p.Quantities[j] = p.Quantities[j], p.Quantities[i] })
		random.Shuffle(len(p.Options), func(i, j int) { p.Options[i], p.Options[j] = p.Options[j], p.Options[i] })
		for _, o := range p.Options {
			random.Shuffle(len(o.Values), func(i, j int) { o.Values[i], o.Values[j] = o.Values[j], o.Values[i] })
		}
		p.index()
		want := determined(t, r, catalogue, c)
		got := determined(t, shuffled, catalogue, c)
		if !bytes.Equal(got, want) {
			t.Fatalf("%s: shuffled rules give\n%s\nwant\n%s", c.Name, got, want)
		}
	}
}

// newEvaluation is an evaluation of one regime.
func newEvaluation(p *pack, c *provenance.Catalogue, f Facts, q Question) *evaluation {
	models, _ := f.models()
	return newEvaluationOf(models, p, c, f, q)
}

func determined(t testing.TB, r *Rules, catalogue *provenance.Catalogue, c lawCase) []byte {
	t.Helper()
	d, err := Evaluate(r, catalogue, c.facts, c.question(t))
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := d[0].Encode()
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// change is one change of one fact.
type change struct {
	path  string
	facts Facts
}

// changes gives the facts with one field taken away, or set to another value.
func changes(f Facts) []change {
	var out []change
	with := func(path string, set func(*Facts)) {
		changed := f
		set(&changed)
		if changed.contradiction() == nil && !reflect.DeepEqual(changed, f) {
			out = append(out, change{path, changed})
		}
	}
	yes, no := true, false
	for _, b := range []*bool{nil, &yes, &no} {
		with("us_origin", func(f *Facts) { f.USOrigin = b })
		with("derived_from_controlled", func(f *Facts) { f.DerivedFromControl = b })
		with("recipient.storage_compliant", func(f *Facts) { f.Recipient.StorageCompliant = b })
		with("recipient.encrypted", func(f *Facts) { f.Recipient.Encrypted = b })
		with("weights.leaked", func(f *Facts) { f.Weights.Leaked = b })
		with("korea.broad_rights_risk", func(f *Facts) { f.Korea.BroadRightsRisk = b })
		with("korea.most_advanced_technology", func(f *Facts) { f.Korea.MostAdvancedTechnology = b })
		with("training_data.primarily_biological", func(f *Facts) { f.TrainingData.PrimarilyBiological = b })
		with("developer.intends_to_train", func(f *Facts) { f.Developer.IntendsToTrain = b })
		with("end_use.wmd_or_military_intelligence", func(f *Facts) { f.EndUse.WMDOrMilitaryIntelligence = b })
		with("parents[0].systemic_risk", firstParent(func(p *Parent) { p.SystemicRisk = b }))
		with("parents[0].operations_estimable", firstParent(func(p *Parent) { p.Estimable = b }))
		with("operations[0].data_published", func(f *Facts) {
			if f.Operations = slices.Clone(f.Operations); len(f.Operations) > 0 {
				f.Operations[len(f.Operations)-1].DataPublished = b
			}
		})
	}
	for _, provider := range []string{"", "same", "other"} {
		with("parents[0].provider", firstParent(func(p *Parent) { p.Provider = provider }))
	}
	for _, output := range [][]string{nil, {}, {"text"}, {"image"}} {
		with("output", func(f *Facts) { f.Output = output })
	}
	for _, flags := range [][]string{nil, {}, {"vague-address"}} {
		with("end_use.red_flags", func(f *Facts) { f.EndUse.RedFlags = flags })
	}
	for _, kind := range []string{"", "training", "api"} {
		with("service.kind", func(f *Facts) { f.Service.Kind = kind })
	}
	dollars := mustOps("600000000")
	with("developer.revenue_usd", func(f *Facts) { f.Developer.RevenueUSD = nil })
	with("developer.revenue_usd", func(f *Facts) { f.Developer.RevenueUSD = &dollars })
	for _, country := range []Country{"", "US", "JP", "SG", "CN", "MO"} {
		with("recipient.headquarters", func(f *Facts) { f.Recipient.Headquarters = country })
		with("recipient.ultimate_parent", func(f *Facts) { f.Recipient.UltimateParent = country })
		with("recipient.location", func(f *Facts) { f.Recipient.Location = country })
		with("weights.location", func(f *Facts) { f.Weights.Location = country })
		with("developer.headquarters", func(f *Facts) { f.Developer.Headquarters = country })
		with("service.customer.headquarters", func(f *Facts) { f.Service.Customer.Headquarters = country })
		with("service.customer.ultimate_parent", func(f *Facts) { f.Service.Customer.UltimateParent = country })
		with("service.provider.headquarters", func(f *Facts) { f.Service.Provider.Headquarters = country })
		if country != "" {
			with("training.location", func(f *Facts) { f.Training.Location = []Country{country} })
		}
	}
	with("training.location", func(f *Facts) { f.Training.Location = nil })
	with("training.hardware", func(f *Facts) { f.Training.Hardware = nil })
	with("training.hardware", func(f *Facts) { f.Training.Hardware = []Hardware{} })
	with("training.hardware", func(f *Facts) {
		f.Training.Hardware = []Hardware{{Product: "NVIDIA H100 SXM5 80GB", SubjectToEAR: &yes}}
	})
	with("recipient.person", func(f *Facts) { f.Recipient.Person = nil })
	with("recipient.person", func(f *Facts) { f.Recipient.Person = &Person{"IN", &yes} })
	with("recipient.receives", func(f *Facts) { f.Recipient.Receives = "access" })
	for _, p := range []Publication{"", Published, Restricted, Unpublished} {
		with("weights.publication", func(f *Facts) { f.Weights.Publication = p })
	}
	for _, evidence := range []string{"", "none", "ccats"} {
		with("most_advanced_published.evidence", func(f *Facts) { f.MostAdvanced.Evidence = evidence })
	}
	huge, small := meter.Exact(mustOps("9e27")), meter.Exact(mustOps("1e20"))
	for _, number := range []*meter.Interval{nil, &huge, &small} {
		with("most_advanced_published.operations", func(f *Facts) { f.MostAdvanced.Operations = number })
		with("operations", func(f *Facts) { f.Operations = []Work{{Activity: meter.Pretraining, Interval: number}} })
	}
	with("operations", func(f *Facts) { f.Operations = nil })
	with("parents", func(f *Facts) { f.Parents = nil })
	with("parents", func(f *Facts) { f.Parents = []Parent{} })
	with("parents", func(f *Facts) {
		f.Parents = []Parent{{Model: "open/base@9", Relation: meter.FineTunes, Publication: Published, Operations: &Amount{Total: &huge}}}
	})
	with("synthetic_data", func(f *Facts) { f.SyntheticData = nil })
	with("synthetic_data", func(f *Facts) { f.SyntheticData = []Generator{} })
	return out
}

// firstParent changes the first parent of a copy.
func firstParent(set func(*Parent)) func(*Facts) {
	return func(f *Facts) {
		if f.Parents = slices.Clone(f.Parents); len(f.Parents) > 0 {
			set(&f.Parents[0])
		}
	}
}

func mustOps(s string) meter.Ops {
	o, err := meter.ParseOps(s)
	if err != nil {
		panic(err)
	}
	return o
}

// TestFactsOutsideTheTraceDoNotDecide (D4): for every finding of every case, a changed
// fact that stands neither in its trace nor in its missing leaves its verdict.
func TestFactsOutsideTheTraceDoNotDecide(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	tried, effective := 0, 0
	failed := map[string]int{} // each pair is shown once
	for i, c := range lawCases(t) {
		if i%4 != 0 { // every fourth case, all changes: a few seconds
			continue
		}
		findings := func(facts Facts) []Finding {
			d, err := newEvaluation(r.packs[c.regime], catalogue, facts, c.question(t)).determination("")
			if err != nil {
				t.Fatal(err)
			}
			return d.Findings
		}
		before := findings(c.facts)
		for _, changed := range changes(c.facts) {
			after := findings(changed.facts)
			for i, f := range before {
				if f.Verdict != after[i].Verdict {
					effective++
				}
				if f.covers(changed.path) {
					continue
				}
				tried++
				if got := after[i].Verdict; got != f.Verdict {
					failed[f.Rule+" and "+changed.path]++
					if failed[f.Rule+" and "+changed.path] == 1 {
						t.Errorf("%s: %s is %s; %s is in neither trace nor missing, and changing it gives %s\ntrace %v\nmissing %v", c.Name, f.Rule, f.Verdict, changed.path, got, f.Trace, f.Missing)
					}
				}
			}
		}
	}
	if tried < 10000 || effective < 1000 {
		t.Fatalf("%d changes outside, %d that decided: the test does not try enough", tried, effective)
	}
}

// covers: a step about a list or a mapping stands for all in it.
func (f Finding) covers(path string) bool {
	related := func(other string) bool {
		return other == path || strings.HasPrefix(other, path+".") || strings.HasPrefix(other, path+"[") || strings.HasPrefix(path, other+".") || strings.HasPrefix(path, other+"[")
	}
	return slices.ContainsFunc(f.Trace, func(s Step) bool { return related(s.Fact) }) || slices.ContainsFunc(f.Missing, func(m Missing) bool { return related(m.Path) })
}

// TestEveryMissingFactIsListed (D5, D6): when an answer is undetermined, something is
// missing; and what is missing comes with where to get it.
func TestEveryMissingFactIsListed(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	for _, c := range lawCases(t) {
		got, err := Evaluate(r, catalogue, c.facts, c.question(t))
		if err != nil {
			t.Fatal(err)
		}
		d := got[0]
		open := d.Controlled == Undetermined || d.Export != nil && (d.SubjectToEAR == Undetermined || d.Licence.Required == Undetermined ||
			d.Licence.Exception == "undetermined" || d.Licence.Policy == "undetermined")
		if open && len(d.Missing) == 0 {
			t.Errorf("%s is undetermined and nothing is missing", c.Name)
		}
		for _, m := range d.Missing {
			if m.Hint == "" || m.Hint == "State it in the facts document." {
				t.Errorf("%s: %s has no hint", c.Name, m.Path)
			}
		}
		for _, f := range d.Findings {
			if f.Verdict == Undetermined && len(f.Missing) == 0 {
				t.Errorf("%s: %s is undetermined and nothing is missing", c.Name, f.Rule)
			}
			if f.Verdict != Undetermined && len(f.Trace) == 0 {
				t.Errorf("%s: %s is %s without a trace", c.Name, f.Rule, f.Verdict)
			}
		}
	}
}

// TestMoreIsNeverLess: more operations never take a model out of the heading,
// and a narrower interval never turns one verdict into the other.
func TestMoreIsNeverLess(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	random := rand.New(rand.NewPCG(7, 7))
	number := func() meter.Ops { return mustOps(fmt.Sprintf("%de%d", 1+random.IntN(400), 22+random.IntN(3))) }
	heading := func(c lawCase, low, high meter.Ops) (Verdict, Verdict) {
		i, err := meter.NewInterval(low, meter.Bound{}, meter.Known(high))
		if err != nil {
			t.Fatal(err)
		}
		f := c.facts
		f.Operations = append(slices.Clone(f.Operations), Work{Activity: meter.Pretraining, Interval: &i})
		d, err := newEvaluation(r.packs[c.regime], catalogue, f, c.question(t)).determination("")
		if err != nil {
			t.Fatal(err)
		}
		return d.Findings[0].Verdict, d.Controlled
	}
	rank := map[Verdict]int{DoesNotApply: 0, Undetermined: 1, Applies: 2}
	for _, c := range lawCases(t) {
		a, b := number(), number()
		if a.Cmp(b) > 0 {
			a, b = b, a
		}
		lowHeading, atLow := heading(c, a, a)
		highHeading, atHigh := heading(c, b, b)
		if rank[lowHeading] > rank[highHeading] {
			t.Errorf("%s: with %s more the heading is %s, with %s more %s", c.Name, a, lowHeading, b, highHeading)
		}
		wideHeading, wide := heading(c, a, b)
		for _, narrow := range [][2]Verdict{{wideHeading, lowHeading}, {wideHeading, highHeading}, {wide, atLow}, {wide, atHigh}} {
			if narrow[0] != Undetermined && narrow[0] != narrow[1] {
				t.Errorf("%s: the interval %s to %s gives %s, one of its ends %s", c.Name, a, b, narrow[0], narrow[1])
			}
		}
	}
}

// TestAReadingIsWithinAllReadings (D7): what is determined without a reading is the
// same under every reading of every open option.
func TestAReadingIsWithinAllReadings(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	for _, c := range lawCases(t) {
		pack := r.packs[c.regime]
		verdicts := func(q Question) []Verdict {
			e := newEvaluation(pack, catalogue, c.facts, q)
			var out []Verdict
			for _, clause := range pack.sorted() {
				out = append(out, e.rule(clause.ID).verdict)
			}
			return out
		}
		before := verdicts(c.question(t))
		for _, o := range pack.Options {
			if o.Default != "" || c.Options[o.Name] != "" {
				continue
			}
			for _, value := range o.Values {
				q := c.question(t)
				q.Options = map[string]string{o.Name: value}
				for name, set := range c.Options {
					q.Options[name] = set
				}
				for i, got := range verdicts(q) {
					if before[i] != Undetermined && got != before[i] && value != "flag" {
						t.Errorf("%s: %s is %s under all readings, and %s with %s=%s", c.Name, pack.sorted()[i].ID, before[i], got, o.Name, value)
					}
				}
			}
		}
	}
}
