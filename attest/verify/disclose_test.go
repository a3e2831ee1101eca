package verify

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/meter"
)

// hiding replaces the compute of a happy shipment by one that hides its figures,
// and returns its disclosures with the name of its payload.
func hiding(t testing.TB, s *shipment) (digest string, disclosures map[string]string) {
	t.Helper()
	c := compute(t, s.in.Found)
	c.Lineage.Missing, c.Lineage.Models[0].Parents = nil, nil
	lineage, err := attest.LineageOf(c.Model, func(m meter.ModelRef) (attest.LineageModel, bool) { return c.Lineage.Models[0], m == c.Model })
	if err != nil {
		t.Fatal(err)
	}
	c.Lineage = lineage
	open, err := attest.ParseStatement(payload(t, manifestDigest, s.in.Found, c))
	if err != nil {
		t.Fatal(err)
	}
	concealed, err := attest.Conceal(open, nil, nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, err := concealed.Statement.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s.in.Bundles[0] = signed(t, s.key, text)
	disclosures = map[string]string{}
	for _, d := range concealed.Disclosures {
		disclosures[d.Path] = d.Text
	}
	return PayloadDigest(text), disclosures
}

// TestPresentation (P4, P7): the same signature holds with and without what is
// shown; what is hidden is listed and is a bound; what was shown stands in it.
func TestPresentation(t *testing.T) {
	s := happy(t)
	digest, disclosures := hiding(t, &s)
	result := s.verify(t)
	line := result.Statements[0]
	if !result.OK || len(line.Hidden) == 0 || line.Recomputed || line.Thresholds != nil {
		t.Fatalf("nothing shown: ok %v, %+v", result.OK, result.Problems)
	}
	if total := result.Verified[0].TrainingCompute.Lineage.Activities[0]; total.High.Known || !total.Low.IsZero() {
		t.Errorf("a hidden total: %s", total.Interval)
	}
	s.in.Disclosures = map[string][]string{digest: {disclosures["thresholds.total_operations_lt_1e26"], disclosures["ledger"]}}
	result = s.verify(t)
	line = result.Statements[0]
	if !result.OK || !line.Thresholds["total_operations_lt_1e26"] || !strings.Contains(string(line.Disclosed), `"ledger":{`) {
		t.Fatalf("two shown: ok %v, %+v %s", result.OK, result.Problems, line.Disclosed)
	}
	if total := result.Verified[0].TrainingCompute.Lineage.Activities[0]; total.High.String() != "99999999999999999999999999" {
		t.Errorf("below 1e26: %s", total.Interval)
	}
}

// TestPresentationRefused (P6, P7): by name, with the code and a word of each.
func TestPresentationRefused(t *testing.T) {
	for _, v := range []struct {
		name   string
		change func(s *shipment, digest string, disclosures map[string]string) map[string][]string
		says   string
	}{
		{"of-another-statement", func(_ *shipment, _ string, d map[string]string) map[string][]string {
			return map[string][]string{digestOf("another"): {d["ledger"]}}
		}, "no named key signed"},
		{"under-another-key", func(s *shipment, digest string, d map[string]string) map[string][]string {
			s.in.Bundles[0] = s.in.Bundles[1]
			return map[string][]string{digest: {d["ledger"]}}
		}, "no named key signed"},
		{"forged", func(_ *shipment, digest string, _ map[string]string) map[string][]string {
			return map[string][]string{digest: {"WyJYbWRqM1hHUjZyNW9WdVNIM2NLLW5BIiwicmVjb3JkcyIsNDBd"}}
		}, "belongs to nothing"},
		{"changed", func(_ *shipment, digest string, d map[string]string) map[string][]string {
			return map[string][]string{digest: {d["ledger"][:len(d["ledger"])-4] + "AAAA"}}
		}, "disclosure"},
		{"given-twice", func(_ *shipment, digest string, d map[string]string) map[string][]string {
			return map[string][]string{digest: {d["ledger"], d["ledger"]}}
		}, "given twice"},
		{"of-an-open-statement", func(s *shipment, _ string, d map[string]string) map[string][]string {
			open := payload(t, manifestDigest, s.in.Found, hardware())
			return map[string][]string{PayloadDigest(open): {d["ledger"]}}
		}, "hides nothing"},
	} {
		s := happy(t)
		digest, disclosures := hiding(t, &s)
		s.in.Disclosures = v.change(&s, digest, disclosures)
		result := s.verify(t)
		found := false
		for _, p := range result.Problems {
			found = found || p.Code == CodeDisclosure && strings.Contains(p.Message, v.says) && p.Hint != ""
		}
		if result.OK || !found {
			t.Errorf("%s: ok %v, %+v", v.name, result.OK, result.Problems)
		}
	}
}

// TestHiddenLedgerIsTooShort (P4): a hidden head is no head.
func TestHiddenLedgerIsTooShort(t *testing.T) {
	s := happy(t)
	hiding(t, &s)
	s.policy.MinLedgerSize = 1
	if result := s.verify(t); result.OK || result.Problems[0].Code != CodeLedgerSize {
		t.Errorf("%+v", result.Problems)
	}
}
