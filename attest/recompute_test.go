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
		r, err := s.Determination.Recompute(b)
		if err != nil || r.Rules != name || (len(r.Verdicts) == 2) != (name == RulesSent) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if len(r.Verdicts) == 2 && (r.Verdicts[0].RulesDigest != rules.Digest() || r.Verdicts[1].RulesDigest != b.Rules.Digest()) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestNotRecomputed (D3): what cannot be recomputed here is said, not passed.
func TestNotRecomputed(t *testing.T) {
	unknown := determine(t, basis(t), factsText)
	old := unknown.Rules.Digest
	unknown.Rules.Digest = digestOf("rules of another version")
	unknown.Result = json.RawMessage(strings.Replace(string(unknown.Result), old, unknown.Rules.Digest, 1))
	if r, err := unknown.Recompute(basis(t)); err != nil || r.Rules != "" || !strings.Contains(r.Why, "rules that this build does not carry") {
		t.Errorf("unknown rules: %+v, %v", r, err)
	}
	catalogue := determine(t, basis(t), factsText)
	catalogue.Catalogue = digestOf("another catalogue")
	if r, err := catalogue.Recompute(basis(t)); err != nil || r.Rules != "" || !strings.Contains(r.Why, "another accelerator catalogue") {
		t.Errorf("another catalogue: %+v, %v", r, err)
	}
	without := determine(t, basis(t), strings.Replace(factsText, `, hardware: [{product: "NVIDIA H100 SXM5 80GB", subject_to_ear: true}]`, "", 1))
	without.Catalogue = digestOf("another catalogue")
	if r, err := without.Recompute(basis(t)); err != nil || r.Rules != RulesEmbedded {
		t.Errorf("another catalogue that no fact needs: %+v, %v", r, err)
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
		"other regime":  {change(`"regime":"us-4e091"`, `"regime":"eu-gpai"`), `expected "us-4e091"`},
		"other date":    {change(`"as_of":"2026-11-24"`, `"as_of":"2020-01-01"`), `expected "us-4e091"`},
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
		if r, err := d.Recompute(b); err == nil || r.Rules != "" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %+v, %v", name, r, err)
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
