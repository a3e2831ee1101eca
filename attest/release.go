package attest

import (
	"fmt"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// ReleaseNote says that a provider decided to release a delivery of trained
// weights, or to train: what two people sign, each with a key of their own. It
// repeats the decision; the decision itself, its facts and its findings stay in the
// provider's ledger, under the digests that are named here.
type ReleaseNote struct {
	Delivery   string           `json:"delivery"`
	Customer   string           `json:"customer"`
	Model      meter.ModelRef   `json:"model,omitempty"`
	Weights    string           `json:"weights,omitempty"` // OMS root, "sha256:<hex>", where it is known
	Stage      string           `json:"stage,omitempty"`   // before-training or before-delivery
	Decision   string           `json:"decision"`          // release
	Standing   string           `json:"standing"`          // the one that the decision goes by
	ByStanding ReleaseStandings `json:"byStanding"`
	RedFlag28  string           `json:"redFlag28"` // a verdict
	AsOf       string           `json:"asOf"`
	Rules      string           `json:"rules"` // digest of the rules, "sha256:<hex>"
	Facts      string           `json:"facts"` // digest of the facts that were decided on
	// Options are the readings of ambiguous text that were taken, by name: with the
	// facts, the rules and the date, what the decision follows from.
	Options   map[string]string `json:"options"`
	Preparer  string            `json:"preparer"`
	Tool      Tool              `json:"tool"`
	CreatedAt time.Time         `json:"createdAt"`
}

// ReleaseStandings is the decision under each standing of the rules.
type ReleaseStandings struct {
	Codified string `json:"codified"`
	Due      string `json:"due"`
	Enforced string `json:"enforced"`
}

// DeliverySubject begins the name of the subject of a release note.
const DeliverySubject = "delivery/"

// Subjects returns the subjects of the statement: the delivery, by the digest of the
// facts that were decided on, and the weights by their OMS root where it is known.
func (n ReleaseNote) Subjects() []Subject {
	out := []Subject{{Name: DeliverySubject + n.Delivery, Digest: map[string]string{"sha256": strings.TrimPrefix(n.Facts, "sha256:")}}}
	if n.Weights != "" {
		out = append(out, Subject{Name: string(n.Model) + RootSuffix, Digest: map[string]string{"sha256": strings.TrimPrefix(n.Weights, "sha256:")}})
	}
	return out
}

func (n ReleaseNote) normal() ReleaseNote {
	if n.Options == nil {
		n.Options = map[string]string{}
	}
	return n
}

// Validate returns the first rule of SPEC.md that n breaks.
func (n ReleaseNote) Validate() error {
	for _, f := range []struct{ field, value string }{{"delivery", n.Delivery}, {"customer", n.Customer}, {"preparer", n.Preparer}, {"asOf", n.AsOf}, {"standing", n.Standing}, {"redFlag28", n.RedFlag28}} {
		if !oneLine(f.value) {
			return fmt.Errorf("release note: %s %q: expected one line of 1 to 300 bytes", f.field, clip(f.value))
		}
	}
	for name, value := range n.Options {
		if !oneLine(name) || !oneLine(value) {
			return fmt.Errorf("release note: option %q: expected a name and a value of one line each", clip(name))
		}
	}
	switch {
	case n.Decision != "release":
		return fmt.Errorf("release note: decision %q: expected release", clip(n.Decision))
	case !ValidDigest(n.Rules) || !ValidDigest(n.Facts) || n.Weights != "" && !ValidDigest(n.Weights):
		return fmt.Errorf("release note: expected rules, facts and weights as sha256: and 64 lower-case hexadecimal digits")
	case n.Weights != "" && n.Model == "":
		return fmt.Errorf("release note: weights without the model that they are")
	case n.CreatedAt.IsZero():
		return fmt.Errorf("release note: createdAt is missing")
	}
	return nil
}

func oneLine(s string) bool {
	return s != "" && len(s) <= 300 && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// validateSubjects demands the subjects that the note itself names.
func (n ReleaseNote) validateSubjects(found []Subject) error {
	want := n.Subjects()
	same := len(found) == len(want)
	for i := range min(len(found), len(want)) {
		same = same && found[i].Name == want[i].Name && len(found[i].Digest) == 1 && found[i].SHA256() == want[i].SHA256()
	}
	if !same {
		return fmt.Errorf("statement: subjects %.200q: expected those of the note, %.200q", fmt.Sprint(found), fmt.Sprint(want))
	}
	return nil
}
