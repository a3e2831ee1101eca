package quota

import (
	"encoding/json"
	"math/big"

	"github.com/weighbridge/weighbridge/fdp"
)

// Row is one limit for one subject. An applies verdict means that the limit is
// passed, the bar reached or the duty due; does-not-apply that it is not.
type Row struct {
	Limit     string       `json:"limit"`
	Subject   string       `json:"subject"`
	Used      *json.Number `json:"used_tpp"`      // the least that counts; null where the limit is no amount
	UsedHigh  *json.Number `json:"used_tpp_high"` // the most that counts; null when something could not be weighed
	LimitTPP  *json.Number `json:"limit_tpp"`     // null where the text states no amount on the day
	Remaining *json.Number `json:"remaining_tpp"` // surely left: limit less the most; null when that is unknown, 0 when nothing is
	Verdict   fdp.Verdict  `json:"verdict"`
	Is        string       `json:"comparison"` // "<=": the limit itself is allowed; "unstated"; "never"
	Cite      string       `json:"cite"`
	Text      string       `json:"text"`
	Grade     string       `json:"grade"`
	Counted   []string     `json:"counted"` // paths of the document's lines
	Notes     []string     `json:"notes"`

	title   string
	general int // how many of the notes are of the limit, not of the subject
}

// Title is the limit as a sentence.
func (r Row) Title() string { return r.title }

// LimitNotes are the notes that hold for every subject of the limit.
func (r Row) LimitNotes() []string { return r.Notes[:r.general] }

// OwnNotes are those of this subject.
func (r Row) OwnNotes() []string { return r.Notes[r.general:] }

// Line is a line of the document that counts toward no limit, or that could not
// be weighed, and why.
type Line struct {
	Path   string `json:"path"`
	What   string `json:"what"`
	Reason string `json:"reason"`
}

// Result is every limit of the framework that the document touches.
type Result struct {
	AsOf        string     `json:"as_of"`
	Regime      string     `json:"regime"`
	RulesDigest string     `json:"rules_digest"`
	Status      fdp.Status `json:"status"`
	Limits      []Row      `json:"limits"`
	NotCounted  []Line     `json:"not_counted"`
	Missing     []Line     `json:"missing"`
}

// number writes an exact decimal, or six places where there is none.
func number(r *big.Rat) *json.Number {
	var text string
	if r.IsInt() {
		text = r.Num().String()
	} else if digits, exact := r.FloatPrec(); exact && digits <= 12 {
		text = r.FloatString(digits)
	} else {
		text = r.FloatString(6)
	}
	n := json.Number(text)
	return &n
}

// fill compares what is used with the limit.
func (r *Row) fill(used amount, limit *big.Rat) {
	r.Used = number(&used.low)
	if !used.open {
		r.UsedHigh = number(&used.high)
	}
	if limit == nil {
		r.Verdict = fdp.Undetermined
		return
	}
	r.LimitTPP = number(limit)
	if !used.open {
		left := new(big.Rat).Sub(limit, &used.high)
		if left.Sign() < 0 {
			left.SetInt64(0)
		}
		r.Remaining = number(left)
	}
	r.Verdict = compare(used, limit, r.Is)
}

// compare answers whether the limit is passed. Where the text has no comparison,
// exactly the limit is undetermined.
func compare(used amount, limit *big.Rat, is string) fdp.Verdict {
	if used.low.Cmp(limit) > 0 {
		return fdp.Applies
	}
	high := used.high.Cmp(limit)
	if !used.open && (high < 0 || high == 0 && is == "<=") {
		return fdp.DoesNotApply
	}
	return fdp.Undetermined
}
