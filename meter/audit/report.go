package audit

import (
	"fmt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// ReportSchema names the JSON of a [Report].
const ReportSchema = "weighbridge.dev/auditors-file-check/v1"

// Report is the outcome of [Check]. What it says was recomputed from the file's
// bytes, not read from its manifest.
type Report struct {
	Schema   string         `json:"schema"`
	OK       bool           `json:"ok"`
	Model    meter.ModelRef `json:"model"`
	Made     string         `json:"made"` // by what and when, as the file says
	Logs     []LogReport    `json:"logs"`
	Entries  uint64         `json:"entries"`
	Withheld uint64         `json:"withheld"` // entries without a body
	Evidence uint64         `json:"evidence"` // files of it
	// Lineage is the sum over all models, each record once; nil where a body is
	// withheld, and there is then no total.
	Lineage  *Lineage         `json:"lineage,omitempty"`
	Not      []string         `json:"not_checked"`
	Problems []ledger.Problem `json:"problems"`

	// Further are the files whose meaning is the caller's to judge.
	Further []Further `json:"-"`
	Rules   string    `json:"-"` // digest of the rules, as the manifest says

	trees map[string]*proof.Tree
}

// LogReport is one log, recomputed.
type LogReport struct {
	Model    meter.ModelRef `json:"model"`
	Origin   string         `json:"origin"`
	Size     uint64         `json:"size"`
	Root     string         `json:"root"` // base64, over all headers
	Withheld uint64         `json:"withheld"`
	// Totals are those of the log, net of corrections; nil where a body is withheld.
	Totals []ledger.Total `json:"totals,omitempty"`
}

// Head returns the head that a log of the file had at a size, false when the file
// has no such log or not as many entries. Whoever kept a head compares it.
func (r Report) Head(origin string, size uint64) (proof.Head, bool) {
	t := r.trees[origin]
	if t == nil || size == 0 || size > t.Size() {
		return proof.Head{}, false
	}
	return proof.Head{Origin: origin, Size: size, Root: t.RootAt(size)}, true
}

// Codes are those of the problems of a file, with what is wrong. SPEC.md lists
// them.
func Codes() map[string]string {
	return map[string]string{
		"not-an-auditors-file": "no tar archive that begins as one, or one that is cut off",
		"member":               "a member of another name, type, order, header or size than the format has, or one twice",
		"manifest":             "the manifest is not there, not in its one encoding, or does not list the members as they are",
		"head":                 "the head of a log is no checkpoint body",
		"entry-unreadable":     "a line of a log is not in its one encoding",
		"entry-missing":        "entries are not there, or out of order",
		"entry-extra":          "more entries than the head says",
		"header-differs":       "a header is of another log or place, or does not commit to the body beside it",
		"root-differs":         "the root of the head is not that of the headers",
		"proof-differs":        "an inclusion proof is not that of its entry",
		"body-unreadable":      "a body is not in its one encoding",
		"epochs-differ":        "the key epochs in the file are not what meter/epoch/SPEC.md says, or name heads that the entries contradict",
		"correction":           "a correction of nothing, of another record, or of one corrected before",
		"counted-twice":        "one run and sequence in two entries, or with two contents in two logs",
		"totals-differ":        "the totals of an entry are not those of the records that count",
		"lineage-differs":      "the lineage or its totals in the manifest do not follow from the entries",
		"evidence-differs":     "evidence is not what its name says, is named by nothing, or has another size",
		"evidence-missing":     "evidence that a shown record names is neither there nor listed as withheld or missing",
		"rules-differ":         "the text of the rules does not have the digest that the file states",
		"statement-differs":    "a signed statement contradicts the entries",
	}
}

func (r *Report) problem(code, where, format string, args ...any) {
	const most = 1000
	if len(r.Problems) < most {
		r.Problems = append(r.Problems, ledger.Problem{Code: code, Where: where, Message: fmt.Sprintf(format, args...)})
	}
}

// Add notes a problem that the caller found in the further files.
func (r *Report) Add(code, where, message string) {
	r.problem(code, where, "%s", message)
	r.OK = false
}
