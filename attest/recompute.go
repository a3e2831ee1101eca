package attest

import (
	"bytes"
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter/canonical"
	"github.com/weighbridge/weighbridge/provenance"
)

// Basis is what a determination is evaluated with.
type Basis struct {
	Rules     *fdp.Rules
	Catalogue *provenance.Catalogue
}

// EmbeddedBasis returns the rules and the catalogue that this program carries.
func EmbeddedBasis() (Basis, error) {
	rules, err := fdp.Embedded()
	if err != nil {
		return Basis{}, err
	}
	catalogue, err := provenance.Embedded()
	return Basis{rules, catalogue}, err
}

// EmbeddedCatalogue returns the catalogue of accelerators that this program
// carries.
func EmbeddedCatalogue() (*provenance.Catalogue, error) { return provenance.Embedded() }

// Determine evaluates facts under question, as they travel, and returns the
// predicate that carries the result and all that it was made from. Rules that
// are not embedded in this program are put beside it.
func Determine(b Basis, facts fdp.Facts, question Question, tool Tool, created time.Time) (Determination, error) {
	d := Determination{Model: facts.Model, Question: question, Grades: facts.Grades(), Tool: tool, CreatedAt: created}
	var err error
	if d.Facts, err = facts.Encode(); err != nil {
		return Determination{}, fmt.Errorf("determination: %w", err)
	}
	d.Catalogue = b.Catalogue.Digest()
	embedded, err := fdp.EmbeddedDigest()
	if err != nil {
		return Determination{}, err
	}
	d.Rules = Rules{Digest: b.Rules.Digest(), Embedded: embedded == b.Rules.Digest()}
	if !d.Rules.Embedded {
		d.Rules.Files = map[string]string{}
		for name, text := range b.Rules.Files() {
			d.Rules.Files[name] = string(text)
		}
	}
	if d.Result, err = d.evaluate(b); err != nil {
		return Determination{}, err
	}
	return d, d.Validate()
}

// evaluate returns the determination that follows from d's facts, grades and
// question under b.
func (d Determination) evaluate(b Basis) ([]byte, error) {
	facts, err := d.parseFacts()
	if err != nil {
		return nil, err
	}
	asOf, err := time.Parse(time.DateOnly, d.Question.AsOf)
	if err != nil {
		return nil, fmt.Errorf("determination: question.asOf: %w", err)
	}
	q := fdp.Question{Regimes: []string{d.Question.Regime}, AsOf: asOf, Destination: d.Question.Destination, Options: d.Question.Options}
	if err := q.Validate(b.Rules); err != nil {
		return nil, fmt.Errorf("determination: question: %w", err)
	}
	out, err := fdp.Evaluate(b.Rules, b.Catalogue, facts, q)
	if err != nil {
		return nil, fmt.Errorf("determination: %w", err)
	}
	if len(out) != 1 {
		return nil, fmt.Errorf("determination: %d results for the regime %s: expected one", len(out), d.Question.Regime)
	}
	return out[0].Encode()
}

// AsOf returns what b makes of d's facts on another day, without the readings and
// the destination that were asked for.
func (d Determination) AsOf(b Basis, day time.Time) (fdp.Determination, error) {
	d.Question = Question{Regime: d.Question.Regime, AsOf: day.Format(time.DateOnly)}
	result, err := d.evaluate(b)
	if err != nil {
		return fdp.Determination{}, err
	}
	return fdp.ParseDetermination(result)
}

// parseFacts reads the facts in their one encoding, with their grades.
func (d Determination) parseFacts() (fdp.Facts, error) {
	facts, err := fdp.ParseFacts(d.Facts, "facts")
	if err != nil {
		return fdp.Facts{}, fmt.Errorf("determination: %w", err)
	}
	again, err := facts.Encode()
	if err != nil || !bytes.Equal(again, d.Facts) {
		return fdp.Facts{}, fmt.Errorf("determination: facts: not in canonical encoding (fdp/SPEC.md): %v", err)
	}
	if facts.Model != d.Model {
		return fdp.Facts{}, fmt.Errorf("determination: the facts are about %q: expected the statement's model %s", facts.Model, d.Model)
	}
	return facts.WithGrades(d.Grades), nil
}

// Whose rules a determination was recomputed under.
const (
	RulesEmbedded = "embedded" // those of the program that recomputed it
	RulesSent     = "sent"     // the signer's own, which came with it
)

// Recomputation is the outcome of evaluating a determination again.
type Recomputation struct {
	// Rules is RulesEmbedded or RulesSent: under these rules the same came out.
	// Empty when it was not recomputed; Why then says why not, and nothing in the
	// determination is known to follow from anything.
	Rules string
	Why   string

	// Verdicts are, for rules that came with it, what they say, and what this
	// program's own rules say of the same facts and question.
	Verdicts []Verdict
}

// Verdict is the short form of a determination, under the rules of the signer or
// of the program that recomputed it.
type Verdict struct {
	Whose           string `json:"whose"` // "signer" or "this build"
	RulesDigest     string `json:"rules_digest"`
	Regime          string `json:"regime"`
	AsOf            string `json:"as_of"`
	Controlled      string `json:"controlled"`
	SubjectToEAR    string `json:"subject_to_ear,omitempty"`   // absent: the regime is no export control
	LicenceRequired string `json:"licence_required,omitempty"` // absent: the regime is no export control
	Error           string `json:"error,omitempty"`            // why these rules cannot answer; the verdicts are then undetermined
}

func verdictOf(whose string, d fdp.Determination) Verdict {
	out := Verdict{Whose: whose, RulesDigest: d.RulesDigest, Regime: d.Regime, AsOf: d.AsOf, Controlled: d.Controlled.String()}
	if d.Export != nil {
		out.SubjectToEAR, out.LicenceRequired = d.SubjectToEAR.String(), d.Licence.Required.String()
	}
	return out
}

// Recompute evaluates d again from its own facts, grades and question, under the
// rules of b, which [EmbeddedBasis] returns, or those that travel with it, and
// compares the result to the byte. The error says that it does not follow, or
// cannot be read. Without an error it followed, or was not recomputed at all: see
// [Recomputation].
func (d Determination) Recompute(b Basis) (Recomputation, error) {
	facts, err := d.parseFacts()
	if err != nil {
		return Recomputation{}, err
	}
	var out Recomputation
	sent, err := d.parseResult()
	if err != nil {
		return Recomputation{}, err
	}
	rules, whose, err := d.rules(b.Rules)
	switch {
	case err != nil:
		return Recomputation{}, err
	case rules == nil:
		out.Why = fmt.Sprintf("it was made under rules that this build does not carry (%s, here %s)", d.Rules.Digest, b.Rules.Digest())
		return out, nil
	}
	if digest := b.Catalogue.Digest(); digest != d.Catalogue && len(facts.Training.Hardware) > 0 {
		out.Why = fmt.Sprintf("its facts name hardware and it was made with another accelerator catalogue (%s, here %s)", d.Catalogue, digest)
		return out, nil
	}
	want, err := d.evaluate(Basis{rules, b.Catalogue})
	if err != nil {
		return Recomputation{}, err
	}
	if at := canonical.FirstDifference(want, d.Result); at >= 0 {
		return Recomputation{}, fmt.Errorf("determination: it does not follow from its facts under its rules: at byte %d the statement has %q, evaluation gives %q",
			at, canonical.Around(d.Result, at), canonical.Around(want, at))
	}
	out.Rules = whose
	if whose == RulesSent {
		out.Verdicts = []Verdict{verdictOf("signer", sent), d.underOwn(b, sent.Export != nil)}
	}
	return out, nil
}

// underOwn evaluates d's facts and question under the rules of b. Options that
// only the rules sent know cannot be asked of them: nothing is then known, which
// is undetermined, never a pass.
func (d Determination) underOwn(b Basis, export bool) Verdict {
	own := fdp.Determination{Regime: d.Question.Regime, AsOf: d.Question.AsOf, RulesDigest: b.Rules.Digest()}
	if export {
		own.Export = &fdp.Export{}
	}
	result, err := d.evaluate(b)
	if err == nil {
		var parsed fdp.Determination
		if parsed, err = fdp.ParseDetermination(result); err == nil {
			return verdictOf("this build", parsed)
		}
	}
	out := verdictOf("this build", own)
	out.Error = err.Error()
	return out
}

// parseResult reads the determination in its one encoding and holds it to the
// question and the rules beside it.
func (d Determination) parseResult() (fdp.Determination, error) {
	r, err := fdp.ParseDetermination(d.Result)
	if err != nil {
		return r, fmt.Errorf("determination: %w", err)
	}
	if r.Regime != d.Question.Regime || r.AsOf != d.Question.AsOf || r.RulesDigest != d.Rules.Digest {
		return r, fmt.Errorf("determination: it is of %q as of %q under rules %q: expected %q, %q, %q as beside it",
			clip(r.Regime), clip(r.AsOf), clip(r.RulesDigest), d.Question.Regime, d.Question.AsOf, d.Rules.Digest)
	}
	return r, nil
}

// rules returns the rules with d's digest and whose they are: the embedded ones,
// or those that travel with it, which must have the digest that they are sent
// under; nil for embedded rules of another build.
func (d Determination) rules(embedded *fdp.Rules) (*fdp.Rules, string, error) {
	if d.Rules.Digest == embedded.Digest() {
		return embedded, RulesEmbedded, nil
	}
	if d.Rules.Embedded {
		return nil, "", nil
	}
	files := map[string][]byte{}
	for name, text := range d.Rules.Files {
		files[name] = []byte(text)
	}
	sent, err := fdp.RulesFromFiles(files)
	if err != nil {
		return nil, "", fmt.Errorf("determination: the rules that came with it: %w", err)
	}
	if sent.Digest() != d.Rules.Digest {
		return nil, "", fmt.Errorf("determination: the rules that came with it have the digest %s: expected %s", sent.Digest(), d.Rules.Digest)
	}
	return sent, RulesSent, nil
}
