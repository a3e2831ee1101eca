package attest

import (
	"bytes"
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
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
	embedded, err := fdp.Embedded()
	if err != nil {
		return Determination{}, err
	}
	d.Rules = Rules{Digest: b.Rules.Digest(), Embedded: embedded.Digest() == b.Rules.Digest()}
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

// Recompute evaluates d again from its own facts, grades and question, under the
// rules of b, which [EmbeddedBasis] returns, or those that travel with it, and
// compares the result to the byte. It returns true when it came out the same, an error when it did not. The
// note is a sentence that a reader must see: why it could not be recomputed here,
// or that the rules were the signer's own.
func (d Determination) Recompute(b Basis) (recomputed bool, note string, err error) {
	facts, err := d.parseFacts()
	if err != nil {
		return false, "", err
	}
	if err := d.parseResult(); err != nil {
		return false, "", err
	}
	if b.Rules, note, err = d.rules(b.Rules); b.Rules == nil {
		return false, note, err
	}
	if digest := b.Catalogue.Digest(); digest != d.Catalogue && len(facts.Training.Hardware) > 0 {
		return false, fmt.Sprintf("its facts name hardware and it was made with another accelerator catalogue (%s, here %s)", d.Catalogue, digest), nil
	}
	want, err := d.evaluate(b)
	if err != nil {
		return false, "", err
	}
	if at := firstDifference(want, d.Result); at >= 0 {
		return false, "", fmt.Errorf("determination: it does not follow from its facts under its rules: at byte %d the statement has %q, evaluation gives %q",
			at, around(d.Result, at), around(want, at))
	}
	return true, note, nil
}

// parseResult reads the determination in its one encoding and holds it to the
// question and the rules beside it.
func (d Determination) parseResult() error {
	r, err := fdp.ParseDetermination(d.Result)
	if err != nil {
		return fmt.Errorf("determination: %w", err)
	}
	if r.Regime != d.Question.Regime || r.AsOf != d.Question.AsOf || r.RulesDigest != d.Rules.Digest {
		return fmt.Errorf("determination: it is of %s as of %s under rules %s: expected %s, %s, %s as beside it",
			clip(r.Regime), clip(r.AsOf), clip(r.RulesDigest), d.Question.Regime, d.Question.AsOf, d.Rules.Digest)
	}
	return nil
}

// rules returns the rules with d's digest: the embedded ones, or those that
// travel with it. Rules that travel must have the digest that they are sent
// under.
func (d Determination) rules(embedded *fdp.Rules) (*fdp.Rules, string, error) {
	if d.Rules.Digest == embedded.Digest() {
		return embedded, "", nil
	}
	if d.Rules.Embedded {
		return nil, fmt.Sprintf("it was made under rules that this build does not carry (%s, here %s)", d.Rules.Digest, embedded.Digest()), nil
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
	return sent, fmt.Sprintf("it was recomputed under rules that came with it (%s), not under those of this build (%s)", sent.Digest(), embedded.Digest()), nil
}
