package fdp

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// Determination is all findings of a regime for a model on a date. It is not
// legal advice. [Determination.Encode] writes its one encoding.
type Determination struct {
	Regime      string            `json:"regime"`
	AsOf        string            `json:"as_of"`
	RulesDigest string            `json:"rules_digest"`
	Options     map[string]string `json:"options"` // the readings that were taken
	Status      Status            `json:"status"`

	Controlled Verdict `json:"controlled"` // meets the regime's own test, whatever the jurisdiction or the standing

	*Export  // nil: the regime is no export control, and the fields are left out
	*Weighed // nil: the regime has no threshold, and the fields are left out

	Findings     []Finding     `json:"findings"`
	Missing      []Missing     `json:"missing"`
	Alternatives []Alternative `json:"alternatives"`
}

// Export is what a regime of export control asks further.
type Export struct {
	SubjectToEAR Verdict `json:"subject_to_ear"` // jurisdiction
	Licence      Licence `json:"licence"`
}

// Weighed is the number that counts under a regime, against its threshold.
type Weighed struct {
	Operations   meter.Interval `json:"operations"`
	Threshold    *Threshold     `json:"threshold"`              // null: it is a share of a number that is not known, or there is none to compare with
	Margin       *meter.Ops     `json:"margin"`                 // left to the threshold: by the estimate, else by high; null when neither is known
	Near         bool           `json:"near"`                   // high reaches the threshold, or is unbounded
	Reported     []Reported     `json:"reported,omitempty"`     // how the number stands in what has to be reported
	Notification *Notification  `json:"notification,omitempty"` // nil: the rules say nothing of notifying
}

// Threshold is what the number is compared with.
type Threshold struct {
	Quantity string    `json:"quantity"`
	Is       string    `json:"is"` // as in ">="
	Value    meter.Ops `json:"value"`
}

// Reported is the estimate as a form wants it. The verdict is never taken from it.
type Reported struct {
	To      string `json:"to"`
	Figure  string `json:"figure"`              // "1.0e25"; "10^25" where the order of magnitude is wanted; empty where there is no estimate
	Figures int    `json:"significant_figures"` // 0: the order of magnitude
	Cite    string `json:"cite"`
}

// Notification is a duty to tell an authority, or that none is known.
type Notification struct {
	Duty    string  `json:"duty"`           // a sentence
	Rule    string  `json:"rule,omitempty"` // the clause that it hangs on; empty: no duty is known
	Verdict Verdict `json:"verdict"`        // of that clause; does-not-apply where no duty is known
	Days    int     `json:"days,omitempty"` // after it is met, or becomes known that it will be
	Cite    string  `json:"cite"`
}

// Status is the standing of the text on the date, and whether that is presumed
// because the date is past the one on which the text was last seen.
type Status struct {
	Codified      bool   `json:"codified"`
	ComplianceDue bool   `json:"compliance_due"`
	Enforced      bool   `json:"enforced"`
	Presumed      bool   `json:"presumed"`
	TextLastSeen  string `json:"text_last_seen"`
	Why           string `json:"why"`
	Cite          string `json:"cite"` // of why
}

// Licence is the requirement before exceptions, an exception that is available,
// and how an application would be reviewed.
type Licence struct {
	Required  Verdict `json:"required"`
	Exception string  `json:"exception"` // AIA, empty, or undetermined
	Policy    string  `json:"policy"`    // presumption-of-denial, presumption-of-approval, denial, none-stated, empty, or undetermined
}

// Finding is the outcome of one rule: what decided it, or what is missing.
type Finding struct {
	Rule     string    `json:"rule"`
	Answers  string    `json:"answers,omitempty"` // controlled, subject_to_ear, licence.required, licence.exception or licence.policy, when this rule's verdict is that answer
	Verdict  Verdict   `json:"verdict"`
	Sentence string    `json:"sentence"`
	Cite     string    `json:"cite"`
	Trace    []Step    `json:"trace"`
	Missing  []Missing `json:"missing"`
}

// Step is one fact on the way to a verdict. A fact that is a list or a mapping
// stands for everything in it.
type Step struct {
	Fact  string      `json:"fact"`
	Value string      `json:"value"`
	Grade meter.Grade `json:"grade,omitempty"` // empty: no fact, but a choice of the question or a date
	Cite  string      `json:"cite"`
}

// The reasons why something is missing.
const (
	ReasonUnknown    = "unknown"    // the fact is not stated
	ReasonRange      = "range"      // the threshold lies inside the interval
	ReasonOption     = "option"     // the readings of an ambiguous text differ, and none was chosen
	ReasonOpen       = "open"       // the text does not say whether this counts
	ReasonUnresolved = "unresolved" // the product is not in the catalogue, or its class cannot be told
	ReasonConflict   = "conflict"   // two sources of the fact differ
	ReasonGroup      = "group"      // whether the country was in the group on that date is not confirmed
	ReasonEvidence   = "evidence"   // stating it, with evidence, would earn an exclusion
)

// Missing is a fact or a choice that could change the verdict, why it is
// missing, and the next step.
type Missing struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
	Hint   string `json:"hint"`
}

// Alternative is what would change under another reading of an option.
type Alternative struct {
	Option  string            `json:"option"`
	Value   string            `json:"value"`
	Changes map[string]string `json:"changes"` // controlled, subject_to_ear, licence.required, licence.exception, licence.policy, operations
}

// Encode returns the one encoding: JSON without white space or HTML escapes.
func (d Determination) Encode() ([]byte, error) { return canonical.Encode(d) }

// ParseDetermination reads what [Determination.Encode] writes, and nothing else.
func ParseDetermination(data []byte) (Determination, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var d Determination
	if err := dec.Decode(&d); err != nil {
		return Determination{}, fmt.Errorf("determination: %w", err)
	}
	again, err := d.Encode()
	if err != nil {
		return Determination{}, err
	}
	if !bytes.Equal(again, data) {
		return Determination{}, fmt.Errorf("determination: not in canonical encoding: it was written by another program or changed")
	}
	return d, nil
}

// StandsUnder reports whether the text has the standing on the date: codified,
// due or enforced. An empty standing is the option status_mode, and codified
// without that. An unknown word never stands.
func (d Determination) StandsUnder(standing string) bool {
	if standing == "" {
		standing = map[string]string{"compliance_date_passed": "due", "enforced": "enforced"}[d.Options["status_mode"]]
	}
	switch standing {
	case "", "codified":
		return d.Status.Codified
	case "due":
		return d.Status.ComplianceDue
	case "enforced":
		return d.Status.Enforced
	}
	return false
}

// OperationsText is the number for people: its bounds short, but in full where
// rounding would make one look like the threshold, though it is not, or both look
// equal. Where the threshold is not known only what is exact is short. Empty under
// a regime without one.
func (d Determination) OperationsText() string {
	if d.Weighed == nil {
		return ""
	}
	low, high := d.Operations.Low, d.Operations.High
	if d.Threshold == nil || high.Known && low != high.Ops && low.Short() == high.Short() {
		return intervalText(d.Operations)
	}
	return boundsText(d.Operations, func(o meter.Ops) string { return o.Beside(d.Threshold.Value) })
}
