package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

func examples(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"training-compute": payload(t, exampleCompute(t)),
		"hardware":         payload(t, exampleHardware()),
		"determination":    payload(t, exampleDetermination()),
		"ledger-proof":     payload(t, exampleLedgerProof(t)),
	}
}

// TestOneEncoding (S1): what Encode writes, ParseStatement reads back to an equal
// value, and to the same bytes.
func TestOneEncoding(t *testing.T) {
	for name, text := range examples(t) {
		s, err := ParseStatement(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := s.Encode()
		if err != nil || !bytes.Equal(again, text) || !s.Ours() || s.Model() != "acme/atlas@2" {
			t.Errorf("%s: %v\n%s\n%s", name, err, text, again)
		}
	}
	s, err := ParseStatement(payload(t, exampleCompute(t)))
	if err != nil || !reflect.DeepEqual(*s.TrainingCompute, exampleCompute(t)) {
		t.Errorf("read back %+v: %v", s.TrainingCompute, err)
	}
}

// TestStatementV01 (S3): the older statement type is read, and is another
// statement: it encodes as it was.
func TestStatementV01(t *testing.T) {
	text := bytes.Replace(payload(t, exampleHardware()), []byte("Statement/v1"), []byte("Statement/v0.1"), 1)
	s, err := ParseStatement(text)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.Encode(); err != nil || !bytes.Equal(again, text) {
		t.Errorf("%s: %v", again, err)
	}
}

// edit is one change to the text of a statement, with words that the error must
// contain.
type edit struct{ name, predicate, old, new, want string }

// statementEdits are the negative vectors of the payload.
var statementEdits = []edit{
	{"trailing-bytes", "hardware", `}`, `} `, "trailing"}, // applied at the end, below
	{"leading-space", "hardware", `{"_type"`, ` {"_type"`, "canonical"},
	{"white-space", "hardware", `"subject":[`, `"subject": [`, "canonical"},
	{"unknown-field", "hardware", `"devices":`, `"extra":1,"devices":`, "unknown field"},
	{"unknown-field-in-statement", "hardware", `"subject":`, `"extra":1,"subject":`, "canonical"},
	{"unknown-field-nested", "hardware", `"product":`, `"serial":"1","product":`, "unknown field"},
	{"duplicate-key", "hardware", `"devices":`, `"devices":[],"devices":`, "written twice"},
	{"duplicate-predicate", "hardware", `"predicate":`, `"predicate":{},"predicate":`, "written twice"},
	{"duplicate-escaped-key", "hardware", `"devices":`, `"d\u0065vices":[],"devices":`, "written twice"},
	{"case-key", "hardware", `"devices":`, `"Devices":`, "canonical"},
	{"case-key-statement", "hardware", `"subject":`, `"Subject":`, "subject"},
	{"case-key-type", "hardware", `"_type":`, `"_Type":`, "_type"},
	{"other-order", "hardware", `"place":["JP"],"runs":["2026-11-22-a1b2"]`, `"runs":["2026-11-22-a1b2"],"place":["JP"]`, "canonical"},
	{"null-list", "hardware", `"runs":["2026-11-22-a1b2"]`, `"runs":null`, "canonical"},
	{"empty-optional", "hardware", `"place":["JP"]`, `"place":[]`, "canonical"},
	{"html-escape", "training-compute", `<telemetry>`, `\u003ctelemetry\u003e`, "canonical"},
	{"lone-surrogate", "training-compute", `<telemetry>`, `\ud800`, "canonical"},
	{"number-with-41-digits", "hardware", `"count":8`, `"count":` + strings.Repeat("1", 41), "a number of 41 characters"},
	{"number-as-float", "hardware", `"count":8`, `"count":8.0`, "cannot unmarshal"},
	{"number-as-exponent", "hardware", `"count":8`, `"count":8e0`, "cannot unmarshal"},
	{"number-negative", "hardware", `"count":8`, `"count":-8`, "cannot unmarshal"},
	{"number-above-2^53", "hardware", `"count":8`, `"count":9007199254740992`, "count of at least 1"},
	{"number-zero", "hardware", `"count":8`, `"count":0`, "count of at least 1"},
	{"operations-as-number", "training-compute", `"low":"5000000000000000000000000"`, `"low":5000000000000000000000000`, "in quotes"},
	{"operations-scientific", "training-compute", `"low":"5000000000000000000000000"`, `"low":"5e24"`, "canonical form"},
	{"operations-leading-zero", "training-compute", `"low":"5000000000000000000000000"`, `"low":"05000000000000000000000000"`, "canonical form"},
	{"operations-41-digits", "training-compute", `"low":"5000000000000000000000000"`, `"low":"` + strings.Repeat("1", 41) + `"`, "41 digits"},
	{"time-with-offset", "hardware", `T12:00:00Z`, `T13:00:00+01:00`, "ending in Z"},
	{"time-lower-case", "hardware", `T12:00:00Z`, `t12:00:00z`, "parsing time"},
	{"time-fraction-zeros", "hardware", `T12:00:00Z`, `T12:00:00.500Z`, "canonical"},
	{"depth", "determination", `{"model":"acme/atlas@2"}`, `{"a":` + strings.Repeat("[", MaxFactsDepth) + strings.Repeat("]", MaxFactsDepth) + `}`, "nested deeper"},
	{"depth-elsewhere", "hardware", `"runs":["2026-11-22-a1b2"]`, `"runs":` + strings.Repeat("[", 40) + strings.Repeat("]", 40), "nested deeper than 32"},
	{"invalid-utf8", "hardware", `NVIDIA`, "NVIDI\xff", "UTF-8"},

	{"unknown-type", "hardware", `in-toto.io/Statement/v1`, `in-toto.io/Statement/v2`, "_type"},
	{"unknown-version", "hardware", `hardware/v1`, `hardware/v2`, "does not read"},
	{"unknown-predicate-of-ours", "hardware", `hardware/v1`, `firmware/v1`, "does not read"},
	{"other-predicate-type", "hardware", `hardware/v1`, `determination/v1`, "unknown field"},
	{"predicate-type-missing", "hardware", `"predicateType":"https://weighbridge.dev/hardware/v1",`, ``, "predicateType"},
	{"predicate-type-number", "hardware", `"predicateType":"https://weighbridge.dev/hardware/v1"`, `"predicateType":1`, "predicateType"},
	{"no-subject", "hardware", `"subject":`, `"subjects":`, "subject"},
	{"one-subject", "hardware", `{"name":"acme/atlas@2","digest":{"sha256":"` + hexOf("manifest") + `"}},`, ``, "1 subjects"},
	{"three-subjects", "hardware", `"subject":[`, `"subject":[{"name":"x","digest":{"sha256":"` + hexOf("manifest") + `"}},`, "3 subjects"},
	{"subject-name", "hardware", `"name":"acme/atlas@2#oms-root"`, `"name":"acme/atlas@2"`, "subject[1]: name"},
	{"subject-upper-case-digest", "hardware", hexOf("manifest"), strings.ToUpper(hexOf("manifest")), "lower-case"},
	{"subject-second-digest", "hardware", hexOf("manifest") + `"`, hexOf("manifest") + `","sha512":"00"`, "one digest"},
	{"subject-other-hash", "hardware", `{"sha256":"` + hexOf("manifest"), `{"sha512":"` + hexOf("manifest"), "one digest"},
	{"subject-is-not-the-root", "training-compute", `#oms-root","digest":{"sha256":"`, `#oms-root","digest":{"sha256":"` + hexOf("x") + `"},"old":{"x":"`, "expected one digest"},
	{"other-model-than-subject", "hardware", `"predicate":{"model":"acme/atlas@2"`, `"predicate":{"model":"acme/atlas@3"`, "subject[0]: name"},

	{"model-name", "hardware", `"predicate":{"model":"acme/atlas@2"`, `"predicate":{"model":"atlas"`, "org/name@version"},
	{"no-completeness", "training-compute", `"completeness":"No level`, `"completeness":"Every level`, "completeness"},
	{"own-work-differs", "training-compute", `"predicate":{`, ``, ""}, // changed by hand, below
	{"unknown-activity", "training-compute", `"activity":"fine-tuning"`, `"activity":"tuning"`, "activity"},
	{"estimate-below-low", "training-compute", `"estimate":"6000000000000000000000000"`, `"estimate":"4000000000000000000000000"`, "below low"},
	{"bounded-in-spite-of-missing", "training-compute", `"lineage":{"activities":[{"activity":"pretraining","low":"90000000000000000000000000","estimate":null,"high":null`,
		`"lineage":{"activities":[{"activity":"pretraining","low":"90000000000000000000000000","estimate":null,"high":"100000000000000000000000000"`, "do not follow"},
	{"total-understated", "training-compute", `"lineage":{"activities":[{"activity":"pretraining","low":"9`, `"lineage":{"activities":[{"activity":"pretraining","low":"8`, "do not follow"},
	{"missing-ancestor-hidden", "training-compute", `"missing":["big/teacher@1"]`, `"missing":[]`, "lineage.missing"},
	{"unknown-relation", "training-compute", `"relation":"fine-tunes"`, `"relation":"derives"`, "relation"},
	{"input-digest", "training-compute", `"input":"sha256:`, `"input":"sha1:`, "input"},
	{"unknown-method", "training-compute", `"methods":["counted"`, `"methods":["guessed"`, "method"},
	{"methods-order", "training-compute", `["counted","architecture"]`, `["architecture","counted"]`, "best first"},
	{"period-reversed", "training-compute", `"start":"2026-11-22T12:00:00Z"`, `"start":"2026-11-24T12:00:00Z"`, "before start"},
	{"head-root", "training-compute", `"root":"` + digestOf("head") + `"`, `"root":"none"`, "ledger"},
	{"logs-unsorted", "training-compute", `"corrections":[`, `"logs":[{"origin":"b","size":1,"root":"` + digestOf("head") + `"},{"origin":"a","size":1,"root":"` + digestOf("head") + `"}],"corrections":[`, "sorted by origin"},
	{"logs-twice", "training-compute", `"corrections":[`, `"logs":[{"origin":"a","size":1,"root":"` + digestOf("head") + `"},{"origin":"a","size":1,"root":"` + digestOf("head") + `"}],"corrections":[`, "each log once"},
	{"logs-ledger-again", "training-compute", `"corrections":[`, `"logs":[{"origin":"weighbridge.dev/ledger/7d1f/acme/atlas@2","size":1,"root":"` + digestOf("head") + `"}],"corrections":[`, "not again"},
	{"logs-empty", "training-compute", `"corrections":[`, `"logs":[],"corrections":[`, ""},
	{"logs-root", "training-compute", `"corrections":[`, `"logs":[{"origin":"a","size":1,"root":"none"}],"corrections":[`, "logs[0]"},
	{"logs-size", "training-compute", `"corrections":[`, `"logs":[{"origin":"a","size":0,"root":"` + digestOf("head") + `"}],"corrections":[`, "logs[0]"},
	{"weights-state", "training-compute", `"activity":"fine-tuning","weights":"kept"`, `"activity":"fine-tuning","weights":"lost"`, "expected kept or discarded"},
	{"work-order", "training-compute", `"activity":"pretraining","weights":"kept","low":"8`, `"activity":"pretraining","weights":"discarded","low":"8`, "kept before discarded"},
	{"generator-of-no-data", "training-compute", `"activity":"fine-tuning","weights":"kept"`, `"activity":"fine-tuning","weights":"kept","generator":"acme/writer@1"`, "generates no data"},
	{"unnamed-generator", "training-compute", `"missing":["big/teacher@1"]`, `"missing":["big/teacher@1"],"generators":[{"model":"acme/writer@1","work":[],"parents":[]}]`, "names as its generator"},
	{"void-with-after", "training-compute", `"kind":"supersede"`, `"kind":"void"`, "expected with supersede, and only there"},
	{"unknown-correction", "training-compute", `"kind":"supersede"`, `"kind":"rewrite"`, "expected void or supersede"},
	{"correction-without-author", "training-compute", `"author":"A. Meier"`, `"author":""`, "a reason and an author"},
	{"correction-without-reason", "training-compute", `"reason":"a zero too many"`, `"reason":" "`, "a reason and an author"},
	{"correction-of-a-stranger", "training-compute", `"corrections":[{"model":"acme/atlas@2"`, `"corrections":[{"model":"acme/other@2"`, "no model of the lineage"},
	{"corrections-absent", "training-compute", `"corrections":[`, `"correction":[`, "unknown field"},
	{"grade", "training-compute", `"records":1,"grade":"declared"`, `"records":1,"grade":"sure"`, "grade"},
	{"grade-missing", "training-compute", `"records":1,"grade":"declared"`, `"records":1`, "grade"},
	{"files-count", "training-compute", `"count":3`, `"count":2`, "files listed give"},
	{"files-bytes", "training-compute", `"bytes":21`, `"bytes":22`, "files listed give"},
	{"files-renamed", "training-compute", `"name":"config.json"`, `"name":"config.yaml"`, "files listed give"},
	{"files-order", "training-compute", `"name":"config.json"`, `"name":"z.json"`, "sorted as bytes"},
	{"files-traversal", "training-compute", `"name":"config.json"`, `"name":"../config.json"`, "file name"},
	{"no-tool", "training-compute", `"version":"0.1.0"`, `"version":""`, "tool"},

	{"eccn", "hardware", `"eccn":"3A090.a"`, `"eccn":"3A091"`, "eccn"},
	{"pci", "hardware", `"pci":"10de:2330"`, `"pci":"10DE:2330"`, "pci"},
	{"tpp-rounded-spelling", "hardware", `"tpp":"15832"`, `"tpp":"15832.0"`, "one spelling"},
	{"density-not-lowest-terms", "hardware", `"7916/407"`, `"15832/814"`, "one spelling"},
	{"place", "hardware", `"place":["JP"]`, `"place":["Japan"]`, "place"},
	{"product-of-no-device", "hardware", `"products":[{"product":"NVIDIA H100 SXM5 80GB"`, `"products":[{"product":"T4"`, "expected one of devices"},
	{"device-of-no-model", "hardware", `"models":[{"model":"acme/atlas@2","products":[{"product":"NVIDIA H100 SXM5 80GB","grade":"measured"}]}]`, `"models":[]`, "with no model"},
	{"model-of-no-product", "hardware", `[{"product":"NVIDIA H100 SXM5 80GB","grade":"measured"}]`, `[]`, "at least one product"},
	{"empty-sentence", "hardware", `"runs":["2026-11-22-a1b2"]`, `"runs":[" "]`, "runs[0]"},

	{"date", "determination", `"asOf":"2026-11-24"`, `"asOf":"24 November 2026"`, "asOf"},
	{"no-regime", "determination", `"regime":"us-4e091","asOf"`, `"regime":"","asOf"`, "regime"},
	{"facts-no-object", "determination", `"facts":{"model":"acme/atlas@2"}`, `"facts":"none"`, "facts"},
	{"facts-missing", "determination", `"facts":{"model":"acme/atlas@2"},`, ``, "facts"},
	{"result-missing", "determination", `"determination":{"regime":"us-4e091","controlled":"undetermined"},`, ``, "determination"},
	{"rules-absent", "determination", `,"files":{"us-4e091/clauses.yaml":"clauses: []\n"}`, ``, "rules.files"},
	{"rules-embedded-and-sent", "determination", `"embedded":false`, `"embedded":true`, "rules.files"},
	{"rules-digest", "determination", `"rules":{"digest":"sha256:`, `"rules":{"digest":"md5:`, "rules.digest"},
	{"catalogue", "determination", `"catalogue":"sha256:`, `"catalogue":"`, "catalogue"},
	{"log-unnamed", "ledger-proof", `"origin":"weighbridge`, `"origin":"","o":"weighbridge`, "unknown field"},
	{"checkpoints-empty", "ledger-proof", `"checkpoints":["`, `"checkpoints":[],"x":["`, "unknown field"},
	{"entries-not-to-the-first", "ledger-proof", `"first":1`, `"first":0`, "hashes: 1: expected none beside the whole log"},
	{"index-negative", "ledger-proof", `"first":1`, `"first":-1`, "first"},
	{"path-in-hexadecimal", "ledger-proof", `"hashes":["`, `"hashes":["00`, "hashes[0]"},
	{"path-not-padded", "ledger-proof", `="],"entries"`, `"],"entries"`, "hashes[0]"},
	{"salt-short", "ledger-proof", `"salt":"`, `"salt":"AA==","body":"x"},{"salt":"`, "entries"},
	{"body-empty", "ledger-proof", `"body":"{`, `"body":"","salt":"{`, "written twice"},
	{"fact-grade", "determination", `"operations[0]":"measured"`, `"operations[0]":"certain"`, "grades"},
}

func hexOf(s string) string { return strings.TrimPrefix(digestOf(s), "sha256:") }

// apply returns the changed text. Two changes cannot be said as a replacement.
func (e edit) apply(text []byte) []byte {
	switch e.name {
	case "trailing-bytes":
		return append(bytes.Clone(text), "{}"...)
	case "own-work-differs":
		before, after, _ := bytes.Cut(text, []byte(`"lineage":`))
		return bytes.Join([][]byte{bytes.Replace(before, []byte(`"records":2`), []byte(`"records":3`), 1), after}, []byte(`"lineage":`))
	}
	return bytes.Replace(text, []byte(e.old), []byte(e.new), 1)
}

// TestParseStatementRefuses (S1 to S8, C1 to C10, H1 to H4, D1, K1): each vector is
// refused for its own reason.
func TestParseStatementRefuses(t *testing.T) {
	good, names := examples(t), map[string]bool{}
	for _, e := range statementEdits {
		text := good[e.predicate]
		changed := e.apply(text)
		if bytes.Equal(changed, text) || names[e.name] {
			t.Errorf("%s: the vector changes nothing, or its name is taken", e.name)
		}
		names[e.name] = true
		_, err := ParseStatement(changed)
		if err == nil {
			t.Errorf("%s: accepted", e.name)
		} else if !strings.Contains(err.Error(), e.want) {
			t.Errorf("%s: %q does not say %q", e.name, err, e.want)
		}
	}
	if len(names) < 70 {
		t.Errorf("%d vectors", len(names))
	}
	t.Logf("%d negative vectors", len(names))
}

// TestParseStatementIsExhaustive: of a small statement of ours, every prefix and
// every change of one byte is refused, or is another valid statement in its own
// one encoding.
func TestParseStatementIsExhaustive(t *testing.T) {
	text := payload(t, Hardware{Model: "acme/atlas@2", Tool: tool, CreatedAt: created})
	for i := range text {
		if _, err := ParseStatement(text[:i]); err == nil {
			t.Fatalf("a prefix of %d bytes is accepted", i)
		}
		for _, flip := range []byte{0x01, 0x20, 0x80} {
			changed := bytes.Clone(text)
			changed[i] ^= flip
			if s, err := ParseStatement(changed); err == nil {
				if again, err := s.Encode(); err != nil || !bytes.Equal(again, changed) {
					t.Fatalf("byte %d: accepted %q, encodes %q: %v", i, changed, again, err)
				}
			}
		}
	}
}

// TestSizeLimit (S2): neither read nor written beyond 8 MiB.
func TestSizeLimit(t *testing.T) {
	text := payload(t, exampleHardware())
	if _, err := ParseStatement(append(text, bytes.Repeat([]byte(" "), MaxStatementBytes)...)); err == nil || !strings.Contains(err.Error(), "expected at most 8388608") {
		t.Errorf("oversize: %v", err)
	}
	h := exampleHardware()
	h.NotSeen = []string{strings.Repeat("x", MaxStatementBytes)}
	if _, err := NewStatement(Subjects(h.Model, digestOf("manifest"), digestOf("root")), h); err == nil {
		t.Error("a statement was made that nobody may read")
	}
}

// TestForeignStatement (S9): another's predicate is kept as it is and never
// claimed to be understood.
func TestForeignStatement(t *testing.T) {
	text := fmt.Appendf(nil, `{ "predicateType": "https://slsa.dev/provenance/v1", "_type": "https://in-toto.io/Statement/v0.1",
	  "subject": [{"digest": {"sha256": %q, "sha512": "00"}}], "future": true, "predicate": {"Model": "acme/atlas@2"} }`, hexOf("x"))
	s, err := ParseStatement(text)
	if err != nil {
		t.Fatal(err)
	}
	if s.Ours() || s.Model() != "" || s.Subjects[0].SHA256() != digestOf("x") || !json.Valid(s.Raw) {
		t.Errorf("read as %+v", s)
	}
	if again, err := s.Encode(); err != nil || !bytes.Equal(again, text) {
		t.Errorf("encodes as %s: %v", again, err)
	}
	for name, change := range map[string][2]string{
		"duplicate key":       {`"future": true`, `"subject": []`},
		"case of a key":       {`"subject"`, `"Subject"`},
		"no subjects":         {fmt.Sprintf(`[{"digest": {"sha256": %q, "sha512": "00"}}]`, hexOf("x")), `[]`},
		"subject without":     {`"digest"`, `"digests"`},
		"digest is no object": {fmt.Sprintf(`{"sha256": %q, "sha512": "00"}`, hexOf("x")), `"x"`},
		"other statement":     {`Statement/v0.1`, `Statement/v3`},
	} {
		changed := bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
		if _, err := ParseStatement(changed); err == nil || bytes.Equal(changed, text) {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestUnknownVersion(t *testing.T) {
	text := bytes.Replace(payload(t, exampleHardware()), []byte("hardware/v1"), []byte("hardware/v2"), 1)
	_, err := ParseStatement(text)
	var unknown *UnknownVersionError
	if !errors.As(err, &unknown) || unknown.PredicateType != "https://weighbridge.dev/hardware/v2" || !strings.Contains(err.Error(), "or a newer one") {
		t.Errorf("found %v", err)
	}
}

func TestNewStatementRefuses(t *testing.T) {
	subjects := Subjects("acme/atlas@2", digestOf("manifest"), exampleManifest(t).Root())
	if _, err := NewStatement(subjects, "hello"); err == nil || !strings.Contains(err.Error(), "attest.TrainingCompute, Hardware, Determination, ReleaseNote, LedgerProof and VerificationResult") {
		t.Errorf("a string: %v", err)
	}
	if _, err := NewStatement(subjects[:1], exampleHardware()); err == nil {
		t.Error("one subject was accepted")
	}
	h := exampleHardware()
	h.NotSeen = []string{"\xff"}
	if _, err := NewStatement(subjects, h); err == nil {
		t.Error("text that is not UTF-8 was accepted: it would be read back as another text")
	}
	if _, err := NewStatement(subjects, TrainingCompute{}); err == nil {
		t.Error("an empty predicate was accepted")
	}
	if _, err := (Statement{Type: StatementType, PredicateType: TypeHardware}).Encode(); err == nil {
		t.Error("a statement without a predicate was encoded")
	}
}

func TestLineageOf(t *testing.T) {
	if _, err := LineageOf("acme/none@1", func(meter.ModelRef) (LineageModel, bool) { return LineageModel{}, false }); err == nil || !strings.Contains(err.Error(), "nothing is recorded") {
		t.Errorf("an unknown model: %v", err)
	}
	circle := func(m meter.ModelRef) (LineageModel, bool) {
		other := map[meter.ModelRef]meter.ModelRef{"acme/a@1": "acme/b@1", "acme/b@1": "acme/a@1"}
		return LineageModel{Parents: []meter.Parent{{Model: other[m], Relation: meter.Continues}}}, true
	}
	var cycle *meter.CycleError
	if _, err := LineageOf("acme/a@1", circle); !errors.As(err, &cycle) {
		t.Errorf("a circle: %v", err)
	}
	c := exampleCompute(t)
	walked, err := meter.Walk(c.Model, c.Lineage.Lookup())
	if err != nil || !reflect.DeepEqual(totals(walked.Total), c.Lineage.Activities) || walked.Missing[0] != "big/teacher@1" {
		t.Errorf("a recipient totals %+v: %v", walked, err)
	}
}

// TestExact (H3): one spelling of each number, and none rounded.
func TestExact(t *testing.T) {
	for text, want := range map[string]string{"15832": "15832", "158304/10": "15830.4", "15832/814": "7916/407", "0": "0", "1/3": "1/3", "5.920": "5.92"} {
		r, ok := new(big.Rat).SetString(text)
		if !ok || Exact(r) != want || !validExact(want) {
			t.Errorf("%s: %s, expected %s", text, Exact(r), want)
		}
	}
	for _, text := range []string{"", "1e3", "-1", "+1", "01", "1.0", ".5", "2/4", "1/0", "1/", "0x10", strings.Repeat("1", 41), "1_000"} {
		if validExact(text) {
			t.Errorf("%q: accepted", text)
		}
	}
}

func FuzzParseStatement(f *testing.F) {
	for _, text := range examples(f) {
		f.Add(text)
	}
	good := examples(f)
	for _, e := range statementEdits {
		f.Add(e.apply(good[e.predicate]))
	}
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}],"predicateType":"x","predicate":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseStatement(text)
		if err != nil {
			return
		}
		again, err := s.Encode()
		if err != nil || !bytes.Equal(again, text) {
			t.Fatalf("%q encodes as %q: %v", text, again, err)
		}
	})
}

func FuzzScanJSON(f *testing.F) {
	for _, text := range []string{`{}`, `[1,{"a":"b"}]`, `{"a":1,"a":2}`, `"x"`, `1`, ``, ` null `, `{"a":{"a":1}}`, strings.Repeat("[", 33) + strings.Repeat("]", 33)} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if ScanJSON(text) == nil && !json.Valid(text) {
			t.Fatalf("%q is not JSON", text)
		}
	})
}

// TestLineageRecords: the attested work as records sums up to what was attested,
// and each record could stand in a ledger.
func TestLineageRecords(t *testing.T) {
	c := exampleCompute(t)
	lookup := c.Lineage.Records()
	for _, m := range c.Lineage.Models {
		records, found := lookup(m.Model)
		if !found {
			t.Fatalf("no records of %s", m.Model)
		}
		for i, w := range m.Work {
			r := records[i]
			if r.Activity != w.Activity || r.Operations != w.Interval || r.Grade != w.Grade || r.Weights != w.Weights || r.Generator != w.Generator {
				t.Errorf("%s: %+v, expected %+v", m.Model, r, w)
			}
		}
		for _, r := range records {
			if err := r.Validate(); err != nil {
				t.Error(err)
			}
		}
		if len(records[0].Parents) != len(m.Parents) {
			t.Errorf("%s: parents %v", m.Model, records[0].Parents)
		}
	}
	if _, found := lookup("big/teacher@1"); found {
		t.Error("records of a model of which nothing is known")
	}
	if records := (LineageModel{Model: "acme/empty@1"}).records(); len(records) != 1 || records[0].Validate() != nil {
		t.Errorf("a model without work: %+v", records)
	}
}

// TestUnboundedWithoutRecords (C3): a model without work of its own and an
// unknown parent is unbounded, and can be said.
func TestUnboundedWithoutRecords(t *testing.T) {
	c := exampleCompute(t)
	lineage, err := LineageOf(c.Model, func(m meter.ModelRef) (LineageModel, bool) {
		return LineageModel{Parents: []meter.Parent{{Model: "big/teacher@1", Relation: meter.Continues}}}, m == c.Model
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Lineage, c.Activities = lineage, nil
	text := payload(t, c)
	if !bytes.Contains(text, []byte(`"lineage":{"activities":[{"activity":"pretraining","low":"0","estimate":null,"high":null,"records":0}]`)) {
		t.Errorf("found %s", text)
	}
}
