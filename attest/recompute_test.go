package attest

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

const factsText = `model: acme/atlas@2
weights: {publication: unpublished}
operations:
  - {activity: fine-tuning, low: "5e24", estimate: "6e24", high: "7e24", weights: kept}
  - {activity: evaluation, low: "1e21", estimate: "1e21", high: "2e21"}
parents:
  - {model: acme/atlas@1, relation: fine-tunes, publication: unpublished, operations: "9.5e25", parents: []}
  - {model: big/teacher@1, relation: distills-from}
synthetic_data: []
training: {location: JP, hardware: [{product: "NVIDIA H100 SXM5 80GB", subject_to_ear: true}]}
developer: {headquarters: JP, ultimate_parent: JP, veu: none}
recipient: {headquarters: SG, ultimate_parent: SG, location: SG, storage_compliant: false, receives: weights}
`

// knownFacts has no unknown parent, so that every number shows in the result.
var knownFacts = strings.Replace(factsText, "  - {model: big/teacher@1, relation: distills-from}\n", "", 1)

func basis(t testing.TB) Basis {
	t.Helper()
	b, err := EmbeddedBasis()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parseFacts(t testing.TB, text string) fdp.Facts {
	t.Helper()
	f, err := fdp.ParseFacts([]byte(text), "facts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return f.WithGrades(map[string]meter.Grade{"weights.publication": meter.GradeMeasured})
}

func determine(t testing.TB, b Basis, text string) Determination {
	t.Helper()
	d, err := Determine(b, parseFacts(t, text), Question{Regime: "us-4e091", AsOf: "2026-11-24", Destination: "SG"}, tool, created)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// otherRules are the embedded rules with one comment more: other rules, with
// another digest.
func otherRules(t testing.TB, b Basis) *fdp.Rules {
	t.Helper()
	files := b.Rules.Files()
	for name, text := range files {
		files[name] = append(bytes.Clone(text), "\n# edited\n"...)
		break
	}
	rules, err := fdp.RulesFromFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// TestRecompute (D1 to D3): a determination travels, is read back and follows
// from its own facts, grades included; also under rules that travel with it,
// which the note says.
func TestRecompute(t *testing.T) {
	b := basis(t)
	for name, rules := range map[string]*fdp.Rules{"embedded": b.Rules, "sent": otherRules(t, b)} {
		d := determine(t, Basis{rules, b.Catalogue}, factsText)
		if d.Rules.Embedded != (name == "embedded") || !bytes.Contains(d.Result, []byte(`"grade":"measured"`)) {
			t.Errorf("%s: embedded %v, result %.300s", name, d.Rules.Embedded, d.Result)
		}
		s, err := ParseStatement(payload(t, d))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		done, note, err := s.Determination.Recompute(b)
		if err != nil || !done || strings.Contains(note, "rules that came with it") != (name == "sent") {
			t.Errorf("%s: %v, %q, %v", name, done, note, err)
		}
	}
}

// TestNotRecomputed (D3): what cannot be recomputed here is said, not passed.
func TestNotRecomputed(t *testing.T) {
	unknown := determine(t, basis(t), factsText)
	old := unknown.Rules.Digest
	unknown.Rules.Digest = digestOf("rules of another version")
	unknown.Result = json.RawMessage(strings.Replace(string(unknown.Result), old, unknown.Rules.Digest, 1))
	if done, note, err := unknown.Recompute(basis(t)); err != nil || done || !strings.Contains(note, "rules that this build does not carry") {
		t.Errorf("unknown rules: %v, %q, %v", done, note, err)
	}
	catalogue := determine(t, basis(t), factsText)
	catalogue.Catalogue = digestOf("another catalogue")
	if done, note, err := catalogue.Recompute(basis(t)); err != nil || done || !strings.Contains(note, "another accelerator catalogue") {
		t.Errorf("another catalogue: %v, %q, %v", done, note, err)
	}
	without := determine(t, basis(t), strings.Replace(factsText, `, hardware: [{product: "NVIDIA H100 SXM5 80GB", subject_to_ear: true}]`, "", 1))
	without.Catalogue = digestOf("another catalogue")
	if done, _, err := without.Recompute(basis(t)); err != nil || !done {
		t.Errorf("another catalogue that no fact needs: %v, %v", done, err)
	}
}

// TestRecomputeRefuses (D1 to D3): a determination that does not follow.
func TestRecomputeRefuses(t *testing.T) {
	b := basis(t)
	good := determine(t, b, knownFacts)
	change := func(old, new string) func(*Determination) {
		return func(d *Determination) {
			changed := strings.Replace(string(d.Result), old, new, 1)
			if changed == string(d.Result) {
				t.Fatalf("nothing to replace: %q in %.300s", old, d.Result)
			}
			d.Result = json.RawMessage(changed)
		}
	}
	verdict := func(name string) string {
		r, err := fdp.ParseDetermination(good.Result)
		if err != nil {
			t.Fatal(err)
		}
		text, err := r.Controlled.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		return `"` + name + `":"` + string(text) + `"`
	}
	cases := map[string]struct {
		change func(*Determination)
		want   string
	}{
		"other verdict": {change(verdict("controlled"), `"controlled":"does-not-apply"`), "does not follow"},
		"other regime":  {change(`"regime":"us-4e091"`, `"regime":"eu-gpai"`), "expected us-4e091"},
		"other date":    {change(`"as_of":"2026-11-24"`, `"as_of":"2020-01-01"`), "expected us-4e091"},
		"unknown field": {change(`"regime":`, `"extra":1,"regime":`), "determination"},
		"facts of more": {func(d *Determination) {
			d.Facts = replaceRaw(t, d.Facts, "6000000000000000000000000", "6500000000000000000000000")
		}, "does not follow"},
		"facts of other model": {func(d *Determination) { d.Facts = replaceRaw(t, d.Facts, "acme/atlas@2", "acme/atlas@9") }, "expected the statement's model"},
		"facts not canonical":  {func(d *Determination) { d.Facts = replaceRaw(t, d.Facts, `"6000000000000000000000000"`, `"6e24"`) }, "canonical"},
		"unknown fact":         {func(d *Determination) { d.Facts = replaceRaw(t, d.Facts, `"weights":`, `"wights":`) }, "facts"},
		"grades raised":        {func(d *Determination) { d.Grades = map[string]meter.Grade{"weights": meter.GradeAttested} }, "does not follow"},
		"other destination":    {func(d *Determination) { d.Question.Destination = "CN" }, "does not follow"},
		"unknown option":       {func(d *Determination) { d.Question.Options = map[string]string{"x": "y"} }, "question"},
		"other rules sent": {func(d *Determination) {
			d.Rules = Rules{Digest: digestOf("x"), Files: map[string]string{}}
			for name, text := range b.Rules.Files() {
				d.Rules.Files[name] = string(text)
			}
			change(b.Rules.Digest(), d.Rules.Digest)(d)
		}, "the rules that came with it have the digest"},
		"rules that are none": {func(d *Determination) {
			d.Rules = Rules{Digest: digestOf("x"), Files: map[string]string{"us-4e091/a.yaml": "x: ["}}
			change(b.Rules.Digest(), d.Rules.Digest)(d)
		}, "the rules that came with it"},
	}
	for name, c := range cases {
		d := good
		d.Grades = maps.Clone(d.Grades)
		c.change(&d)
		if done, note, err := d.Recompute(b); err == nil || done || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %q, %v", name, done, note, err)
		}
	}
}

func replaceRaw(t testing.TB, raw json.RawMessage, old, new string) json.RawMessage {
	t.Helper()
	changed := strings.Replace(string(raw), old, new, 1)
	if changed == string(raw) {
		t.Fatalf("nothing to replace: %q in %s", old, raw)
	}
	return json.RawMessage(changed)
}

// withFacts is a determination of which only the facts are looked at.
func withFacts(t testing.TB, text string) Determination {
	t.Helper()
	encoded, err := parseFacts(t, text).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return Determination{Model: "acme/atlas@2", Facts: encoded}
}

// TestContradiction (D4): facts that say less than is attested are refused, facts
// that say as much or more are not.
func TestContradiction(t *testing.T) {
	c := exampleCompute(t)
	cases := []struct{ name, old, new, want string }{
		{"as attested", `acme/atlas@2`, `acme/atlas@2`, ""},
		{"more", `high: "7e24"`, `high: "8e24"`, ""},
		{"further work", `operations:`, "operations:\n  - {activity: exploration, estimate: \"1e24\"}", ""},
		{"lower low", `low: "5e24"`, `low: "4e24"`, "of fine-tuning for acme/atlas@2"},
		{"lower estimate", `estimate: "6e24"`, `estimate: "5.5e24"`, "of fine-tuning for acme/atlas@2"},
		{"lower high", `high: "7e24"`, `high: "6e24"`, "of fine-tuning for acme/atlas@2"},
		{"line left out", `  - {activity: evaluation, low: "1e21", estimate: "1e21", high: "2e21"}` + "\n", ``, "of evaluation for acme/atlas@2"},
		{"another activity", `activity: fine-tuning`, `activity: exploration`, "of fine-tuning for acme/atlas@2"},
		{"parent left out", `  - {model: big/teacher@1, relation: distills-from}` + "\n", ``, "leave out big/teacher@1"},
		{"parent understated", `operations: "9.5e25", parents: []`, `operations: "9e24", parents: []`, "of operations for acme/atlas@1"},
		{"parent by activity", `operations: "9.5e25", parents: []`, `operations: [{activity: pretraining, low: "9e25", estimate: "9.5e25", high: "1e26"}], parents: []`, ""},
		{"parent by activity understated", `operations: "9.5e25", parents: []`, `operations: [{activity: pretraining, estimate: "1e25"}], parents: []`, "of pretraining for acme/atlas@1"},
	}
	for _, test := range cases {
		text := strings.Replace(factsText, test.old, test.new, 1)
		err := withFacts(t, text).Contradiction(c)
		if test.name == "as attested" || test.name == "more" || test.name == "further work" {
			// the parent's high is 1e26 in the attested lineage
			text = strings.Replace(text, `operations: "9.5e25"`, `operations: {low: "9e25", estimate: "9.5e25", high: "1e26"}`, 1)
			err = withFacts(t, text).Contradiction(c)
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, expected %q", test.name, err, test.want)
		}
	}
}
